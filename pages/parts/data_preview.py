"""What was understood of the chosen data: columns and their parts, the first samples, what cannot be read, lengths."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.errors import SaelectError
from core.extract.preview import ROWS, Preview, preview, token_counts
from core.schema import Message, Sample
from core.studies.health.personal import covered
from core.system.files import stamp
from core.system.shown import many, without_folders
from pages.parts.data_source import is_here, is_path, name_of
from pages.parts.figures import ACCENT, SELECTED, draw
from pages.parts.text import cut, escape, plain
from pages.parts.view import metrics

PARTS = {"messages": "Conversation", "prompt": "Prompt", "response": "Response", "input": "Input", "system": "System"}
LONGEST = 4000  # characters of a turn that are shown
BAD = 20  # rows that cannot be read and are listed
ROLES = {"user": SELECTED, "assistant": ACCENT}
OPTION = re.compile("(by|with) the option columns")
PATTERN = "*?["  # what makes a path a pattern
AS_READ = ""  # the choice of a part's column: as it was understood


@dataclass(frozen=True)
class Understood:
    """How data are to be read."""

    columns: tuple[tuple[str, str], ...]
    skip_bad: bool


def show_preview(source: str, tokenizer: Path | None) -> Understood | None:
    """What was understood of the data; None if it cannot be used as it is. tokenizer: that of the model, if chosen."""
    st.subheader("2 · What was understood", anchor=False)
    if is_path(source) and not is_here(source) and not set(source) & set(PATTERN):
        st.error(plain(f"There is no {name_of(source)} at this path."), icon=":material/error:")
        return None
    try:
        first = looked_at(source, (), stamp(source))
        columns = choose_columns(source, first)
        found = looked_at(source, columns, stamp(source)) if columns else first
    except SaelectError as error:
        tell(error)
        return None
    if found.problem:
        tell(found.problem)
        return None
    show_facts(found, token_counts_of(found, tokenizer), tokenizer)
    return Understood(columns, show_warnings(source, found))


@st.cache_resource(max_entries=8, show_spinner="Reading the first rows …")
def looked_at(source: str, columns: tuple[tuple[str, str], ...], version: Any) -> Preview:
    """The preview of a source as long as its files are the same; raises DataError."""
    return preview((source,), dict(columns))


def tell(error: object) -> None:
    """What stands against the data: the sentence, and the rows that it names."""
    sentence, _, rows = str(error).partition("\n")
    st.error(plain(here(sentence)), icon=":material/error:")
    if rows:
        st.code(rows, language=None, wrap_lines=True)


def here(sentence: str) -> str:
    """A sentence of the command line as it holds on this page."""
    return OPTION.sub("under Columns and their parts", without_folders(sentence))


def choose_columns(source: str, first: Preview) -> tuple[tuple[str, str], ...]:
    """Which column is which part, where a person says so; the others are read as they were understood."""
    there = [name for name in first.report.columns if "," not in name]  # which `--columns` could not tell apart
    known = first.report.parts
    with st.expander("Columns and their parts", expanded=bool(first.problem), icon=":material/view_column:"):
        chosen = {}
        for box, part in zip(st.columns(len(PARTS)), PARTS, strict=True):
            read = known.get(part)
            chosen[part] = box.selectbox(
                PARTS[part], [AS_READ, *there], key=f"column-{part}-{source}", persist_state="session",
                format_func=lambda name, read=read: name or (f"{read} (as found)" if read else "none"),
            )  # fmt: skip
        others = [f"{column}: {part}" for part, column in known.items() if part not in PARTS]
        unread = ", ".join(name for name in first.report.columns if name not in known.values())
        if others:
            st.caption(plain(f"Also read: {', '.join(others)}."))
        if unread:
            st.caption(plain(f"Kept with each sample, but not read by the model: {unread}."))
    return tuple((part, column) for part, column in chosen.items() if column != AS_READ)


# --- what was found


@st.cache_resource(max_entries=8, show_spinner="Counting tokens …")
def counts(texts: tuple[str, ...], tokenizer: Path | None) -> np.ndarray:
    """Tokens of texts, int64 (N,)."""
    return token_counts(texts, tokenizer)


def token_counts_of(found: Preview, tokenizer: Path | None) -> np.ndarray:
    """Tokens of the samples looked at."""
    return counts(found.texts, tokenizer)


def show_facts(found: Preview, tokens: np.ndarray, tokenizer: Path | None) -> None:
    """Figures, the first samples, and how long the samples are."""
    report, n = found.report, len(found.texts)
    of = "all of them" if found.whole else f"in the first {ROWS:,} rows"
    language, most = next(iter(found.languages.items()))
    metrics(
        ("Samples looked at", f"{n:,}", of),
        ("Rows that cannot be read", f"{report.n_skipped:,}", f"of {report.rows_read:,}"),
        ("Tokens per sample", f"{np.median(tokens):,.0f}", f"median; at most {tokens.max():,}"),
        ("Language", language, f"of {most / n:.0%} of them"),
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        shown = len(found.samples)
        them = "it" if shown == 1 else "them"
        st.markdown(f"**The first {many(shown, 'sample')}**, as the model will read {them}; personal data is masked")
        with st.container(height=420, border=True, key="first-samples"):
            st.html("".join(map(sample_html, found.samples)))
    with right:
        counted = "with the model's tokenizer" if tokenizer else "a token taken as four characters"
        st.markdown(f"**How long the samples are**, {counted}")
        draw(length_figure(tokens), "data-lengths", 380)
        rest = "" if found.whole else " · The estimate counts the other rows."
        languages = ", ".join(
            f"{name} {number / n:.0%}" for name, number in found.languages.items() if number >= n / 100
        )
        st.caption(plain(f"{', '.join(filter(None, (report.format, report.encoding)))} · {languages}{rest}"))


def length_figure(tokens: np.ndarray) -> go.Figure:
    """A histogram of tokens; the longest hundredth is in the last bar."""
    most = int(np.percentile(tokens, 99)) + 1
    edges = np.unique(np.linspace(0, most, 31).astype(int))
    heights, _ = np.histogram(np.minimum(tokens, most), edges)
    figure = go.Figure(go.Bar(
        x=(edges[:-1] + edges[1:]) / 2, y=heights, width=np.diff(edges) * 0.92, marker_color=SELECTED,
        customdata=np.stack([edges[:-1], edges[1:]], 1),
        hovertemplate="%{customdata[0]:,} to %{customdata[1]:,} tokens: %{y:,} samples<extra></extra>",
    ))  # fmt: skip
    longer = f"; the last bar has all above {edges[-2]:,}" if tokens.max() > most else ""
    figure.update_xaxes(title=f"tokens per sample{longer}")
    figure.update_yaxes(title="samples")
    return figure


def sample_html(sample: Sample) -> str:
    """A sample as its turns."""
    named = (f"row {sample.row}", sample.id and f"id {sample.id}", sample.source)
    head = " · ".join(filter(None, named))
    turns = "".join(map(turn_html, sample.messages))
    return (
        f"<div style='margin-bottom:1.2rem'><div style='opacity:.6;font-size:.8rem'>{escape(head)}</div>{turns}</div>"
    )


def turn_html(message: Message) -> str:
    """One turn, its personal data masked; what is not trained on says so."""
    colour = ROLES.get(message.role, "currentColor")
    note = " · not trained on" if message.role == "assistant" and not message.weight else ""
    return (
        f"<div style='border-left:3px solid {colour};padding:.1rem .7rem;margin:.35rem 0'>"
        f"<div style='font-size:.75rem;opacity:.7;text-transform:uppercase'>{escape(message.role + note)}</div>"
        "<div style='white-space:pre-wrap;overflow-wrap:anywhere'>"
        f"{escape(cut(covered(message.content), LONGEST))}</div></div>"
    )


def show_warnings(source: str, found: Preview) -> bool:
    """What there is to know, the rows that cannot be read, and whether to go on without such rows."""
    for warning in found.report.warnings:
        st.warning(plain(here(warning)), icon=":material/info:")
    bad = found.report.skipped
    if bad:
        rest = f"\n… and {len(bad) - BAD:,} more" if len(bad) > BAD else ""
        with st.expander(f"The {many(len(bad), 'row')} that cannot be read", icon=":material/report:"):
            st.code("\n".join(map(str, bad[:BAD])) + rest, language=None, wrap_lines=True)
    return st.checkbox(
        "Leave out rows that cannot be read", bool(bad), key=f"skip-{source}", persist_state="session",
        help="Otherwise extraction stops at the first such row and lists what is wrong.",
    )  # fmt: skip
