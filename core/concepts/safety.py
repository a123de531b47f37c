"""A recipe put to the test: what is learnt from one half of its probes is measured on the other.

Four ways: a few features of which any is enough (as in the first paper), both probes, and a list of words. What is
reliable becomes a concept of the store; where nothing is, a sentence says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.concepts.auc import Auc, auc
from core.concepts.examples import Inputs, inputs, inputs_of_texts
from core.concepts.probe import KINDS, learnt
from core.concepts.recipes import Probe
from core.concepts.rules import any_of, or_rule, word_list, words_in
from core.concepts.teach import keep_taught
from core.concepts.told import FAIR
from core.errors import SelectionError
from core.schema import Sample, SelectionSpec
from core.session.languages import Told, silent
from core.session.session import Session

if TYPE_CHECKING:
    from core.extract.pipeline import Pipeline

LEAST = 10  # probes of a label in each half
WAYS = ("any of a few features", "L1 over features", "dense, over vectors", "word list")
ABOVE = 0.5  # this score each says positive: a probability, or how many features or words
PROBES = dict(zip(KINDS, WAYS[1:3], strict=True))
MANY = 0.2  # false alarms on delicate questions that a sentence warns of


class Measured(NamedTuple):
    """One way on the test half: its AUC, the shares of positive and of negative probes that it says are positive, and
    that of harmless questions about delicate subjects, NaN where there are none.
    """

    auc: Auc
    found: float
    false_alarms: float
    delicate: float


@dataclass(frozen=True)
class Report:
    """A recipe on a store. sizes: positive and negative probes of discovery, then of the test. by: the way that is best
    (`best_of`). features and words: those of the rule and of the list. kept: the concept, if any.
    """

    recipe: str
    sizes: tuple[int, int, int, int]
    ways: dict[str, Measured]
    by: str
    features: list[int]
    words: list[str]
    kept: str

    @property
    def sentence(self) -> str:
        """What was found, or that nothing was."""
        best = self.ways[self.by]
        if best.auc.low < FAIR:
            return (
                f"Nothing reliable was found for {self.recipe} with this model: the best way, {self.by}, has an "
                f"AUC of {best.auc.value:.2f} ({best.auc.low:.2f} to {best.auc.high:.2f})."
            )
        told = f"{self.by[:1].upper()}{self.by[1:]} is best: it finds {best.found:.0%} of the test's probes"
        told += f", with {best.false_alarms:.0%} false alarms."
        if best.delicate > MANY:
            told += f" It takes {best.delicate:.0%} of harmless questions about delicate subjects for it: read first."
        return told


def measure(
    session: Session, spec: SelectionSpec, recipe: str, probes: list[Probe], delicate: Inputs | None,
    delicate_texts: list[str], pipeline: Pipeline, told: Told = silent,
) -> Report:  # fmt: skip
    """Learn from the half for discovery, measure on the other, and keep what is reliable as a concept of the store.

    delicate, delicate_texts: harmless questions about delicate subjects, if any, as inputs and as text. Raises
    SelectionError for fewer than LEAST probes of a label in a half.
    """
    label, half = (np.array([probe[i] for probe in probes]) for i in (1, 2))
    sizes = tuple(int(((half == h) & (label == p)).sum()) for h in (0, 1) for p in (True, False))
    if min(sizes) < LEAST:
        raise SelectionError(f"{recipe} needs {2 * LEAST} probes or more of either label, to halve them.")
    samples, texts = [probe.sample for probe in probes], [whole(probe.sample) for probe in probes]
    x = inputs_of_texts(
        session, spec, pipeline, samples, lambda stage, done, total: told(f"{recipe}: {stage}", done, total)
    )
    learn, test = np.flatnonzero(half == 0), np.flatnonzero(half == 1)
    rule = or_rule(x.features[learn], label[learn])
    listed = word_list([texts[i] for i in learn], label[learn])
    lines = {kind: learnt(kind, getattr(x, kind)[learn], label[learn], spec.seed) for kind in KINDS}

    def scored(inputs: Inputs, texts: list[str]) -> list[np.ndarray]:
        probed = [lines[kind].score(getattr(inputs, kind)) for kind in KINDS]
        return [any_of(inputs.features, rule), *probed, words_in(texts, listed)]

    tested = scored(x.at(test), [texts[i] for i in test])
    edge = scored(delicate, delicate_texts) if delicate else [np.zeros(0)] * len(WAYS)
    ways = {way: measured(own, label[test], other) for way, own, other in zip(WAYS, tested, edge, strict=True)}
    by, probe = best_of(ways), best_of({way: ways[way] for way in PROBES.values()})
    kind, kept = next(kind for kind in KINDS if PROBES[kind] == probe), ""
    if ways[PROBES[kind]].auc.low >= FAIR:
        every = inputs(session, spec)
        kept = keep_taught(session, spec, recipe, ("probes", "probes"), x, label, every, kind, [], told).column
    return Report(recipe, sizes, ways, by, rule, listed, kept)  # type: ignore[arg-type]


def best_of(ways: dict[str, Measured]) -> str:
    """The way whose AUC has the highest lower end; of those that are fair and within its interval, the one with the
    fewest false alarms on delicate questions: where two tell as well, the one that is less easily misled.
    """
    top = max(ways, key=lambda way: ways[way].auc.low)
    if ways[top].auc.low < FAIR:
        return top
    alike = [way for way in ways if ways[way].auc.value >= ways[top].auc.low]
    return min(alike, key=lambda way: (np.nan_to_num(ways[way].delicate), -ways[way].auc.low))


def measured(score: np.ndarray, positive: np.ndarray, delicate: np.ndarray) -> Measured:
    """How well scores float (n,) tell labels bool (n,), and what they say where more than ABOVE means positive."""
    says = score > ABOVE
    alarms = float((delicate > ABOVE).mean()) if len(delicate) else float("nan")
    return Measured(auc(score, positive), float(says[positive].mean()), float(says[~positive].mean()), alarms)


def whole(sample: Sample) -> str:
    """All that is said in a sample."""
    return "\n\n".join(message.content for message in sample.messages)
