"""How the gain of a pick is told: in features, or in weight where features do not all count 1."""

from __future__ import annotations

from core.schema import Selection


def in_features(selection: Selection) -> bool:
    """Whether a selection's gains are numbers of features: whether each of them counts 1."""
    return selection.weight is None and selection.spec.counts_alike


def gain_text(selection: Selection, gain: float) -> str:
    """A gain: a number of features as it is, a weight with three significant digits, above 100 without decimals.

    Weights by rarity or by a reference may all be below 1: rounded to whole numbers they would all be 0.
    """
    return f"{gain:,.0f}" if in_features(selection) or abs(gain) >= 100 else f"{gain:.3g}"


def gain_format(selection: Selection) -> str:
    """The same as a format for columns of gains, in the style of printf."""
    return "%d" if in_features(selection) else "%.3g"
