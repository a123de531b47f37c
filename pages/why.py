"""Why: what brought a sample in, or what made it redundant; pin it, ban it, or veto the feature behind it."""

import pandas as pd
import streamlit as st

from core.explain.credit import covering_picks
from pages.parts import reading, similar_samples
from pages.parts.tables import samples_table
from pages.parts.text import plain, whole
from pages.parts.view import header, link, metrics

SHADED = 12  # credited features shaded at once: more would colour everything

now = header("Why", "For a pick, the features it was first to bring. For the rest, the picks that made it redundant.")
store, book = now.session.store, now.ledger
position = {int(r): i for i, r in enumerate(now.selection.rows)}


def sample_text(row: int, features: list[int]) -> None:
    """The sample's tokens with a legend of `features`: where they peak, or at every token once that was asked for."""
    marks = reading.strongest(now, row, features)
    if marks and reading.every_token_wanted(row):
        marks = reading.every_token(now, row, marks)
    reading.show(now, row, marks)


def feature_table(features: list[int], values: list[float], row: int, key: str) -> int | None:
    """Features with their faces, values and the token at their peak; gives the one that was clicked."""
    pieces, _ = store.pieces(row)
    entries = store.sample_features(row)
    peaks: dict[int, int] = {}
    for feature, peak in zip(entries["feature_id"], entries["peak"], strict=True):
        peaks.setdefault(int(feature), int(peak))
    density = now.matrix.density()
    frame = pd.DataFrame(
        {
            "feature": features,
            "strongest tokens or label": [now.label(f) for f in features],
            "value here": values,
            "at token": [whole(pieces[peaks[f]].strip()) or "⏎" for f in features],
            "in samples": [f"{density[f]:.1%}" for f in features],
        }
    )
    event = st.dataframe(
        frame, key=key, hide_index=True, on_select="rerun", selection_mode="single-row", height=300,
        column_config={"value here": st.column_config.NumberColumn(format="%.2f")},
    )  # fmt: skip
    chosen = event["selection"]["rows"]
    return features[chosen[0]] if chosen and chosen[0] < len(features) else None


def feature_actions(feature: int) -> None:
    """Veto the feature, or look at its card."""
    left, right = st.columns(2)
    if left.button(f"Veto feature {feature}", icon=":material/block:", key="veto-top", width="stretch"):
        now.workspace.veto([feature], reason="from the Why page")
        st.rerun()
    right.page_link(
        "pages/features.py", label=f"Open feature {feature}", icon=":material/lightbulb:",
        query_params=link(feature=feature),
    )  # fmt: skip


def explain_pick(row: int, rank: int) -> None:
    """The credited features of a pick."""
    first, last = book.ptr[rank], book.ptr[rank + 1]
    order = sorted(range(first, last), key=lambda i: -book.value[i])
    features, values = [int(book.feature[i]) for i in order], [float(book.value[i]) for i in order]
    metrics(
        ("Pick", f"{rank + 1:,}", f"in round {now.selection.round[rank]}"),
        ("Marginal gain", f"{book.gains[rank]:,.0f}", "features it was first to bring"),
        ("Active features", f"{book.n_active[row]:,}", "at this θ"),
        ("Covered so far", f"{now.selection.covered_after[rank]:,}", "after this pick"),
    )
    left, right = st.columns(2, gap="large")
    shown = features[:SHADED]
    with left:
        st.subheader("The features that brought it in", anchor=False)
        if not features:
            st.info("It brings no feature that an earlier pick does not have: coverage was complete before it.")
        else:
            clicked = feature_table(features, values, row, f"why-credited-{row}")
            feature_actions(clicked if clicked is not None else features[0])
            shown = [clicked] if clicked is not None else shown
    with right:
        st.subheader("Where they peak", anchor=False)
        st.caption(
            f"Shaded: feature {shown[0]}."
            if len(shown) == 1
            else f"Shaded: the {len(shown)} strongest of them. Point at one to see it alone."
        )
        sample_text(row, shown)


def explain_reject(row: int) -> None:
    """The picks that cover a sample's features."""
    covering = covering_picks(now.matrix, now.selection, row)
    enters = int(book.budget_in[row])
    metrics(
        ("Redundancy", f"{book.redundancy[row]:.1%}", "of its features are covered"),
        ("Gain now", f"{book.gain_now[row]:,.0f}", "features it would still bring"),
        ("Active features", f"{book.n_active[row]:,}", "at this θ"),
        ("Enters at budget", f"{enters:,}" if enters > 0 else "—", "samples" if enters > 0 else "not in this order"),
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("The picks that made it redundant", anchor=False)
        chosen = samples_table(
            now, [c.row for c in covering[:200]], f"why-covering-{row}",
            pick=[c.rank + 1 for c in covering[:200]],
            **{"of its features": [c.n_features for c in covering[:200]]},
        )  # fmt: skip
        if chosen is not None:
            st.page_link("pages/why.py", label=f"Why row {chosen} was picked", query_params=link(row=chosen))
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


n = store.n_samples
top = int(now.selection.rows[0]) if len(now.selection.rows) else 0
columns = st.columns([2, 1, 1, 1, 1], vertical_alignment="bottom")
row = columns[0].number_input("Row of the sample", 0, n - 1, top, key="row", bind="query-params")
rank = position.get(int(row))


def go_to(target: int) -> None:
    """Show another sample."""
    st.session_state.row = int(target)


order = now.order.rows
place = int((order == row).argmax()) if (order == row).any() else 0
columns[1].button(
    "Previous pick", on_click=go_to, args=(order[max(place - 1, 0)],), width="stretch", disabled=place == 0
)
columns[2].button("Next pick", on_click=go_to, args=(order[min(place + 1, len(order) - 1)],), width="stretch")
pinned, banned = row in now.state.pins, row in now.state.bans
if columns[3].button("Unpin" if pinned else "Pin", icon=":material/push_pin:", width="stretch", key="pin"):
    (now.workspace.unpin if pinned else now.workspace.pin)([int(row)])
    st.rerun()
if columns[4].button("Unban" if banned else "Ban", icon=":material/do_not_disturb_on:", width="stretch", key="ban"):
    (now.workspace.unban if banned else now.workspace.ban)([int(row)])
    st.rerun()
note = now.state.notes.get(int(row), "")
with st.expander(f"Note: {plain(note[:80])}" if note else "Add a note", icon=":material/edit_note:"):
    text = st.text_area("What a colleague should know about this sample", note, key=f"note-{int(row)}")
    if st.button("Save the note", key="save-note"):
        now.workspace.note(int(row), text)
        st.rerun()
status = "kept" if rank is not None else "left out"
st.html(f"<div data-testid='why-status' style='font-size:1.1rem'>Row {int(row):,} is <b>{status}</b>.</div>")
if rank is not None:
    explain_pick(int(row), rank)
else:
    explain_reject(int(row))
similar_samples.show(now, int(row))
