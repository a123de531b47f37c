"""Proof: the same model fine-tuned on the picks of several methods, measured on samples that none of them saw."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.errors import SaelectError, SelectionError, StoreError
from core.proof.grid import n_trainable
from core.proof.results import Result, results
from core.proof.run import sources as origin
from core.proof.store import ProofStore, proofs_of
from core.proof.told import at, told_of_full, told_of_random
from core.proof.view import COSTS, mark, mixture, ranked, sizes, sources
from core.schema import SelectionSpec
from core.selection.checks import completed
from core.selection.registry import METHODS
from core.session.session import by_method
from core.system.files import cache_dir
from core.system.shown import many, shown_path
from pages.parts import proof_figures as figures
from pages.parts import text
from pages.parts.choices import choose
from pages.parts.figures import draw
from pages.parts.proof_tables import show_mixture, show_table, show_tasks
from pages.parts.runs import how_to_begin, what_is_missing
from pages.parts.text import plain
from pages.parts.view import header, metrics

CHART = "proof-chart"


def empty_state(folder: Path) -> None:
    """What to do when there is no proof on this data set, or none that can be read now."""
    if any(folder.glob("*.duckdb")):
        st.warning("A proof is being written this moment, or cannot be read: reload.", icon=":material/hourglass_top:")
        return
    held_out, budget = sizes(origin(session))
    how_to_begin(
        "No proof on this data set yet. A proof fine-tunes the same model on the picks of several methods at several "
        "budgets, and measures each on samples that none of them may pick.",
        f"python -m core prove --store {shown_path(session.store.path)} --lens {now.spec.lens} --budgets {budget} "
        f"--held-out {held_out}",
        ":material/verified:",
    )


def title_of(proof: ProofStore) -> str:
    """What tells proofs apart: name, model, and what they measure on."""
    config = proof.config()
    model = str(config.get("model", "")).rstrip("/").rsplit("/", 1)[-1]
    held_out = f"{config.get('held_out', 0):,} held out of each source"
    budgets = f"budgets in {config.get('unit', 'samples')}"
    return text.whole(f"{proof.path.stem} · {model} · {held_out} · {budgets} · {lens_of(config)}")


def lens_of(config: Mapping[str, Any]) -> str:
    """The lens by which a proof's methods selected: tokens, where it was begun before there were lenses."""
    return str(config.get("lens") or "tokens")


def show_figures() -> None:
    """The proof's figures at a glance."""
    best, base = rows[0], mark(rows, "base")
    seeds = max(r.seeds for r in rows)
    metrics(
        ("Lowest loss", f"{best.loss:.3f}", at(best, unit)),
        ("Model as it came", f"{base.loss:.3f}" if base else "—", "base, not fine-tuned"),
        (
            "Fine-tuned models",
            f"{sum(r.seeds for r in rows if r.method != 'base'):,}",
            f"up to {many(seeds, 'seed')}",
        ),
        ("Held-out samples", f"{n_held_out:,}", "of " + many(len(sources(rows)), "source")),
    )


def show_chart() -> None:
    """Loss against cost; under it the link to what was clicked."""
    cost = st.segmented_control("Training cost in", list(COSTS), default="trained tokens", required=True, key="cost",
                                bind="query-params")  # fmt: skip
    figure = figures.loss_figure(rows, cost, unit)
    draw(figure, CHART, 480, on_select=take_over, selection_mode="points")
    chosen = clicked()
    if chosen is None:
        st.caption("Click a method's point to set the sidebar to it, and for the link to the page Compare.")
    else:
        link_to_compare(chosen)
    st.caption(plain(told_of_random(rows, unit)))
    left = n_trainable(session.store.n_samples, n_held_out, config.get("bans", ()))
    st.caption(plain(told_of_full(rows, unit, left)))


# --- from a point to Compare


def clicked() -> Result | None:
    """The result whose point was clicked; base and full are no selections."""
    points, known = st.session_state[CHART]["selection"]["points"], figures.by_identity(rows)
    names = [str(np.ravel(p["customdata"])[0]) for p in points if "customdata" in p]
    return next((known[n] for n in names if n in known and known[n].method in METHODS), None)


def spec_of(result: Result) -> SelectionSpec:
    """The view's request with a result's method and number of samples, through the proof's lens if it is another."""
    budget = min(result.budget if unit == "samples" else round(result.samples), session.store.n_samples)
    lens = lens_of(config)
    spec = replace(by_method(now.through(lens).spec, result.method), budget=max(budget, 1), unit="samples")
    return completed(spec, str(config.get("score") or ""))


def why_not(result: Result) -> str:
    """What keeps a result's method from being shown, or nothing."""
    try:
        session.selection(spec_of(result))
    except (SelectionError, StoreError) as error:
        return str(error)
    return ""


def take_over() -> None:
    """Set the sidebar to the lens, method and budget that were clicked.

    In a callback, as the values of widgets can be set only there; query parameters of a link do not reach widgets that
    are on both pages, and a change of page by the program is forbidden while widgets are bound to the address.
    """
    result = clicked()
    if result is not None and not why_not(result):
        spec = spec_of(result)
        st.session_state.update({f"{spec.method}_{name}": value for name, value in spec.options.items()})
        st.session_state.update(method=spec.method, budget=spec.budget, unit="samples")
        if len(session.store.lenses) > 1:
            st.session_state.lens = spec.lens


def link_to_compare(result: Result) -> None:
    """The link to Compare with a result's method and budget, or why that method cannot be shown."""
    why = why_not(result)
    if why:
        st.warning(plain(f"{result.method} cannot be shown: {why}"), icon=":material/block:")
        return
    st.page_link(
        "pages/compare.py", label=f"Compare {result.method} at {spec_of(result).budget:,} samples with other methods",
        icon=":material/compare_arrows:",
    )  # fmt: skip
    st.caption("Compare selects from all samples, those held out for the proof among them.")


now = header(
    "Proof", "Does a selection train better? The same model, fine-tuned on each, on samples that none of them saw."
)
session = now.session
what_is_missing()
folder = cache_dir("proof", session.store.key)
try:
    proofs = {proof.path.stem: proof for proof in proofs_of(folder)}
    if not proofs:
        empty_state(folder)
        st.stop()
    name = choose("Proof", "proof", {n: title_of(proof) for n, proof in proofs.items()})
    proof = proofs[name]
    key = ("proof", name, proof.path.stat().st_mtime_ns)
    config, n_held_out, rows, parts = session.remember(
        key,
        lambda: (proof.config(), len(proof.sources()), ranked(results(proof)), mixture(proof.runs(), origin(session))),
    )
except SaelectError as error:
    st.warning(plain(error), icon=":material/hourglass_top:")
    st.stop()
unit = str(config.get("unit", "samples"))
if not rows:
    st.info("No run of this proof is finished yet: reload when one is.", icon=":material/hourglass_top:")
    st.stop()
show_figures()
show_chart()
show_table(rows, unit)
show_mixture(rows, parts, unit)
show_tasks(rows, unit)
