"""The parts of the page Overview that tell of single topics, samples and trainings."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from core.errors import SaelectError
from core.explain.sentences import told
from core.features.listing import UNCLEAR
from core.proof.example import POOLS, example_of, read_examples
from core.proof.results import results
from core.proof.store import proofs_of
from core.proof.told import told_of_training
from core.session.overview import largest_features
from core.session.variants import through
from core.store.reader import FeatureStore
from core.system.files import cache_dir
from pages.parts.coverage_figures import sizes_figure
from pages.parts.evidence import masked_previews
from pages.parts.figures import draw
from pages.parts.tables import why_link
from pages.parts.text import cut, escape, plain
from pages.parts.view import View, link

LARGEST, NAME = 10, 34  # topics shown, and characters of a name
SHOWN = 110  # characters of a sample's beginning
PLACES = (
    ("why", "Why was this sample kept, or left out?"),
    ("features", "What do the {nouns} mean?"),
    ("longest", "Do the longest responses do better?"),
    ("export", "Download the curated file."),
)


def show_largest(now: View) -> None:
    """The topics or features that most samples have, those without a plain meaning left out."""
    unnamed = (
        {f for f in range(now.matrix.n_features) if now.label(f).endswith(UNCLEAR)} if now.spec.lens == "topics" else ()
    )
    found = largest_features(now.matrix, {*unnamed, *now.wording}, LARGEST)
    names = [escape(cut(now.label(feature), NAME)) for feature, _ in found]
    counts = [samples for _, samples in found]
    draw(sizes_figure(names, counts, now.session.store.n_samples), "overview-sizes", 70 + 23 * len(found))
    st.caption(f"The {len(found)} largest {now.noun}s by samples; a sample may have several.")


def show_training(now: View) -> None:
    """What training on the picks gave: by the newest proof of this store, else by the example of this project."""
    st.markdown("**What training on it gave**")
    said, example = now.session.remember(*proof_told(now))
    if example:
        about = f"{POOLS[example]}, {read_examples()[example].told}"
        said = f"Nobody has trained on this selection yet. This project did on {about}. {said}"
    st.write(plain(said))
    st.page_link("pages/proof.py", label="See the proof, or prove it on this data" if example else "See the proof",
                 icon=":material/verified:", query_params=link(example=example) if example else link())  # fmt: skip


def proof_told(now: View) -> tuple[Hashable, Callable[[], tuple[str, str]]]:
    """The key and the computation of what is told of the newest proof, and the name of the example that it is told of,
    empty where it is the user's own."""
    folder, spec = cache_dir("proof", now.session.store.key), now.spec
    files = sorted((path.stat().st_mtime_ns, path.name) for path in folder.glob("*.duckdb"))

    def names(usual: str) -> tuple[str, ...]:
        return through(spec.method, spec.lens, usual), f"{spec.method}:lens={spec.lens}", spec.method

    def compute() -> tuple[str, str]:
        try:
            for proof in proofs_of(folder):
                if rows := results(proof):
                    unit = str(proof.config().get("unit", "samples"))
                    usual = str(proof.config().get("lens") or "tokens")
                    return told_of_training(rows, names(usual), spec.budget, unit), ""
        except SaelectError:
            pass  # a proof that is being written; the page Proof says so
        example = example_of(names("tokens"))
        return told_of_training(read_examples()[example].rows, names("tokens"), spec.budget, "samples"), example

    return ("proof told", spec.method, spec.lens, spec.budget, tuple(files)), compute


def show_samples(now: View, kept: Sequence[int], left_out: Sequence[int]) -> None:
    """Some kept samples beside some that are left out, each with the sentences that say why."""
    for column, title, rows in zip(st.columns(2, gap="large"), ("Kept", "Left out"), (kept, left_out), strict=True):
        with column:
            st.subheader(f"{title}, for example", anchor=False)
            for row, (prompt, _) in zip(rows, masked_previews(now.session, np.asarray(rows, np.int64)), strict=True):
                show_sample(now, row, prompt)


def show_sample(now: View, row: int, prompt: str) -> None:
    """The beginning of a sample, why it is kept or left out, and the way to more."""
    with st.container(border=True):
        why = told(now.matrix, now.selection, now.ledger, row, now.spoken, now.session.info)
        st.html(f"<b>{escape(cut(' '.join(prompt.split()), SHOWN))}</b><br>{escape(why)}")
        why_link(row)


def show_origin(store: FeatureStore) -> None:
    """What the store was made with."""
    config = store.meta["config"]
    made = {
        "Model": Path(config["model"]).name,
        "Topics": topics_told(store),
        "SAE": f"{Path(config['sae']).name} ({store.n_features:,} features)" if config["sae"] else "none",
        "Hook point": config["hook_point"],
        "Read": f"{store.meta['tokens']:,} tokens in {store.meta['seconds']:.0f} s, {config['dtype']}",
    }
    with st.expander("How it was made"):
        cells = "".join(f"<tr><th scope='row'>{k}</th><td>{escape(v)}</td></tr>" for k, v in made.items())
        st.html(f"<style>.made th{{text-align:left;padding-right:1rem}}</style><table class='made'>{cells}</table>")


def topics_told(store: FeatureStore) -> str:
    """How many topics there are, and where they come from."""
    made = store.meta.get("topics")
    if not made:
        return "none"
    if made["own"]:
        return f"{made['n_features']:,}, learnt from this data"
    folder = Path(made["folder"])
    shipped = ", which come with SAElect" if folder.parts[0] == "assets" else ""
    return f"{made['n_features']:,} of {folder.name}{shipped}"
