"""Names of groups of samples, topics or clusters, by the words that set them apart: no model, only counting.

Class-based TF-IDF (BERTopic, arXiv 2203.05794): a group is a class, and a word's frequency in it is the share of its
samples that have the word, so that one long sample does not name a group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from core.schema import FeatureMatrix
from core.topics.words import CODE, IN, SPEAKS, merged, words_of

STRONGEST = 20  # samples of a topic that name it
SHARE = 0.3  # of a group's samples that must have a word that names it; half of it while there are not FEWEST words
FEWEST, MOST = 3, 5  # words of a name
HALF = 0.5  # of a group's samples that hold code, or are not in English, from which on its name says so
ALIKE = 0.7  # of the letters of the shorter of two words: if they begin with as many in common, one of them will do
UNNAMED = "no words in common"


def topic_names(matrix: FeatureMatrix, texts: Sequence[str]) -> list[str]:
    """The name of each of F features by the words of its strongest samples, "" for one that is never active.

    texts: of the N samples, prompt and response joined by a blank line.
    """
    return word_names(strongest(matrix), texts)


def strongest(matrix: FeatureMatrix, most: int = STRONGEST) -> Any:
    """The samples that have most of each feature, ties to the lowest row: their values, scipy CSR float64 (F, N)."""
    from scipy.sparse import csr_matrix

    row = np.repeat(np.arange(matrix.n_samples), matrix.counts)
    order = np.lexsort((row, -matrix.value, matrix.feature))
    feature = matrix.feature[order]
    first = order[np.arange(len(order)) - np.searchsorted(feature, feature) < most]
    value, place = matrix.value[first].astype(np.float64), (matrix.feature[first], row[first])
    return csr_matrix((value, place), (matrix.n_features, matrix.n_samples))


def word_names(groups: Any, texts: Sequence[str]) -> list[str]:
    """The name of each of G groups: FEWEST to MOST words that more of its samples have than of all groups' samples.

    groups: scipy CSR (G, N), the weights > 0 of the samples in each group; texts: of the N samples. Of a group in code
    or in another language than English the name says that first. "" for a group without samples, UNNAMED where no word
    will do.
    """
    groups = groups.tocsr()
    rows = np.unique(groups.indices)
    if not len(rows):
        return [""] * groups.shape[0]
    counts, words = word_counts([texts[row] for row in rows])
    score, share = scores(groups[:, rows], counts)
    size = np.diff(groups.indptr)
    each = zip(size, openings(share, words), ranked(score, share, size, words), strict=True)
    return [name(begin, found) if n else "" for n, begin, found in each]


# --- counting


def word_counts(texts: Sequence[str]) -> tuple[Any, list[str]]:
    """(counts CSR float64 (N, V), words and marks (V,)): 1 where a text has a word, 2 where its beginning has it."""
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(analyzer=words_of, dtype=np.float64)
    counts = vectorizer.fit_transform(texts)
    forms = vectorizer.get_feature_names_out().tolist()
    word, words = merged(forms, counts.getnnz(axis=0))
    counts.indices = word.astype(counts.indices.dtype)[counts.indices]
    counts.sum_duplicates()
    counts.data = np.minimum(counts.data, 2)
    return counts[:, : len(words)], words


def scores(groups: Any, counts: Any) -> tuple[Any, Any]:
    """(score, share), CSR float64 (G, V) of one pattern: p log(p / q), and the share of a group's samples with a word.

    p is the word's mean count in the group, weighted by the samples' weights, and q that in all samples: the score is
    the word's part of the Kullback-Leibler divergence of the two, 0 for a word that is as common everywhere.
    """
    size, total = np.diff(groups.indptr), np.asarray(groups.sum(axis=1)).ravel()
    weights, members, has = groups.copy(), groups.copy(), counts.copy()
    weights.data = groups.data / np.repeat(total, size)
    members.data, has.data = 1 / np.repeat(size, size), np.ones(len(counts.data))
    score, share = (weights @ counts).tocsr(), (members @ has).tocsr()
    score.sort_indices()
    share.sort_indices()
    q = np.asarray(counts.mean(axis=0)).ravel()
    score.data *= np.log(score.data / q[score.indices])
    return score, share


# --- choosing


def ranked(score: Any, share: Any, size: np.ndarray, words: Sequence[str]) -> Iterator[list[tuple[str, bool]]]:
    """Of each group the words that it has more often than all samples, if there are none as often, and whether SHARE of
    its samples have them: those first, each by score, ties to the commoner, then by alphabet. Code's are among them.

    At least half of SHARE have each, and two samples where there are two.
    """
    alphabet = np.argsort(sorted(range(len(words)), key=words.__getitem__))
    for group, n in enumerate(size.tolist()):
        part = slice(score.indptr[group], score.indptr[group + 1])
        word, own, n_with = score.indices[part], np.round(score.data[part], 9), np.rint(share.data[part] * n)
        enough = n_with >= max(n * SHARE / 2, min(2, n))
        apart = enough & (own > 0)
        fits = np.flatnonzero(apart if apart.any() else enough & (own == 0))
        word, own, n_with = word[fits], own[fits], n_with[fits]
        often = n_with >= n * SHARE
        order = np.lexsort((alphabet[word], -n_with, -own, ~often))
        yield [(words[word[i]], bool(often[i])) for i in order]


def openings(share: Any, words: Sequence[str]) -> list[str]:
    """What the name of each group begins with: the language of its code, else of its prose, "" for English."""
    out = [""] * share.shape[0]
    for sign, usual, ending in ((SPEAKS, {"", "English"}, ""), (IN, set(), " code")):
        columns = [i for i, word in enumerate(words) if word.startswith(sign) and word[len(sign) :] not in usual]
        if not columns:
            continue
        dense = share[:, columns].toarray()
        for group in np.flatnonzero(dense.sum(axis=1) >= HALF):
            language = words[columns[int(dense[group].argmax())]].removeprefix(sign)
            known = language if dense[group].max() > dense[group].sum() * HALF else ""
            out[group] = f"{known}{ending}".strip()
    return out


def name(begin: str, found: Sequence[tuple[str, bool]]) -> str:
    """A group's name: what it begins with, and words that do not begin alike; words of code only where code is."""
    words = chosen([(word, often) for word, often in found if word[0] not in (CODE, SPEAKS)], begin.lower().split())
    if begin.endswith("code") and len(words) < FEWEST:
        code = [word.removeprefix(CODE) for word, often in found if word[0] == CODE and word[1] != CODE and often]
        words += [word for word in code if word not in words][: FEWEST - len(words)]
    told = ", ".join(words)
    return f"{begin}: {told}" if begin and told else begin or told or UNNAMED


def chosen(found: Sequence[tuple[str, bool]], taken: Sequence[str] = ()) -> list[str]:
    """The first of `found`, MOST of those that are often there, the others up to FEWEST; none like one `taken`."""
    out: list[str] = []
    for word, often in found:
        if len(out) >= (MOST if often else FEWEST):
            break
        if not any(alike(word.lower(), other.lower()) for other in (*taken, *out)):
            out.append(word)
    return out


def alike(a: str, b: str) -> bool:
    """Whether two words are one, or begin with so many letters in common that they are forms of one."""
    n = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a == b or (n >= 5 and n >= ALIKE * min(len(a), len(b)))
