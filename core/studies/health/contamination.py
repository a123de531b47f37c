"""Test questions that stand in the samples: n-grams of words shared with a file of them.

As of GPT-3 (arXiv 2005.14165, appendix C): 13-grams; 8 for questions of fewer words; those that stand in more than
MOST_QUESTIONS of the questions are their frame and do not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.readers import records
from core.datasets.rows import BadRow
from core.datasets.samples import read_samples
from core.datasets.sources import files_of
from core.errors import DataError
from core.matrix.shingles import ngrams
from core.studies.health.finding import Finding, Seen, Span, Texts, found
from core.studies.health.pool import Pool, words_in
from core.system.shown import many

LONG, SHORT = 13, 8  # words of an n-gram
MOST_QUESTIONS = 10
NAMES = ("question", "prompt", "instruction", "input", "query", "problem", "text", "ctx", "goal", "sentence")


def contamination(pool: Pool) -> Finding:
    """Samples that share an n-gram with a question of the file `pool.against`; raises DataError if it has none."""
    asked = questions(pool.against)
    sizes = {size: gram_table(asked, size) for size in (LONG, SHORT)}
    short = sum(len(words_in(text)[0]) < SHORT for text in asked)
    were = "was" if short == 1 else "were"
    note = f"{many(len(asked), 'question')} of {Path(pool.against).name}"
    note += f"; {short:,} of fewer than {SHORT} words {were} not looked for." if short else "."
    numbered = pool.numbered("Comparing with test questions")
    return found("contamination", ((row, one) for row, texts in numbered if (one := shared(texts, sizes))), note)


def questions(source: str) -> list[str]:
    """The questions of a file: prompts of instruction data, else a column of the usual names, else lines of text.

    Raises DataError if there are none.
    """
    try:
        return [sample.prompt for sample in read_samples(source, skip_bad=True)]
    except DataError:
        pass
    if Path(source).suffix == ".txt":
        lines = Path(source).read_text(encoding="utf-8", errors="replace").splitlines()
        asked = [line for line in lines if line.strip()]
    else:
        asked = [text for file in files_of(source) for record in records(file) if (text := question(record.value))]
    if not asked:
        raise DataError(f"{source} holds no questions: use one of {', '.join(NAMES)} as the name of their column.")
    return asked


def question(record: Any) -> str:
    """The question of a record; "" if it has none."""
    if isinstance(record, str):
        return record
    if isinstance(record, BadRow) or not isinstance(record, dict):
        return ""
    return next((record[name] for name in NAMES if isinstance(record.get(name), str) and record[name].strip()), "")


def gram_table(asked: list[str], size: int) -> tuple[np.ndarray, np.ndarray]:
    """(gram uint64, question int64), ascending by gram: the n-grams of the questions that `size` is for."""
    grams, number = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for i, text in enumerate(asked):
        words = words_in(text)[0]
        if len(words) >= size and (size == LONG or len(words) < LONG):
            grams.append(np.unique(ngrams(words, size)))
            number.append(np.full(len(grams[-1]), i))
    gram, first, count = np.unique(np.concatenate(grams), return_index=True, return_counts=True)
    rare = count <= MOST_QUESTIONS
    return gram[rare], np.concatenate(number)[first[rare]]


def shared(texts: Texts, sizes: dict[int, tuple[np.ndarray, np.ndarray]]) -> Seen | None:
    """Where a sample holds n-grams of the questions, and the first question that it holds one of."""
    spans, asked = [], list[int]()
    for segment, text in enumerate(texts):
        number, start, stop = words_in(text)
        for size, (gram, question_of) in sizes.items():
            own = ngrams(number, size) if len(number) >= size else number[:0]
            place = np.minimum(np.searchsorted(gram, own), max(len(gram) - 1, 0))
            hits = np.flatnonzero(gram[place] == own) if len(gram) else place[:0]
            asked += question_of[place[hits]].tolist()
            spans += [Span(segment, int(start[a]), int(stop[b - 1])) for a, b in joined(hits, size)]
    return Seen(tuple(spans), f"question {min(asked) + 1:,} of the file") if asked else None


def joined(first: np.ndarray, size: int) -> Iterator[tuple[int, int]]:
    """(first, end) of the stretches that n-grams of `size` words cover, given where each begins, ascending."""
    breaks = np.flatnonzero(np.diff(first) > size) + 1
    for part in np.split(first, breaks) if len(first) else ():
        yield int(part[0]), int(part[-1]) + size
