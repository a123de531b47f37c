"""Label features by a model behind an OpenAI-compatible endpoint: what it will cost, then one feature after another.

The `openai` client repeats requests that meet 429, 5xx, time-outs or lost connections, with growing pauses or those
that the server asks for (Retry-After). Each finished label is kept at once: an interrupted run goes on where it was.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlparse

from core.errors import ModelError, SelectionError
from core.labelling import (
    LABEL_CHARACTERS,
    Examples,
    MalformedAnswer,
    Messages,
    accuracy,
    detection_prompt,
    label_prompt,
    parsed_active,
    parsed_label,
)
from core.labels import Label, LabelBook, cleaned
from core.models import one_line
from core.system.kept import now

OPENAI = "https://api.openai.com/v1"
CHARACTERS_A_TOKEN = 4
HOPELESS = (400, 401, 403, 404, 405, 422)  # the same for every feature: stop at the first
T = TypeVar("T")


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible endpoint and how to ask it. timeout in seconds; retries: repetitions of a failed request;
    refused: parameters that it was found to refuse.
    """

    model: str
    base_url: str = OPENAI
    key: str = ""
    timeout: float = 60.0
    retries: int = 5
    answer_tokens: int = 150
    workers: int = 8
    refused: set[str] = field(default_factory=set, compare=False)

    @classmethod
    def given(cls, model: str = "", base_url: str = "", **options: Any) -> Endpoint:
        """From options, else SAELECT_LABEL_MODEL, OPENAI_BASE_URL, OPENAI_API_KEY; raises SelectionError."""
        model = model or os.environ.get("SAELECT_LABEL_MODEL", "")
        base_url = base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI
        key = os.environ.get("OPENAI_API_KEY", "")
        if not model:
            raise SelectionError("Name the model that is to make labels: --model, or SAELECT_LABEL_MODEL.")
        if urlparse(base_url).scheme not in ("http", "https"):
            raise SelectionError(f"The base URL must begin with http:// or https://, got {base_url!r}.")
        if base_url == OPENAI and not key:
            raise SelectionError("Set OPENAI_API_KEY, or name another endpoint: --base-url, or OPENAI_BASE_URL.")
        return cls(model, base_url, key, **options)

    def client(self) -> Any:
        """The official client, safe to share between threads."""
        from openai import OpenAI

        retries, timeout = self.retries, self.timeout
        return OpenAI(api_key=self.key or "none", base_url=self.base_url, timeout=timeout, max_retries=retries)

    def ask(self, client: Any, messages: Messages) -> str:
        """The text of one answer, at temperature 0; raises MalformedAnswer and what the client raises."""
        from openai import BadRequestError

        while True:
            try:
                return client.chat.completions.create(**self.task(messages)).choices[0].message.content or ""
            except BadRequestError as error:  # some models refuse one of these, by name
                refused = {name for name in ("max_tokens", "temperature") if name in str(error)} - self.refused
                if not refused:
                    raise
                self.refused.update(refused)
            except (ValueError, TypeError, AttributeError, IndexError) as error:  # the client checks no body's shape
                raise MalformedAnswer("the reply is no chat completion") from error

    def task(self, messages: Messages) -> dict[str, Any]:
        """The request as this endpoint takes it."""
        limit = "max_completion_tokens" if "max_tokens" in self.refused else "max_tokens"
        cold = {} if "temperature" in self.refused else {"temperature": 0}
        return {"model": self.model, "messages": messages, limit: self.answer_tokens, **cold}


@dataclass(frozen=True)
class Estimate:
    """What labelling will ask for at most, repetitions aside: requests, tokens in and out, money (None: no prices)."""

    requests: int
    prompt_tokens: int
    answer_tokens: int
    money: float | None


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

    with ThreadPoolExecutor(endpoint.workers) as pool, endpoint.client() as client:
        futures = {pool.submit(label_one, one, endpoint, client): one.feature for one in examples}
        try:
            for future in as_completed(futures):
                try:
                    outcome = future.result()
                except OpenAIError as error:
                    outcome = Outcome(futures[future], None, failure(error, endpoint))
                if outcome.label:
                    book.add([outcome.label])
                yield outcome
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def label_one(examples: Examples, endpoint: Endpoint, client: Any) -> Outcome:
    """Ask for a label, then for the test of it; a malformed answer is asked for once more."""

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
    label = Label(examples.feature, text, "auto", now(), score, author_of(endpoint.model))
    return Outcome(examples.feature, label, problem)


def failure(error: Exception, endpoint: Endpoint) -> str:
    """What to say of a request that failed for good; raises ModelError where the others would fail the same way."""
    from openai import APIConnectionError, APIStatusError, APITimeoutError

    if isinstance(error, APITimeoutError):
        return f"no answer within {endpoint.timeout:g} s"
    if isinstance(error, APIConnectionError):
        raise ModelError(f"{endpoint.base_url} cannot be reached: check --base-url, and that a server runs there.")
    if isinstance(error, APIStatusError) and error.status_code in HOPELESS:
        hint = {401: "check OPENAI_API_KEY", 403: "check OPENAI_API_KEY", 404: "check --model and --base-url"}
        said = hint.get(error.status_code, one_line(error))
        raise ModelError(f"{endpoint.base_url} refused the request for {endpoint.model} ({error.status_code}): {said}.")
    return one_line(error)
