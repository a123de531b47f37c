"""A concept taught by examples: two probes, how good each is, and a score for every sample of the store.

The sparse probe names the features it uses; the dense one reads the samples' vectors. Neither is always the better one
(arXiv 2502.16681), so both are measured, and the better one gives the scores unless another is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import vstack

from core.concepts.auc import Auc, auc
from core.concepts.examples import Examples, Inputs, inputs, inputs_of_texts
from core.concepts.probe import KINDS, Line, held_out, learnt
from core.errors import SelectionError
from core.schema import SelectionSpec
from core.scoring.taught import Taught, checked_name, keep
from core.session.languages import Told, silent
from core.session.session import Session
from core.system.shown import many

if TYPE_CHECKING:
    from core.extract.pipeline import Pipeline

LEAST, MOST = 10, 2000  # examples of a side
OTHERS, AT_LEAST = 5, 100  # random counterexamples: so many for each example, and at least so many
RANDOM = "random others"  # what counterexamples are called that nobody named


def teach(
    session: Session, spec: SelectionSpec, name: str, positive: Examples, negative: Examples,
    by: str = "", pipeline: Pipeline | None = None, told: Told = silent,
) -> Taught:  # fmt: skip
    """Teach a concept and keep it; without negative examples other samples are drawn by the seed of the request.

    by: the probe that gives the scores, one of KINDS; "" for the one with the larger AUC. pipeline: reads texts. Raises
    SelectionError for a bad name, too few examples of a side, and samples on both sides.
    """
    name, rng = checked_name(name), np.random.default_rng(spec.seed)
    if by not in ("", *KINDS):
        raise SelectionError(f"The scores come from {' or '.join(KINDS)}, not from {by!r}.")
    named, notes = len(negative), list[str]()
    negative = negative if named else others(positive, session.store.n_samples, rng)
    check(name, positive, negative)
    if not named:
        notes.append("The counterexamples were drawn at random: some may be examples too, which lowers both AUC.")
    sides = [fewer(side, rng, notes) for side in (positive, negative)]
    every = inputs(session, spec)
    x = joined([of_side(session, spec, every, side, pipeline, told) for side in sides])
    label = np.arange(len(sides[0]) + len(sides[1])) < len(sides[0])
    return keep_taught(session, spec, name, (positive.told, negative.told), x, label, every, by, notes, told)


def keep_taught(
    session: Session, spec: SelectionSpec, name: str, sides: tuple[str, str], x: Inputs, positive: np.ndarray,
    every: Inputs, by: str, notes: list[str], told: Told,
) -> Taught:  # fmt: skip
    """Learn from the inputs of examples, whose labels are bool (n,), score every sample of the store and keep it all.

    sides: what examples and counterexamples were called. every: the inputs of all samples.
    """
    found, lines = probes(x, positive, spec.seed, told)
    best = by or max(KINDS, key=lambda kind: found[kind].value)  # features where both are equal
    score = lines[best].score(getattr(every, best))
    taught = Taught(
        name, *sides, int(positive.sum()), int((~positive).sum()), spec.lens, spec.scope, spec.theta, spec.seed,
        {kind: tuple(one) for kind, one in found.items()}, best, used(lines["features"]), tuple(notes),
    )  # fmt: skip
    keep(session.store, taught, score)
    told("Done", 1, 1)
    return taught


def check(name: str, positive: Examples, negative: Examples) -> None:
    """Raise SelectionError for too few examples of a side, or samples that are on both."""
    for side, what in ((positive, "examples"), (negative, "counterexamples")):
        if len(side) < LEAST:
            raise SelectionError(
                f"To teach “{name}” takes {LEAST} {what} or more: {side.told or 'what was named'} has {len(side)}."
            )
    both = np.intersect1d(positive.rows, negative.rows)
    if len(both):
        raise SelectionError(
            f"{many(len(both), 'sample')} would be an example and a counterexample of “{name}”, such as row {both[0]}: "
            "take such samples from one side."
        )


def others(positive: Examples, n: int, rng: np.random.Generator) -> Examples:
    """Counterexamples that nobody named: samples drawn from those of the n that are no examples."""
    rest = np.setdiff1d(np.arange(n), positive.rows)
    count = min(len(rest), max(AT_LEAST, OTHERS * len(positive)))
    return Examples(np.sort(rng.choice(rest, count, replace=False)), (), RANDOM)


def fewer(side: Examples, rng: np.random.Generator, notes: list[str]) -> Examples:
    """At most MOST of a side, drawn; noted where that leaves some out."""
    if len(side) <= MOST:
        return side
    notes.append(f"Of the {len(side):,} samples of {side.told} {MOST:,} were drawn to learn from.")
    chosen = np.sort(rng.choice(len(side), MOST, replace=False))
    own = chosen[chosen < len(side.rows)]
    return Examples(side.rows[own], tuple(side.texts[i - len(side.rows)] for i in chosen[len(own) :]), side.told)


def of_side(
    session: Session, spec: SelectionSpec, every: Inputs, side: Examples, pipeline: Pipeline | None, told: Told
) -> Inputs:
    """The inputs of one side: of its samples, then of its texts."""
    own = every.at(side.rows)
    if not side.texts:
        return own
    if pipeline is None:
        raise SelectionError("Texts as examples need the model that made the store.")
    return joined([own, inputs_of_texts(session, spec, pipeline, side.texts, told)])


def joined(parts: list[Inputs]) -> Inputs:
    """Inputs one after the other."""
    features: Any = vstack([part.features for part in parts]).tocsr()
    return Inputs(features, np.concatenate([part.vectors for part in parts]))


def probes(x: Inputs, positive: np.ndarray, seed: int, told: Told) -> tuple[dict[str, Auc], dict[str, Line]]:
    """The cross-validated AUC of each kind of probe, and the probe that learnt from all examples."""
    found, lines = {}, {}
    for i, kind in enumerate(KINDS):
        told(f"Learning from {kind}", i, len(KINDS))
        own = getattr(x, kind)
        found[kind] = auc(held_out(kind, own, positive, seed), positive)
        lines[kind] = learnt(kind, own, positive, seed)
    return found, lines


def used(line: Line) -> list[tuple[int, float]]:
    """The features with a weight, the largest first, ties to the lowest."""
    features = np.flatnonzero(line.weight)
    order = features[np.argsort(-np.abs(line.weight[features]), kind="stable")]
    return [(int(f), float(line.weight[f])) for f in order]
