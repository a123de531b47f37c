"""What a model is asked to answer: the turns before the first answer that is trained on, with its header."""

from copy import deepcopy
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import cache_utils

from core.lm import generation
from core.lm.generation import STRETCH, answered, asked, prompt_ids, respond
from core.lm.sources import load_lm
from core.schema import Message, Sample

TURNS = (
    Message("user", "sort the list " * 20),
    Message("assistant", "sea", 0),
    Message("user", "why"),
    Message("assistant", "sky"),
    Message("user", "help"),
)


@pytest.fixture(scope="module")
def lm(tiny_lm):
    return load_lm(str(tiny_lm), "cpu", "float32")


def test_an_answer_of_weight_0_is_a_part_of_the_prompt():
    sample = Sample(0, TURNS, None)
    assert asked(sample) == TURNS[:3]
    assert answered(sample, "wind").messages == (*TURNS[:3], Message("assistant", "wind"))
    assert asked(Sample(0, TURNS[:3], None)) == TURNS[:3]


def test_a_long_prompt_loses_its_middle(lm):
    sample = Sample(0, TURNS, None)
    whole, cut = prompt_ids(sample, lm, 10_000), prompt_ids(sample, lm, 31)
    assert cut.tolist() == np.concatenate([whole[:16], whole[-15:]]).tolist()
    text = lm.tokenizer.decode(cut)
    assert text.startswith("<|im_start|>system") and text.endswith("<|im_start|>assistant\n")


def one_by_one(lm, prompt, new_tokens):
    """The likeliest tokens after a prompt, the whole text read again for each; up to the one that ends it."""
    ids = prompt.tolist()
    for _ in range(new_tokens):
        with torch.inference_mode():
            ids.append(int(lm.model(torch.tensor([ids]).to(lm.device)).logits[0, -1].argmax()))
        if ids[-1] == lm.tokenizer.eos_token_id:
            break
    return ids[len(prompt) :]


@pytest.mark.parametrize("leave", [True, False])
@pytest.mark.parametrize("new_tokens", [1, STRETCH, STRETCH + 1, 3 * STRETCH - 2])
def test_a_batch_answers_as_each_prompt_alone(lm, new_tokens, leave, monkeypatch):
    """Also once some of its answers have ended, whether they can leave it or not."""
    known, lose = [], generation.can_lose_rows
    monkeypatch.setattr(generation, "can_lose_rows", lambda cache: known.append(lose(cache)) or leave)
    prompts = [
        prompt_ids(Sample(0, (Message("user", text),), None), lm, 64) for text in ("sea", "why " * 9, "", "help")
    ]
    for place in (None, 0, STRETCH + 3):
        tokenizer = deepcopy(lm.tokenizer)
        if place is not None:  # what one of them says at this place ends them all
            end = one_by_one(lm, prompts[1], place + 1)[-1]
            tokenizer.eos_token, tokenizer.pad_token = tokenizer.convert_ids_to_tokens(end), "<|im_end|>"
        other = replace(lm, tokenizer=tokenizer)
        alone = [one_by_one(other, prompt, new_tokens) for prompt in prompts]
        texts = [tokenizer.decode(ids, skip_special_tokens=True).strip() for ids in alone]
        assert respond(other, prompts, new_tokens) == texts
    assert all(known)


def test_states_that_are_no_keys_and_values_do_not_leave_their_batch():
    layers = [cache_utils.DynamicLayer(), cache_utils.LinearAttentionLayer()]
    assert not generation.can_lose_rows(SimpleNamespace(layers=layers))
    assert generation.can_lose_rows(SimpleNamespace(layers=layers[:1]))
    assert not generation.can_lose_rows(None)
