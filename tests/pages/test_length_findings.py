"""The first sentence of each section of the page Longest response says what its figures say."""

from dataclasses import replace

import pytest

from core.schema import SelectionSpec
from core.studies.matched_sets import random_beside
from pages.parts.length_findings import of_beyond, of_correlation, of_growth, of_sets


@pytest.mark.parametrize(
    ("what", "r", "said"),
    [
        ("", 0.92, "Longer samples clearly have more active features (r = 0.92)."),
        ("", 0.5, "Longer samples tend to have more active features (r = 0.50)."),
        ("score", -0.4, "Samples with a higher score tend to have fewer active features (r = −0.40)."),
        ("", 0.1, "Longer samples do not clearly have more or fewer active features (r = 0.10)."),
    ],
)
def test_a_correlation_is_called_by_its_strength_and_sign(what, r, said):
    assert of_correlation(what, r) == said


def test_growth_slower_than_the_tokens_and_in_step_with_them():
    assert of_growth(0.5).startswith("The longer a response, the fewer new features") and "1.41 times" in of_growth(0.5)
    assert (
        of_growth(1.0)
        == "Features come almost in step with the tokens: twice the tokens bring 2.00 times the features."
    )


def test_sets_are_compared_at_samples_and_at_tokens():
    assert of_sets(9, (4, 5.0, 6), 3, (4, 4.5, 5)) == (
        "With as many samples the longest responses cover more features than random ones, but with as many tokens "
        "fewer features than random ones."
    )
    assert of_sets(5, (5, 5.5, 6), 4, (3, 3.5, 4)) == (
        "The longest responses cover about as many features as random ones, with as many samples and with as many "
        "tokens."
    )


def test_what_greedy_loses_without_the_advantage_of_length():
    assert "covers 80% as many features, with 50 tokens per sample instead of 200" in of_beyond((10, 200.0), (8, 50.0))


def test_what_is_ignored_counts_for_random_draws_as_for_the_other_sets(session):
    spec = SelectionSpec(budget=8)
    ignoring = replace(spec, vetoes=dict.fromkeys(range(4), "ignore"))
    assert random_beside(session, ignoring, 50) == random_beside(session, spec, 50)
