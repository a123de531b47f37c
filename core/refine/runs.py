"""Runs of iterative refinement as they lie in their folders: what was asked, each round, and what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import SaelectError
from core.lm.fine_tuning import TrainConfig
from core.refine.config import RefineConfig
from core.selection.clustering import KRow
from core.system.files import cache_path


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
    arrays: dict[str, Any] = {
        name: np.array(facts.pop(name), np.float64) for name in ("weight", "mean_gap", "next_weight")
    }
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
    for folder in cache_path("refine", store_key).glob("*"):
        try:
            found.append(read_run(folder))
        except SaelectError:
            continue
    return sorted(found, key=lambda run: run.created, reverse=True)
