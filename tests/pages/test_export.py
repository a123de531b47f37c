"""The Export page: what it writes is what its command writes, and nothing is replaced without a tick."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from core.cli.app import main
from core.session.session import workspace_of


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder; of the manifest all but when it was made."""
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    return found | {"manifest.json": json.dumps(json.loads(found["manifest.json"]) | {"created": ""}).encode()}


def write(at, folder: Path):
    """The page after the button that writes a folder was pressed."""
    at.text_input(key="folder").input(str(folder))
    return at.button(key="write-folder").click().run()


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"theta": 0},
        {"to": "messages", "order": "tokens", "validation": "20 %", "method": "random", "budget": 11},
    ],
)
def test_the_page_and_its_command_write_the_same(visit, session, tmp_path: Path, asked: dict) -> None:
    workspace = workspace_of(session.store)
    workspace.label(0, "my own name")
    workspace.veto([0], "block", "boilerplate")
    at = visit("export", **{"budget": 7, **asked})
    at.session_state["about-more"] = True  # the fold, which draws nothing while it is closed
    at.run().text_input(key="about-license").input("cc-by-4.0").run()
    at = write(at, tmp_path / "page")
    assert not at.error and not at.exception and "files in" in at.success[0].value
    (command,) = [c.value for c in at.code if "--folder" in c.value]
    words = shlex.split(command)[3:]
    assert float(words[words.index("--theta") + 1]) == at.session_state.view.spec.theta
    words[words.index("--folder") + 1] = str(tmp_path / "command")
    assert main(words) == 0
    assert contents(tmp_path / "page") == contents(tmp_path / "command")
    assert b"license: cc-by-4.0" in contents(tmp_path / "page")["README.md"]
    assert "“my own name”".encode() in contents(tmp_path / "page")["rejects.jsonl"]


def test_files_there_are_replaced_only_with_a_tick(visit, session, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "README.md").write_text("mine")
    at = write(visit("export", budget=7), tmp_path / "mine")
    assert "exists and is another file: give another name, or tick the box" in at.error[0].value.replace("\\", "")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["README.md"]
    at.checkbox(key="write-force").check()
    at = write(at, tmp_path / "mine")
    assert at.success and (tmp_path / "mine" / "train.jsonl").is_file()


def test_what_a_format_cannot_hold_cannot_be_written(visit, session) -> None:
    at = visit("export", to="messages", format="csv", budget=7)
    assert "csv cannot hold the lists" in at.error[0].value
    assert at.button(key="write-folder").disabled
