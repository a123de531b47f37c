"""What the runs of a proof amount to: mean losses and intervals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import SelectionError
from core.proof.intervals import LEVEL, UNKNOWN, Difference, difference, holm, macro_mean
from core.proof.store import ProofStore, Run, shared
from core.system.files import replacing
from core.system.kept import plain

COSTS = ("tokens", "trained_tokens", "seconds")  # of a run


@dataclass(frozen=True)
class Result:
    """A method at a budget, over its seeds. loss: mean over the sources of the mean held-out loss; by_source; spread:
    standard deviation over the seeds; better: loss of random at that budget less its own, with the 95 % interval low to
    high and the two-sided p value of this comparison, NaN without random or with one seed; p_holm: p corrected for all
    comparisons of the proof; measured: the held-out samples that have a loss.
    """

    method: str
    budget: int
    seeds: int
    samples: float
    tokens: float
    trained_tokens: float
    seconds: float
    loss: float
    spread: float
    better: float
    low: float
    high: float
    by_source: dict[str, float]
    scores: dict[str, float]
    p: float = UNKNOWN
    p_holm: float = UNKNOWN
    measured: int = 0

    @property
    def holds(self) -> bool:
        """Whether it differs from random, with all comparisons of the proof taken into account."""
        return self.p_holm <= LEVEL


def results(store: ProofStore, measured: Sequence[str] = ()) -> list[Result]:
    """One row a method and budget, each compared with random at that budget; Holm's correction over all of them.

    measured: only the held-out samples of these sources count. Raises SelectionError for one that there is not.
    """
    runs, source = store.runs(), store.sources()
    if measured:
        counts = places_of(source, measured)
        runs, source = [replace(run, losses=run.losses[counts]) for run in runs], source[counts]
    groups: dict[tuple[str, int], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.method, run.budget), []).append(run)
    found = [summary(own, groups.get(("random", key[1]), []), source) for key, own in groups.items()]
    corrected = holm([r.p for r in found]).tolist()
    return [replace(r, p_holm=p) for r, p in zip(found, corrected, strict=True)]


def places_of(source: np.ndarray, measured: Sequence[str]) -> np.ndarray:
    """The places, int64 ascending, of the held-out samples of these sources; SelectionError for one without any."""
    known = sorted(set(source.tolist()))
    if missing := [name for name in measured if name not in known]:
        raise SelectionError(f"Nothing is measured on source {missing[0]!r}: the sources are {', '.join(known)}.")
    return np.flatnonzero(np.isin(source, list(measured)))


def summary(own: list[Run], random: list[Run], source: np.ndarray) -> Result:
    """What the runs of one method and budget amount to, against those of random selection."""
    losses = np.array([run.losses for run in own])
    by_seed = [macro_mean(one, source) for one in losses]
    against = Difference(UNKNOWN)
    if random and own[0].method != "random":
        against = difference(losses, np.array([run.losses for run in random]), source)
    costs = {name: float(np.mean([getattr(run, name) for run in own])) for name in COSTS}
    return Result(
        method=own[0].method,
        budget=own[0].budget,
        seeds=len(own),
        samples=float(np.mean([len(run.rows) for run in own])),
        **costs,
        loss=float(np.mean(by_seed)),
        spread=float(np.std(by_seed, ddof=1)) if len(own) > 1 else UNKNOWN,
        better=against.value,
        low=against.low,
        high=against.high,
        by_source=loss_by_source(losses.mean(0), source),
        scores=mean_scores(own),
        p=against.p,
        measured=int(np.isfinite(losses).all(0).sum()),
    )


def loss_by_source(loss: np.ndarray, source: np.ndarray) -> dict[str, float]:
    """The mean loss on the held-out samples of each source, NaN left out; NaN for a source without any."""
    return {str(name): macro_mean(loss[source == name], source[source == name]) for name in sorted(set(source))}


def mean_scores(own: list[Run]) -> dict[str, float]:
    """The mean of each task's score over the runs that have it."""
    known = sorted({name for run in own for name in run.scores})
    return {name: float(np.mean([run.scores[name] for run in own if name in run.scores])) for name in known}


def write_results(store: ProofStore, path: Path, picks: Sequence[Mapping[str, Any]] = ()) -> None:
    """Everything of a proof as JSON: what the runs share, the results, what the picks consist of where that is known
    (`core.proof.picks`), each run with its picks and losses, and what others are to train on and to be measured on.
    """
    found = {"shared": shared(store), "sources": store.sources(), "results": [asdict(r) for r in results(store)]}
    content = found | ({"picks": picks} if picks else {}) | {"runs": [asdict(run) for run in store.runs()]}
    if choices := store.choices():
        content |= {"held_out": store.held_out(), "chosen": [asdict(choice) for choice in choices]}
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(plain(content)) + "\n")
