"""What the runs of a proof amount to: mean losses and intervals."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from core.proof.store import ProofStore, Run, shared
from core.system.files import replacing
from core.system.kept import plain

RESAMPLES = 2000


@dataclass(frozen=True)
class Result:
    """A method at a budget, over its seeds. loss: mean over the sources of the mean held-out loss; by_source; spread:
    standard deviation over the seeds; better: loss of random at that budget less its own, with a 95 % interval, NaN
    without random.
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


def results(store: ProofStore, seed: int = 0) -> list[Result]:
    """One row a method and budget; the intervals are paired bootstraps over models and held-out samples."""
    runs, source = store.runs(), store.sources()
    groups: dict[tuple[str, int], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.method, run.budget), []).append(run)
    return [summary(own, groups.get(("random", key[1]), []), source, seed) for key, own in groups.items()]


def summary(own: list[Run], random: list[Run], source: np.ndarray, seed: int) -> Result:
    """What the runs of one method and budget amount to, against those of random selection."""
    losses = np.array([run.losses for run in own])
    by_seed = [macro_mean(one, source) for one in losses]
    means = {
        str(name): macro_mean(losses.mean(0)[source == name], source[source == name]) for name in sorted(set(source))
    }
    better = low = high = float("nan")
    if random and own[0].method != "random":
        better, low, high = bootstrap(losses, np.array([run.losses for run in random]), source, seed)
    known = sorted({name for run in own for name in run.scores})
    tasks = {name: float(np.mean([run.scores[name] for run in own if name in run.scores])) for name in known}

    def mean(name: str) -> float:
        return float(np.mean([getattr(run, name) for run in own]))

    spread = float(np.std(by_seed, ddof=1)) if len(own) > 1 else float("nan")
    samples = float(np.mean([len(run.rows) for run in own]))
    return Result(
        own[0].method, own[0].budget, len(own), samples, mean("tokens"), mean("trained_tokens"), mean("seconds"),
        float(np.mean(by_seed)), spread, better, low, high, means, tasks,
    )  # fmt: skip


def macro_mean(values: np.ndarray, source: np.ndarray) -> float:
    """The mean over the sources of each one's mean, NaN left out: a large source counts no more than a small one."""
    return float(np.mean([values[part].mean() for part in known_parts(values, source)] or [np.nan]))


def known_parts(values: np.ndarray, source: np.ndarray) -> list[np.ndarray]:
    """The places, int64, of each source's values that are not NaN; sources without any are left out."""
    parts = [np.flatnonzero((source == name) & np.isfinite(values)) for name in sorted(set(source))]
    return [part for part in parts if len(part)]


def bootstrap(own: np.ndarray, random: np.ndarray, source: np.ndarray, seed: int) -> tuple[float, float, float]:
    """(macro mean of how much less the losses `own` float64 (S, H) are than `random` (R, H), its 95 % interval).

    Percentiles over draws of the fine-tuned models and, inside each source, of the held-out samples, each with
    replacement: what another choice of either could have given (Owen 2007, The pigeonhole bootstrap). The samples are
    the same for all models, so the comparison is paired. Of n models the interval holds (n - 1) / n of the variance
    that is due to them, nothing with one seed. It is NaN where a source has but one value.
    """
    gain, rng = random.mean(0) - own.mean(0), np.random.default_rng(seed)
    parts = known_parts(gain, source)
    if min(map(len, parts), default=0) < 2:
        return macro_mean(gain, source), float("nan"), float("nan")
    both, models = np.concatenate([random, -own]), np.hstack([shares(rng, len(random)), shares(rng, len(own))])
    drawn = np.mean([(shares(rng, len(part)) @ both[:, part].T * models).sum(1) for part in parts], axis=0)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return macro_mean(gain, source), float(low), float(high)


def shares(rng: np.random.Generator, n: int) -> np.ndarray:
    """How often each of n things is drawn in n draws with replacement, as shares: float64 (RESAMPLES, n)."""
    drawn = rng.integers(n, size=(RESAMPLES, n)) + n * np.arange(RESAMPLES)[:, None]
    return np.bincount(drawn.ravel(), minlength=RESAMPLES * n).reshape(RESAMPLES, n) / n


def write_results(store: ProofStore, path: Path) -> None:
    """Everything of a proof as JSON: what the runs share, the results, and each run with its picks and losses."""
    content = {"shared": shared(store), "sources": store.sources(), "results": [asdict(r) for r in results(store)]}
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(plain(content | {"runs": [asdict(run) for run in store.runs()]})) + "\n")
