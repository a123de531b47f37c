"""Commands to copy, and the file that Export hands out."""

import json
import shlex
from pathlib import Path

import pytest

from core.export.formats import preview
from core.schema import SelectionSpec
from core.store.reader import open_store
from tests.factories import KEY

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", ["refinement", "proof", "export"])
def test_a_printed_command_names_the_store_wherever_the_cache_lies(visit, session, page, monkeypatch):
    monkeypatch.chdir(PROJECT)
    at = visit(page)
    if page == "export":
        next(b for b in at.button if b.label == "Save").click().run()
    commands = [c.value for c in at.code if "--store" in c.value]
    assert len(commands) == (2 if page == "export" else 1)
    for command in commands:
        words = shlex.split(command)
        assert words[:3] == ["python", "-m", "core"]
        assert open_store(words[words.index("--store") + 1]).key == KEY


def test_a_form_is_shown_with_the_lines_that_load_it(visit, session):
    at = visit("export", to="messages", budget=7)
    assert list(json.loads(at.code[-1].value.splitlines()[0])) == ["messages"]
    assert [tab.label for tab in at.tabs] == ["TRL", "axolotl"]
    assert "SFTConfig" in at.tabs[0].code[0].value and "field_messages: messages" in at.tabs[1].code[0].value
    at = visit("export", to="messages", format="csv", budget=7)
    assert "csv cannot hold the lists" in at.error[0].value and not at.tabs


@pytest.mark.parametrize("format", ["jsonl", "json", "csv", "parquet"])
def test_the_first_records_are_shown_in_the_files_format(visit, session, format):
    at = visit("export", format=format, order="pick", budget=7)
    selection = session.selection(SelectionSpec("sae-greedy", 7, theta=session.default_theta()[0]))
    assert at.code[-1].value.split() == preview(selection, session.store, format, "pick")[0].split(), (
        "but for line ends"
    )
    if format == "jsonl":
        shown = [json.loads(line) for line in at.code[-1].value.splitlines()]
        assert shown == [s.raw for s in session.store.samples(selection.rows[:3])]
