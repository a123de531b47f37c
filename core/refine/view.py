"""What a run of refinement amounts to: weights over the rounds, what became of each cluster, the samples in order."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.lm.fine_tuning import TrainConfig
from core.refine.config import RefineConfig
from core.refine.runs import RefineRun
from core.selection.clustering import Clusters
from core.selection.quotas import steered_by
from core.settings import settings_of
from core.store.reader import FeatureStore
from core.system.files import cache_dir
from core.system.shown import shown_path

SAME = 1e-9  # a factor this near to 1 is no change, only rounding


@dataclass(frozen=True)
class ClusterChange:
    """A cluster over a run. before, after: its weight at first and after the last finished round; factor: after /
    before, NaN if it had none; drawn: its new samples; gold, generated, gap: their mean R(gold), mean R(generated) and
    mean R(gold) − R(generated), NaN where none has a score.
    """

    cluster: int
    size: int
    before: float
    after: float
    factor: float
    drawn: int
    gold: float
    generated: float
    gap: float


@dataclass(frozen=True)
class Drawn:
    """One new sample of a run, in the order they came: its round, row and cluster, the model's answer, both scores."""

    round: int
    row: int
    cluster: int
    answer: str
    gold: float
    generated: float


# --- weights


def weights_over_rounds(run: RefineRun) -> np.ndarray:
    """The clusters' weights at first and after each finished round: float64 (T + 1, C)."""
    first = run.rounds[0].weight if run.rounds else run.weight
    return np.stack([first, *(r.next_weight for r in run.rounds)])


def factors(weights: np.ndarray) -> np.ndarray:
    """Last weight over first of each cluster, NaN for one that had none: float64 (C,)."""
    before, after = weights[0], weights[-1]
    return np.divide(after, before, out=np.full(len(before), np.nan), where=before > 0)


def movers(weights: np.ndarray, most: int) -> tuple[list[int], list[int]]:
    """(clusters whose weight grew by the largest factors, those whose shrank by the largest), at most `most` each."""
    factor = factors(weights)
    order = np.argsort(factor, kind="stable")  # NaN last
    losers = [int(c) for c in order if factor[c] < 1 - SAME]
    gainers = [int(c) for c in order[::-1] if factor[c] > 1 + SAME]
    return gainers[:most], losers[:most]


# --- samples and clusters


def drawn(run: RefineRun) -> list[Drawn]:
    """All new samples in the order they came; pins, which no round draws, are not among them."""
    return [
        Drawn(r.number, int(row), int(run.label[row]), answer, float(gold), float(generated))
        for r in run.rounds
        for row, answer, gold, generated in zip(r.rows, r.answers, r.gold, r.generated, strict=True)
    ]


def changes(run: RefineRun) -> list[ClusterChange]:
    """One row a cluster, the largest factor first, those without one last."""
    weights, samples = weights_over_rounds(run), drawn(run)
    factor, size = factors(weights), np.bincount(run.label, minlength=weights.shape[1])
    own: list[list[Drawn]] = [[] for _ in size]
    for sample in samples:
        own[sample.cluster].append(sample)
    found = [
        ClusterChange(
            c, int(size[c]), float(weights[0, c]), float(weights[-1, c]), float(factor[c]), len(mine),
            mean([s.gold for s in mine]), mean([s.generated for s in mine]), mean([s.gold - s.generated for s in mine]),
        )
        for c, mine in enumerate(own)
    ]  # fmt: skip
    return sorted(found, key=lambda row: (np.isnan(row.factor), -np.nan_to_num(row.factor), row.cluster))


def mean(values: list[float]) -> float:
    """The mean of those that are numbers, NaN for none."""
    known = [v for v in values if np.isfinite(v)]
    return float(np.mean(known)) if known else float("nan")


def clusters_of(run: RefineRun) -> Clusters:
    """The clusters of a run. It keeps no centres: none of their rows is a central one."""
    return Clusters(len(run.weight), run.label, None)


# --- going on with a run


def runs_stamp(store_key: str) -> tuple[tuple[str, int], ...]:
    """Changes whenever a run on the store is begun, has finished a round, or is deleted: a key for caches."""
    folder = cache_dir("refine", store_key)
    paths = sorted([*folder.glob("*/run.json"), *folder.glob("*/round-*/round.json")])
    return tuple((str(path), path.stat().st_mtime_ns) for path in paths)


def command(config: RefineConfig, store: Path) -> str:
    """The command that begins or goes on with a run, provided that the decisions are those of its configuration."""
    given = {"rounds": config.rounds, "budget": config.budget, "theta": config.theta, "lens": config.lens}
    for own, usual in ((config, RefineConfig(config.store_key)), (config.train, TrainConfig())):
        changed = {name: getattr(own, name) for name in settings_of(type(own))}
        given |= {name: v for name, v in changed.items() if v != getattr(usual, name) and name != "max_tokens"}
    flags = " ".join(f"--{name.replace('_', '-')} {shlex.quote(str(value))}" for name, value in given.items())
    return f"python -m core refine --store {shown_path(store)} {flags}"


def goes_on_by_command(config: RefineConfig, store: FeatureStore, decisions: tuple[object, ...]) -> bool:
    """Whether `command` names this very run under the present decisions (vetoes, pins, bans): a proof's runs, and those
    begun under other decisions, go on otherwise.
    """
    same = (dict(config.vetoes), tuple(config.pins), tuple(config.bans)) == decisions
    longest = store.meta["config"].get("max_tokens", config.train.max_tokens)
    return same and config.train.seed == config.seed and config.train.max_tokens == longest


def without_steering(quotas: Sequence[str], boosts: Mapping[int, float]) -> str:
    """That a run goes without the quotas and boosts that stand, and what of them counts later; "" without any."""
    found = steered_by(quotas, boosts)
    return found and (
        f"The run draws without your {found}. Quotas hold when kmq-iterative or hybrid selects by the run; boosts, "
        "when hybrid does."
    )
