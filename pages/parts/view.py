"""What every page shares: the view (store, method, budget, θ, decisions), its controls, and small drawing helpers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from core.errors import SaelectError
from core.explain.credit import Ledger, ledger
from core.explain.naming import Names
from core.features.labels import Label
from core.features.shown_labels import labels_of, labels_stamp, wording_of
from core.schema import NOUNS, FeatureMatrix, Selection, SelectionSpec
from core.scoring.columns import columns_version
from core.session.budgets import random_coverage
from core.session.memory import Memory
from core.session.request import weights
from core.session.session import Session, by_method, open_session
from core.store.meta import data_named
from core.system.files import stamp
from core.system.shown import many
from core.workspace.actions import FeatureDecisions
from core.workspace.decisions import WorkspaceState
from core.workspace.log import Workspace
from pages.parts.later import later
from pages.parts.text import escape, plain

OPENED = "opened-store"  # in the session: the key of a store that a page asks the bar to open
FIRST = "first-run-with-a-store"  # in the session: whether the bar has a data set for the first time
ASKED = "page"  # query parameter: the page to go to from app.py
OF = {"all": "whole samples", "prompt": "prompts", "response": "responses"}  # what a scope is called in a sentence
SESSIONS = 2  # stores held open, as DuckDB has memory for each; a third closes the one opened first


@dataclass(frozen=True)
class View:
    """What the bar's controls say, and what follows from it."""

    session: Session
    workspace: Workspace
    state: WorkspaceState
    spec: SelectionSpec
    order: Selection  # the first picks in the method's order, those of the selection and a few more
    selection: Selection  # its prefix at the budget

    @property
    def matrix(self) -> FeatureMatrix:
        """The matrix at the view's scope and θ."""
        return self.session.matrix_of(self.spec)

    @property
    def noun(self) -> str:
        """What a feature of the view's lens is called: topic or feature."""
        return NOUNS[self.spec.lens]

    @property
    def kinds(self) -> dict[int, str]:
        """The kind of each feature (see features.kinds); topics have none."""
        return self.session.remember("kinds", self.session.store.kinds) if self.spec.lens == "tokens" else {}

    def through(self, lens: str) -> View:
        """The same request through a lens: its default θ, the vetoes of its features.

        Weights that the lens does not have become uniform. Raises SaelectError as `select`.
        """
        if lens == self.spec.lens:
            return self
        theta, decided = self.session.default_theta(self.spec.scope, lens)[0], self.state.of(lens)
        kept = self.spec.weights if self.spec.weights in weights(self.session, lens) else "uniform"
        spec = replace(
            self.spec, lens=lens, theta=theta, weights=kept, vetoes=decided.vetoes, boosts=decided.boosts
        )  # fmt: skip
        order = self.session.order(spec, spec.budget + 1)
        return replace(self, spec=spec, order=order, selection=self.session.selection(spec))

    @property
    def decided(self) -> FeatureDecisions:
        """What was decided on the features of the view's lens."""
        return self.state.of(self.spec.lens)

    @property
    def ledger(self) -> Ledger:
        """Who was credited with what, and what made the others redundant."""
        full = self.order if len(self.order.rows) > len(self.selection.rows) else None
        return self.session.remember(("ledger", repr(self.spec)), lambda: ledger(self.matrix, self.selection, full))

    def covered(self, method: str) -> float:
        """Features that a method covers with the view's budget; for random the median of the draws."""
        if method == "random":
            return random_coverage(self.session, self.selection)[1]
        return int(self.session.selection(by_method(self.spec, method)).covered_after[-1])

    def label(self, feature: int) -> str:
        """The feature's label, or its topic's name, or the tokens at its strongest peaks."""
        label = self.label_of(feature)
        blank = "(no name)" if self.spec.lens == "topics" else "(white space)"
        return (label.text if label else self._faces.get(int(feature), "never active")) or blank

    def label_of(self, feature: int) -> Label | None:
        """The feature's label with its source and score: the person's, else the best of the SAE's."""
        return self._labels.get(int(feature))

    @property
    def spoken(self) -> Names:
        """What features are called in sentences."""
        return Names(self.label, self.wording)

    @property
    def wording(self) -> frozenset[int]:
        """The features of the view's lens that stand for wording and format."""
        return self.wording_in(self.spec.lens)

    def wording_in(self, lens: str) -> frozenset[int]:
        """The same of any lens."""
        return self.session.remember(("wording", lens), lambda: wording_of(self.session.store, lens))

    def names(self, lens: str) -> dict[int, str]:
        """What each feature of a lens is called, its label or its face; of a lens that the store lacks, nothing."""
        if lens not in self.session.store.lenses:
            return {}
        labels = {feature: label.text for feature, label in self._labels_in(lens).items()}
        return self.session.faces(lens) | labels

    @cached_property
    def _faces(self) -> dict[int, str]:
        return self.session.faces(self.spec.lens)

    @cached_property
    def _labels(self) -> dict[int, Label]:
        return self._labels_in(self.spec.lens)

    def _labels_in(self, lens: str) -> dict[int, Label]:
        store, state = self.session.store, self.state
        key = ("labels", state.version, labels_stamp(store, lens))
        return self.session.remember(key, lambda: labels_of(store, state, lens))


def session_of(path: Path) -> Session:
    """One session a store, for all tabs; a new one when the store was written anew, or scores were computed for one.

    Raises StoreError.
    """
    return _session(path, (stamp(str(path)), columns_version()))


@st.cache_resource(show_spinner="Opening the feature store …", max_entries=SESSIONS, on_release=lambda s: _close(s))
def _session(path: Path, version: object) -> Session:
    return open_session(path, _memory().part())


@st.cache_resource
def _memory() -> Memory:
    """What all stores and tabs keep together: one bound for the server."""
    return Memory()


def _close(session: Session) -> None:
    session.store.close()
    session.memory.clear()


def view() -> View:
    """The view of the running page.

    A freshly started server that is first asked for a page's own address runs that page's file alone, because it does
    not know app.py's navigation yet: go through app.py then, and from there back to the page.
    """
    through_app()
    return st.session_state.view


def through_app() -> None:
    """Go through app.py, and from there back to the page, if the page's file was run alone."""
    if not st.session_state.get("arrived"):
        page = urlsplit(st.context.url or "").path.rsplit("/", 1)[-1]
        st.switch_page("app.py", query_params=url(**{ASKED: page}))


def arrived() -> None:
    """Note that app.py has drawn its part of this page."""
    st.session_state.arrived = True


def header(title: str, lead: str | Mapping[str, str], lens: str = "") -> View:
    """The page's title, what it answers, which may differ by lens, and the one line that says what is looked at.

    lens: the one that the page looks through whatever the view's; the page ends here where nothing is selected then,
    and while its matrix is read, which may take seconds.
    """
    now = view()
    st.title(title, anchor=False)
    lens = lens or now.spec.lens
    st.write(lead if isinstance(lead, str) else lead[lens])
    try:
        if not at_hand(now, lens):
            st.stop()
        now = now.through(lens)
    except SaelectError as error:
        st.warning(plain(error), icon=":material/block:")
        st.stop()
    if not len(now.matrix.feature):
        st.warning(f"No {now.noun} is above θ = {now.spec.theta:.3g} in any sample: lower θ under Advanced.",
                   icon=":material/filter_alt_off:")  # fmt: skip
    data = data_named(now.session.store.meta)
    parts = [data, now.spec.method, f"{len(now.selection.rows):,} of {now.session.store.n_samples:,} samples"]
    parts += [f"θ = {now.spec.theta:.3g}", f"{now.spec.lens} of {OF[now.spec.scope]}"]
    parts += [f"{name} = {value}" for name, value in now.spec.options.items()]
    decided = {"pinned": now.spec.pins, "banned": now.spec.bans, "vetoed": now.decided.vetoes}
    decided |= {"boosted": now.decided.boosts}
    parts += [f"{len(of):,} {how}" for how, of in decided.items() if of]
    if now.spec.quotas:
        parts.append(many(len(now.spec.quotas), "quota"))
    st.html(f"<div style='opacity:.7;font-size:.9rem' data-testid='state-line'>{escape(' · '.join(parts))}</div>")
    return now


def at_hand(now: View, lens: str) -> bool:
    """Whether the matrix of another lens is read, which is done beside the page. Raises as `View.through`."""
    if lens == now.spec.lens:
        return True
    key = ("read", lens, now.spec.scope)
    return bool(later(now.session, key, lambda: bool(now.through(lens)), f"The {NOUNS[lens]}s are read"))


def metrics(*figures: tuple[str, str, str]) -> None:
    """A row of figures: (name, value, what it means)."""
    for column, (name, value, note) in zip(st.columns(len(figures)), figures, strict=True):
        column.metric(name, value, note, delta_color="off", delta_arrow="off", border=True)


def url(**parameters: object) -> dict[str, str]:
    """The present query parameters with some replaced, for an address of our own making."""
    return {**st.query_params.to_dict(), **{k: str(v) for k, v in parameters.items()}}


def link(**parameters: object) -> dict[str, str]:
    """The same for Streamlit's own links, which add what widgets are bound to by themselves: twice would be lost."""
    return {name: value for name, value in url(**parameters).items() if name not in st.session_state}
