"""The tables of the page Proof, and what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zlib import crc32

import numpy as np
import pandas as pd
import streamlit as st

from core.proof.results import Result
from core.proof.told import at
from core.proof.view import MARKS, best_by_source, sources, tasks
from core.session.variants import told
from pages.parts import proof_figures as figures
from pages.parts.figures import draw
from pages.parts.text import plain, whole

INTERVAL = "of the loss; the interval is over the seeds' models and the held-out samples, and needs two seeds"
TRAINED = "tokens of the responses, from which the model learns"
NAMES = ("method", "budget", "seeds", "samples", "tokens", "trained_tokens", "seconds", "loss", "spread", "better",
         "low", "high", "p_holm")  # fmt: skip


def show_mixture(
    rows: Sequence[Result], parts: Mapping[tuple[str, int], Mapping[str, float]], unit: str, by: str
) -> None:
    """What the picks of each method consist of: sources, as what a model was not shown it is worse at, or others."""
    found = {at(r, unit): parts[r.method, r.budget] for r in rows if (r.method, r.budget) in parts}
    if not found:
        return
    lines = max(figures.in_lines(label).count("<br>") for label in found) + 1
    draw(figures.mixture_figure(found), "proof-mixture", 120 + max(28, 14 * lines + 12) * len(found))
    if by != "source":
        return
    best_of = []
    for source, best in best_by_source([r for r in rows if at(r, unit) in found]).items():
        best_of.append(
            f"{source or '(no source)'}: {at(best, unit)} ({found[at(best, unit)].get(source, 0):.0%} of its picks)"
        )
    st.caption(plain(f"The lowest loss on each source: {'; '.join(best_of)}."))


def show_table(rows: Sequence[Result], unit: str) -> None:
    """All results by loss."""
    st.subheader("All results, lowest loss first", anchor=False)
    frame = pd.DataFrame([{name: getattr(r, name) for name in NAMES} for r in rows])
    frame["method"] = frame["method"].map(told)
    frame["budget"] = frame["budget"].where(frame["budget"] > 0)
    counts = ["samples", "tokens", "trained_tokens", "seconds"]
    frame[counts] = frame[counts].round()
    for source in sources(rows) if len(sources(rows)) > 1 else ():
        frame[whole(f"loss on {source or '(no source)'}")] = [r.by_source.get(source, float("nan")) for r in rows]
    loss, count = st.column_config.NumberColumn(format="%.4f"), st.column_config.NumberColumn(format="localized")
    layout = {name: loss for name in frame.columns if name.startswith("loss")}
    layout |= dict.fromkeys(("budget", *counts), count)
    layout |= {
        "trained_tokens": st.column_config.NumberColumn("of them trained", format="localized", help=TRAINED),
        "method": st.column_config.TextColumn(pinned=True, width=300),
        "spread": st.column_config.NumberColumn(format="%.4f", help="standard deviation over the seeds"),
        "better": st.column_config.NumberColumn("better than random by", format="%.4f", help=INTERVAL),
        "low": st.column_config.NumberColumn("from (95 %)", format="%.4f"),
        "high": st.column_config.NumberColumn("to (95 %)", format="%.4f"),
        "p_holm": st.column_config.NumberColumn("p (Holm)", format="%.3f", help="corrected for all comparisons (Holm)"),
    }
    st.dataframe(frame, hide_index=True, key=f"proof-table-{of_these(rows)}", column_config=layout, placeholder="—")
    ran = [r for r in rows if r.method not in MARKS]
    spread = max((r.spread for r in ran if np.isfinite(r.spread)), default=float("nan"))
    known = f" The losses of one method's seeds differ by a standard deviation of {spread:.4f} at most."
    st.caption(plain(f"{at(rows[0], unit)} comes first of {len(rows):,}." + (known if np.isfinite(spread) else "")))


def of_these(rows: Sequence[Result]) -> int:
    """What tells a table of other methods apart: the browser keeps the widths of the columns of one that it knows."""
    return crc32("\n".join(r.method for r in rows).encode())


def show_tasks(rows: Sequence[Result], unit: str) -> None:
    """The scores of further tasks, where some were run."""
    found = tasks(rows)
    if not found:
        return
    st.subheader("Scores beside the loss", anchor=False)
    facts = [{"method": told(r.method), "budget": r.budget or None, "seeds": r.seeds} for r in rows]
    scores = [{whole(name): r.scores.get(name, float("nan")) for name in found} for r in rows]
    frame = pd.DataFrame([fact | score for fact, score in zip(facts, scores, strict=True)])
    layout = {whole(name): st.column_config.NumberColumn(format="%.4f") for name in found}
    layout["budget"] = st.column_config.NumberColumn(format="localized")
    st.dataframe(frame, hide_index=True, key=f"proof-tasks-{of_these(rows)}", column_config=layout, placeholder="—")
    best = {
        name: max(rows, key=lambda r, n=name: np.nan_to_num(r.scores.get(n, np.nan), nan=-np.inf)) for name in found
    }
    highest = [f"{name}: {at(r, unit)} ({r.scores[name]:.3f})" for name, r in best.items() if name in r.scores]
    st.caption(plain(f"The highest of each: {'; '.join(highest)}."))
