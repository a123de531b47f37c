"""Overview: what the data set is, and what the selection gets out of it."""

from pathlib import Path

import numpy as np
import streamlit as st

from core.session.budgets import RANDOM
from core.session.cut import READ, cut_told
from core.system.shown import many, without_folders
from pages.parts.coverage_figures import shares_figure
from pages.parts.figures import draw
from pages.parts.store_forms import upgrade_form
from pages.parts.text import escape, plain
from pages.parts.view import header, link, metrics

BESIDE = ("sae-greedy", "sae-simscale", "longest-response")  # the view's method is compared with these and random
LEADS = {
    "topics": "Each sample is about a few topics, which a sparse autoencoder has learnt. A good subset covers many of "
    "them with few samples.",
    "tokens": "Each sample activates some features of a sparse autoencoder. A good subset covers many of them with few "
    "samples.",
}
PLACES = (
    ("budget", "How many samples are enough?"),
    ("why", "Why was this sample kept, or left out?"),
    ("features", "What do the {nouns} mean?"),
    ("longest", "Do the longest responses do better?"),
    ("export", "Download the curated file."),
)


def show_figures() -> None:
    """The selection's figures at a glance."""
    tokens = now.session.info.tokens
    kept = int(tokens[now.selection.rows].sum())
    metrics(
        ("Samples kept", f"{budget:,}", f"of {store.n_samples:,}"),
        (f"{nouns.capitalize()} covered", f"{covered / max(coverable, 1):.1%}", f"{covered:,} of {coverable:,}"),
        ("Tokens to train on", f"{kept:,}", f"{kept / max(tokens.sum(), 1):.1%} of {tokens.sum():,}"),
        (f"Active {nouns} a sample", f"{now.matrix.counts.mean():,.3g}", f"at θ = {now.spec.theta:.3g}"),
    )


def show_cut() -> None:
    """What was not read of long samples; those of whose answer nothing was read can be excluded at once."""
    told = now.session.remember("cut told", lambda: cut_told(store))
    if not told:
        return
    st.info(told, icon=":material/content_cut:")
    unread = np.flatnonzero(now.session.info.unread_response)
    left = np.setdiff1d(unread, now.state.bans).tolist()
    if not len(unread):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        name = many(len(left), "sample")
        if left and st.button(f"Never keep the {name} whose answer was not read", icon=":material/do_not_disturb_on:",
                              key="ban-unread"):  # fmt: skip
            now.workspace.ban(left)
            st.toast(f"{name} banned. Undo takes it back.")
            st.rerun()
        st.page_link("pages/search.py", label="See them", icon=":material/search:",
                     query_params=link(find_read=READ[-1]))  # fmt: skip


def show_coverage() -> None:
    """The view's method beside others with the same budget."""
    st.subheader(f"Coverage with {many(budget, 'sample')}", anchor=False)
    shares = {method: now.covered(method) / max(coverable, 1) for method in (*BESIDE, "random")}
    told = (
        f"With {many(budget, 'sample')}, greedy covers {shares['sae-greedy']:.1%} of the {nouns}, the longest "
        f"responses {shares['longest-response']:.1%}, random draws {shares['random']:.1%} at the median."
    )
    shares[RANDOM] = shares.pop("random")
    shares |= {now.spec.method: covered / max(coverable, 1)}
    draw(shares_figure(shares, now.spec.method, now.noun), "overview-coverage", 300)
    st.caption(told)


def show_places() -> None:
    """Where to go from here."""
    st.subheader("Where to go", anchor=False)
    for page, text in PLACES:
        st.page_link(f"pages/{page}.py", label=text.format(nouns=nouns), query_params=link())


def show_origin() -> None:
    """What the store was made with."""
    st.subheader("How it was made", anchor=False)
    config = store.meta["config"]
    made = {
        "Model": Path(config["model"]).name,
        "Topics": topics_told(),
        "SAE": f"{Path(config['sae']).name} ({store.n_features:,} features)" if config["sae"] else "none",
        "Hook point": config["hook_point"],
        "Read": f"{store.meta['tokens']:,} tokens in {store.meta['seconds']:.0f} s, {config['dtype']}",
    }
    cells = "".join(
        f"<tr><td style='opacity:.7;padding:2px 12px 2px 0;vertical-align:top'>{k}</td><td>{escape(v)}</td></tr>"
        for k, v in made.items()
    )
    st.html(f"<table style='font-size:.9rem'>{cells}</table>")


def topics_told() -> str:
    """How many topics there are, and where they come from."""
    made = store.meta.get("topics")
    if not made:
        return "none"
    if made["own"]:
        return f"{made['n_features']:,}, learnt from this data"
    folder = Path(made["folder"])
    shipped = ", which come with SAElect" if folder.parts[0] == "assets" else ""
    return f"{made['n_features']:,} of {folder.name}{shipped}"


def show_upgrade() -> None:
    """How a store that was made before there were topics gets them."""
    if "topics" not in store.meta:
        st.info("This store was made before there were topics.", icon=":material/upgrade:")
        upgrade_form(now.session)


now = header("Keep the samples that teach the most", LEADS)
store, budget, nouns = now.session.store, len(now.selection.rows), f"{now.noun}s"
coverable, covered = now.session.coverable(now.spec), int(now.selection.covered_after[-1])
show_upgrade()
show_cut()
show_figures()
left, right = st.columns([3, 2], gap="large")
with left:
    show_coverage()
with right:
    show_places()
    show_origin()
for warning in store.meta["warnings"]:
    st.caption(f":material/info: {plain(without_folders(warning))}")
