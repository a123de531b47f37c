"""Scores of what a model writes: each demand against answers that meet it and that do not, and the shares by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lm.generation import answered, generate
from core.lm.sources import load_lm
from core.proof.config import ProofConfig
from core.proof.written import (
    BATCH_TOKENS,
    INSTRUCTIONS,
    LONGEST,
    MOST_PROMPT,
    instructed,
    last_number,
    result,
    written_scores,
)

GERMAN = "Der Hafen ist am Abend still, und die Schiffe liegen ruhig an den Mauern der alten Stadt."
MET = {
    "at most 30 words": ("Yes, it is.", "word " * 31),
    "60 words or more": ("word " * 60, "word " * 59),
    "small letters": ("it is 4 o'clock.", "It is four."),
    "capitals": ("IT IS 4 O'CLOCK.", "IT IS FOUr."),
    "no commas": ("First this; then that.", "First this, then that."),
    "JSON": ('```json\n{"answer": 4}\n```', "[4]"),
    "three points": ("- one\n\n- two\n  - three", "- one\n- two"),
    "keyword": ("The Harbour was calm.", "The port was calm."),
    "last words": ("It is four. That is all.", "That is all. It is four."),
    "German": (GERMAN, "The harbour is quiet in the evening, and the ships lie calm at the walls of the old town."),
}


@pytest.mark.parametrize("demand", INSTRUCTIONS, ids=lambda demand: demand.name)
def test_a_demand_is_met_or_not(demand) -> None:
    yes, no = MET[demand.name]
    assert demand.met(yes) and not demand.met(no) and demand.sentence.endswith(".")


@given(st.integers(-(10**9), 10**9), st.integers(0, 99), st.text(st.characters(exclude_categories=["N"])))
def test_the_last_number_counts(whole: int, hundredths: int, before: str) -> None:
    number = whole + hundredths / 100
    for shown in (f"{number:.2f}", f"{number:,.2f}", f"${number:.2f}".replace("$-", "$ -")):
        assert last_number(f"3 and {before} = {shown} in all.") == pytest.approx(number)


def test_what_holds_no_number() -> None:
    assert last_number("none at all, - .") is None and last_number("5-3") == 3 and last_number("of 1,000.") == 1000


def test_the_shares_are_of_what_was_written(workplace, tiny) -> None:
    samples = [s for s in workplace.store.samples(np.arange(workplace.store.n_samples)) if s.prompt][:12]
    solved = [answered(s, f"so = {i}") for i, s in enumerate(samples[:4])]
    source = np.array(["maths"] * 4 + ["rest"] * 8)
    lm = load_lm(tiny.config.model, "cpu", "float32")
    config = ProofConfig(workplace.store.key, tiny.config.model, exact=("maths",), instructed=6)
    found = written_scores(lm, config, [*solved, *samples[4:]], source, lambda *_: None)

    order = np.random.default_rng([0, 11]).permutation(8)[:6]
    again = [instructed(samples[4 + j], INSTRUCTIONS[i]) for i, j in enumerate(order.tolist())]
    texts = generate(lm, [*solved, *again], LONGEST, MOST_PROMPT, BATCH_TOKENS)
    hits = [last_number(text) == i for i, text in enumerate(texts[:4])]
    follows = [bool(t.strip()) and INSTRUCTIONS[i].met(t) for i, t in enumerate(texts[4:])]
    assert found == {"exact match": np.mean(hits), "instructions": np.mean(follows)}
    assert [result(s) for s in solved] == [0, 1, 2, 3]
    assert again[0].messages[-1].content.endswith(f"\n\n{INSTRUCTIONS[0].sentence}")
    assert written_scores(lm, ProofConfig("k", "m"), samples, source, lambda *_: None) == {}
