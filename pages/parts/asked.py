"""What the address asks for: told where it cannot be had, set anew when another data set is chosen."""

from __future__ import annotations

import streamlit as st

from core.session.request import BUDGETS, Request, default_request, from_query, request_of
from core.session.session import Session
from pages.parts.address import get, put
from pages.parts.text import cut, plain

OF, COMPLAINTS = "request-of", "address-complaints"  # in the session: the store looked at; the page and what to tell
TOLD = "complaints-place"  # in the session: where the latter stands in this run
UNKNOWN = "unknown-store"  # in the session: what to tell of a data set that is not there
REST = "unwritten"  # in the session: what the run before could not write into the address
ELSEWHERE = "of-another-store"  # in the session: the widgets that still say what was said of another data set
# parameters that mean nothing in another data set
PLACES = ("row", "feature", "lasso", "a", "b", "against", "of", "sharing", "nearest", "find_has", "find_lacks",
          "find_topics_has", "find_topics_lacks", "find_source", "find_tag", "find_set", "find_health",
          "taught", "examples", "counterexamples", "above")  # fmt: skip


def check_address(session: Session) -> None:
    """At first note what the address cannot have; with another data set, go back to its own defaults."""
    key = session.store.key
    before, st.session_state[OF] = st.session_state.get(OF), key
    if before is None:
        request, complaints = from_query(st.query_params.to_dict(), session)
        st.session_state[COMPLAINTS] = st.context.url, [*st.session_state.pop(UNKNOWN, []), *complaints]
        if complaints:
            set_request(request, session)
    elif before != key:
        set_request(default_request(session), session)
        forget_places()
    else:
        write_again(session)


def write_again(session: Session) -> None:
    """Write again what a change of page took from the address: the browser forgets widgets whose popover is closed."""
    for name in unwritten(session):
        st.session_state[name] = st.session_state[name]


def write_rest(session: Session) -> None:
    """After a run, run once more if a control that is new did not write into the address what code had set it to:
    Streamlit's do so in the run after that in which they came."""
    rest = unwritten(session)
    if rest and rest != st.session_state.get(REST):
        st.session_state[REST] = rest
        st.rerun()
    if not rest:
        st.session_state.pop(REST, None)


def unwritten(session: Session) -> list[str]:
    """The controls of the view that differ from the store's defaults, and do not stand in the address."""
    latest = st.session_state.get("view")
    if latest is None or latest.session is not session:
        return []
    said = request_of(latest.spec, session.store.key).to_query(session)
    written = st.query_params.to_dict()
    differs = (n for n in said if n not in written or (n in BUDGETS.values() and written[n] != said[n]))
    return [name for name in differs if name in st.session_state]


def set_request(request: Request, session: Session) -> None:
    """Give the controls of the bar what a request says, before they are drawn or in a callback."""
    said = {"scope": request.scope, "theta": request.theta, "method": request.method, "unit": request.unit}
    said |= {"weights": request.weights, "multiplicity": request.multiplicity, "seed": request.seed}
    said |= {BUDGETS[request.unit]: request.budget}
    said |= {f"{request.method}_{name}": value for name, value in request.options.items()}
    if len(session.store.lenses) > 1:
        said["lens"] = request.lens
    st.session_state.update(said)


def forget_places() -> None:
    """Take the sample, the feature and the groups of another data set out of the address."""
    bound = [name for name in PLACES if name in st.session_state]
    put(**dict.fromkeys(name for name in PLACES if name not in bound))
    st.session_state[ELSEWHERE] = set(bound)


def start_over(name: str, default: object) -> None:
    """Give a widget that is bound to the address its default if what it says was said of another data set."""
    if name in st.session_state.get(ELSEWHERE, ()):
        st.session_state[ELSEWHERE].remove(name)
        st.session_state[name] = default


def complaints() -> list[str]:
    """What the address asked for and cannot have; none once another page stands."""
    page, told = st.session_state.get(COMPLAINTS, ("", []))
    return told if page == st.context.url else []


def tell_complaints() -> None:
    """Say it above the page, which may have more to say of its own parameters."""
    st.session_state[TOLD] = st.empty()
    draw_complaints()


def draw_complaints() -> None:
    """Write what there is to say in the place that was made for it."""
    if told := complaints():
        st.session_state[TOLD].warning("  \n".join(map(plain, told)), icon=":material/link_off:")


def complain(name: str, used: str) -> None:
    """Say that a page's own parameter asks for what is not there, unless that was said, and what is used instead."""
    if not any(sentence.startswith(of_parameter(name)) for sentence in complaints()):
        sentence = f"{of_parameter(name)}{cut(get(name), 80)}, but there is none of that name: {used} is used."
        st.session_state[COMPLAINTS] = st.context.url, [*complaints(), sentence]
        draw_complaints()


def retract(name: str) -> None:
    """Say it no longer: something else was chosen."""
    st.session_state[COMPLAINTS] = st.context.url, [t for t in complaints() if not t.startswith(of_parameter(name))]


def of_parameter(name: str) -> str:
    """How what is said of a parameter begins."""
    return f"The address says {name} = "
