"""What each section of the page Longest response found, in the one sentence that stands first."""

from __future__ import annotations

import streamlit as st

from core.session.budgets import Band
from pages.parts.length_figures import signed
from pages.parts.text import plain

STRONG, WEAK = 0.7, 0.3  # of a correlation, from which on it is called so
LINEAR = 0.95  # from this power of the tokens on, features come almost in step with them


def lead(sentence: str) -> None:
    """The finding of a section, before everything else that it shows."""
    st.markdown(f"**{plain(sentence)}**")


def of_correlation(what: str, r: float) -> str:
    """Whether samples with more of a column, or with more tokens, have more features; what: "" for length."""
    samples = f"Samples with a higher {what}" if what else "Longer samples"
    more = "more" if r > 0 else "fewer"
    if abs(r) >= STRONG:
        return f"{samples} clearly have {more} active features (r = {signed(r)})."
    if abs(r) >= WEAK:
        return f"{samples} tend to have {more} active features (r = {signed(r)})."
    return f"{samples} do not clearly have more or fewer active features (r = {signed(r)})."


def of_growth(beta: float) -> str:
    """What a longer response brings, by the power of its tokens with which features grow."""
    if beta < LINEAR:
        how = "The longer a response, the fewer new features each token brings"
    else:
        how = "Features come almost in step with the tokens"
    return f"{how}: twice the tokens bring {2**beta:.2f} times the features."


def of_sets(covered: int, as_many: Band, in_budget: int, at_tokens: Band) -> str:
    """Features covered by the longest responses, and by random draws of as many samples and of as many tokens."""
    at_samples, at_tokens = compared(covered, as_many), compared(in_budget, at_tokens)
    if at_samples == at_tokens:
        return f"The longest responses cover {at_samples} random ones, with as many samples and with as many tokens."
    return (
        f"With as many samples the longest responses cover {at_samples} random ones, but with as many tokens "
        f"{at_tokens} random ones."
    )


def of_beyond(greedy: tuple[int, float], fair: tuple[int, float]) -> str:
    """Greedy and greedy without the advantage of length: features covered and mean tokens of each."""
    share = fair[0] / max(greedy[0], 1)
    return (
        f"Without an advantage for long samples, greedy still covers {share:.0%} as many features, with "
        f"{fair[1]:,.0f} tokens per sample instead of {greedy[1]:,.0f}."
    )


def compared(ours: int, theirs: Band) -> str:
    """More or fewer features than all random draws, or as many as some of them."""
    low, _, high = theirs
    return "about as many features as" if low <= ours <= high else f"{'more' if ours > high else 'fewer'} features than"
