"""What a run of iterative refinement is asked for, and where it is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from core.errors import SelectionError
from core.lm.fine_tuning import TrainConfig
from core.schema import SelectionSpec
from core.scoring.registry import SCORERS
from core.settings import check, like, number_or_word, setting, without_default_lens
from core.system.files import cache_path
from core.system.shown import many


@dataclass(frozen=True)
class RefineConfig:
    """What to refine. quality is empty for none; vetoes, pins and bans are the decisions under which it runs."""

    store_key: str
    rounds: int = setting(3, "Rounds of drawing, fine-tuning and scoring.", low=1)
    budget: int = setting(300, "Samples over all rounds, pins included.", low=1)
    k: int | str = setting(
        0,
        "Clusters: a number, silhouette or elbow. Default: √N.",
        low=0,
        choices=("silhouette", "elbow"),
        typed="0",
        parse=number_or_word,
    )
    quality: str = setting("", "Score column to draw by inside a cluster. Default: all alike.")
    scorer: str = setting("perplexity", "perplexity, reward or judge", choices=tuple(SCORERS))
    scorer_model: str = setting("", "Of the reward (folder or hub id) or the judge (its name).")
    base_url: str = setting("", "Of the judge. Default: OPENAI_BASE_URL, else OpenAI's.")
    model: str = setting("", "Hub id, folder or GGUF file. Default: the store's own model.")
    start: str = setting("base", "Train each round from: base or previous", choices=("base", "previous"))
    new_tokens: int = setting(128, "Longest answer that the model generates.", low=1)
    seed: int = like(SelectionSpec, "seed")
    vetoes: Mapping[int, str] = field(default_factory=dict)
    pins: tuple[int, ...] = ()
    bans: tuple[int, ...] = ()
    theta: float = like(SelectionSpec, "theta")
    scope: str = like(SelectionSpec, "scope")
    train: TrainConfig = field(default_factory=TrainConfig)
    lens: str = like(SelectionSpec, "lens")

    def __post_init__(self) -> None:
        check(self)
        if self.budget - len(self.pins) < self.rounds:
            besides = f" besides {many(len(self.pins), 'pin')}" if self.pins else ""
            rounds = many(self.rounds, "round")
            raise SelectionError(
                f"Refinement over {rounds} needs a budget of at least as many samples{besides}, got {self.budget}."
            )

    @property
    def folder(self) -> Path:
        """Where the run is kept: named by everything that decides its outcome."""
        text = json.dumps(without_default_lens(asdict(self)), sort_keys=True)
        return cache_path("refine", self.store_key) / hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def spec(self) -> SelectionSpec:
        """The decisions as a selection has them."""
        score = {"score": self.quality} if self.quality else {}
        return SelectionSpec(
            "kmq", self.budget, theta=self.theta, scope=self.scope, lens=self.lens, vetoes=self.vetoes, pins=self.pins,
            bans=self.bans, seed=self.seed, options={**score, "k": self.k},
        )  # fmt: skip
