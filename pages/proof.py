"""Proof: the same model fine-tuned on the picks of several methods, measured on samples that none of them saw."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from core.errors import SaelectError, SelectionError, StoreError
from core.proof.example import POOLS, read_examples
from core.proof.grid import n_trainable
from core.proof.picks import mixture
from core.proof.results import Result, results
from core.proof.run import sources as origin
from core.proof.store import ProofStore, proofs_of
from core.proof.told import at, told_of_full, told_of_random
from core.proof.view import COSTS, mark, ranked, sources
from core.schema import SelectionSpec
from core.selection.checks import completed
from core.selection.registry import METHODS
from core.session.labels import label_columns
from core.session.session import by_method
from core.session.variants import OWN, QUOTA, method_of, parts_of, told, varied
from core.system.files import cache_dir
from core.system.shown import many
from pages.parts import proof_figures as figures
from pages.parts import text
from pages.parts.address import get
from pages.parts.choices import choose
from pages.parts.examples import show_example_note
from pages.parts.figures import draw
from pages.parts.later import later
from pages.parts.proof_tables import show_mixture, show_table, show_tasks
from pages.parts.proof_teaching import show_teaching
from pages.parts.text import plain
from pages.parts.training_forms import prove_form
from pages.parts.view import header, metrics

CHART = "proof-chart"
ALL = "(all)"  # the sources
Parts = Mapping[tuple[str, int], Mapping[str, float]]  # of each method at a budget, which sources it picked from


def title_of(name: str, config: Mapping[str, Any]) -> str:
    """What tells proofs apart: name, model, and what they measure on."""
    model = str(config.get("model", "")).rstrip("/").rsplit("/", 1)[-1]
    split = config.get("split")
    held_out = f"held out by the column {split}" if split else f"{config.get('held_out', 0):,} held out of each source"
    budgets = f"budgets in {config.get('unit', 'samples')}"
    lens = f"through {lens_of(config)} where a method does not say"
    return text.whole(" · ".join(filter(None, (name, model, held_out, budgets, lens))))


def lens_of(config: Mapping[str, Any]) -> str:
    """The lens by which a proof's methods selected: tokens, where it was begun before there were lenses."""
    return str(config.get("lens") or "tokens")


def show_figures() -> None:
    """The proof's figures at a glance."""
    best, base = rows[0], mark(rows, "base")
    seeds, measured = max(r.seeds for r in rows), max(r.measured for r in rows)
    fewer = f", {n_held_out - measured:,} more not measured" if measured < n_held_out else ""
    lowest = f"full, {best.samples:,.0f} samples" if best.method == "full" else at(best, unit)
    metrics(
        ("Lowest loss", f"{best.loss:.3f}", lowest),
        ("Before training", f"{base.loss:.3f}" if base else "—", "the model as it came"),
        (
            "Fine-tuned models",
            f"{sum(r.seeds for r in rows if r.method != 'base'):,}",
            f"up to {many(seeds, 'seed')}",
        ),
        ("Held-out samples", f"{measured:,}", "of " + many(len(sources(rows)), "source") + fewer),
    )


def show_chart(own: bool) -> None:
    """Loss against cost; under it, if these are the person's own results, the link to what was clicked."""
    cost = st.segmented_control("Training cost in", list(COSTS), default="trained tokens", required=True, key="cost",
                                bind="query-params")  # fmt: skip
    figure = figures.loss_figure(rows, cost, unit)
    if own:
        draw(figure, CHART, 480, on_select=take_over, selection_mode="points")
        chosen = clicked()
        if chosen is None:
            st.caption("Click a point to set the controls to its method and budget, and to get a link to Compare.")
        else:
            link_to_compare(chosen)
    else:
        draw(figure, "proof-example", 480)
    st.caption(plain(told_of_random(rows)))
    if own or mark(rows, "full"):
        left = n_trainable(n_samples, n_held_out, config.get("bans", ()))
        st.caption(plain(told_of_full(rows, unit, left)))


# --- from a point to Compare


def clicked() -> Result | None:
    """The result whose point was clicked; base and full are no selections, and what the bar has no place for is none
    that it can be set to."""
    points, known = st.session_state[CHART]["selection"]["points"], figures.by_identity(rows)
    names = [str(np.ravel(p["customdata"])[0]) for p in points if "customdata" in p]
    return next((known[n] for n in names if n in known and settable(known[n].method)), None)


def settable(variant: str) -> bool:
    """Whether a method has no settings of its own but its lens and options."""
    return method_of(variant) in METHODS and not {name for name, _ in parts_of(variant)} & ({*OWN, QUOTA} - {"lens"})


def spec_of(result: Result) -> SelectionSpec:
    """The view's request with a result's method and number of samples, through the proof's lens if it is another."""
    budget = min(result.budget if unit == "samples" else round(result.samples), session.store.n_samples)
    lens = lens_of(config)
    seen = replace(now.through(lens).spec, budget=max(budget, 1), unit="samples")
    spec = (
        by_method(seen, method_of(result.method)) if ":" not in result.method else varied(session, seen, result.method)
    )
    return completed(spec, str(config.get("score") or ""))


def why_not(result: Result) -> str:
    """What keeps a result's method from being shown, or nothing."""
    try:
        session.selection(spec_of(result))
    except (SelectionError, StoreError) as error:
        return str(error)
    return ""


def take_over() -> None:
    """Set the bar to the lens, method and budget that were clicked.

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
        st.warning(plain(f"{told(result.method)} cannot be shown: {why}"), icon=":material/block:")
        return
    label = f"Compare {told(result.method)} at {spec_of(result).budget:,} samples with other methods"
    st.page_link("pages/compare.py", label=plain(label), icon=":material/compare_arrows:")
    st.caption("Compare selects from all samples, including those held out for the proof.")


# --- which proof


def own_proof(proof: ProofStore) -> tuple[dict[str, Any], int, list[Result]]:
    """What a proof's runs share, how many samples it measures on, and its results: on all sources or a chosen one."""
    source = session.remember(("proof sources", *version_of(proof)), proof.sources)
    names = {name: text.whole(name or "(no source)") for name in sorted(set(source.tolist()))}
    on = choose("Measured on", "proof-on", {ALL: "all sources", **names}) if len(names) > 1 else ALL
    measured = () if on == ALL else (on,)

    def read() -> tuple[dict[str, Any], list[Result]]:
        return proof.config(), ranked(results(proof, measured))

    n_held_out = len(source) if on == ALL else int((source == on).sum())
    config, found = session.remember(("proof", on, *version_of(proof)), read)
    return config, n_held_out, found


def version_of(proof: ProofStore) -> tuple[str, int]:
    """Changes with every run."""
    return proof.path.stem, proof.path.stat().st_mtime_ns


def show_picks(proof: ProofStore | None) -> None:
    """What the picks consist of, by source or by a column of the data."""
    st.subheader("What each was trained on", anchor=False)
    by, parts = example_picks() if proof is None else own_picks(proof)
    show_mixture(rows, parts, unit, by)


def by_of(columns: Iterable[str]) -> str:
    """By what the picks are told apart, as chosen: source, or one of the columns."""
    titles = {name: text.whole(name) for name in ("source", *columns)}
    return choose("Picks by", "proof-by", titles) if len(titles) > 1 else "source"


def example_picks() -> tuple[str, Parts]:
    """By what the picks of the example are told apart, and the share of each group in them."""
    by = by_of(example.labels)
    return by, example.mixture(by)


def own_picks(proof: ProofStore) -> tuple[str, Parts]:
    """By what the picks are told apart, and the share of each group in them."""
    read = partial(label_columns, session.store)
    by = by_of(later(session, "label columns", read, "The columns of the data are read") or {})
    label = partial(origin, session) if by == "source" else partial(session.labels, by)
    return by, session.remember(("picks", by, *version_of(proof)), lambda: mixture(proof.runs(), label()))


now = header(
    "Proof",
    "Does a selection train a better model? The same model is fine-tuned on each selection and tested on samples that "
    "none of them saw.",
)
session = now.session
folder = cache_dir("proof", session.store.key)
try:
    proofs = {proof.path.stem: proof for proof in proofs_of(folder)}
    prove_form(now, expanded=not proofs and not get("example"))  # a link to an example leads to its results
    if proofs:
        proof = proofs[choose("Proof", "proof", {n: title_of(n, one.config()) for n, one in proofs.items()})]
        config, n_held_out, rows = own_proof(proof)
        n_samples = session.store.n_samples
    elif any(folder.glob("*.duckdb")):
        st.warning(
            "A proof is being written right now, or cannot be read. Reload the page in a moment.",
            icon=":material/hourglass_top:",
        )
        st.stop()
    else:
        name = choose("Proof", "example", {name: pool.capitalize() for name, pool in POOLS.items()})
        example = read_examples()[name]
        config, n_samples, n_held_out = example.config, example.n_samples, example.n_held_out
        proof, rows = None, ranked(example.rows)
        show_example_note("this project's own proof", title_of("", config), f"{POOLS[name]}, {example.told}")
except SaelectError as error:
    st.warning(plain(error), icon=":material/hourglass_top:")
    st.stop()
unit = str(config.get("unit", "samples"))
if not rows:
    st.info("No run of this proof has finished yet. Reload the page later.", icon=":material/hourglass_top:")
    st.stop()
show_figures()
show_chart(own=bool(proofs))
show_table(rows, unit)
if any(r.samples for r in rows):
    show_picks(proof)
show_tasks(rows, unit)
show_teaching(now)
