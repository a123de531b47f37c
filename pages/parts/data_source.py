"""The data that a store is to be made of: uploaded, on this machine, or on the hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.datasets.hub_rows import HUB_ID
from core.datasets.uploads import keep_upload
from core.errors import SaelectError
from core.system.files import with_home
from core.system.shown import size_told
from pages.parts.text import plain

CHOSEN = "data-source"  # in the session: what was chosen, as `--data` takes it
LEFT = "data-left"  # in the session: how often something else was to be chosen
ASKED = "data"  # in the address: the same, if it is a file here
TYPES = "JSON, JSON Lines, CSV or Parquet, also compressed"


def choose_source() -> str:
    """Let a person choose data, or take the file that the address names; empty as long as nothing is chosen."""
    from_address()
    st.subheader("1 · Your data", anchor=False)
    way = st.segmented_control(
        "Where is your data?", list(WAYS), default="Upload", required=True, key="data-way", persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    try:
        WAYS[way]()
    except SaelectError as error:
        st.error(plain(error), icon=":material/error:")
    chosen = st.session_state.get(CHOSEN, "")
    if chosen:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f":material/description: **{plain(name_of(chosen))}** {plain(size_of(chosen))}", width="content"
            )
            st.button("Choose something else", icon=":material/close:", on_click=leave, type="tertiary")
    return chosen


def by_upload() -> None:
    """A file through the browser."""
    limit = st.get_option("server.maxUploadSize")
    file = st.file_uploader(TYPES, key=f"data-upload-{st.session_state.get(LEFT, 0)}")
    st.caption(f"Up to {limit:,} MB. Larger files, and folders of several, can be opened by their path on this machine."
               " The file is copied into the cache of this dashboard and goes nowhere else.")  # fmt: skip
    if file is not None and st.session_state.get("data-uploaded") != file.file_id:
        take(str(keep_upload(file.name, file)))
        st.session_state["data-uploaded"] = file.file_id


def by_path() -> None:
    """A file, a folder or a pattern on this machine."""
    st.text_input("Path", key="data-path", on_change=take_path, persist_state="session",
                  placeholder="/home/me/data/my.jsonl, a folder, or /home/me/shards/*.parquet")  # fmt: skip
    st.caption("A file, a folder or a pattern, on the machine where this dashboard runs. The data stays where it is.")


def by_hub() -> None:
    """A data set of the Hugging Face hub."""
    st.text_input("Name on the hub", key="data-hub", on_change=take_hub, persist_state="session",
                  placeholder="org/name, org/name:split or org/name@revision")  # fmt: skip
    typed = st.session_state["data-hub"].strip()
    if typed and not HUB_ID.fullmatch(typed):
        st.error("A name on the hub is written org/name, with :split or @revision after it if need be.",
                 icon=":material/error:")  # fmt: skip
    st.caption("It is downloaded once and then read from this machine.")


WAYS: dict[str, Callable[[], None]] = {"Upload": by_upload, "A path here": by_path, "The Hugging Face hub": by_hub}


def take(source: str) -> None:
    """Remember what was chosen."""
    st.session_state[CHOSEN] = source
    if is_here(source):
        st.query_params[ASKED] = source
    else:
        st.query_params.pop(ASKED, None)


def leave() -> None:
    """Forget what was chosen, and the file in the box for uploads, which a new key empties."""
    take("")
    st.session_state[LEFT] = st.session_state.get(LEFT, 0) + 1


def take_path() -> None:
    typed = st.session_state["data-path"].strip()
    take(str(Path(with_home(typed)).absolute()) if typed else "")


def take_hub() -> None:
    typed = st.session_state["data-hub"].strip()
    take(typed if HUB_ID.fullmatch(typed) else "")


def from_address() -> None:
    """Take the file that the address names, once: never a name of the hub, as anybody may have written the address."""
    asked = st.query_params.get(ASKED, "")
    if asked and st.session_state.get("data-asked") != asked and is_here(asked):
        st.session_state["data-asked"] = asked
        st.session_state[CHOSEN] = str(Path(asked).absolute())


def name_of(source: str) -> str:
    """What the data are called."""
    return Path(source).name if is_path(source) else source


def is_here(path: str) -> bool:
    """Whether there is such a file or folder; a name that no file can have names none."""
    try:
        return Path(path).exists()
    except OSError:
        return False


def is_path(source: str) -> bool:
    """Whether it is a path or a pattern, and no name of the hub."""
    return Path(source).is_absolute()


def size_of(source: str) -> str:
    """The size of a file, empty for anything else."""
    path = Path(source)
    return f"· {size_told(path.stat().st_size)}" if is_here(source) and path.is_file() else ""
