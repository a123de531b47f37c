"""The two ways out of the Export page: one file, or a data set that is ready to publish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import streamlit as st

from core.errors import SaelectError
from core.export.dataset import dataset_files, write_dataset, zipped
from core.export.facts import spoken
from core.export.folder import rejects_bytes
from core.export.formats import curated_bytes
from core.export.manifest import manifest_json
from core.export.settings import About, Shape
from core.export.writing import make_folder
from core.settings import arguments, sentence
from pages.parts.settings_form import ask, more
from pages.parts.start import in_a_terminal
from pages.parts.text import plain
from pages.parts.view import View

HOLDS = (
    "The records, the rejects with their reasons, the manifest, a map, and a card as the Hugging Face hub wants it: "
    "licence, sources, coverage against random, topics, decisions, checks. `datasets.load_dataset` loads it."
)


SHARES = {"none": 0.0, "5 %": 0.05, "10 %": 0.1, "20 %": 0.2}  # of the records, for validation


@dataclass(frozen=True)
class Leaving:
    """What leaves: the view's selection in a shape, under a name; usable: whether format and form hold the records."""

    now: View
    shape: Shape
    name: str
    usable: bool

    def command(self, shape: Shape, about: About, folder: str) -> str:
        """The command line that writes the same folder."""
        told = ["export", "--store", self.now.session.store.key, *arguments(self.now.selection.spec)]
        return in_a_terminal([*told, *arguments(shape), *arguments(about), "--folder", folder])


def show_file(leaving: Leaving) -> None:
    """The curated file with what belongs beside it, each made when its button is pressed."""
    now, shape, name = leaving.now, leaving.shape, leaving.name
    file, store = f"{name}.{shape.format}", now.session.store

    def curated() -> bytes:
        return curated_bytes(now.selection, store, shape.format, shape.order, shape.to)

    def rejected() -> bytes:
        return rejects_bytes(now.selection, store, spoken(now.session, now.state, now.spec.lens))

    def manifest() -> bytes:
        return manifest_json(now.selection, store, shape, {file: curated()}).encode()

    st.subheader("One file", anchor=False)
    download("Curated file", curated, file, "download", leaving.usable, "primary")
    left, right = st.columns(2)
    with left:
        download("Rejects with reasons", rejected, f"{name}.rejects.jsonl", "rule")
    with right:
        download("Manifest", manifest, f"{name}.manifest.json", "receipt_long", leaving.usable)
    st.caption("With the manifest, the same file can be made on any machine that has the feature store:")
    st.code(f"python -m core replay {name}.manifest.json", language=None, wrap_lines=True)


def show_data_set(leaving: Leaving) -> None:
    """The data set as a zip, as a folder on this machine, and as commands for both and for the hub."""
    st.subheader("A data set", anchor=False)
    st.caption(HOLDS)
    shape, about = pick_split(leaving.shape), pick_about()

    def made() -> dict[str, bytes]:
        now = leaving.now
        return dataset_files(now.session, now.selection, now.state, shape, about)

    download(
        "Data set as a zip", lambda: zipped(made(), leaving.name), f"{leaving.name}.zip", "folder_zip",
        leaving.usable, "primary",
    )  # fmt: skip
    folder = write_here(leaving, made)
    st.caption("In a terminal. With --push-to-hub NAME/DATA-SET it is uploaded after a question:")
    st.code(leaving.command(shape, about, folder), language=None, wrap_lines=True)


def pick_split(shape: Shape) -> Shape:
    """The shape with a split and weights."""
    share = st.segmented_control(
        "Held out for validation", list(SHARES), default="none", required=True, key="validation", bind="query-params",
        help=sentence(Shape, "validation"),
    )  # fmt: skip
    with more("shape-more", "Seed of the split, weights", ":material/tune:") as fold:
        rest = ask(Shape, ["split_seed", "sampling"], "shape", beside=2, drawn=fold.open)
    return replace(shape, validation=SHARES[share], **rest)


def pick_about() -> About:
    """What only a person can say of the data set."""
    with more("about-more", "Title, licence, language, note", ":material/badge:") as fold:
        return About(**ask(About, [f.name for f in fields(About)], "about", beside=2, drawn=fold.open))


def write_here(leaving: Leaving, made: Callable[[], dict[str, bytes]]) -> str:
    """A folder on the machine that the dashboard runs on: its path as it was typed."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    folder = left.text_input(
        "Folder on this machine", placeholder=leaving.name, key="folder", help="Made if absent. ~ is your home folder."
    ).strip()  # fmt: skip
    wanted = right.button(
        "Write it there", icon=":material/drive_folder_upload:", key="write-folder", width="stretch",
        disabled=not leaving.usable,
    )  # fmt: skip
    force = st.checkbox("Replace or remove files of another export there", key="write-force")
    if wanted:
        write(leaving, made, Path(folder or leaving.name).expanduser(), force)
    return folder or leaving.name


def write(leaving: Leaving, made: Callable[[], dict[str, bytes]], path: Path, force: bool) -> None:
    """Write the data set, and say so, or why not."""
    try:
        with st.spinner("Writing …"):
            make_folder(path)  # at once, before minutes go into its files
            write_dataset(made(), leaving.now.session, path, force)
    except SaelectError as error:
        st.error(
            plain(str(error).replace("--force to replace it", "tick the box to replace it")), icon=":material/block:"
        )
    else:
        st.success(plain(f"{len(list(path.iterdir()))} files in {path.absolute()}"), icon=":material/check_circle:")


def download(
    label: str, make: Callable[[], bytes], file: str, icon: str, usable: bool = True, kind: str = "secondary"
) -> None:
    """A button whose file is made when it is pressed."""
    st.download_button(
        label, make, file, icon=f":material/{icon}:", on_click="ignore", width="stretch", type=kind,
        key=f"download-{label.split(maxsplit=1)[0].lower()}", disabled=not usable,
    )  # fmt: skip
