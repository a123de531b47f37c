"""What a prediction of `teaching` says, and whether it came true: the features to show, and sentences."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.schema import NOUNS
from core.system.files import cache_path
from core.system.kept import loaded


def extremes(result: dict[str, Any], n: int) -> list[int]:
    """The places of the features of a lens's result that are predicted to rise most, then of those to fall most, at
    most `n` each: by z, steady ones alone."""
    z, steady = np.array(result["before"]["z"], np.float64), np.array(result["before"]["steady"], bool)
    order = [int(i) for i in np.argsort(-z, kind="stable") if steady[i]]
    up, down = [i for i in order if z[i] > 0][:n], [i for i in order if z[i] < 0][::-1][:n]
    return [*up, *down]


def predictions_of(key: str) -> list[dict[str, Any]]:
    """The predictions of a store that are kept, the newest first; a file that is none is passed over."""
    files = sorted(cache_path("prediction", key).glob("*.json"), key=lambda p: p.stat().st_mtime, reverse=True)
    found = [loaded(path) for path in files]
    return [one for one in found if isinstance(one, dict) and "lenses" in one]


def told_of_prediction(found: dict[str, Any]) -> str:
    """What was compared, in a sentence."""
    after = ""
    if any("fit" in result for result in found["lenses"].values()):
        after = (
            f" After training, {found['fresh']:,} prompts that are not in the selection were asked before and after."
        )
    return (
        f"{found['samples']:,} samples by {found['method']} (lens: {found['lens']}): their answers to "
        f"{found['prompts']:,} prompts beside the model's own, {found['new_tokens']:,} tokens of each.{after}"
    )


def told_of_fit(result: dict[str, Any], lens: str) -> str:
    """Whether a lens's prediction came true; nothing where no model was trained."""
    fit = result.get("fit")
    if not fit:
        return ""
    rho = {name: "unknown" if one["spearman"] is None else f"{one['spearman']:+.2f}" for name, one in fit.items()}
    better = "better than both by more than chance" if result["predicts"] else "not better than both beyond chance"
    return (
        f"Over {len(result['feature']):,} {NOUNS[lens]}s the predicted and the measured change go together with a rank "
        f"correlation of {rho['own']}; predicted from samples that were left out {rho['random']}, from length alone "
        f"{rho['length']}. The prediction is {better}."
    )
