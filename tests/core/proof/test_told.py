"""What a proof shows, in sentences: every number in them is one of the results."""

from dataclasses import replace

import pytest

from core.proof.results import Result
from core.proof.told import at, listed, told_of_full, told_of_random, told_of_training

NAN = float("nan")


def result(method, budget, loss, **more):
    facts = {"seeds": 2, "samples": float(budget), "tokens": 10.0 * budget, "trained_tokens": 8.0 * budget,
             "seconds": 1.0 * budget, "spread": 0.01, "better": NAN, "low": NAN, "high": NAN,
             "by_source": {}, "scores": {}}  # fmt: skip
    return Result(**{"method": method, "budget": budget, "loss": loss, **facts, **more})


GREEDY = result("sae-greedy", 100, 2.0, better=0.1, low=0.05, high=0.15, p=0.001, p_holm=0.002)
LARGE = replace(GREEDY, budget=300, better=0.2)
LONGEST = result("longest-response", 100, 2.3, better=-0.2, low=-0.3, high=-0.1, p=0.001, p_holm=0.002)
KMQ = result("hybrid", 100, 2.09, better=0.01, low=-0.1, high=0.12, p=0.8, p_holm=0.8)
RANDOM = result("random", 100, 2.1)
FULL = result("full", 0, 1.9, samples=1000.0, trained_tokens=8000.0, seconds=1000.0, seeds=1)


def test_methods_are_told_by_what_holds_against_random():
    told = told_of_random([GREEDY, LARGE, LONGEST, KMQ, RANDOM])
    better, worse, neither, chance = told.split(". ", 3)
    assert better.endswith("sae-greedy")
    assert worse == "Worse: longest-response"
    assert neither == "Neither: hybrid"
    assert "Holm" in chance
    unclear = replace(LARGE, p=0.8, p_holm=0.8)
    assert "chance: sae-greedy at some budgets. Neither: sae-greedy at some budgets." in told_of_random(
        [GREEDY, unclear, RANDOM]
    )
    alone = replace(KMQ, p=NAN, p_holm=NAN, seeds=1)
    assert "Not known, with one seed: hybrid. Chance" in told_of_random([GREEDY, alone, RANDOM])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([FULL, result("sae-greedy", 100, 2.0)], "No method was run with the same budget as random"),
        ([replace(GREEDY, p=NAN, p_holm=NAN, seeds=1), RANDOM], "With one seed, chance cannot be ruled out"),
    ],
)
def test_what_cannot_be_told(rows, said):
    assert said in told_of_random(rows)


def test_what_training_on_a_method_gave_at_the_nearest_budget():
    rows = [GREEDY, LARGE, KMQ, RANDOM]
    assert told_of_training(rows, ["sae-greedy:lens=topics", "sae-greedy"], 120, "samples") == (
        "Trained on the picks of sae-greedy at 100 samples, the model reached a held-out loss of 2.000, where lower is "
        "better; on as many at random, 2.100. These picks are better, by more than chance explains."
    )
    assert "sae-greedy at 300 samples" in told_of_training(rows, ["sae-greedy", "hybrid"], 900, "samples")
    told = told_of_training(rows, ["hybrid"], 1, "samples")
    assert (
        "of 2.090, where lower is better; on as many at random, 2.100. The difference is within what chance explains"
        in told
    )
    told = told_of_training([LONGEST, RANDOM], ["longest-response"], 1, "samples")
    assert told.endswith("Random ones are better, by more than chance explains.")
    assert "of sae-greedy at 100 samples" in told_of_training(rows, ["k-center"], 100, "samples")
    assert told_of_training([RANDOM], ["random"], 100, "samples").startswith(
        "No method was run with the same budget as random"
    )


def test_what_the_best_subset_saves_against_full():
    told = told_of_full([GREEDY, RANDOM, FULL], "samples", 1000)
    assert "The best subset, sae-greedy at 100 samples, takes 90% fewer trained tokens than full; its loss" in told
    assert told.endswith("its loss is 0.100 higher.")
    told = told_of_full([GREEDY, RANDOM, FULL], "samples", 4000)
    assert told.endswith("its loss is 0.100 higher. Full had 1,000 of the samples, drawn at random.")
    assert "refinement is not counted" in told_of_full([replace(KMQ, loss=1.8), FULL], "samples", 1000)
    assert "is known once all samples" in told_of_full([GREEDY], "samples", 1000)


def test_names_of_results():
    assert [at(r, "tokens") for r in (GREEDY, FULL)] == ["sae-greedy at 100 tokens", "full"]
    assert listed([], []) == "none"
