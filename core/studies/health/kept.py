"""What is kept of earlier runs of the checks: what is still to be made, and with what the samples were compared."""

from __future__ import annotations

from collections.abc import Mapping

from core.session.findings import folder
from core.store.reader import FeatureStore
from core.studies.health.finding import Finding
from core.studies.health.pool import Pool
from core.studies.health.registry import CHECKS
from core.studies.health.run import from_json, path_of
from core.system.kept import loaded

SECONDS = 0.005  # that all checks take for a sample, on a common machine
SUGGESTED = ("similar-vectors",)  # what is found is alike for many reasons


def unmade(store: FeatureStore) -> list[str]:
    """The checks of which nothing is kept although they could run; not those that take no time."""
    pool = Pool(store)
    able = (check for check in CHECKS.values() if check.lasting and not (check.needs and check.needs(pool)))
    return [check.name for check in able if not path_of(check, pool).exists()]


def comparisons(store: FeatureStore) -> dict[str, Finding]:
    """What was found of test questions, by the digest of their file, the newest first."""
    check = CHECKS["contamination"]
    paths = folder(store).glob(f"{check.name}-{check.version}-*.json")
    found: dict[str, Finding] = {}
    for path in sorted(paths, key=lambda path: -path.stat().st_mtime_ns):
        if kept := loaded(path):
            found[path.stem.rpartition("-")[2]] = from_json(check.name, kept)
    return found


def largest(found: Mapping[str, Finding], most: int) -> list[Finding]:
    """The findings of most samples, at most so many; no suggestions, nor of checks that fell short of their goal."""
    sure = (one for one in found.values() if one.check not in SUGGESTED and not CHECKS[one.check].shortfall)
    return sorted((one for one in sure if len(one.rows)), key=lambda finding: -len(finding.rows))[:most]
