"""Overview: what the data set holds, what is wrong with it, what is proposed, and what training on that gave."""

import numpy as np
import streamlit as st

from core.session.budgets import RANDOM
from core.session.cut import READ, cut_told
from core.session.overview import contents_told, telling_rows
from core.system.shown import many, without_folders
from pages.parts import story
from pages.parts.budget_figure import needed_at_random
from pages.parts.coverage_figures import shares_figure
from pages.parts.figures import draw
from pages.parts.health_first import show_first
from pages.parts.later import later_if_large
from pages.parts.store_forms import upgrade_form
from pages.parts.terms import term
from pages.parts.text import plain
from pages.parts.view import header, link, metrics

BESIDE = ("sae-greedy", "sae-simscale", "longest-response")  # the view's method is compared with these and random
LEADS = {
    "topics": "Each sample is about a few topics, which a sparse autoencoder has learnt. A good subset covers many of "
    "them with few samples.",
    "tokens": "Each sample activates some features of a sparse autoencoder. A good subset covers many of them with few "
    "samples.",
}


def show_contents() -> None:
    """What is in the data set."""
    st.subheader("What is in it", anchor=False)
    info = now.session.info
    told = now.session.remember("contents", lambda: contents_told(now.session.columns["source"], info.tokens))
    st.write(plain(told))
    story.show_largest(now)


def show_troubles() -> None:
    """What is known to be wrong with the data set; samples of whose answer nothing was read can be left out at once."""
    st.subheader("What is wrong with it", anchor=False)
    show_first(now)
    cut = now.session.remember("cut told", lambda: cut_told(store, now.session.columns))
    told = [text for text in (cut, *map(without_folders, store.meta["warnings"])) if text]
    for text in told:
        st.markdown(f":material/info: {plain(text)}")
    if not told:
        st.write("Every record was read, and every sample whole.")
    unread = np.flatnonzero(now.session.info.unread_response)
    if len(unread):
        offer_ban(np.setdiff1d(unread, now.state.bans).tolist())


def offer_ban(left: list[int]) -> None:
    """A button that bans the samples whose answer was not read, as far as they are not banned yet."""
    with st.container(horizontal=True, vertical_alignment="center"):
        name = many(len(left), "sample")
        if left and st.button(f"Ban the {name} whose answer was not read", icon=":material/do_not_disturb_on:",
                              key="ban-unread"):  # fmt: skip
            now.workspace.ban(left)
            st.rerun()
        st.page_link("pages/search.py", label="See them", icon=":material/search:",
                     query_params=link(find_read=READ[-1]))  # fmt: skip


def show_proposal() -> None:
    """The selection's figures at a glance."""
    st.subheader("What is proposed", anchor=False)
    found = needed_at_random(now)
    if found is not None:
        cover = "covers" if budget == 1 else "cover"
        at_random = many(found, f"random {now.spec.unit.removesuffix('s')}")
        st.write(f"{many(budget, 'sample')} by {now.spec.method} {cover} what about {at_random} cover.")
    tokens = now.session.info.tokens
    kept = int(tokens[now.selection.rows].sum())
    metrics(
        ("Samples kept", f"{budget:,}", f"of {store.n_samples:,}"),
        (f"{nouns.capitalize()} covered", f"{covered / max(coverable, 1):.1%}", f"{covered:,} of {coverable:,}"),
        (f"{nouns.capitalize()} per sample", f"{now.matrix.counts.mean():,.3g}", f"active at θ = {now.spec.theta:.3g}"),
        ("Tokens to train on", f"{kept:,}", f"{kept / max(tokens.sum(), 1):.1%} of {tokens.sum():,}"),
    )
    term("lens", "θ, the threshold", "coverage", "budget")


def show_coverage() -> None:
    """The view's method beside others with the same budget."""
    key = ("shares", repr(now.spec))
    shares = later_if_large(now.session, key, shares_covered, "Other methods select as many samples")
    if shares:
        draw(shares_figure(shares, now.spec.method, now.noun), "overview-coverage", 260)


def shares_covered() -> dict[str, float]:
    """The share that each method covers, by what it is called."""
    shares = {method: now.covered(method) / max(coverable, 1) for method in (*BESIDE, "random")}
    shares[RANDOM] = shares.pop("random")
    return shares | {now.spec.method: covered / max(coverable, 1)}


def show_next() -> None:
    """The next step, and where else to go."""
    st.subheader("Next", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Choose the budget", type="primary", icon=":material/tune:", key="next-step"):
            st.switch_page("pages/budget.py", query_params=link())
        for page, text in story.PLACES:
            st.page_link(f"pages/{page}.py", label=text.format(nouns=nouns), query_params=link())


def show_upgrade() -> None:
    """How a store that was made before there were topics gets them."""
    if "topics" not in store.meta:
        st.info("This store was made before there were topics.", icon=":material/upgrade:")
        upgrade_form(now.session)


now = header("Keep the samples that teach the most", LEADS)
store, budget, nouns = now.session.store, len(now.selection.rows), f"{now.noun}s"
coverable, covered = now.session.coverable(now.spec), int(now.selection.covered_after[-1])
show_upgrade()
left, right = st.columns(2, gap="large")
with left:
    show_contents()
with right:
    show_troubles()
show_proposal()
left, right = st.columns(2, gap="large")
with left:
    show_coverage()
with right:
    story.show_training(now)
story.show_samples(now, *telling_rows(now.selection, now.ledger))
show_next()
story.show_origin(store)
