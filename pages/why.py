"""Why: what brought a sample in or keeps it out, in sentences; pin it, ban it, or ignore the feature behind it."""

import streamlit as st

from core.explain.gains import gain_text, in_features
from core.explain.sentences import told
from core.explain.similar_samples import most_similar_kept, side_by_side
from core.schema import NOUNS
from core.selection.registry import METHODS
from core.session.cut import READ, readings
from pages.parts import marks, reading, sample_features, sample_panel, similar_samples
from pages.parts.asked import start_over
from pages.parts.terms import term
from pages.parts.text import cut, escape, plain
from pages.parts.view import header, metrics

now = header("Why", "Why a sample is kept or left out, and which kept samples stand in its place.")
store, book, noun = now.session.store, now.ledger, NOUNS[now.spec.lens]
brought = f"{noun}s" if in_features(now.selection) else f"weight of the {noun}s"
position = {int(r): i for i, r in enumerate(now.selection.rows)}


def sample_text(row: int, features: list[int]) -> None:
    """The sample's text: shaded where its token features peak, or at every token once that was asked for."""
    meant = [f for f in features if f not in now.wording] or features
    shaded = reading.strongest(now, row, meant, reading.SHADED) if now.spec.lens == "tokens" else []
    if shaded and reading.every_token_wanted(row):
        shaded = reading.every_token(now, row, shaded)
    reading.show(now, row, shaded)


def figures_of_pick(row: int, rank: int) -> None:
    """What a pick brought, in numbers."""
    metrics(
        ("Pick", f"{rank + 1:,}", f"in round {now.selection.round[rank]}"),
        ("Marginal gain", gain_text(now.selection, book.gains[rank]), f"{brought} it was first to bring"),
        (f"Active {noun}s", f"{book.n_active[row]:,}", "at this θ"),
        ("Covered so far", f"{now.selection.covered_after[rank]:,}", "after this pick"),
    )


def figures_of_reject(row: int) -> None:
    """What a sample that is left out has and would bring, in numbers."""
    enters = int(book.budget_in[row])
    budget = f"{enters:,}" if enters > 0 else "—" if enters else f"> {book.known:,}"
    metrics(
        ("Redundancy", f"{book.redundancy[row]:.1%}", f"of its {noun}s are covered"),
        ("Gain now", gain_text(now.selection, book.gain_now[row]), f"{brought} it would still bring"),
        (f"Active {noun}s", f"{book.n_active[row]:,}", "at this θ"),
        ("Enters at budget", budget, "samples" if enters >= 0 else "not in this order"),
    )


def explain(row: int, rank: int | None) -> None:
    """The sentences, its features and its text; of one that is left out, the kept samples in its place."""
    st.html(f"<div data-testid='why-told' style='font-size:1.05rem'>{escape(sentences(row))}</div>")
    if rank is None:
        figures_of_reject(row)
    else:
        figures_of_pick(row, rank)
    term("gain", "redundancy", "credited")
    new = [] if rank is None else book.feature[book.ptr[rank] : book.ptr[rank + 1]].tolist()
    left, right = st.columns(2, gap="large")
    with left:
        if rank is not None and not new:
            st.info(brings_nothing(row))
        clicked = sample_features.show(now, row, new)
        sample_features.other_lens(now, row)
    with right:
        st.subheader("The sample", anchor=False)
        if named := named_in_the_data(row):
            st.caption(plain(named))
        sample_text(row, [clicked] if clicked is not None else new or shared(row))
    if rank is None and (other := similar_samples.kept_ones(now, row)) is not None:
        similar_samples.beside(now, row, other)
    if clicked is not None:
        similar_samples.sharing(now, row, clicked)
    similar_samples.nearest_samples(now, row)


def sentences(row: int) -> str:
    """Why it is kept or left out."""
    return told(now.matrix, now.selection, book, row, now.spoken, now.session.info)


def named_in_the_data(row: int) -> str:
    """The id and the source of a sample, as far as the data has them."""
    (sample,) = store.samples([row])
    return " · ".join(filter(None, (sample.id and f"id {sample.id}", sample.source)))


def shared(row: int) -> list[int]:
    """The features that it shares with the most similar kept sample."""
    rows, _ = most_similar_kept(now.matrix, now.selection, row, 1)
    return side_by_side(now.matrix, now.spec, row, int(rows[0])).shared.tolist() if len(rows) else []


def brings_nothing(row: int) -> str:
    """Why a pick is credited with no feature."""
    told = "It brings no feature that an earlier pick does not have."
    if row in now.state.pins:
        return f"{told} It is pinned, and so comes first."
    return told if METHODS[now.spec.method].counts else f"{told} {now.spec.method} does not look at coverage."


# --- the sample, and what can be done with it


def go_to(target: int) -> None:
    """Show another sample."""
    st.session_state.row = int(target)


def pick_row() -> int:
    """The sample that is looked at, and the buttons that keep it or leave it out."""
    picks, columns = now.selection.rows, st.columns([2, 1, 1, 2], vertical_alignment="bottom")
    start_over("row", int(picks[0]))
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
    with columns[3].container(horizontal=True):
        sample_panel.decide(now, row, "why")
    return row


def show_note(row: int) -> None:
    """The note on a sample, and how to write one."""
    note = now.state.notes.get(row, "")
    with st.expander(f"Note: {plain(cut(note, 80))}" if note else "Add a note", icon=":material/edit_note:"):
        marks.note(now, [row], f"why-{row}")


def reading_told(row: int) -> str:
    """What was not read of the sample; "" where it was read whole."""
    how, columns = int(readings(now.session)[row]), now.session.columns
    if not how:
        return ""
    read, whole = (f"{int(columns[name][row]):,}" for name in ("n_read", "n_tokens"))
    return f"{READ[how].capitalize()}: the model read {read} of its {whole} tokens."


row = pick_row()
show_note(row)
rank = position.get(row)
status = "kept" if rank is not None else "left out"
st.html(f"<div data-testid='why-status' style='font-size:1.1rem'>Row {row:,} is <b>{status}</b>.</div>")
if missing := reading_told(row):
    st.caption(f":material/content_cut: {missing}")
if copy := now.state.ban_told(row):
    st.caption(f":material/content_copy: {plain(copy[:1].upper() + copy[1:])}.")
explain(row, rank)
