"""py3langid's model of languages (Lui and Baldwin 2012, retrained), read by a compiled loop.

It tells 70 languages apart by the letters of one text; `topics.stop_words.language_of` tells six by function words that
are counted anyway. `python -m benchmarks.health --udhr FOLDER` times it beside py3langid's own loop.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

import numpy as np
from numba import njit


class Identifier:
    """The languages that a text may be in, each with its probability; classifies as py3langid does, to a rounding.

    codes: the languages to tell apart, as ISO 639 codes, `zxx` among them for what is no language.
    """

    def __init__(self, codes: Sequence[str]) -> None:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        model.set_languages(list(codes))
        self.names = list(model.nb_classes)
        self.first = [self.names.index(name) for name in self.names]  # a language may be there in two scripts
        self.table, self.prior = model.nb_ptc.astype(np.float32), model.nb_pc.astype(np.float32)
        self.step = np.array(model.tk_nextmove)
        self.row = np.array(model.tk_row, np.int64) << 8
        self.output = np.array(model.tk_output, np.int64)

    def classify(self, text: str) -> tuple[str, float]:
        """The code of the likeliest language, and its probability."""
        shown = unicodedata.normalize("NFC", text.lower() if text.isupper() else text)
        data = shown.encode("utf8", "surrogatepass")
        score = scores(np.frombuffer(data, np.uint8), self.step, self.row, self.output, self.table, self.prior)
        score /= math.sqrt(len(data) or 1)  # so that it says as much of a long text as of a short one
        odds = np.exp(score - score.max())
        total = np.bincount(self.first, odds, len(odds))
        best = int(total.argmax())
        return self.names[best], float(total[best] / total.sum())


@njit(cache=True)
def scores(
    data: np.ndarray, step: np.ndarray, row: np.ndarray, output: np.ndarray, table: np.ndarray, prior: np.ndarray
) -> np.ndarray:
    """The logarithms of how likely each of L languages is, float64 (L,), for the bytes of a text, uint8.

    step, row int64 (S,), output int64 (S,): an automaton; in state s a byte b leads to step[row[s] + b], and a state
    with an output counts that feature. table float32 (F, L), prior float32 (L,).
    """
    state, count = 0, np.zeros(len(table), np.int64)
    for byte in data:
        state = step[row[state] + byte]
        if output[state] >= 0:
            count[output[state]] += 1
    total = np.zeros(len(prior))
    for feature in range(len(count)):
        if count[feature]:
            weight = np.log1p(count[feature])
            for language in range(len(total)):
                total[language] += weight * table[feature, language]
    return total + prior if count.any() else total
