"""What a selection method is: its function, its options, what it needs, and what is said of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import SelectionError
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.inputs import SampleInfo
from core.selection.left_out import LeftOut

GROUPS = ("coverage", "quality", "clusters", "length", "baselines", "learned")
# What a method may need that a store may lack, as it is said.
NEEDS = {
    "score": "a score column",
    "vectors": "the samples' vectors",
    "run": "a finished run of refinement",
    "reference": "a set of samples, or another store made with the same model",
}
# What an option holds: a score column, a set, a tag or a feature store, a run of `refine`, vectors of the samples
# (residual or a .npy file), a column of tags, a number, or one of some words.
KINDS = ("score", "reference", "run", "vectors", "tags", "number", "choice")


@dataclass(frozen=True)
class Option:
    """One option of a method. kind: one of KINDS; choices: words that may be given, for a number too; low, high: the
    range of a number, None for no end. optional: a score column that the method does without, unlike one that it wants.
    """

    name: str
    help: str
    kind: str
    default: Any = None
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    whole: bool = False
    optional: bool = False

    def checked(self, method: str, value: Any) -> Any:
        """The value, converted if it is text that stands for a number; raises SelectionError."""
        if isinstance(value, str) and (value in self.choices or self.kind not in ("number", "choice")):
            return value
        number = self._number(value) if self.kind == "number" else None
        if number is None:
            raise SelectionError(self._sentence(method, value))
        return number

    def _number(self, value: Any) -> float | None:
        """The number that the value stands for, None if it is none or out of range."""
        try:
            number = int(value) if self.whole else float(value)
            whole = not self.whole or number == float(value)
        except (TypeError, ValueError, OverflowError):
            return None
        low, high = -np.inf if self.low is None else self.low, np.inf if self.high is None else self.high
        return number if whole and low <= number <= high else None

    def _sentence(self, method: str, value: Any) -> str:
        allowed = [*self.choices]
        if self.kind == "number":
            kind = "a whole number" if self.whole else "a number"
            ends = {"≥": self.low, "≤": self.high}
            both = f" from {self.low} to {self.high}"
            one = "".join(f" {sign} {end}" for sign, end in ends.items() if end is not None)
            allowed.append(kind + (one if None in ends.values() else both))
        return f"The option {self.name} of {method} must be {' or '.join(allowed) or 'a name'}, got {value!r}."


@dataclass(frozen=True)
class Method:
    """A method in the registry.

    group: one of GROUPS; sentence: what it does. run: the selection; reason: of samples that it left out, one true
    phrase each, why (see `left_out`).
    takes: what a kept sample owes its place to, after a colon; nothing where the features that it brings say so.
    needs: what it looks at and cannot do without: features, tokens (their counts), score, vectors, run, reference.
    nested: with a budget in samples, a smaller budget's picks are the first of a larger one's; otherwise a changed
    budget needs a rerun. quick: ordering all samples is a matter of a second even for many, up to `quick_to` of them.
    seeded: another seed gives another selection. counts: it looks at weights or multiplicity.
    """

    group: str
    sentence: str
    run: Callable[[FeatureMatrix, SelectionSpec, SampleInfo | None], Selection]
    reason: Callable[[LeftOut], list[str]]
    options: tuple[Option, ...] = ()
    needs: tuple[str, ...] = ("features",)
    nested: bool = True
    counts: bool = False
    quick: bool = True
    quick_to: float = math.inf
    seeded: bool = False
    takes: str = ""

    @property
    def wants(self) -> str:
        """What it needs that a store may lack, as the end of a sentence; "" for nothing."""
        return " and ".join(NEEDS[need] for need in self.needs if need in NEEDS)

    def __call__(self, matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
        """Run it; the spec must have been checked."""
        return self.run(matrix, spec, samples)
