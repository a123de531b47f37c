"""Answers for a prediction: those of a model, kept as they come, and the features that the untouched model sees in
answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.extract.states import content
from core.extract.vectors import encoded, halved, mean_by_segment
from core.lm.batches import pack
from core.lm.chat import tokenize
from core.lm.generation import answered, generate, prompt_ids
from core.lm.language_model import LanguageModel
from core.schema import SEGMENTS, Sample
from core.store.tables import VECTORS
from core.system.files import cache_path, sampled_digest
from core.system.kept import write_json

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from core.extract.pipeline import Pipeline
    from core.lm.chat import TokenizedSample
    from core.topics.model import TopicSAE

AT_ONCE = 64  # answers that a kill can cost: a processor reads the weights as often for one answer as for many
BATCH_TOKENS = 16384
MOST_PROMPT = 512  # tokens of a prompt that is asked
RESPONSE = SEGMENTS.index("response")
OnDone = Callable[[int, int], None]


def own_answers(
    load: Callable[[], LanguageModel], name: str, samples: Sequence[Sample], tokenizer: LanguageModel, new_tokens: int,
    told: OnDone = lambda done, total: None,
) -> list[str]:  # fmt: skip
    """The answers of the model that `load` gives to the samples' prompts, at most `new_tokens` long each.

    Each is kept in the cache under `name`, which tells the model from others, and the digest of its prompt: a run that
    was killed goes on, and another one does not ask again. `tokenizer` cuts the prompts; without new ones no model is
    loaded.
    """
    folder = cache_path("answers", name)
    prompts = [prompt_ids(sample, tokenizer, MOST_PROMPT) for sample in samples]
    paths = [folder / f"{digest(prompt, new_tokens)}.json" for prompt in prompts]
    todo = sorted((i for i, path in enumerate(paths) if not path.exists()), key=lambda i: len(prompts[i]))
    lm = load() if todo else None
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(todo), AT_ONCE):
        some = todo[start : start + AT_ONCE]
        told(len(paths) - len(todo) + start, len(paths))
        found = generate(lm, [samples[i] for i in some], new_tokens, MOST_PROMPT, BATCH_TOKENS)  # type: ignore[arg-type]
        for i, text in zip(some, found, strict=True):
            write_json(paths[i], text)
    told(len(paths), len(paths))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def digest(prompt: np.ndarray, new_tokens: int) -> str:
    """What an answer is kept under: 24 hex digits of its prompt's token ids and the limit of its length."""
    return hashlib.sha256(f"{new_tokens}:{prompt.tolist()}".encode()).hexdigest()[:24]


def shortened(text: str, lm: LanguageModel, most: int) -> str:
    """The first `most` tokens of a text, as a model's own answer is cut."""
    ids = lm.tokenizer(text, add_special_tokens=False)["input_ids"]
    return text.strip() if len(ids) <= most else str(lm.tokenizer.decode(ids[:most])).strip()


@dataclass(frozen=True)
class Read:
    """What is in answers: features of each lens, mean activations over an answer's tokens, as CSR float32 (n, F);
    tokens int64 (n,), 0 for an answer without any."""

    features: dict[str, csr_array]
    tokens: np.ndarray


def read_answers(
    pipeline: Pipeline, topics: TopicSAE | None, samples: Sequence[Sample], answers: Sequence[str],
    told: OnDone = lambda done, total: None,
) -> Read:  # fmt: skip
    """The features of answers, read after their prompts as extraction reads samples: token features as the mean over
    the answer's tokens, topics as those of the answer's mean vector."""
    from scipy.sparse import csr_array, vstack

    given = [answered(sample, text) for sample, text in zip(samples, answers, strict=True)]
    items = tokenize(given, pipeline.lm.tokenizer, pipeline.config.most_read)
    batches = pack(np.array([len(item.ids) for item in items], np.int64), pipeline.config.batch_tokens)
    parts: dict[str, list[csr_array]] = {}
    counts, done = [np.zeros(0, np.int64)], 0
    for batch in batches:
        found, tokens = read_batch(pipeline, topics, [given[i] for i in batch], [items[i] for i in batch])
        for lens, matrix in found.items():
            parts.setdefault(lens, []).append(matrix)
        counts.append(tokens)
        done += len(batch)
        told(done, len(items))
    back = np.argsort(np.concatenate(batches)) if batches else np.zeros(0, np.int64)
    features = {lens: csr_array(vstack(own, "csr"))[back] for lens, own in parts.items()}
    return Read(features, np.concatenate(counts)[back])


def read_batch(
    pipeline: Pipeline, topics: TopicSAE | None, samples: list[Sample], items: list[TokenizedSample]
) -> tuple[dict[str, csr_array], np.ndarray]:
    """The features of one batch of answers by lens, (n, F), and their tokens, int64 (n,)."""
    from scipy.sparse import csr_array

    n, found = len(items), dict[str, "csr_array"]()
    segments, (of, token), states = content(pipeline, items)
    segment = segments[of, token]
    tokens = np.array([item.count("response") for item in items], np.int64)
    if pipeline.reads_states:
        tokens = np.bincount(of[segment == RESPONSE], minlength=n)
    if pipeline.sae:
        at, feature, value = pipeline.triples(states)
        own = segment[at] == RESPONSE
        owner = of[at[own]]
        weight = value[own] / tokens[owner]
        found["tokens"] = csr_array((weight, (owner, feature[own])), (n, pipeline.n_features))
    if topics is not None:
        encoder = pipeline.encoder
        means = encoded(encoder, samples, items) if encoder else mean_by_segment(states, of, segment, n)
        matrix = topics.encode(halved(means[VECTORS[1 + RESPONSE]]))
        found["topics"] = csr_array((matrix.value, matrix.feature, matrix.indptr), (n, topics.n_features))
    return found, tokens


def model_digest(lm_digest: str, folder: Path | None) -> str:
    """What answers of a model are kept under: 16 hex digits of its weights and of what was trained on top of them."""
    trained = sampled_digest(list(folder.glob("*.safetensors"))) if folder else ""
    return hashlib.sha256(f"{lm_digest}{trained}".encode()).hexdigest()[:16]
