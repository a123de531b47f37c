"""A sample's tokens, shaded by its features: a legend of chips, and the text; pointing at a chip shades only its own.

By style sheets alone (`:has()`), since a page may not run scripts of its own. Tokens carry, for each shown feature, a
class and its share of the feature's largest value there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from core.errors import SaelectError
from core.studies.health.personal import covered_pieces
from pages.parts import private
from pages.parts.figures import GREY, PALETTE
from pages.parts.text import cut, escape, plain
from pages.parts.view import View, session_of

if TYPE_CHECKING:
    from core.extract.token_values import TokenValues


NAMES = ("Prompt", "Response", "Later turns")
SHADED = 12  # features shaded at once: more would colour everything
MOST = 5_000  # tokens of a segment that are drawn
LABEL = 28  # characters of a feature's label on its chip
STYLE = """
.reading .chip{display:inline-block;margin:0 .35rem .35rem 0;padding:.05rem .5rem;border-radius:1rem;font-size:.8rem;
  border:1px solid currentColor;border-left:.8rem solid var(--colour);cursor:default;max-width:100%;overflow:hidden;
  text-overflow:ellipsis;white-space:nowrap;vertical-align:bottom}
.reading .chip:hover,.reading .chip:focus-visible{background:color-mix(in srgb,var(--colour) 30%,transparent);
  outline:2px solid var(--colour)}
.reading .name{opacity:.65;font-size:.8rem;text-transform:uppercase;margin-top:.6rem}
.reading .text{overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}
.reading .t{border-radius:3px;background:var(--all,transparent)}
.reading:has(.chip:hover) .t,.reading:has(.chip:focus-visible) .t{background:none}
"""


class Mark(NamedTuple):
    """A feature shown in a text: number, label, and its value (largest first) at each token where it is active."""

    feature: int
    label: str
    values: dict[int, float]

    @property
    def top(self) -> float:
        """The largest of its values."""
        return max(self.values.values(), default=0.0)


def colour_of(place: int) -> str:
    """The colour of the feature at a place of the legend."""
    return PALETTE[place] if place < len(PALETTE) else GREY


def strongest(now: View, row: int, features: Iterable[int] | None, most: int | None = None) -> list[Mark]:
    """The marks of `features` in a sample (None: of all active ones), strongest first, each at its segments' peaks."""
    entries, wanted = now.session.store.sample_features(row), None if features is None else {int(f) for f in features}
    found: dict[int, dict[int, float]] = {}
    for feature, value, peak in zip(*(entries[n].tolist() for n in ("feature_id", "value", "peak")), strict=True):
        if value > now.spec.theta and (wanted is None or feature in wanted):
            found.setdefault(feature, {})[peak] = value
    return [Mark(feature, now.label(feature), values) for feature, values in list(found.items())[:most]]


@st.cache_resource(show_spinner="Loading model and SAE …", max_entries=1)
def pipeline(path: Path) -> Any:
    """The model and SAE of a store, loaded once for all tabs; raises ModelError if they are not at hand."""
    from core.extract.token_values import pipeline_of

    return pipeline_of(session_of(path).store)


def every_token_wanted(row: int) -> bool:
    """Whether the person asked to read every token of this sample; else the button to ask."""
    if st.session_state.get("every-token") == row:
        return True
    st.button(
        "Read every token", icon=":material/manage_search:", key="read-tokens", on_click=_ask, args=(row,),
        help="Runs model and SAE on this sample, to shade features wherever they are active. So far: their peaks.",
    )  # fmt: skip
    return False


def _ask(row: int) -> None:
    st.session_state["every-token"] = row


def every_token(now: View, row: int, marks: Sequence[Mark]) -> list[Mark]:
    """The same marks at every token where their feature is active; as they are where the model is not at hand."""
    from core.extract.token_values import token_values

    store = now.session.store
    try:
        loaded = pipeline(store.path)
        found = now.session.remember(("tokens", row), lambda: token_values(store, row, loaded))
    except SaelectError as error:
        st.warning(plain(f"{error} Only the peaks are shown."), icon=":material/error:")
        return list(marks)
    return [mark._replace(values=at_tokens(found, mark.feature) or mark.values) for mark in marks]


def at_tokens(found: TokenValues, feature: int) -> dict[int, float]:
    """The value of a feature at each token where it is active."""
    at = found.feature == feature
    return dict(zip(found.token[at].tolist(), found.value[at].tolist(), strict=True))


def show(
    now: View, row: int, marks: Sequence[Mark], height: int = 320, key: str = "read", offered: bool = True
) -> None:
    """Draw the sample with the legend of its marks. key: parts the texts of a page, for the button of what is masked,
    which is not drawn unless `offered`.
    """
    pieces, segments = now.session.store.pieces(row)
    shown = list(pieces) if private.is_open(now, row) else covered_pieces(pieces)
    if offered and shown != list(pieces):
        private.offer(now, row, f"{key}-{row}")
    st.html(html(shown, segments, marks, height))


def html(pieces: Sequence[str], segments: Sequence[int], marks: Sequence[Mark], height: int = 320) -> str:
    """Legend and text as HTML; `height` in pixels of the tallest segment before it scrolls."""
    legend = "".join(chip(place, mark) for place, mark in enumerate(marks))
    parts = ["<div class='reading'><div>", legend, f"</div><style>{STYLE}{rules(len(marks))}</style>"]
    for code, name in enumerate(NAMES):
        at = [i for i, segment in enumerate(segments) if segment == code]
        if at:
            strongest = next((i for mark in marks for i in mark.values if segments[i] == code), at[0])
            drawn = part_of(at, strongest)
            text = "".join(token(i, pieces[i], marks) for i in at[drawn])
            text = more(drawn.start, "before") + text + more(len(at) - drawn.stop, "more")
            parts.append(
                f"<div class='name'>{name} · {len(at):,} tokens</div>"
                f"<div class='text' style='max-height:{height}px' tabindex='0'>{text}</div>"
            )
    return "".join(parts) + "</div>"


def part_of(at: Sequence[int], wanted: int) -> slice:
    """Which of a segment's tokens, ascending, are drawn: MOST of them from its beginning, or else around `wanted`."""
    place = bisect_left(at, wanted)
    first = place - MOST // 8 if place >= MOST else 0
    return slice(first, min(first + MOST, len(at)))


def more(n: int, where: str) -> str:
    """That so many tokens are not drawn."""
    return f"<div class='name'>… {n:,} tokens {where}</div>" if n else ""


def chip(place: int, mark: Mark) -> str:
    """A feature's name in the legend; it can be pointed at, or reached with the tabulator key."""
    return (
        f"<span class='chip chip-{place}' tabindex='0' style='--colour:{colour_of(place)}' "
        f"title='{escape(mark.label)}'><b>{mark.feature}</b> {escape(cut(mark.label, LABEL))} · {mark.top:.3g}</span>"
    )


def rules(n: int) -> str:
    """What pointing at each of `n` chips shades."""
    return "".join(
        f".reading:has(.chip-{i}:hover) .f{i},.reading:has(.chip-{i}:focus-visible) .f{i}"
        f"{{background:color-mix(in srgb,{colour_of(i)} var(--v{i}),transparent)}}"
        for i in range(n)
    )


def token(i: int, piece: str, marks: Sequence[Mark]) -> str:
    """One token: shaded at first by the feature that is strongest there, measured by its own largest value."""
    text = escape(piece).replace("\n", "⏎<br>")
    here = {place: mark.values[i] for place, mark in enumerate(marks) if i in mark.values}
    if not here:
        return f"<span>{text}</span>"
    share = {place: f"{15 + 60 * value / (marks[place].top or 1):.0f}%" for place, value in here.items()}
    first = max(here, key=lambda place: (here[place] / (marks[place].top or 1), -place))
    style = "".join(f"--v{place}:{percent};" for place, percent in share.items())
    style += f"--all:color-mix(in srgb,{colour_of(first)} {share[first]},transparent)"
    hover = escape("; ".join(f"feature {marks[p].feature}: {v:.3g}" for p, v in here.items()))
    classes = " ".join(f"f{place}" for place in here)
    return f"<span class='t {classes}' style='{style}' title='{hover}'>{text}</span>"
