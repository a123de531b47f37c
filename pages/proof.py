"""Proof: the same model fine-tuned on the picks of several methods, measured on samples that none of them saw."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from core.errors import SaelectError, SelectionError
from core.proof.grid import REFINED, n_trainable
from core.proof.results import Result, results
from core.proof.run import sources as origin
from core.proof.store import ProofStore, proofs_of
from core.proof.view import COSTS, MARKS, best_by_source, mark, mixture, ranked, saving, sizes, sources, tasks, verdict
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
from pages.parts.runs import how_to_begin, what_is_missing
from pages.parts.text import plain
from pages.parts.view import header, metrics

CHART = "proof-chart"
INTERVAL = "of the loss; the interval is over the seeds' models and the held-out samples, and needs two seeds"


def empty_state(folder: Path) -> None:
    """What to do when there is no proof on this data set, or none that can be read now."""
    if any(folder.glob("*.duckdb")):
        st.warning("A proof is being written this moment, or cannot be read: reload.", icon=":material/hourglass_top:")
        return
    held_out, budget = sizes(origin(session))
    how_to_begin(
        "No proof on this data set yet. A proof fine-tunes the same model on the picks of several methods at several "
        "budgets, and measures each on samples that none of them may pick.",
        f"python -m core prove --store {shown_path(session.store.path)} --budgets {budget} --held-out {held_out}",
        ":material/verified:",
    )


def title_of(proof: ProofStore) -> str:
    """What tells proofs apart: name, model, and what they measure on."""
    config = proof.config()
    model = str(config.get("model", "")).rstrip("/").rsplit("/", 1)[-1]
    held_out = f"{config.get('held_out', 0):,} held out of each source"
    return text.whole(f"{proof.path.stem} · {model} · {held_out} · budgets in {config.get('unit', 'samples')}")


def at(result: Result) -> str:
    """A method with its budget."""
    return f"{result.method} at {result.budget:,} {unit}" if result.budget else result.method


def show_figures() -> None:
    """The proof's figures at a glance."""
    best, base = rows[0], mark(rows, "base")
    seeds = max(r.seeds for r in rows)
    metrics(
        ("Lowest loss", f"{best.loss:.3f}", at(best)),
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
    st.caption(plain(told_of_random()))
    st.caption(plain(told_of_full()))


# --- from a point to Compare


def clicked() -> Result | None:
    """The result whose point was clicked; base and full are no selections."""
    points, known = st.session_state[CHART]["selection"]["points"], figures.by_identity(rows)
    names = [str(np.ravel(p["customdata"])[0]) for p in points if "customdata" in p]
    return next((known[n] for n in names if n in known and known[n].method in METHODS), None)


def spec_of(result: Result) -> SelectionSpec:
    """The view's request with a result's method and number of samples."""
    budget = min(result.budget if unit == "samples" else round(result.samples), session.store.n_samples)
    spec = replace(by_method(now.spec, result.method), budget=max(budget, 1), unit="samples")
    return completed(spec, str(config.get("score") or ""))


def why_not(result: Result) -> str:
    """What keeps a result's method from being shown, or nothing."""
    try:
        session.selection(spec_of(result))
    except SelectionError as error:
        return str(error)
    return ""


def take_over() -> None:
    """Set the sidebar to the method and budget that were clicked.

    In a callback, as the values of widgets can be set only there; query parameters of a link do not reach widgets that
    are on both pages, and a change of page by the program is forbidden while widgets are bound to the address.
    """
    result = clicked()
    if result is not None and not why_not(result):
        spec = spec_of(result)
        st.session_state.update({f"{spec.method}_{name}": value for name, value in spec.options.items()})
        st.session_state.update(method=spec.method, budget=spec.budget, unit="samples")


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


# --- sentences


def told_of_random() -> str:
    """Which methods are better than random beyond chance, and which are not."""
    found = verdict(rows)
    if not (found.better or found.worse or found.unclear):
        return "No method was run beside random with the same budget, so none can be said to be better than it."
    groups = (("Better than random beyond chance", found.better), ("Worse", found.worse), ("Neither", found.unclear))
    told = [f"{name}: {listed(some)}." for name, some in groups if some or name.startswith("Better")]
    if not any(np.isfinite(r.p) for r in rows):
        return " ".join(told) + " With one seed chance cannot be told: run prove with --seeds 3."
    return " ".join(told) + " Chance: 5 % for all comparisons together (Holm), over models and held-out samples."


def listed(some: Sequence[Result]) -> str:
    """Results by method: its budgets, and by how much it is better than random at each."""
    parts = []
    for method in dict.fromkeys(r.method for r in some):
        own = sorted((r for r in some if r.method == method), key=lambda r: r.budget)
        budgets, gains = (" and ".join(", ".join(texts).rsplit(", ", 1)) for texts in (
            [f"{r.budget:,}" for r in own], [f"{r.better:+.3f}".replace("-", "−") for r in own]
        ))  # fmt: skip
        parts.append(f"{method} at {budgets} {unit} ({gains})")
    return "; ".join(parts) or "none"


def told_of_full() -> str:
    """How much less training the best subset takes than full, and what of it is not counted."""
    found = saving(rows)
    if found is None:
        return "Without a run on all samples (full) it cannot be said what the best subset saves."
    less = "less" if found.loss < 0 else "more"
    left = n_trainable(session.store.n_samples, n_held_out, config.get("bans", ()))
    drawn = "" if found.full.samples >= left else f" of {left:,}, drawn at random"
    refined = ", the training of its refinement not counted," if found.best.method in REFINED else ""
    return (
        f"The best subset, {at(found.best)}, takes {share(found.tokens, 'fewer')} trained tokens and "
        f"{share(found.seconds, 'less')} time{refined} than full, here {found.full.samples:,.0f} samples{drawn}; its "
        f"loss of {found.best.loss:.3f} is {abs(found.loss):.3f} {less} than full's {found.full.loss:.3f}."
    )


def share(saved: float, less: str) -> str:
    """A saving in words."""
    return f"{saved:.0%} {less}" if saved >= 0 else f"{-saved:.0%} more"


# --- tables, and what explains them


def show_mixture() -> None:
    """Which sources each method picked from, as what a model was not shown it is worse at."""
    found = {at(r): parts[r.method, r.budget] for r in rows if (r.method, r.budget) in parts}
    if len(sources(rows)) < 2 or not found:
        return
    st.subheader("What they were trained on", anchor=False)
    draw(figures.mixture_figure(found), "proof-mixture", 120 + 28 * len(found))
    told = []
    for source, best in best_by_source([r for r in rows if at(r) in found]).items():
        told.append(f"{source or '(no source)'}: {at(best)} ({found[at(best)].get(source, 0):.0%} of its picks)")
    st.caption(plain(f"The lowest loss on each source: {'; '.join(told)}."))


def show_table() -> None:
    """All results by loss."""
    st.subheader("All results, the lowest loss first", anchor=False)
    names = (
        "method",
        "budget",
        "seeds",
        "samples",
        "tokens",
        "seconds",
        "loss",
        "spread",
        "better",
        "low",
        "high",
        "p_holm",
    )
    frame = pd.DataFrame([{name: getattr(r, name) for name in names} for r in rows])
    frame["budget"] = frame["budget"].where(frame["budget"] > 0)
    counts = ["samples", "tokens", "seconds"]
    frame[counts] = frame[counts].round()
    for source in sources(rows) if len(sources(rows)) > 1 else ():
        frame[text.whole(f"loss on {source or '(no source)'}")] = [r.by_source.get(source, float("nan")) for r in rows]
    loss, whole = st.column_config.NumberColumn(format="%.4f"), st.column_config.NumberColumn(format="localized")
    layout = {name: loss for name in frame.columns if name.startswith("loss")}
    layout |= dict.fromkeys(("budget", *counts), whole)
    layout |= {
        "method": st.column_config.TextColumn(pinned=True),
        "spread": st.column_config.NumberColumn(format="%.4f", help="standard deviation over the seeds"),
        "better": st.column_config.NumberColumn("better than random by", format="%.4f", help=INTERVAL),
        "low": st.column_config.NumberColumn("from (95 %)", format="%.4f"),
        "high": st.column_config.NumberColumn("to (95 %)", format="%.4f"),
        "p_holm": st.column_config.NumberColumn("p", format="%.3f", help="corrected for all comparisons (Holm)"),
    }
    st.dataframe(frame, hide_index=True, key="proof-table", column_config=layout, placeholder="—")
    ran = [r for r in rows if r.method not in MARKS]
    spread = max((r.spread for r in ran if np.isfinite(r.spread)), default=float("nan"))
    known = f" The losses of one method's seeds differ by a standard deviation of {spread:.4f} at most."
    st.caption(plain(f"{at(rows[0])} comes first of {len(rows):,}." + (known if np.isfinite(spread) else "")))


def show_tasks() -> None:
    """The scores of further tasks, where some were run."""
    found = tasks(rows)
    if not found:
        return
    st.subheader("Scores of lm-eval tasks", anchor=False)
    facts = [{"method": r.method, "budget": r.budget or None, "seeds": r.seeds} for r in rows]
    scores = [{text.whole(name): r.scores.get(name, float("nan")) for name in found} for r in rows]
    frame = pd.DataFrame([fact | score for fact, score in zip(facts, scores, strict=True)])
    layout = {text.whole(name): st.column_config.NumberColumn(format="%.4f") for name in found}
    st.dataframe(frame, hide_index=True, key="proof-tasks", column_config=layout, placeholder="—")
    best = {
        name: max(rows, key=lambda r, n=name: np.nan_to_num(r.scores.get(n, np.nan), nan=-np.inf)) for name in found
    }
    told = [f"{name}: {at(r)} ({r.scores[name]:.3f})" for name, r in best.items() if name in r.scores]
    st.caption(plain(f"The highest of each: {'; '.join(told)}."))


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
show_table()
show_mixture()
show_tasks()
