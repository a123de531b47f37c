"""All health checks over a store: one pass for those that look at single samples, then the others; results are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.samples import file_digest
from core.errors import SelectionError
from core.session.findings import folder
from core.session.languages import PARTS, Told, add, keep, known, silent
from core.store.reader import FeatureStore
from core.studies.health.finding import Finding, Seen, Span, found
from core.studies.health.pool import Pool, texts_in
from core.studies.health.registry import CHECKS, Check
from core.system.kept import loaded, write_json

PASS = "Reading the samples"
Batch = tuple[dict[str, list[tuple[int, Seen]]], dict[str, list[str]]]  # by check, by part of a sample


def health(
    store: FeatureStore, names: Iterable[str] = (), against: str = "", told: Told = silent
) -> dict[str, Finding]:
    """What each of the checks found, or those of `names`, in the order of CHECKS; kept beside the store by its key.

    against: a file of test questions for `contamination`. told: is told (stage, done, total). A check that lacks what
    it needs has a finding that did not run. Raises SelectionError for a check that is not there, DataError.
    """
    pool, wanted = Pool(store, told, against), [check_of(name) for name in names] or list(CHECKS.values())
    kept = {check.name: finding for check in wanted if (finding := read(check, pool))}
    todo = [check for check in wanted if check.name not in kept]
    for finding in (*looked(pool, todo), *(ran(pool, check) for check in todo if check.run)):
        if CHECKS[finding.check].lasting and finding.ran:
            write_json(path_of(CHECKS[finding.check], pool), as_json(finding))
        kept[finding.check] = finding
    return {check.name: kept[check.name] for check in wanted}


def check_of(name: str) -> Check:
    """The check of a name; raises SelectionError if there is none."""
    if name not in CHECKS:
        raise SelectionError(f"There is no check {name!r}: use one of {', '.join(CHECKS)}.")
    return CHECKS[name]


def looked(pool: Pool, checks: list[Check]) -> list[Finding]:
    """What the checks that look at single samples find, in one pass over the texts that leaves the languages too."""
    names, parts = [check.name for check in checks if check.look], () if known(pool.store) else PARTS
    if not names:
        return []
    batches = pool.over(PASS, seen_in, names, parts)
    if parts:
        keep(pool.store, {part: [code for _, codes in batches for code in codes[part]] for part in parts})
    return [found(name, (one for seen, _ in batches for one in seen[name])) for name in names]


def seen_in(store: FeatureStore, names: Sequence[str], parts: Sequence[str], start: int, stop: int) -> Batch:
    """What the checks see in the samples from `start` to before `stop`, and the languages of these parts of them."""
    seen: dict[str, list[tuple[int, Seen]]] = {name: [] for name in names}
    codes: dict[str, list[str]] = {part: [] for part in parts}
    looks = [(look, seen[name]) for name in names if (look := CHECKS[name].look)]
    for row, texts in texts_in(store, start, stop):
        for look, of in looks:
            if one := look(texts):
                of.append((row, one))
        add(codes, texts.prompt, texts.response)
    return seen, codes


def ran(pool: Pool, check: Check) -> Finding:
    """What a check over all samples finds, or why it cannot run."""
    assert check.run
    why = check.needs(pool) if check.needs else ""
    return Finding(check.name, np.zeros(0, np.int64), (), note=why, ran=False) if why else check.run(pool)


# --- kept results


def path_of(check: Check, pool: Pool) -> Path:
    """Where the finding of a check is kept: by its version, and by what it compared with."""
    against = f"-{file_digest(pool.against)[:12]}" if check.name == "contamination" else ""
    return folder(pool.store) / f"{check.name}-{check.version}{against}.json"


def read(check: Check, pool: Pool) -> Finding | None:
    """What an earlier run found; None if there is nothing, or it cannot be read."""
    if not check.lasting or (check.needs and check.needs(pool)):
        return None
    if (kept := loaded(path_of(check, pool))) is None:
        return None
    return from_json(check.name, kept)


def from_json(name: str, kept: dict[str, Any]) -> Finding:
    """A finding of `as_json`."""
    seen = tuple(Seen(tuple(Span(*span) for span in spans), detail) for spans, detail in kept["seen"])
    rows, group = (np.array(kept[name], np.int64) for name in ("rows", "group"))
    return Finding(name, rows, seen, group, kept["note"])


def as_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON has it."""
    seen = [[list(map(list, one.spans)), one.detail] for one in finding.seen]
    return {"rows": finding.rows.tolist(), "group": finding.group.tolist(), "note": finding.note, "seen": seen}
