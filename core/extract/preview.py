"""What is understood of instruction data: its first samples, columns, warnings, languages and lengths, in a second."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.datasets.samples import ReadReport, read_samples
from core.errors import DataError
from core.schema import Sample
from core.topics.stop_words import language_of

ROWS = 2000  # that are looked at: a file of any size is previewed in about the same time
SHOWN = 20  # samples that are kept whole
TELLING = 2000  # characters that the language of a sample is told from
WORDS = re.compile(r"[^\W\d_]+")
CHARACTERS_PER_TOKEN = 4  # of English under a tokenizer of the usual size


@dataclass(frozen=True)
class Preview:
    """The first rows of a source and what was noticed of them.

    samples: the first of them whole; texts: of every sample read, its turns joined; whole: there are no more rows;
    problem: why it cannot be used as it is.
    """

    samples: tuple[Sample, ...]
    texts: tuple[str, ...]
    report: ReadReport
    languages: Mapping[str, int]  # samples by language, the most frequent first
    whole: bool
    problem: str = ""


def preview(data: Sequence[str], columns: Mapping[str, str] | None = None, rows: int = ROWS) -> Preview:
    """Look at the first `rows` rows; those that cannot be read are told in the report.

    Raises DataError if nothing there can be read as rows at all.
    """
    reader = read_samples(data, columns=columns, skip_bad=True, rows=rows)
    samples: list[Sample] = []
    problem = ""
    try:
        samples.extend(reader)
    except DataError as error:
        if not reader.report.columns:
            raise
        problem = str(error)
    texts = tuple("\n\n".join(message.content for message in sample.messages) for sample in samples)
    languages = Counter(language_of(set(WORDS.findall(text[:TELLING].lower()))) or "unknown" for text in texts)
    whole = reader.report.rows_read < rows
    return Preview(tuple(samples[:SHOWN]), texts, reader.report, dict(languages.most_common()), whole, problem)


def token_counts(texts: Sequence[str], tokenizer: Path | None) -> np.ndarray:
    """Tokens of each text without a chat template, int64 (N,); without a tokenizer.json a quarter of its characters."""
    if tokenizer is None:
        return np.array([-(-len(text) // CHARACTERS_PER_TOKEN) for text in texts], np.int64)
    from tokenizers import Tokenizer

    encodings = Tokenizer.from_file(str(tokenizer)).encode_batch_fast(list(texts), add_special_tokens=False)
    return np.array([len(encoding) for encoding in encodings], np.int64)
