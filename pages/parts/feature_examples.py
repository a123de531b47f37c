"""Where a feature is active: whole samples of a topic; contexts of a token feature, and the tokens it promotes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.features.cards import FeatureCard, TopicCard
from core.schema import Sample
from core.store.contexts import BINS
from core.studies.health.personal import covered_pieces
from core.studies.health.places import covered_sample
from pages.parts.figures import GREEN, PINK
from pages.parts.text import cut, escape, tokens_html
from pages.parts.view import View, url

BIN_NAMES = ("strongest", "upper third of the rest", "middle third", "lower third")
FOLDED = 5  # examples of a group shown at once
BEGINNING = 220  # characters of a prompt and of an answer
SMALL = "opacity:.7;font-size:.8rem"


# --- topics


def samples(now: View, card: TopicCard) -> None:
    """The beginnings of a topic's samples, group by group."""
    if not len(card.values):
        st.caption("No sample has it at this θ.")
        return
    st.caption("How strongly each has it stands behind its row. The lower thirds tell whether it still means the same.")
    wanted = [int(row) for rows, _ in card.samples.values() for row in rows]
    texts = {sample.row: covered_sample(sample) for sample in now.session.store.samples(wanted)}
    place = {int(row): rank + 1 for rank, row in enumerate(now.selection.rows)}
    for name, (rows, values) in card.samples.items():
        found = [
            sample_html(texts[row], value, place.get(row))
            for row, value in zip(rows.tolist(), values.tolist(), strict=True)
        ]
        if found:
            st.html(group_html(name, values.tolist()) + "".join(found[:FOLDED]) + more_html(found[FOLDED:]))


def sample_html(sample: Sample, value: float, pick: int | None) -> str:
    """The beginning of a sample as a row that names it."""
    status = "left out" if pick is None else f"pick {pick:,}"
    answer = escape(cut(sample.response.strip(), BEGINNING)) or "(no answer)"
    return row_html(
        sample.row,
        f"{value:.3g} · {status}",
        f"<div style='overflow-wrap:anywhere'>{escape(cut(sample.prompt.strip(), BEGINNING))}</div>"
        f"<div style='overflow-wrap:anywhere;opacity:.7;padding-left:.8rem'>{answer}</div>",
    )


# --- what both have


def group_html(name: str, values: list[float]) -> str:
    """The heading of a group of examples, with their values."""
    span = f"{min(values):.3g} to {max(values):.3g}"
    return f"<div style='opacity:.6;font-size:.8rem;text-transform:uppercase;padding-top:6px'>{name} · {span}</div>"


def row_html(row: int, note: str, inner: str) -> str:
    """An example below the link to why its sample was kept or left out."""
    address = escape("why?" + urlencode(url(row=row)))
    return (
        "<div style='padding:4px 0;border-bottom:1px solid rgba(128,128,128,.25)'>"
        f"<a href='{address}' target='_self' style='color:inherit;{SMALL}'>row {row}</a>"
        f"<span style='{SMALL}'> · {note}</span>{inner}</div>"
    )


def more_html(rest: list[str]) -> str:
    """The examples beyond the first ones, folded away."""
    if not rest:
        return ""
    return f"<details><summary style='opacity:.7;cursor:pointer'>{len(rest)} more</summary>{''.join(rest)}</details>"


# --- tokens


def contexts(card: FeatureCard) -> None:
    """Tokens shaded by value over the feature's largest, bin by bin."""
    top = max((max(c["values"]) for c in card.contexts), default=0.0)
    if not card.contexts:
        st.caption("It is never active in this data set.")
        return
    st.caption("Tokens shaded by value, the peak underlined. The lower thirds tell whether it still means the same.")
    for number in range(BINS + 1):
        found = [c for c in card.contexts if c["bin"] == number]
        if found:
            rows = [context_html(c, top) for c in found]
            peaks = [max(c["values"]) for c in found]
            st.html(group_html(BIN_NAMES[number], peaks) + "".join(rows[:FOLDED]) + more_html(rows[FOLDED:]))


def context_html(context: dict[str, Any], top: float) -> str:
    """One context as a row that names its sample."""
    text = tokens_html(covered_pieces(context["pieces"]), context["values"], context["peak"], top=top)
    return row_html(context["sample_id"], f"{max(context['values']):.3g}", f"<div>{text}</div>")


def promoted(card: FeatureCard) -> None:
    """The tokens its decoder direction raises and lowers most."""
    if not card.lens["promoted"]:
        st.caption("It was never active here, so its direction was not read.")
        return
    for name, colour in (("promoted", GREEN), ("suppressed", PINK)):
        pairs = card.lens[name]
        most = max(abs(v) for _, v in pairs) or 1.0
        bars = "".join(token_bar(text, value, most, colour) for text, value in pairs)
        st.html(f"<div style='opacity:.7;padding:4px 0'>{name}</div>{bars}")
    st.caption("Logit lens: what a unit of the feature adds to the next token's logits, the final norm folded in.")


def token_bar(text: str, value: float, most: float, colour: str) -> str:
    """A token with a bar for its logit."""
    shown = escape(text).replace("\n", "⏎") or "(empty)"
    return (
        "<div style='display:flex;gap:8px;align-items:center;line-height:1.5'>"
        f"<code style='width:9rem;overflow:hidden;white-space:pre'>{shown}</code>"
        f"<span style='background:{colour};height:.7rem;width:{45 * abs(value) / most:.0f}%'></span>"
        f"<span style='opacity:.7;font-size:.8rem'>{value:+.2f}</span></div>"
    )
