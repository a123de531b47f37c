"""Answers of a language model to the prompts of samples, in batches of prompts of like length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.lm.batches import pack
from core.lm.chat import SURROGATE, render
from core.lm.language_model import LanguageModel
from core.lm.window import without_middle
from core.schema import Message, Sample

if TYPE_CHECKING:
    import torch

MARK = "\ue000"  # stands for the answer in the rendered text
STRETCH = 24  # tokens after which the answers that have ended leave their batch
OnTokens = Callable[[int, int], None]  # prompts answered, of how many


def asked(sample: Sample) -> tuple[Message, ...]:
    """The turns before the first answer that is trained on: all, where there is none."""
    turns = enumerate(sample.messages)
    return sample.messages[: next((i for i, m in turns if m.trained), None)]


def answered(sample: Sample, text: str) -> Sample:
    """The sample with `text` as its only answer."""
    return replace(sample, messages=(*asked(sample), Message("assistant", text)))


def prompt_ids(sample: Sample, lm: LanguageModel, max_tokens: int) -> np.ndarray:
    """The tokens before the first answer, its header included, without the middle of what is longer than `max_tokens`:
    int32 (T,).
    """
    text = render((*asked(sample), Message("assistant", MARK)), lm.tokenizer).text
    text = SURROGATE.sub("\ufffd", text[: text.rindex(MARK)])
    ids = np.array(lm.tokenizer(text, add_special_tokens=False)["input_ids"], np.int32)
    return ids[without_middle(len(ids), max_tokens)]


def generate(
    lm: LanguageModel,
    samples: Sequence[Sample],
    new_tokens: int = 128,
    max_tokens: int = 512,
    batch_tokens: int = 4096,
    on_tokens: OnTokens = lambda done, total: None,
) -> list[str]:
    """The most likely answer (greedy decoding) to each sample's prompt, at most `new_tokens` long."""
    prompts = [prompt_ids(sample, lm, max_tokens) for sample in samples]
    lengths = np.array([len(p) + new_tokens for p in prompts], np.int64)
    out, done = [""] * len(samples), 0
    for batch in pack(lengths, max(batch_tokens, int(lengths.max(initial=0)))):
        for i, text in zip(batch, respond(lm, [prompts[i] for i in batch], new_tokens), strict=True):
            out[i] = text
        done += len(batch)
        on_tokens(done, len(samples))
    return out


def respond(lm: LanguageModel, prompts: Sequence[np.ndarray], new_tokens: int) -> list[str]:
    """One batch. Prompts are padded on the left, so that all answers begin at the same place.

    Every few tokens the answers that have ended leave the batch, which makes the others faster.
    """
    import torch

    eos, out, rows = lm.tokenizer.eos_token_id, dict[int, str](), torch.arange(len(prompts))
    ids, mask = on_the_left(prompts, lm)
    width, cache = ids.shape[1], None
    while len(out) < len(prompts):
        have = ids.shape[1]
        ids, cache = continued(lm, ids, mask, cache, min(STRETCH, width + new_tokens - have))
        ended = (ids[:, have:] == (-1 if eos is None else eos)).any(1) | (ids.shape[1] == width + new_tokens)
        for i in ended.nonzero()[:, 0].tolist():
            text = str(lm.tokenizer.decode(ids[i, width:], skip_special_tokens=True))
            out.setdefault(int(rows[i]), text.strip())
        if can_lose_rows(cache) and not ended.all():
            stay = (~ended).nonzero()[:, 0]
            cache.batch_select_indices(stay)
            ids, mask, rows = ids[stay], mask[stay], rows[stay.cpu()]
        mask = torch.cat([mask, mask.new_ones(len(mask), ids.shape[1] - have)], 1)
    return [out[i] for i in range(len(prompts))]


def can_lose_rows(cache: Any) -> bool:
    """Whether the cache holds keys and values alone: of one that holds states too only the former would leave it."""
    from transformers import cache_utils

    plain = (cache_utils.DynamicLayer, cache_utils.DynamicSlidingWindowLayer)
    return all(type(layer) in plain for layer in getattr(cache, "layers", (None,)))


def on_the_left(prompts: Sequence[np.ndarray], lm: LanguageModel) -> tuple[torch.Tensor, torch.Tensor]:
    """Prompts with padding before them, and where they have tokens of their own: int64 (n, longest) each."""
    import torch

    width = max(map(len, prompts))
    ids, mask = np.full((len(prompts), width), padding(lm), np.int64), np.zeros((len(prompts), width), np.int64)
    for i, prompt in enumerate(prompts):
        ids[i, width - len(prompt) :], mask[i, width - len(prompt) :] = prompt, 1
    return torch.from_numpy(ids).to(lm.device), torch.from_numpy(mask).to(lm.device)


def padding(lm: LanguageModel) -> int:
    """The token that fills up what is shorter, or has ended."""
    tokens = lm.tokenizer.pad_token_id, lm.tokenizer.eos_token_id
    return next((token for token in tokens if token is not None), 0)


def continued(
    lm: LanguageModel, ids: torch.Tensor, mask: torch.Tensor, cache: Any, most: int
) -> tuple[torch.Tensor, Any]:
    """The texts (n, T) with at most `most` further tokens, and the cache of keys and values to go on from."""
    import torch

    # Checked with transformers 5.23: generate() gives the head a slice of the states, the last position of each prompt.
    with torch.inference_mode(), lm.model.get_output_embeddings().register_forward_pre_hook(in_one_piece):
        found = lm.model.generate(  # type: ignore[operator]  # typed as if a module's attribute were a tensor
            input_ids=ids,
            attention_mask=mask,
            past_key_values=cache,
            max_new_tokens=most,
            use_cache=True,
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
            pad_token_id=padding(lm),
            eos_token_id=lm.tokenizer.eos_token_id,
            return_dict_in_generate=True,
        )
    return found.sequences, found.past_key_values


def in_one_piece(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """The last position of every prompt (batch, 1, d), copied out of the sequence that it is a slice of.

    On a slice PyTorch's matmul copies the matrix of the vocabulary once for every prompt.
    """
    return (inputs[0].contiguous(), *inputs[1:])
