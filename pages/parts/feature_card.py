"""The card of one feature: its name, how common it is, what it brought in, examples, neighbours, values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.features.cards import Card, FeatureCard, Neighbour, TopicCard, feature_card, topic_card
from core.features.label_files import neuronpedia_url
from core.matrix.postings import samples_with
from core.system.shown import many
from pages.parts import feature_decisions, feature_examples
from pages.parts.actions import action_bar
from pages.parts.figures import SELECTED
from pages.parts.figures import draw as draw_chart
from pages.parts.tables import FACES, feature_link, meaning_table, why_link
from pages.parts.text import escape, plain, whole
from pages.parts.view import View

UNLABELLED = {
    "topics": "the words that set its strongest samples apart",
    "tokens": "the commonest tokens at its strongest peaks",
}
WRITTEN = {"manual": "written by hand", "imported": "imported", "shipped": "came with the SAE", "auto": "by a model"}

NAMES = {name: st.column_config.TextColumn(width=220) for name in FACES.values()}  # room for the value beside it


def draw(now: View, feature: int, kept: int) -> None:
    """The whole card; `kept`: how many of the kept samples have the feature."""
    lens, directions = now.spec.lens, now.session.decoder(now.spec.lens)
    card: TopicCard | FeatureCard
    if lens == "topics":
        card = topic_card(now.matrix, feature, directions)
    else:
        card = feature_card(now.session.store, now.matrix, now.spec.theta, feature, directions)
    name, style = escape(now.label(feature)), "padding:0;margin:0;overflow-wrap:anywhere"
    st.html(f"<h3 style='{style}' data-testid='feature-face'>{name}</h3>")
    st.caption(label_line(now, feature))
    figures(now, card, kept)
    feature_decisions.decide(now, feature)
    for sentence in card.flags:
        st.caption(f":material/warning: {plain(sentence)}")
    parts = parts_of(now, card)
    for tab, show in zip(st.tabs(list(parts), key=f"card-{lens}", on_change="rerun"), parts.values(), strict=True):
        if tab.open:
            with tab:
                show()


def parts_of(now: View, card: TopicCard | FeatureCard) -> dict[str, Callable[[], None]]:
    """The tabs of the card; each is drawn when it is opened."""
    rest = {"Neighbours": lambda: neighbours(now, card), "Values": lambda: values(card)}
    if isinstance(card, TopicCard):
        return {"Samples": lambda: samples(now, card), **rest}
    return {
        "Contexts": lambda: contexts(now, card),
        "Tokens it promotes": lambda: feature_examples.promoted(card),
        **rest,
    }


def samples(now: View, card: TopicCard) -> None:
    """The samples of a topic, and what can be done with all of them."""
    bar(now, card.feature)
    feature_examples.samples(now, card)


def contexts(now: View, card: FeatureCard) -> None:
    """Where a token feature is active, and what can be done with all samples that have it."""
    bar(now, card.feature)
    feature_examples.contexts(card)


def bar(now: View, feature: int) -> None:
    """What can be done with all samples that have a feature."""
    action_bar(now, samples_with(now.matrix, feature), "having", whole(now.label(feature)), group=f"feature:{feature}")


def label_line(now: View, feature: int) -> str:
    """Its number and kind, where the name comes from, and where else to read about the feature."""
    label, parts = now.label_of(feature), [f"{now.noun.capitalize()} {feature}"]
    if feature in now.kinds:
        parts.append(now.kinds[feature])
    if label is None:
        parts.append(f"no label yet: these are {UNLABELLED[now.spec.lens]}")
    else:
        by = f" ({label.author})" if label.author else ""
        score = "" if label.score is None else f", detection score {label.score:.0%}"
        parts.append(f"label: {WRITTEN[label.source]}{by}{', ' + label.date[:10] if label.date else ''}{score}")
    sae = now.session.store.meta["config"].get("sae") if now.spec.lens == "tokens" else None
    address = neuronpedia_url(sae, feature) if sae else None
    return plain(" · ".join(parts)) + (f" · [Neuronpedia]({address})" if address else "")


def figures(now: View, card: TopicCard | FeatureCard, kept: int) -> None:
    """How common it is, where, and what it did for the selection, in words."""
    rank, n = int(now.ledger.credit[card.feature]), len(card.values)
    told = f"In **{many(n, 'sample')}** ({card.density:.1%}), of which **{kept:,}** are kept."
    if isinstance(card, FeatureCard) and any(card.shares.values()):
        told += " By segment: " + ", ".join(f"{name} {share:.1%}" for name, share in card.shares.items() if share) + "."
    st.markdown(told)
    if rank >= 0:
        row = int(now.selection.rows[rank])
        why_link(row, f"Brought in by pick {rank + 1:,}, row {row:,}")
    else:
        st.markdown("No sample was kept because of it.")


def neighbours(now: View, card: Card) -> None:
    """The features that are active in the same samples, and those that point its way."""
    together = [Neighbour(n.feature, 2**n.value) for n in card.cofiring]
    near(now, "Together in samples more often than by chance", together, "times chance", f"card-{card.feature}-with")
    if now.session.decoder(now.spec.lens) is None:
        st.caption("What the model finds similar is not known, because the folder of the SAE is missing.")
    else:
        near(now, "Similar to the model", card.alike, "decoder cosine", f"card-{card.feature}-alike")


def near(now: View, title: str, found: list[Neighbour], unit: str, key: str) -> None:
    """Neighbours with how near they are."""
    st.html(f"<div style='opacity:.7;padding:4px 0'>{title}</div>")
    if not found:
        st.caption(f"No other {now.noun} is.")
    value = {n.feature: n.value for n in found}

    def more(features: list[int]) -> dict[str, Any]:
        return {unit: [value[f] for f in features]}

    for feature in meaning_table(now, list(value), key, more, formats=NAMES | {unit: "%.2f"}):
        feature_link(feature)


def values(card: Card) -> None:
    """Histogram of its largest value in each sample."""
    if len(card.values) < 2:
        st.caption("It is active in too few samples for a histogram.")
        return
    figure = go.Figure(go.Histogram(x=card.values, nbinsx=30, marker_color=SELECTED))
    figure.update_xaxes(title="its value in a sample")
    figure.update_yaxes(title="samples")
    draw_chart(figure, f"feature-values-{card.feature}", 260)
    middle = float(np.median(card.values))
    st.caption(f"Over {many(len(card.values), 'sample')}: median {middle:.3g}, largest {card.values.max():.3g}.")
