"""The two ways out of the Export page: one file, or a data set that is ready to publish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import streamlit as st

from core.errors import SaelectError
from core.export.dataset import dataset_files, write_dataset, zipped
from core.export.folder import rejects_bytes
from core.export.formats import curated_bytes
from core.export.manifest import manifest_json
from core.export.settings import About, Shape
from core.features.shown_labels import names_of
from core.settings import arguments
from core.system.shown import shown_path
from pages.parts.settings_form import ask
from pages.parts.start import in_a_terminal
from pages.parts.text import plain
from pages.parts.view import View

HOLDS = (
    "The records, with a split and weights if you choose them; the rejects with their reasons; the manifest; a data "
    "card for the Hugging Face hub, with licence, sources, coverage against random, topics, decisions and checks; a "
    "map. `datasets.load_dataset` loads it."
)


@dataclass(frozen=True)
class Leaving:
    """What leaves: the view's selection in a shape, under a name; usable: whether format and form hold the records."""

    now: View
    shape: Shape
    name: str
    usable: bool

    def command(self, *more: str) -> str:
        """The command line that exports the same."""
        told = ["export", "--store", self.now.session.store.key, *arguments(self.now.selection.spec)]
        return in_a_terminal([*told, *arguments(self.shape), *more])


def show_file(leaving: Leaving) -> None:
    """The curated file with what belongs beside it, each made when its button is pressed."""
    now, shape, name = leaving.now, leaving.shape, leaving.name
    file, store = f"{name}.{shape.format}", now.session.store

    def curated() -> bytes:
        return curated_bytes(now.selection, store, shape.format, shape.order, shape.to)

    def rejected() -> bytes:
        return rejects_bytes(now.selection, store, names_of(store, now.state, now.spec.lens))

    def manifest() -> bytes:
        alone = Shape(shape.format, shape.order, shape.to)
        return manifest_json(now.selection, store, alone, {file: curated()}).encode()

    st.subheader("One file", anchor=False)
    download("Curated file", curated, file, "download", leaving.usable, "primary")
    left, right = st.columns(2)
    with left:
        download("Rejects with reasons", rejected, f"{name}.rejects.jsonl", "rule")
    with right:
        download("Manifest", manifest, f"{name}.manifest.json", "receipt_long", leaving.usable)
    if shape.validation or shape.sampling:
        st.caption("The file holds all records: a split and weights are for the data set.")
    st.caption("The manifest makes the file again on any machine that has the feature store:")
    st.code(f"python -m core replay {name}.manifest.json", language=None, wrap_lines=True)


def show_data_set(leaving: Leaving) -> None:
    """The data set as a zip, as a folder on this machine, and as commands for both and for the hub."""
    st.subheader("A data set", anchor=False)
    st.caption(HOLDS)
    with st.expander("On its card", icon=":material/badge:"):
        about = About(**ask(About, [f.name for f in fields(About)], "about", beside=2))

    def made() -> dict[str, bytes]:
        now = leaving.now
        return dataset_files(now.session, now.selection, now.state, leaving.shape, about)

    download(
        "Data set as a zip", lambda: zipped(made(), leaving.name), f"{leaving.name}.zip", "folder_zip",
        leaving.usable, "primary",
    )  # fmt: skip
    write_here(leaving, made)
    st.caption("The same in a terminal; with --push-to-hub NAME/DATA-SET it is uploaded, after asking:")
    st.code(leaving.command(*arguments(about), "--folder", leaving.name), language=None, wrap_lines=True)


def write_here(leaving: Leaving, made: Callable[[], dict[str, bytes]]) -> None:
    """A folder on the machine that the dashboard runs on."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    folder = left.text_input(
        "Folder on this machine", placeholder=leaving.name, key="folder", help="Made if absent. ~ is your home folder."
    ).strip()  # fmt: skip
    wanted = right.button(
        "Write it there", icon=":material/drive_folder_upload:", key="write-folder", width="stretch",
        disabled=not leaving.usable,
    )  # fmt: skip
    force = st.checkbox("Replace files of another export there", key="write-force")
    if not wanted:
        return
    path = Path(folder or leaving.name).expanduser()
    try:
        with st.spinner("Writing …"):
            write_dataset(made(), leaving.now.session, path, force)
    except SaelectError as error:
        st.error(
            plain(str(error).replace("--force to replace it", "tick the box to replace it")), icon=":material/block:"
        )
    else:
        st.success(plain(f"{len(list(path.iterdir()))} files in {shown_path(path)}"), icon=":material/check_circle:")


def download(
    label: str, make: Callable[[], bytes], file: str, icon: str, usable: bool = True, kind: str = "secondary"
) -> None:
    """A button whose file is made when it is pressed."""
    st.download_button(
        label, make, file, icon=f":material/{icon}:", on_click="ignore", width="stretch", type=kind,
        key=f"download-{label.split(maxsplit=1)[0].lower()}", disabled=not usable,
    )  # fmt: skip
