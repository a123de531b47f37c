"""Runs of iterative refinement as they lie in their folders: what was asked, each round, and what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import SaelectError, SelectionError
from core.lm.fine_tuning import TrainConfig
from core.schema import SelectionSpec
from core.scoring.registry import SCORERS
from core.selection.clustering import KRow
from core.system.files import cache_dir


@dataclass(frozen=True)
class RefineConfig:
    """What to refine. budget: samples over all rounds; k: clusters, 0 for √N, silhouette or elbow; quality: the score
    column to draw by inside a cluster, empty for none. start: each round from the base model, or from the previous one.
    """

    store_key: str
    rounds: int = 3
    budget: int = 300
    k: int | str = 0
    quality: str = ""
    scorer: str = "perplexity"
    scorer_model: str = ""
    base_url: str = ""
    model: str = ""
    start: str = "base"
    new_tokens: int = 128
    seed: int = 0
    vetoes: Mapping[int, str] = field(default_factory=dict)
    pins: tuple[int, ...] = ()
    bans: tuple[int, ...] = ()
    theta: float = 0.0
    scope: str = "all"
    train: TrainConfig = field(default_factory=TrainConfig)

    def __post_init__(self) -> None:
        if self.rounds < 1 or self.budget - len(self.pins) < self.rounds:
            besides = f" besides the {len(self.pins)} pins" if self.pins else ""
            raise SelectionError(
                f"{self.rounds} rounds need a budget of at least as many samples{besides}, got {self.budget}."
            )
        if self.scorer not in SCORERS:
            raise SelectionError(f"Unknown scorer {self.scorer!r}: it must be one of {', '.join(SCORERS)}.")
        if self.start not in ("base", "previous"):
            raise SelectionError(f"start must be base or previous, got {self.start!r}.")

    @property
    def folder(self) -> Path:
        """Where the run is kept: named by everything that decides its outcome."""
        text = json.dumps(asdict(self), sort_keys=True)
        return cache_dir("refine", self.store_key) / hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def spec(self) -> SelectionSpec:
        """The decisions as a selection has them."""
        decided = {"vetoes": self.vetoes, "pins": self.pins, "bans": self.bans}
        options = {"score": self.quality} if self.quality else {}
        spec = SelectionSpec("kmq", self.budget, "samples", self.theta, self.scope, seed=self.seed, **decided)
        return replace(spec, options={**options, "k": self.k})


@dataclass(frozen=True)
class Round:
    """A finished round. weight float64 (C,): of the clusters as they were drawn by; mean_gap float64 (C,): R(gold) −
    R(generated) over a cluster's new samples, NaN for none; next_weight: after the update. rows int64: the samples,
    gold, generated float64: their scores; answers: what the model generated.
    """

    number: int
    weight: np.ndarray
    next_weight: np.ndarray
    mean_gap: np.ndarray
    rows: np.ndarray
    gold: np.ndarray
    generated: np.ndarray
    answers: tuple[str, ...]
    loss: float
    tokens: int
    seconds: float


@dataclass(frozen=True)
class RefineRun:
    """A run as far as it is. label int32 (N,): every sample's cluster; curve: what k was chosen by; first_weight
    float64 (C,): the clusters' weights before the first round; exhausted: no sample was left for another round.
    """

    config: RefineConfig
    label: np.ndarray
    curve: tuple[KRow, ...]
    rounds: tuple[Round, ...]
    created: str
    first_weight: np.ndarray
    exhausted: bool = False

    @property
    def rows(self) -> np.ndarray:
        """All picks in the order in which they came: the pins, then round by round, int64."""
        return np.concatenate([np.array(self.config.pins, np.int64), *(r.rows for r in self.rounds)])

    @property
    def weight(self) -> np.ndarray:
        """The clusters' weights after the last finished round, float64 (C,)."""
        return self.rounds[-1].next_weight if self.rounds else self.first_weight

    @property
    def finished(self) -> bool:
        """Whether all rounds are done, or all samples drawn."""
        return self.exhausted or len(self.rounds) == self.config.rounds


def read_run(folder: Path) -> RefineRun:
    """A run's folder; raises SaelectError if it holds none."""
    rounds: list[Round] = []
    try:
        found = json.loads((folder / "run.json").read_text())
        label = np.load(folder / "clusters.npy", allow_pickle=False)
        curve = tuple(KRow(**row) for row in found["curve"])
        while (part := folder / f"round-{len(rounds) + 1}" / "round.json").exists():
            rounds.append(read_round(part.parent, len(rounds) + 1))
        config, first_weight = config_from(found["config"]), np.array(found["first_weight"], np.float64)
        exhausted = (folder / "exhausted.json").exists()
        return RefineRun(config, label, curve, tuple(rounds), found["created"], first_weight, exhausted)
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise SaelectError(f"{folder.name} is no run of refinement: {error}.") from error


def config_from(found: dict[str, Any]) -> RefineConfig:
    """A RefineConfig from its JSON."""
    vetoes = {int(f): mode for f, mode in found["vetoes"].items()}
    rows = {name: tuple(found[name]) for name in ("pins", "bans")}
    return RefineConfig(**{**found, **rows, "vetoes": vetoes, "train": TrainConfig(**found["train"])})


def read_round(folder: Path, number: int) -> Round:
    """A finished round."""
    facts, rows, answers, scores = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("round", "drawn", "answers", "scores")
    )
    arrays = {name: np.array(facts.pop(name), np.float64) for name in ("weight", "mean_gap", "next_weight")}
    gold, generated = np.array(scores, np.float64).reshape(2, -1)
    return Round(
        number, rows=np.array(rows, np.int64), gold=gold, generated=generated, answers=tuple(answers), **arrays, **facts
    )


def round_table(run: RefineRun) -> list[dict[str, Any]]:
    """One row a round: samples, loss of the training, mean scores, and how uneven the weights have become (their
    largest, and the effective number of clusters, exp of the entropy).
    """
    out = []
    for r in run.rounds:
        w = r.next_weight[r.next_weight > 0]
        gap = r.gold - r.generated
        out.append(
            {
                "round": r.number,
                "samples": len(r.rows),
                "training loss": r.loss,
                "R(gold)": float(np.nanmean(r.gold)) if np.isfinite(r.gold).any() else float("nan"),
                "R(gold) − R(generated)": float(np.nanmean(gap)) if np.isfinite(gap).any() else float("nan"),
                "largest weight": float(w.max()),
                "effective clusters": float(np.exp(-(w * np.log(w)).sum())),
                "seconds": r.seconds,
            }
        )
    return out


def runs_of(store_key: str) -> list[RefineRun]:
    """The runs on a store, the newest first; what cannot be read is passed over."""
    found = []
    for folder in cache_dir("refine", store_key).iterdir():
        try:
            found.append(read_run(folder))
        except SaelectError:
            continue
    return sorted(found, key=lambda run: run.created, reverse=True)
