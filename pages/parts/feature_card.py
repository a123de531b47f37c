"""The card of one feature: figures, decisions, contexts, promoted tokens, neighbours."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.errors import SelectionError
from core.explain.leaks import leaks, preview
from core.features.cards import FeatureCard, feature_card
from core.features.label_files import neuronpedia_url
from core.store.contexts import BINS
from core.system.shown import many
from pages.parts.figures import GREEN, PINK, SELECTED
from pages.parts.figures import draw as draw_chart
from pages.parts.tables import feature_link, feature_table
from pages.parts.text import escape, plain, tokens_html
from pages.parts.view import View, url

BIN_NAMES = ("strongest", "upper third of the rest", "middle third", "lower third")
UNLABELLED = {
    "topics": "the words that set its strongest samples apart",
    "tokens": "the commonest tokens at its strongest peaks",
}
FOLDED = 5  # contexts of a bin shown at once


def draw(now: View, feature: int, lift: float) -> None:
    """The whole card; `lift`: how much commoner the feature is among the picks than among all samples."""
    card = feature_card(now.session.store, now.matrix, now.spec.theta, feature, now.session.decoder(now.spec.lens))
    st.subheader(f"Feature {feature}", anchor=False)
    st.html(f"<div style='font-size:1.1rem' data-testid='feature-face'>{escape(now.label(feature))}</div>")
    st.caption(label_line(now, feature))
    figures(now, card, lift)
    decisions(now, feature)
    for sentence in card.flags:
        st.caption(f":material/warning: {plain(sentence)}")
    tabs = st.tabs(["Contexts", "Tokens it promotes", "Neighbours", "Values"])
    with tabs[0]:
        contexts(card)
    with tabs[1]:
        lens(card)
    with tabs[2]:
        neighbours(now, card)
    with tabs[3]:
        values(card)


def label_line(now: View, feature: int) -> str:
    """Where the name comes from, and where else to read about the feature."""
    label = now.label_of(feature)
    if label is None:
        source = f"No label yet: these are {UNLABELLED[now.spec.lens]}."
    else:
        by = f" by {label.author}" if label.author else ""
        score = "" if label.score is None else f", detection score {label.score:.0%}"
        source = f"Label: {label.source}{by}{', ' + label.date[:10] if label.date else ''}{score}."
    sae = now.session.store.meta["config"].get("sae") if now.spec.lens == "tokens" else None
    address = neuronpedia_url(sae, feature) if sae else None
    return plain(source) + (f" [Neuronpedia]({address})" if address else "")


def figures(now: View, card: FeatureCard, lift: float) -> None:
    """How common it is, where, and what it did for the selection."""
    rank = int(now.ledger.credit[card.feature])
    brought = f"pick {rank + 1}" if rank >= 0 else "no pick"
    parts = " · ".join(f"{name} {share:.1%}" for name, share in card.shares.items() if share)
    columns = st.columns(3)
    columns[0].metric("Active in", f"{card.density:.1%}", many(len(card.values), "sample"), "off", delta_arrow="off")
    columns[1].metric("Brought in by", brought)
    columns[2].metric("Among the picks", f"× {lift:.2f}", "against all", "off", delta_arrow="off")
    if parts:
        st.caption(f"Share of the samples with it in their {parts}.")


def decisions(now: View, feature: int) -> None:
    """Veto, label; what a veto would change."""
    mode = now.decided.vetoes.get(feature)
    left, middle, right = st.columns([10, 13, 8])
    no_credit = "Veto: no sample is picked for it any more."
    blocked = "Veto: samples in which it is active are left out."
    if mode is not None:
        if left.button(f"Lift the veto ({mode})", key="unveto", width="stretch"):
            now.workspace.unveto([feature], now.spec.lens)
            st.rerun()
    elif left.button("No credit", key="veto-ignore", width="stretch", icon=":material/block:", help=no_credit):
        now.workspace.veto([feature], lens=now.spec.lens)
        st.rerun()
    elif middle.button(
        "Block samples", key="veto-block", width="stretch", icon=":material/do_not_disturb_on:", help=blocked
    ):
        now.workspace.veto([feature], mode="block", lens=now.spec.lens)
        st.rerun()
    with right.popover("Label", width="stretch"):
        text = st.text_input("What does it stand for?", now.decided.labels.get(feature, ""), key=f"label-{feature}")
        if st.button("Save the label", key=f"save-{feature}"):
            now.workspace.label(feature, text, now.spec.lens)
            st.rerun()
    before_veto(now, [feature])


def before_veto(now: View, features: list[int]) -> None:
    """What a veto changes, and which other features still carry what it is meant to stop."""
    vetoed = set(features) <= set(now.decided.vetoes)
    if not st.toggle("What still carries it?" if vetoed else "What would a veto change?", key="before-veto"):
        return
    if not vetoed:
        try:
            effect = preview(now.matrix, now.selection, now.session.info, features)
        except SelectionError as error:
            st.caption(plain(error))
            return
        st.caption(told(effect))
    found = leaks(now.matrix, {*features, *now.decided.vetoes}, now.session.decoder(now.spec.lens))
    if not found:
        st.caption("No other feature fires with it so often that it would carry the same.")
        return
    st.caption(f"With what is vetoed fire, and say much the same, {many(len(found), 'other feature')}:")
    more = {
        "carries": [leak.vetoed for leak in found],
        "same samples": [100 * leak.jaccard for leak in found],
        "decoder cosine": [leak.cosine for leak in found],
    }
    formats = {"same samples": "%.0f %%", "decoder cosine": "%.2f"}
    for feature in feature_table(now, [leak.feature for leak in found], "leaks", more, height=220, formats=formats):
        feature_link(feature)
    group = {*features, *(leak.feature for leak in found)}
    if st.button(f"Veto {len(group)} features together", key="veto-group"):
        now.workspace.veto(group, reason="a group that fires together", lens=now.spec.lens)
        st.rerun()


def told(effect: Any) -> str:
    """A veto's effect in one sentence."""
    if not len(effect.leaving) + len(effect.entering):
        return "No pick would change: other features bring the same samples in."
    tokens, mean = effect.tokens, effect.mean_length
    return (
        f"{many(len(effect.leaving), 'pick')} would leave and {len(effect.entering):,} enter; the picks cover "
        f"{effect.covered[1] - effect.covered[0]:+,} features that are not vetoed, with {tokens[1] - tokens[0]:+,} "
        f"tokens ({mean[1] - mean[0]:+.1f} a sample)."
    )


def contexts(card: FeatureCard) -> None:
    """Tokens shaded by value over the feature's largest, bin by bin."""
    top = max((max(c["values"]) for c in card.contexts), default=0.0)
    if not card.contexts:
        st.caption("It never fires in this data set.")
        return
    st.caption(
        "Tokens shaded by value, the peak underlined. The lower bins tell whether it still means the same there."
    )
    for number in range(BINS + 1):
        found = [c for c in card.contexts if c["bin"] == number]
        if found:
            peaks = [max(c["values"]) for c in found]
            st.html(
                f"<div style='opacity:.6;font-size:.8rem;text-transform:uppercase;padding-top:6px'>"
                f"{BIN_NAMES[number]} · {min(peaks):.3g} to {max(peaks):.3g}</div>"
                + "".join(context_html(c, top) for c in found[:FOLDED])
                + more_html(found[FOLDED:], top)
            )


def context_html(context: dict[str, Any], top: float) -> str:
    """One context as a row that names its sample."""
    text = tokens_html(context["pieces"], context["values"], context["peak"], top=top)
    address = escape("why?" + urlencode(url(row=context["sample_id"])))
    return (
        "<div style='padding:4px 0;border-bottom:1px solid rgba(128,128,128,.25)'>"
        f"<a href='{address}' target='_self' style='color:inherit;opacity:.7;font-size:.8rem'>row "
        f"{context['sample_id']}</a><span style='opacity:.6;font-size:.8rem'> · {max(context['values']):.3g}</span>"
        f"<br>{text}</div>"
    )


def more_html(rest: list[dict[str, Any]], top: float) -> str:
    """The contexts beyond the first ones, folded away."""
    if not rest:
        return ""
    inner = "".join(context_html(c, top) for c in rest)
    return f"<details><summary style='opacity:.7;cursor:pointer'>{len(rest)} more</summary>{inner}</details>"


def lens(card: FeatureCard) -> None:
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


def neighbours(now: View, card: FeatureCard) -> None:
    """The features that fire with it, and those that point its way."""
    for found, title, unit, none in (
        (card.cofiring, "Fire in the same samples", "PMI (bits)", "No other fires with it more often than by chance."),
        (card.alike, "Point in its direction", "decoder cosine", "The SAE's folder is not at hand."),
    ):
        st.html(f"<div style='opacity:.7;padding:4px 0'>{title}</div>")
        if found:
            more, key = {unit: [n.value for n in found]}, f"neighbours-{unit}"
            for feature in feature_table(now, [n.feature for n in found], key, more, formats={unit: "%.2f"}):
                feature_link(feature)
        else:
            st.caption(none)


def values(card: FeatureCard) -> None:
    """Histogram of its largest value in each sample."""
    if len(card.values) < 2:
        st.caption("It is active in too few samples for a histogram.")
        return
    figure = go.Figure(go.Histogram(x=card.values, nbinsx=30, marker_color=SELECTED))
    figure.update_xaxes(title="largest value in a sample")
    figure.update_yaxes(title="samples")
    draw_chart(figure, f"feature-values-{card.feature}", 260)
    middle = float(pd.Series(card.values).median())
    st.caption(f"Over {len(card.values):,} samples above θ: median {middle:.3g}, largest {card.values.max():.3g}.")
