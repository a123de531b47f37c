"""What can be asked of an export, beside the selection: the command line and the page are made from it."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings import check, setting


@dataclass(frozen=True)
class Shape:
    """How the kept records are written; format, order and form are checked where they are used."""

    format: str = setting("jsonl", "jsonl, json, parquet or csv.")
    order: str = setting("input", "input, pick, source, or a score column from its lowest value up (easy to hard).")
    to: str = setting("original", "original, messages, prompt-completion, alpaca or sharegpt")
    validation: float = setting(0.0, "Share of the records held out for validation, of each source alike.", low=0)
    split_seed: int = setting(0, "Draws the records for validation.", low=0)
    sampling: str = setting(
        "none",
        "Weights to draw the records with, in a file weights.jsonl: gain (what a pick added), source or topic "
        "(each as often as in all of the data).",
        choices=("none", "gain", "source", "topic"),
    )

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class About:
    """What only a person can say of a data set."""

    title: str = setting("", "Name of the data set on its card. Default: made of the data's name and the method.")
    license: str = setting("unknown", "Licence of the data: an identifier such as apache-2.0, or any name.")
    language: str = setting("", "Codes such as en,de. Default: what the records look like.")
    note: str = setting("", "A sentence for the card: where the data come from, what they are for.")
