"""Answers scored by a reward model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ModelError
from core.lm.batches import pack, padded
from core.lm.chat import render
from core.lm.sources import LOAD_ERRORS, locate, one_line, resolve_device
from core.scoring.answer_scores import Task

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


def reward(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """The logit of a sequence-classification model with one label, over the whole conversation: (gold, generated),
    float64 (n,) each, NaN for an empty generated answer. Raises ModelError as `load_reward_model` does.
    """
    model, tokenizer = load_reward_model(task.name)
    texts = [render(sample.messages, tokenizer).text for pair in task.pairs for sample in pair]
    value = np.full(len(texts), np.nan)
    for batch, logits in reward_logits(model, tokenizer, texts, task):
        value[batch] = logits
    value[1::2][[not text.strip() for text in task.generated]] = np.nan
    return value[::2], value[1::2]


def load_reward_model(source: str) -> tuple[PreTrainedModel, Any]:
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


def reward_logits(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, texts: list[str], task: Task
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(indices int64, rewards float64) of one batch after another, both (batch,)."""
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
