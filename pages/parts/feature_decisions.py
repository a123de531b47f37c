"""What can be decided on features: ignore them, exclude their samples, label them; and what a veto would change."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.errors import SaelectError
from core.explain.leaks import Change, leaks
from core.explain.unmoved import unmoved
from core.schema import LARGEST_BOOST, NOUNS, SelectionSpec
from core.session.preview import boosted, effect, vetoed
from core.system.shown import many
from pages.parts.changes import ask_first, n_moved
from pages.parts.tables import feature_link, meaning_table
from pages.parts.text import plain
from pages.parts.view import View

CHOICES = {"": "Counts", "ignore": "Ignore", "block": "Exclude its samples"}  # of a veto's mode
HELP = "Ignore: no sample is kept for it any more. Exclude its samples: those that have it are left out."
NAMED = 5  # features of a proposed group that are called by name
FORMATS = {"same samples": "%.0f %%", "decoder cosine": "%.2f"}


def veto_name(mode: str) -> str:
    """A veto's mode in the words of the pages."""
    return {"": "", "ignore": "ignored", "block": "excluded"}[mode]


def decide(now: View, feature: int) -> None:
    """Whether a feature counts, and its label; what a veto would change."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choose_veto(now, feature)
        boost(now, [feature], now.spec.lens, f"boost-{feature}")
        with st.popover("Label"):
            text = st.text_input("What does it stand for?", now.decided.labels.get(feature, ""), key=f"label-{feature}")
            if st.button("Save the label", key=f"save-{feature}"):
                now.workspace.label(feature, text, now.spec.lens)
                st.rerun()
    before_veto(now, feature)


def choose_veto(now: View, feature: int) -> None:
    """One of CHOICES, as it stands now; another one is decided at once, and keeps the reason."""
    mode, lens = now.decided.vetoes.get(feature, ""), now.spec.lens
    chosen = st.segmented_control(
        "In the selection", list(CHOICES), default=mode, format_func=CHOICES.__getitem__, required=True, help=HELP,
        key=f"veto-{lens}-{feature}-{now.state.version}", width="content",
    )  # fmt: skip
    if chosen == mode:
        return
    if chosen:
        now.workspace.veto([feature], chosen, now.decided.reasons.get(feature, ""), lens)
    else:
        now.workspace.unveto([feature], lens)
    st.rerun()


def boost(now: View, features: list[int], lens: str, key: str) -> None:
    """How much features weigh; 1 as they are."""
    own = now.state.of(lens).boosts
    known = {own.get(feature, 1.0) for feature in features}
    stands = known.pop() if len(known) == 1 else 1.0
    with st.popover(f"Weighs ×{stands:g}" if stands != 1 else "Boost", icon=":material/trending_up:"):
        label = f"Multiply the weight of {many(len(features), NOUNS[lens])} by"
        given = stands if stands != 1 else 3.0
        factor = st.number_input(label, 0.0, LARGEST_BOOST, given, 0.5, key=f"{key}-factor-{stands:g}")
        st.caption("1: as it is. 0: it counts for nothing. Only methods that count features heed it.")
        with st.container(horizontal=True):
            apply = st.button("Apply", key=f"{key}-apply")
            lift = st.button("Lift", key=f"{key}-lift", disabled=not any(f in own for f in features))
    wanted = factor if apply else 1.0
    if (apply or lift) and len(features) == 1:
        now.workspace.boost(features, wanted, lens)
        st.rerun()
    if apply or lift:
        ask_boost(now, features, wanted, lens)


def ask_boost(now: View, features: list[int], factor: float, lens: str) -> None:
    """A dialog on what a boost of several features would change; one that changes nothing says why."""
    if seen := through(now, lens):
        title = f"Weigh {many(len(features), NOUNS[lens])} ×{factor:g}"
        then = boosted(seen.spec, features, factor)
        ask_first(seen, title, then, lambda: now.workspace.boost(features, factor, lens),
                  lambda found: explain_boost(seen, then, features, found))  # fmt: skip


def explain_boost(now: View, then: SelectionSpec, features: list[int], found: Change) -> None:
    """Where a boost changes nothing: why, and what would."""
    if not n_moved(found):
        st.caption(plain(unmoved(now.matrix, now.session.selection(then), features)))


def through(now: View, lens: str) -> View | None:
    """The view through a lens; None where nothing is selected then, which is said."""
    try:
        return now.through(lens)
    except SaelectError as error:
        st.warning(plain(error), icon=":material/block:")
        return None


def decision_name(veto: str, factor: float) -> str:
    """What was decided on a feature, in the words of the pages."""
    return ", ".join(filter(None, [veto_name(veto), f"weighs ×{factor:g}" if factor != 1 else ""]))


def decide_on_many(now: View, features: list[int]) -> None:
    """Ignore the features, exclude their samples, boost or label them, under one name."""
    lens, n = now.spec.lens, len(features)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name of the group", key="group-name", placeholder="why, or what they stand for")
        ignore = st.button(f"Ignore these {n}", icon=":material/block:", key="ignore-many")
        exclude = st.button("Exclude their samples", icon=":material/do_not_disturb_on:", key="exclude-many")
        label = st.button("Label them so", icon=":material/label:", key="label-many", disabled=not name.strip())
        boost(now, features, lens, "boost-many")
    if ignore or exclude:
        ask_veto(now, features, "block" if exclude else "ignore", name, lens)
    if label:
        for feature in features:
            now.workspace.label(feature, name, lens)
        st.rerun()


# --- what a veto changes


def ask_veto(now: View, features: list[int], mode: str, reason: str, lens: str) -> None:
    """A dialog on what a veto of several features would change; one that changes nothing proposes a larger group."""
    seen = through(now, lens)
    if seen is None:
        return
    title = f"{'Ignore' if mode == 'ignore' else 'Exclude the samples of'} {many(len(features), seen.noun)}"
    ask_first(
        seen, title, vetoed(seen.spec, features, mode), lambda: now.workspace.veto(features, mode, reason, lens),
        lambda found: propose(seen, features, mode, reason, found),
    )  # fmt: skip


def propose(now: View, features: list[int], mode: str, reason: str, found: Change) -> None:
    """Where a veto changes nothing: the group that is active in the same samples, and what its veto would change."""
    if n_moved(found):
        return
    others = leaks(now.matrix, {*features, *now.decided.vetoes}, now.session.decoder(now.spec.lens))
    group = [*features, *(leak.feature for leak in others)]
    if not others:
        st.caption(f"No other {now.noun} is active in the same samples.")
        return
    names = plain(", ".join(f"“{now.label(leak.feature)}”" for leak in others[:NAMED]))
    larger = effect(now.session, now.spec, vetoed(now.spec, group, mode))
    st.write(f"{many(len(others), f'other {now.noun}')} would carry the same, such as {names}. "
             f"With {'it' if len(others) == 1 else 'them'}: {told(larger, now.noun)}")  # fmt: skip
    if st.button(f"Take all {len(group)} together", key="veto-larger-group"):
        now.workspace.veto(group, mode, reason or "a group that is active together", now.spec.lens)
        st.rerun()


def before_veto(now: View, feature: int) -> None:
    """What a veto of a feature would change in either mode, and which others still carry what it is meant to stop."""
    vetoed = feature in now.decided.vetoes
    if not st.toggle("What still carries it?" if vetoed else "What would change without it?", key="before-veto"):
        return
    if not vetoed:
        for mode, name in (("ignore", "Ignored"), ("block", "With its samples excluded")):
            st.caption(f"{name}: {veto_told(now, [feature], mode)}")
    found = leaks(now.matrix, {feature, *now.decided.vetoes}, now.session.decoder(now.spec.lens))
    if not found:
        st.caption(f"No other {now.noun} is active with it so often that it would carry the same.")
        return
    st.caption(f"{many(len(found), f'other {now.noun}')} would carry much the same, being active in the same samples:")
    at = {leak.feature: leak for leak in found}

    def figures(features: list[int]) -> dict[str, Any]:
        """How near the features are to what is vetoed."""
        some = [at[f] for f in features]
        more = {"carries": [x.vetoed for x in some], "same samples": [100 * x.jaccard for x in some]}
        return more | {"decoder cosine": [x.cosine for x in some]}

    for other in meaning_table(now, list(at), "leaks", figures, height=220, formats=FORMATS):
        feature_link(other)
    group = [feature, *at]
    st.caption(f"All {len(group)} ignored: {veto_told(now, group, 'ignore')}")
    if st.button(f"Ignore {len(group)} {now.noun}s together", icon=":material/block:", key="veto-group"):
        now.workspace.veto(group, reason="a group that is active together", lens=now.spec.lens)
        st.rerun()


def veto_told(now: View, features: list[int], mode: str) -> str:
    """What a veto would change in one sentence, or why it cannot be."""
    try:
        return told(effect(now.session, now.spec, vetoed(now.spec, features, mode)), now.noun)
    except SaelectError as error:
        return plain(error)


def told(found: Change, noun: str) -> str:
    """A veto's effect in one sentence."""
    if not n_moved(found):
        return f"nothing changes: other {noun}s bring the same samples in."
    return (
        f"{many(len(found.leaving), 'pick')} would leave and {len(found.entering):,} enter; the picks would cover "
        f"{changed(found.covered, noun)} and have {changed(found.tokens, 'token')}."
    )


def changed(pair: tuple[int, int], what: str) -> str:
    """What becomes of a number of things: 3 fewer topics, 1 more token, as many tokens."""
    by = abs(pair[1] - pair[0])
    return many(by, f"{'more' if pair[1] > pair[0] else 'fewer'} {what}") if by else f"as many {what}s"
