"""How good an answer is: R(x, y) of arXiv 2409.11378, for the data's own answers and for those of a model.

A scorer is a function of a Task that returns (gold, generated), float64 (n,) each, NaN where it has no value.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ModelError
from core.lm.batches import pack, padded
from core.lm.chat import render
from core.lm.endpoint import Endpoint, MalformedAnswer, Messages, failure, fenced
from core.lm.generation import answered, asked
from core.lm.language_model import LanguageModel
from core.lm.sources import LOAD_ERRORS, locate, one_line, resolve_device
from core.schema import Sample
from core.scores import Scorer, read_chunk

JUDGE_TASK = (
    "You compare two answers to one request. Rate each for correctness, completeness and clarity from 1 (useless) to "
    '10 (perfect). Answer with one JSON object and nothing else: {"first": RATING, "second": RATING}.'
)
LONGEST_SHOWN = 6000  # characters of a text that a judge is shown
OnScored = Callable[[int, int], None]  # answers scored, of how many


@dataclass(frozen=True)
class Task:
    """What is to be scored: each sample's first answer (gold), and the text that a model generated for its prompt.

    lm: the model that generated. name: a scorer's own model, a hub id or a folder. folder: where a scorer may keep what
    must not be asked for twice.
    """

    samples: Sequence[Sample]
    generated: Sequence[str]
    lm: LanguageModel
    folder: Path
    name: str = ""
    endpoint: Endpoint | None = None
    max_tokens: int = 512
    batch_tokens: int = 4096
    on_scored: OnScored = lambda done, total: None

    @property
    def pairs(self) -> list[tuple[Sample, Sample]]:
        """Each sample with its own first answer, and with the generated one."""
        own = [answered(s, next((m.content for m in s.messages if m.role == "assistant"), "")) for s in self.samples]
        return [(gold, answered(gold, text)) for gold, text in zip(own, self.generated, strict=True)]


def perplexity(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """−log(PPL(y|x) / PPL(y)) by the model itself: by how many nats a token the prompt helps it to the answer."""
    scorer = Scorer(task.lm, task.max_tokens, task.batch_tokens)
    found = []
    for part, samples in enumerate(zip(*task.pairs, strict=True)):
        losses = {form: np.full(len(samples), np.nan) for form in ("with_prompt", "without_prompt")}
        for share in read_chunk(scorer, list(samples), losses):
            task.on_scored(int((part + share) * len(samples)), 2 * len(samples))
        found.append(losses["without_prompt"] - losses["with_prompt"])
    return found[0], found[1]


def reward(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """The logit of a sequence-classification model with one label, over the whole conversation."""
    model, tokenizer = load_reward_model(task.name)
    texts = [render(sample.messages, tokenizer)[0] for pair in task.pairs for sample in pair]
    value = np.full(len(texts), np.nan)
    for batch, logits in reward_logits(model, tokenizer, texts, task):
        value[batch] = logits
    value[1::2][[not text.strip() for text in task.generated]] = np.nan
    return value[::2], value[1::2]


def load_reward_model(source: str) -> tuple[Any, Any]:
    """(model, tokenizer) of a folder or hub id; raises ModelError. Safetensors only, no remote code."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    if not source:
        raise ModelError("The scorer reward needs a model: --scorer-model, a hub id or a folder.")
    folder, safe = locate(source), {"local_files_only": True, "trust_remote_code": False}
    try:
        model = AutoModelForSequenceClassification.from_pretrained(folder, use_safetensors=True, **safe)
        tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
    except LOAD_ERRORS as error:
        raise ModelError(f"Transformers cannot load the reward model {source}: {one_line(error)}") from error
    if model.config.num_labels != 1:
        raise ModelError(f"{source} has {model.config.num_labels} labels; a reward model has one.")
    known = (model.config.pad_token_id, tokenizer.pad_token_id, tokenizer.eos_token_id, 0)
    model.config.pad_token_id = next(token for token in known if token is not None)
    return model.to(resolve_device("auto")).eval(), tokenizer


def reward_logits(model: Any, tokenizer: Any, texts: list[str], task: Task) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(indices, rewards float64) of one batch after another."""
    import torch

    encoded = tokenizer(texts, add_special_tokens=False, truncation=True, max_length=task.max_tokens)["input_ids"]
    ids, done = [np.array(tokens, np.int32) for tokens in encoded], 0
    for batch in pack(np.array([len(i) for i in ids], np.int64), task.batch_tokens):
        with torch.inference_mode():
            mask = padded([np.ones(len(ids[i]), np.int32) for i in batch], model.device)
            padding = (1 - mask) * model.config.pad_token_id  # the model looks for it to find the last token
            logits = model(
                input_ids=padded([ids[i] for i in batch], model.device) + padding, attention_mask=mask
            ).logits
        done += len(batch)
        task.on_scored(done, len(texts))
        yield batch, logits[:, 0].double().cpu().numpy()


def judge(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Ratings from 1 to 10 by a model behind an OpenAI-compatible endpoint, the mean over both orders of the answers.

    Which answer comes first biases judges (arXiv 2306.05685). Every reply is kept, and asked for once only.
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
    """The ratings of all requests, float64 (n, 2), NaN where two replies were malformed; those at `path` are kept."""
    kept = read_kept(path)
    keys = [hashlib.sha256(json.dumps([endpoint.model, r]).encode()).hexdigest() for r in requests]
    todo = {key: r for key, r in zip(keys, requests, strict=True) if key not in kept}
    path.parent.mkdir(parents=True, exist_ok=True)
    with endpoint.client() as client, ThreadPoolExecutor(endpoint.workers) as pool, path.open("a") as out:
        replies = zip(todo, pool.map(lambda request: rate(request, endpoint, client), todo.values()), strict=True)
        for i, (key, ratings) in enumerate(replies):
            kept[key] = ratings
            if ratings:
                out.write(json.dumps([key, ratings]) + "\n")
                out.flush()
            on_scored(len(requests) - len(todo) + i + 1, len(requests))
    return np.array([[np.nan, np.nan] if kept[key] is None else kept[key] for key in keys], np.float64).reshape(-1, 2)


def read_kept(path: Path) -> dict[str, Any]:
    """The ratings of earlier runs; a line that a crash cut off is asked for again."""
    found = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            key, ratings = json.loads(line)
        except ValueError:
            continue
        found[key] = ratings
    return found


def rate(request: Messages, endpoint: Endpoint, client: Any) -> list[float] | None:
    """The two ratings; None if two replies are malformed or the request fails. Raises ModelError if all would."""
    from openai import OpenAIError

    for _ in range(2):
        try:
            return list(parsed_ratings(endpoint.ask(client, request)))
        except MalformedAnswer:
            continue
        except OpenAIError as error:
            failure(error, endpoint)
            return None
    return None


SCORERS: dict[str, Callable[[Task], tuple[np.ndarray, np.ndarray]]] = {
    "perplexity": perplexity,
    "reward": reward,
    "judge": judge,
}
