"""Where more budget stops being worth it: the knee of a coverage curve, what its milestones take, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.system.shown import many

MILESTONES = (0.9, 0.95, 0.99)  # of all that can be covered


@dataclass(frozen=True)
class Advice:
    """What a coverage curve says of budgets.

    knee: the budget at the knee; most_later: the most new features that any pick after it brings. milestones: by share
    of all that can be covered, the smallest budget that reaches it, for those that are reached. spent, share: the whole
    curve's budget and the share that it covers.
    """

    knee: int
    most_later: int
    milestones: dict[float, int]
    spent: int
    share: float

    def told(self, noun: str, unit: str = "samples") -> str:
        """The advice in one sentence; noun: what a feature is called, unit: of the budget."""
        known, what = [share for share in self.milestones if share <= 0.95], unit.removesuffix("s")
        if known:
            spent, share = self.milestones[known[-1]], f"{known[-1]:.0%}"
        else:
            spent, share = self.spent, f"{self.share:.1%}"
        begin = f"{many(spent, what)} {'covers' if spent == 1 else 'cover'} {share} of the {noun}s"
        if not self.most_later:
            return f"{begin}; beyond {many(self.knee, what)} nothing new comes."
        each = f"{self.knee:,} each further one" if unit == "samples" else f"{self.knee:,} tokens each further sample"
        return f"{begin}; beyond {each} brings fewer than {self.most_later + 1:,} new ones."


def advice(spent: np.ndarray, covered: np.ndarray, coverable: int) -> Advice:
    """What a curve says; spent, covered int64 (K,), K ≥ 1: what the first picks take of the budget, and cover together.

    coverable: how many features could be covered.
    """
    at = knee(spent, covered)
    gains = np.diff(covered, prepend=0)
    reached = {share: int(np.searchsorted(covered, np.ceil(share * coverable - 1e-9))) for share in MILESTONES}
    return Advice(
        int(spent[at]),
        int(gains[at + 1 :].max(initial=0)),
        {share: int(spent[pick]) for share, pick in reached.items() if pick < len(covered)},
        int(spent[-1]),
        float(covered[-1] / max(coverable, 1)),
    )


def knee(spent: np.ndarray, covered: np.ndarray) -> int:
    """The pick at the knee of a rising curve, ties to the first: int, from 0.

    It is the point farthest above the chord from the origin to where the curve reaches its highest, the Kneedle of
    Satopää et al. (2011, "Finding a 'Kneedle' in a haystack") without smoothing. What follows that height is left out,
    so that samples which add nothing move no knee.
    """
    end = int(np.searchsorted(covered, covered[-1])) + 1
    above = covered[:end] / max(covered[-1], 1) - spent[:end] / max(spent[end - 1], 1)
    return int(np.argmax(above))
