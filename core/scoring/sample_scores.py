"""What each score of a sample means, and the reading of samples by a language model that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.lm.chat import TokenizedSample, render, tokenize
from core.lm.language_model import LanguageModel
from core.lm.losses import mean_losses
from core.schema import SEGMENTS, Sample

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

RESPONSE = SEGMENTS.index("response")


@dataclass(frozen=True)
class Form:
    """A form in which the model reads a sample. `keep`: which tokens, bool (T,); `counts`: what of it is content."""

    keep: Callable[[Sample, TokenizedSample, PreTrainedTokenizerFast], np.ndarray]
    counts: tuple[str, ...]  # columns of FeatureStore.sample_columns: about what is read


@dataclass(frozen=True)
class Score:
    """A column: `value` of `inputs`, each float64 (n,): losses (names in FORMS) or columns of the store.

    A loss is the mean cross-entropy in nats over the response's tokens, NaN where there are none.
    """

    value: Callable[..., np.ndarray]
    inputs: tuple[str, ...]

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms that a model must read for it; none: it comes straight from the store."""
        return tuple(name for name in self.inputs if name in FORMS)


def everything(_sample: Sample, item: TokenizedSample, _tokenizer: PreTrainedTokenizerFast) -> np.ndarray:
    """All tokens: the response given the prompt. bool (T,)."""
    return np.ones(len(item.ids), bool)


def answer_alone(sample: Sample, item: TokenizedSample, tokenizer: PreTrainedTokenizerFast) -> np.ndarray:
    """The tokens from the first answer's header on, and the text's BOS token if there is one before them: bool (T,)."""
    first = int(np.argmax(item.segment == RESPONSE))
    start = min(header_start(sample, item, tokenizer), first)
    keep = np.arange(len(item.ids)) >= start
    keep[0] |= item.ids[0] == tokenizer.bos_token_id != item.ids[start]  # ChatML models call the header's own token BOS
    if not keep[:first].any():
        keep[first - 1] = True  # the first token of a text has nothing that predicts it
    return keep


def header_start(sample: Sample, item: TokenizedSample, tokenizer: PreTrainedTokenizerFast) -> int:
    """The first token of the header of the first answer that is trained on: of what the template adds to the turns
    before to ask for an answer.

    A template that renders those turns in another way when they stand alone: the token after their last content.
    """
    answer = next(i for i, m in enumerate(sample.messages) if m.trained and m.content.strip())
    asked = render(sample.messages[:answer], tokenizer).text if answer else ""
    if item.text.startswith(asked):
        return int(np.searchsorted(item.starts, len(asked)))
    content = np.flatnonzero(item.segment[: np.argmax(item.segment == RESPONSE)] >= 0)
    return int(content[-1]) + 1 if len(content) else 0


def perplexity(given: np.ndarray) -> np.ndarray:
    """Perplexity of the response given the prompt, ≥ 1: float64 (n,), as its loss in nats."""
    return np.exp(given)


def ifd(given: np.ndarray, alone: np.ndarray) -> np.ndarray:
    """Instruction-following difficulty, float64 (n,): the response's perplexity with its prompt over that without, > 0.

    Above 1 the prompt does not help. arXiv 2308.12032; small models order the samples alike: arXiv 2402.00530.
    """
    return np.exp(given - alone)


def total(*counts: np.ndarray) -> np.ndarray:
    """Number of tokens in some segments, float64 (n,)."""
    return np.asarray(np.sum(counts, axis=0, dtype=np.float64))


COUNTS = ("n_prompt_tokens", "n_response_tokens", "n_later_tokens")
FORMS = {
    "with_prompt": Form(everything, ("n_read_prompt", "n_read_response", "n_read_later")),
    "without_prompt": Form(answer_alone, ("n_read_response", "n_read_later")),
}
SCORES = {
    "perplexity": Score(perplexity, ("with_prompt",)),
    "ifd": Score(ifd, ("with_prompt", "without_prompt")),
    "prompt_tokens": Score(total, COUNTS[:1]),
    "response_tokens": Score(total, COUNTS[1:2]),
    "tokens": Score(total, COUNTS),
}


@dataclass(frozen=True)
class Scorer:
    """The model that reads, where samples are cut, and how many tokens with padding are read at once."""

    lm: LanguageModel
    max_tokens: int
    batch_tokens: int


def read_chunk(scorer: Scorer, samples: list[Sample], losses: Mapping[str, np.ndarray]) -> Iterator[float]:
    """Read the samples in the forms that `losses` names and fill in its arrays (n,); yields the share that is done.

    A sample without a response token up to the cut keeps what stands there.
    """
    tokenizer = scorer.lm.tokenizer
    items, jobs, sequences = tokenize(samples, tokenizer, scorer.max_tokens), [], []
    for i, (sample, item) in enumerate(zip(samples, items, strict=True)):
        scored = item.segment == RESPONSE
        for form in losses if scored.any() else ():
            keep = FORMS[form].keep(sample, item, tokenizer)
            jobs.append((form, i))
            sequences.append((item.ids[keep], scored[keep]))
    done, whole = 0, sum(len(ids) for ids, _ in sequences)
    for batch, means in mean_losses(scorer.lm, sequences, scorer.batch_tokens):
        for j, mean in zip(batch, means, strict=True):
            form, i = jobs[j]
            losses[form][i] = mean
            done += len(sequences[j][0])
        yield done / whole
