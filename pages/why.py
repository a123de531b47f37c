"""Why: what brought a sample in, or what made it redundant; pin it, ban it, or veto the feature behind it."""

import streamlit as st

from core.explain.credit import covering_picks
from core.explain.gains import gain_text, in_features
from core.selection.registry import METHODS
from pages.parts import reading, similar_samples
from pages.parts.tables import feature_link, feature_table, samples_table, why_link
from pages.parts.text import cut, plain, whole
from pages.parts.view import header, metrics

LISTED = 200  # picks of the table
SHADED = 12  # credited features shaded at once: more would colour everything

now = header("Why", "For a pick, the features it was first to bring. For the rest, the picks that made it redundant.")
store, book = now.session.store, now.ledger
brought = "features" if in_features(now.selection) else "weight of the features"
position = {int(r): i for i, r in enumerate(now.selection.rows)}


def sample_text(row: int, features: list[int]) -> None:
    """The sample's tokens with a legend of `features`: where they peak, or at every token once that was asked for."""
    marks = reading.strongest(now, row, features)
    if marks and reading.every_token_wanted(row):
        marks = reading.every_token(now, row, marks)
    reading.show(now, row, marks)


def credited_table(features: list[int], values: list[float], row: int, key: str) -> list[int]:
    """Features with their values and the token at their peak; gives the one that was clicked."""
    pieces, _ = store.pieces(row)
    entries = store.sample_features(row)
    peaks: dict[int, int] = {}
    for feature, peak in zip(entries["feature_id"], entries["peak"], strict=True):
        peaks.setdefault(int(feature), int(peak))
    more = {
        "value here": values,
        "at token": [whole(pieces[peaks[f]].strip()) or "⏎" for f in features],
        "in samples": 100 * now.matrix.density()[features],
    }
    return feature_table(now, features, key, more, height=300, formats={"value here": "%.2f", "in samples": "%.1f %%"})


def feature_actions(feature: int) -> None:
    """Veto the feature, or look at its card."""
    left, right = st.columns(2)
    if left.button(f"Veto feature {feature}", icon=":material/block:", key="veto-top", width="stretch"):
        now.workspace.veto([feature], reason="from the Why page", lens=now.spec.lens)
        st.rerun()
    with right:
        feature_link(feature)


def explain_pick(row: int, rank: int) -> None:
    """The credited features of a pick."""
    first, last = book.ptr[rank], book.ptr[rank + 1]
    order = sorted(range(first, last), key=lambda i: -book.value[i])
    features, values = [int(book.feature[i]) for i in order], [float(book.value[i]) for i in order]
    metrics(
        ("Pick", f"{rank + 1:,}", f"in round {now.selection.round[rank]}"),
        ("Marginal gain", gain_text(now.selection, book.gains[rank]), f"{brought} it was first to bring"),
        ("Active features", f"{book.n_active[row]:,}", "at this θ"),
        ("Covered so far", f"{now.selection.covered_after[rank]:,}", "after this pick"),
    )
    left, right = st.columns(2, gap="large")
    shown = features[:SHADED]
    with left:
        st.subheader("The features that brought it in", anchor=False)
        if not features:
            st.info(brings_nothing(row))
        else:
            clicked = credited_table(features, values, row, f"why-credited-{row}")
            feature_actions((clicked or features)[0])
            shown = clicked or shown
    with right:
        st.subheader("Where they peak", anchor=False)
        st.caption(
            f"Shaded: feature {shown[0]}."
            if len(shown) == 1
            else f"Shaded: the {len(shown)} strongest of them. Point at one to see it alone."
        )
        sample_text(row, shown)


def brings_nothing(row: int) -> str:
    """Why a pick is credited with no feature."""
    told = "It brings no feature that an earlier pick does not have."
    if row in now.state.pins:
        return f"{told} It is pinned, and so comes first."
    return told if METHODS[now.spec.method].counts else f"{told} {now.spec.method} does not look at coverage."


def explain_reject(row: int) -> None:
    """The picks that cover a sample's features."""
    covering = covering_picks(now.matrix, now.selection, row)
    enters = int(book.budget_in[row])
    metrics(
        ("Redundancy", f"{book.redundancy[row]:.1%}", "of its features are covered"),
        ("Gain now", gain_text(now.selection, book.gain_now[row]), f"{brought} it would still bring"),
        ("Active features", f"{book.n_active[row]:,}", "at this θ"),
        ("Enters at budget", f"{enters:,}" if enters > 0 else "—", "samples" if enters > 0 else "not in this order"),
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("The picks that made it redundant", anchor=False)
        shown = covering[:LISTED]
        more = {"pick": [c.rank + 1 for c in shown], "of its features": [c.n_features for c in shown]}
        for chosen in samples_table(now, [c.row for c in shown], f"why-covering-{row}", more):
            why_link(chosen)
        for c in covering[:1]:
            names = ", ".join(now.label(int(f)) for f in c.features[:5])
            st.caption(plain(f"Pick {c.rank + 1} alone has {c.n_features:,} of them, such as: {names}."))
    with right:
        st.subheader("The sample", anchor=False)
        shown = [mark.feature for mark in reading.strongest(now, row, covering[0].features, SHADED)] if covering else []
        st.caption(
            f"Shaded: the {len(shown)} strongest features that the first of these picks has too."
            if shown
            else "No pick shares a feature with it."
        )
        sample_text(row, shown)


# --- the sample, and what can be done with it


def go_to(target: int) -> None:
    """Show another sample."""
    st.session_state.row = int(target)


def pick_row() -> int:
    """The sample that is looked at, and the buttons that keep it or leave it out."""
    picks, columns = now.selection.rows, st.columns([2, 1, 1, 1, 1], vertical_alignment="bottom")
    row = int(
        columns[0].number_input(
            "Row of the sample", 0, store.n_samples - 1, int(picks[0]), key="row", bind="query-params"
        )
    )
    place = position.get(row, len(picks))  # a sample that is left out comes after the last pick
    for column, name, target in ((columns[1], "Previous pick", place - 1), (columns[2], "Next pick", place + 1)):
        there = 0 <= target < len(picks)
        column.button(name, on_click=go_to, args=(picks[target] if there else row,), disabled=not there,
                      width="stretch")  # fmt: skip
    pinned, banned = row in now.state.pins, row in now.state.bans
    if columns[3].button("Unpin" if pinned else "Pin", icon=":material/push_pin:", width="stretch", key="pin"):
        (now.workspace.unpin if pinned else now.workspace.pin)([row])
        st.rerun()
    if columns[4].button("Unban" if banned else "Ban", icon=":material/do_not_disturb_on:", width="stretch", key="ban"):
        (now.workspace.unban if banned else now.workspace.ban)([row])
        st.rerun()
    return row


def show_note(row: int) -> None:
    """The note on a sample, and how to write one."""
    note = now.state.notes.get(row, "")
    with st.expander(f"Note: {plain(cut(note, 80))}" if note else "Add a note", icon=":material/edit_note:"):
        text = st.text_area("What a colleague should know about this sample", note, key=f"note-{row}")
        if st.button("Save the note", key="save-note"):
            now.workspace.note(row, text)
            st.rerun()


row = pick_row()
show_note(row)
rank = position.get(row)
status = "kept" if rank is not None else "left out"
st.html(f"<div data-testid='why-status' style='font-size:1.1rem'>Row {row:,} is <b>{status}</b>.</div>")
if rank is not None:
    explain_pick(row, rank)
else:
    explain_reject(row)
similar_samples.show(now, row)
