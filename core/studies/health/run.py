"""All health checks over a store: one pass for those that look at single samples, then the others; results are kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.samples import file_digest
from core.errors import SelectionError
from core.store.reader import FeatureStore
from core.studies.health.finding import Finding, Seen, Span, Texts, found
from core.studies.health.language import language
from core.studies.health.pool import Pool, Told, silent
from core.studies.health.registry import CHECKS, Check
from core.system.files import cache_dir
from core.system.kept import write_json

LANGUAGES, VERSION = "languages", 1  # the column, and what it is kept under
PASS = "Reading the samples"


def health(
    store: FeatureStore, names: Iterable[str] = (), against: str = "", told: Told = silent
) -> dict[str, Finding]:
    """What each of the checks found, or those of `names`, in the order of CHECKS; kept beside the store by its key.

    against: a file of test questions for `contamination`. told: is told (stage, done, total). A check that lacks what
    it needs has a finding that did not run. Raises SelectionError for a check that is not there, DataError.
    """
    pool, wanted = Pool(store, told, against), [known(name) for name in names] or list(CHECKS.values())
    kept = {check.name: read(check, pool) for check in wanted}
    todo = [check for check in wanted if kept[check.name] is None]
    for finding in (*looked(pool, todo), *(ran(pool, check) for check in todo if check.run)):
        if CHECKS[finding.check].lasting and finding.ran:
            write_json(path_of(CHECKS[finding.check], pool), as_json(finding))
        kept[finding.check] = finding
    return {name: finding for name, finding in kept.items() if finding is not None}


def languages(store: FeatureStore, told: Told = silent) -> dict[str, np.ndarray]:
    """The language of each prompt and each response, ISO 639 codes, "" where it cannot be told: object (N,) each."""
    path = folder(store) / f"{LANGUAGES}-{VERSION}.json"
    if not path.exists():
        passed(Pool(store, told), {})
    kept = json.loads(path.read_text(encoding="utf-8"))
    return {part: np.array(codes, object) for part, codes in kept.items()}


def known(name: str) -> Check:
    """The check of a name; raises SelectionError if there is none."""
    if name not in CHECKS:
        raise SelectionError(f"There is no check {name!r}: use one of {', '.join(CHECKS)}.")
    return CHECKS[name]


def looked(pool: Pool, checks: list[Check]) -> list[Finding]:
    """What the checks that look at single samples find, in one pass over the texts."""
    looks = {check.name: check.look for check in checks if check.look}
    seen = passed(pool, looks) if looks else {}
    return [found(name, seen[name]) for name in looks]


def passed(pool: Pool, looks: Mapping[str, Callable[[Texts], Seen | None]]) -> dict[str, list[tuple[int, Seen]]]:
    """(row, what was seen) by each of the looks, in one pass over the texts that leaves the column of languages too."""
    seen: dict[str, list[tuple[int, Seen]]] = {name: [] for name in looks}
    codes: dict[str, list[str]] = {part: [] for part in ("prompt", "response")}
    for start, batch in pool.batches(PASS):
        for row, texts in enumerate(batch, start):
            for name, look in looks.items():
                if one := look(texts):
                    seen[name].append((row, one))
            for part, told in codes.items():
                told.append(language(getattr(texts, part)))
    write_json(folder(pool.store) / f"{LANGUAGES}-{VERSION}.json", codes)
    return seen


def ran(pool: Pool, check: Check) -> Finding:
    """What a check over all samples finds, or why it cannot run."""
    assert check.run
    why = check.needs(pool) if check.needs else ""
    return Finding(check.name, np.zeros(0, np.int64), (), note=why, ran=False) if why else check.run(pool)


# --- kept results


def folder(store: FeatureStore) -> Path:
    """Where findings are kept: by the store's key and size, as a benchmark repeats a store under its key."""
    return cache_dir("health", f"{store.key}-{store.n_samples}")


def path_of(check: Check, pool: Pool) -> Path:
    """Where the finding of a check is kept: by its version, and by what it compared with."""
    against = f"-{file_digest(pool.against)[:12]}" if check.name == "contamination" else ""
    return folder(pool.store) / f"{check.name}-{check.version}{against}.json"


def read(check: Check, pool: Pool) -> Finding | None:
    """What an earlier run found; None if there is nothing, or it cannot be read."""
    if not check.lasting or (check.needs and check.needs(pool)):
        return None
    try:
        kept = json.loads(path_of(check, pool).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    seen = tuple(Seen(tuple(Span(*span) for span in spans), detail) for spans, detail in kept["seen"])
    arrays = (np.array(kept[name], np.int64) for name in ("rows", "group"))
    rows, group = arrays
    return Finding(check.name, rows, seen, group, kept["note"])


def as_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON has it."""
    seen = [[list(map(list, one.spans)), one.detail] for one in finding.seen]
    return {"rows": finding.rows.tolist(), "group": finding.group.tolist(), "note": finding.note, "seen": seen}
