"""What a model is asked to answer: the turns before the first answer that is trained on, with its header."""

import numpy as np
import pytest

from core.lm.generation import answered, asked, prompt_ids
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
