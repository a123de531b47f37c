"""Answers rated by a model behind an endpoint (LLM as a judge)."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import ModelError
from core.lm.endpoint import Endpoint, Failures, MalformedAnswer, Messages, fenced
from core.lm.generation import asked
from core.schema import Sample
from core.scoring.answer_scores import OnScored, Task

if TYPE_CHECKING:
    from openai import OpenAI

JUDGE_TASK = (
    "You compare two answers to one request. Rate each for correctness, completeness and clarity from 1 (useless) to "
    '10 (perfect). Answer with one JSON object and nothing else: {"first": RATING, "second": RATING}.'
)
LONGEST_SHOWN = 6000  # characters of a text that a judge is shown


def judge(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Ratings from 1 to 10 by a model behind an OpenAI-compatible endpoint, the mean over both orders of the answers:
    (gold, generated), float64 (n,) each, NaN where there is no rating.

    Which answer comes first biases judges (arXiv 2306.05685). Every reply is kept, and asked for once only. Raises
    ModelError without an endpoint, and where every request would fail.
    """
    if task.endpoint is None:
        raise ModelError("The scorer judge needs an endpoint: SAELECT_LABEL_MODEL and OPENAI_BASE_URL.")
    requests = [rating_request(gold, other, turn) for gold, other in task.pairs for turn in (False, True)]
    ratings = ask_all(requests, task.endpoint, task.folder / "judged.jsonl", task.on_scored)
    both = ratings.reshape(-1, 2, 2)  # (sample, order, place in the request)
    return (both[:, 0, 0] + both[:, 1, 1]) / 2, (both[:, 0, 1] + both[:, 1, 0]) / 2


def rating_request(gold: Sample, other: Sample, turned: bool) -> Messages:
    """The request to rate two answers; `turned`: the other one first."""
    question = "\n".join(f"{m.role}: {m.content}" for m in asked(gold))
    answers = [s.messages[-1].content[:LONGEST_SHOWN] for s in ((other, gold) if turned else (gold, other))]
    first, second = answers
    texts = [f"Request: {question[:LONGEST_SHOWN]}", f"First answer: {first}", f"Second answer: {second}"]
    return fenced(JUDGE_TASK, texts)


def parsed_ratings(answer: str) -> tuple[float, float]:
    """(first, second) of a reply; raises MalformedAnswer."""
    try:
        found = json.loads(answer.strip().removeprefix("```json").removeprefix("```").removesuffix("```"))
        first, second = (float(found[name]) for name in ("first", "second"))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MalformedAnswer("no JSON object with two ratings") from error
    if not (1 <= first <= 10 and 1 <= second <= 10):
        raise MalformedAnswer("a rating outside 1 to 10")
    return first, second


def ask_all(requests: list[Messages], endpoint: Endpoint, path: Path, on_scored: OnScored) -> np.ndarray:
    """The ratings of all requests, float64 (n, 2), NaN where two replies were malformed or the request was refused.

    Those at `path` are kept. Raises ModelError where every request would fail.
    """
    kept = read_kept(path)
    keys = [hashlib.sha256(json.dumps([endpoint.model, r]).encode()).hexdigest() for r in requests]
    todo = {key: r for key, r in zip(keys, requests, strict=True) if key not in kept}
    path.parent.mkdir(parents=True, exist_ok=True)
    failures = Failures(endpoint)
    with (
        endpoint.client() as client,
        ThreadPoolExecutor(endpoint.workers) as pool,
        path.open("a", encoding="utf-8") as out,
    ):
        if path.read_bytes()[-1:] not in (b"", b"\n"):  # a crash cut off the last line
            out.write("\n")
        replies = zip(todo, pool.map(lambda request: rate(request, client, failures), todo.values()), strict=True)
        for i, (key, ratings) in enumerate(replies):
            kept[key] = ratings
            if ratings:
                out.write(json.dumps([key, ratings]) + "\n")
                out.flush()
            on_scored(len(requests) - len(todo) + i + 1, len(requests))
    return np.array([[np.nan, np.nan] if kept[key] is None else kept[key] for key in keys], np.float64).reshape(-1, 2)


def read_kept(path: Path) -> dict[str, list[float] | None]:
    """The ratings of earlier runs; a line that a crash cut off is asked for again."""
    found: dict[str, list[float] | None] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else ():
        try:
            key, (first, second) = json.loads(line)
        except (ValueError, TypeError):
            continue
        found[key] = [first, second]
    return found


def rate(request: Messages, client: OpenAI, failures: Failures) -> list[float] | None:
    """The two ratings; None if two replies are malformed or the request fails. Raises ModelError if all would."""
    from openai import OpenAIError

    for _ in range(2):
        try:
            answer = failures.endpoint.ask(client, request)
            failures.answered()
            return list(parsed_ratings(answer))
        except MalformedAnswer:
            continue
        except OpenAIError as error:
            failures.told(error)
            return None
    return None
