"""Label features by a model behind an OpenAI-compatible endpoint: what it will cost, then one feature after another.

The `openai` client repeats requests that meet 429, 5xx, time-outs or lost connections, with growing pauses or those
that the server asks for (Retry-After). Each finished label is kept at once: an interrupted run goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from core.features.label_examples import Examples
from core.features.label_prompts import (
    LABEL_CHARACTERS,
    accuracy,
    detection_prompt,
    label_prompt,
    parsed_active,
    parsed_label,
)
from core.features.labels import Label, LabelBook, cleaned
from core.lm.endpoint import Endpoint, Failures, MalformedAnswer, Messages
from core.lm.sources import one_line
from core.matrix.statistics import surprise
from core.schema import FeatureMatrix
from core.system.kept import now
from core.system.shown import many

if TYPE_CHECKING:
    from openai import OpenAI

CHARACTERS_A_TOKEN = 4
T = TypeVar("T")


@dataclass(frozen=True)
class Estimate:
    """What labelling will ask for at most, repetitions aside: requests, tokens in and out, money (None: no prices)."""

    requests: int
    prompt_tokens: int
    answer_tokens: int
    money: float | None

    def told(self, endpoint: Endpoint) -> str:
        """What will be sent where, and what it costs, in a sentence."""
        price = "" if self.money is None else f", at most {max(self.money, 0.01):,.2f} in the prices' currency"
        return (
            f"{many(self.requests, 'request')} with excerpts of the data to {endpoint.model} at {endpoint.base_url}: "
            f"about {self.prompt_tokens:,} prompt tokens and at most {self.answer_tokens:,} answer tokens{price}."
        )


@dataclass(frozen=True)
class Outcome:
    """What came of one feature: a label (its score None if the test failed), and what went wrong, if anything."""

    feature: int
    label: Label | None
    problem: str = ""


def estimate(
    examples: Iterable[Examples], endpoint: Endpoint, price_in: float | None = None, price_out: float | None = None
) -> Estimate:
    """The cost of labelling, without a tokenizer: four characters a token. Prices are per million tokens."""
    requests = characters = 0
    for one in examples:
        prompts = [label_prompt(one)] + ([detection_prompt(one, "x" * LABEL_CHARACTERS)] if one.tested else [])
        requests += len(prompts)
        characters += sum(len(message["content"]) for prompt in prompts for message in prompt)
    tokens_in, tokens_out = -(-characters // CHARACTERS_A_TOKEN), requests * endpoint.answer_tokens
    priced = price_in is not None or price_out is not None
    money = (tokens_in * (price_in or 0) + tokens_out * (price_out or 0)) / 1e6 if priced else None
    return Estimate(requests, tokens_in, tokens_out, money)


def unlabelled(features: Iterable[int], book: LabelBook, model: str) -> list[int]:
    """The features without a label by this model."""
    done = {label.feature for label in book.labels() if label.source == "auto" and label.author == author_of(model)}
    return [feature for feature in features if feature not in done]


def author_of(model: str) -> str:
    """A model's name as labels keep it."""
    return cleaned(model)


def label_features(examples: Iterable[Examples], endpoint: Endpoint, book: LabelBook) -> Iterator[Outcome]:
    """Label features, several at a time, and keep each label at once; the outcomes as they come.

    Raises ModelError if the endpoint cannot be reached or refuses what every feature needs; earlier labels stay.
    """
    from openai import OpenAIError

    failures = Failures(endpoint)
    with ThreadPoolExecutor(endpoint.workers) as pool, endpoint.client() as client:
        futures = {pool.submit(label_one, one, endpoint, client): one.feature for one in examples}
        try:
            for future in as_completed(futures):
                try:
                    outcome = future.result()
                    failures.answered()
                except OpenAIError as error:
                    outcome = Outcome(futures[future], None, failures.told(error))
                if outcome.label:
                    book.add([outcome.label])
                yield outcome
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def label_one(examples: Examples, endpoint: Endpoint, client: OpenAI) -> Outcome:
    """Ask for a label, then for the test of it; a malformed answer is asked for once more.

    Raises OpenAIError, but for a test that is refused for what it holds: the label is there then.
    """
    from openai import BadRequestError, UnprocessableEntityError

    def asked(messages: Messages, parse: Callable[[str], T]) -> T:
        try:
            return parse(endpoint.ask(client, messages))
        except MalformedAnswer:
            return parse(endpoint.ask(client, messages))

    try:
        text = asked(label_prompt(examples), parsed_label)
    except MalformedAnswer as error:
        return Outcome(examples.feature, None, f"twice, {error}")
    score, problem, n = None, "", len(examples.tested)
    if n:
        try:
            found = asked(detection_prompt(examples, text), lambda answer: parsed_active(answer, n))
            score = accuracy(found, examples.active)
        except MalformedAnswer as error:
            problem = f"labelled, not scored: twice, {error}"
        except (BadRequestError, UnprocessableEntityError) as error:
            problem = f"labelled, not scored: {one_line(error)}"
    label = Label(examples.feature, text, "auto", now(), score, author_of(endpoint.model))
    return Outcome(examples.feature, label, problem)


def most_credited(matrix: FeatureMatrix, credited: np.ndarray, picks: np.ndarray, n: int) -> list[int]:
    """The `n` features credited most often, then those most in excess among the picks, as the Features page has them.

    credited: the feature of each credit, as `Ledger.feature`; picks: rows. Only features with a credit count.
    """
    times = np.bincount(credited, minlength=matrix.n_features)
    order = np.lexsort((np.arange(len(times)), -surprise(matrix, picks), -times))
    return order[times[order] > 0][:n].tolist()
