"""What all runs of a proof share, and where they are kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.lm.fine_tuning import TrainConfig
from core.schema import LARGEST_SEED, SelectionSpec
from core.settings import check, like, setting, words
from core.system.files import cache_path

TEST = "test"  # what a column says of a sample that is to be measured on
LATER = {"lens": "tokens", "split": "", "exact": (), "instructed": 0}  # fields not there once; what all proofs had then
FULL, BASE = "full", "base"  # methods of a proof: all that may be picked; the model as it came


@dataclass(frozen=True)
class ProofConfig:
    """What all runs of a proof share: model, measure and decisions."""

    store_key: str
    model: str = setting(sentence="Hub id, folder or GGUF file. Default: the store's own model.", typed="")
    held_out: int = setting(300, "Samples of each source to measure on, never picked.", low=2)
    held_out_seed: int = setting(0, "Draws the held-out samples.", low=0, high=LARGEST_SEED)
    unit: str = like(SelectionSpec, "unit")
    theta: float = like(SelectionSpec, "theta")
    scope: str = like(SelectionSpec, "scope")
    score: str = setting("", "Score column for the methods that need one.")
    full: int = setting(4000, "At most so many random samples stand for all.", low=1)
    refined: int = setting(3, "Rounds of refinement.", low=1)
    new_tokens: int = setting(96, "Longest answer that refinement generates.", low=1)
    vetoes: Mapping[int, str] = field(default_factory=dict)
    pins: tuple[int, ...] = ()
    bans: tuple[int, ...] = ()
    train: TrainConfig = field(default_factory=TrainConfig)
    tasks: tuple[str, ...] = setting((), "Tasks of lm-eval, separated by commas.", typed="", parse=words)
    lens: str = like(SelectionSpec, "lens")
    split: str = setting("", "Column of the data that says test: all such samples are held out, and no others.")
    exact: tuple[str, ...] = setting(
        (),
        "Sources, separated by commas, whose held-out problems are solved: a last number met.",
        typed="",
        parse=words,
    )
    instructed: int = setting(0, "Held-out prompts to ask again, each with a demand that code can check.", low=0)

    def __post_init__(self) -> None:
        check(self)

    @property
    def path(self) -> Path:
        """The database of the runs: named by everything that makes them comparable; a grid may grow in it."""
        text = json.dumps(decisive(asdict(self)), sort_keys=True)
        return cache_path("proof", self.store_key) / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.duckdb"


def decisive(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration without what was not there once and is as it was then: names and files of earlier proofs stay."""
    return {name: value for name, value in config.items() if name not in LATER or (value or 0) != (LATER[name] or 0)}
