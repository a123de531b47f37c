"""Decisions against a plain list as the model; mistakes; files of decisions."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DataError, SelectionError
from core.schema import LENSES
from core.workspace.log import Workspace

SMALL = st.integers(0, 4)
MANY = st.lists(SMALL, max_size=3)
TEXTS = st.sampled_from(["", "a", "b"])
LENS = st.sampled_from(LENSES)
CALLS = st.one_of(
    st.tuples(st.just("veto"), MANY, st.sampled_from(["ignore", "block"]), TEXTS, LENS),
    st.tuples(st.just("unveto"), MANY, LENS),
    st.tuples(st.just("label"), SMALL, TEXTS, LENS),
    st.tuples(st.sampled_from(["pin", "unpin", "ban", "unban"]), MANY),
    st.tuples(st.just("note"), SMALL, TEXTS),
    st.tuples(st.just("save_selection"), st.sampled_from("xy"), st.dictionaries(TEXTS, SMALL, max_size=1)),
    st.tuples(st.sampled_from(["undo", "redo"])),
)


NOTHING = [{"topics": [{}, {}, {}], "tokens": [{}, {}, {}]}, [], [], {}, {}]


def decisions(state):
    of = {lens: [state.of(lens).vetoes, state.of(lens).reasons, state.of(lens).labels] for lens in LENSES}
    return [of, list(state.pins), list(state.bans), state.notes, state.selections]


def applied(before, call):
    """The decisions after a call, by the definition of each."""
    of, pins, bans, notes, selections = json.loads(json.dumps(before), object_hook=numbered)
    name, *arguments = call
    if name in ("veto", "unveto", "label"):
        of[arguments[-1]] = decided(of[arguments[-1]], name, *arguments[:-1])
    elif name in ("pin", "ban"):
        mine, other = (pins, bans) if name == "pin" else (bans, pins)
        mine += [r for r in dict.fromkeys(arguments[0]) if r not in mine]
        other[:] = [r for r in other if r not in arguments[0]]
    elif name in ("unpin", "unban"):
        mine = pins if name == "unpin" else bans
        mine[:] = [r for r in mine if r not in arguments[0]]
    elif name == "note":
        notes = {k: t for k, t in {**notes, arguments[0]: arguments[1]}.items() if t}
    else:
        selections[arguments[0]] = arguments[1]
    return [of, pins, bans, notes, selections]


def decided(own, name, *arguments):
    """What stands for the features of a lens after a call."""
    vetoes, reasons, labels = own
    if name == "veto":
        features, mode, reason = arguments
        vetoes = vetoes | dict.fromkeys(features, mode)
        reasons = {**reasons, **dict.fromkeys(features, reason)}
    elif name == "unveto":
        vetoes, reasons = ({f: t for f, t in d.items() if f not in arguments[0]} for d in (vetoes, reasons))
    else:
        labels = {**labels, arguments[0]: arguments[1]}
    return [vetoes, *({f: t for f, t in d.items() if t} for d in (reasons, labels))]


def numbered(found):
    return {int(k) if k.isdigit() else k: v for k, v in found.items()}


@settings(max_examples=40)
@given(st.lists(CALLS, max_size=25))
def test_undo_and_redo_are_a_walk_along_a_list(calls):
    states, at = [NOTHING], 0
    with tempfile.TemporaryDirectory() as folder:
        workspace, version = Workspace(Path(folder) / "w.sqlite", "store"), 0
        for call in calls:
            before = at
            told = getattr(workspace, call[0])(*call[1:])
            if call[0] == "undo":
                at = max(at - 1, 0)
                assert (told is None) == (before == at)
            elif call[0] == "redo":
                at = min(at + 1, len(states) - 1)
                assert (told is None) == (before == at)
            elif (after := applied(states[at], call)) != states[at]:
                states, at = [*states[: at + 1], after], at + 1
            state = workspace.state()
            assert decisions(state) == states[at]
            assert (state.can_undo, state.can_redo) == (at > 0, at < len(states) - 1)
            assert state.version > version if at != before else state.version == version
            version = state.version
        assert decisions(Workspace(workspace.path, "store").state()) == states[at]


def test_pin_and_ban_replace_each_other(workspace):
    workspace.pin([1, 2])
    workspace.ban([2, 3])
    assert (workspace.state().pins, workspace.state().bans) == ((1,), (2, 3))
    workspace.pin([3])
    assert (workspace.state().pins, workspace.state().bans) == ((1, 3), (2,))
    workspace.undo()
    assert (workspace.state().pins, workspace.state().bans) == ((1,), (2, 3))


def test_hostile_text_survives(workspace):
    text = "'; DROP TABLE events; -- \udce9 \x00 🎉"
    workspace.note(1, text)
    assert workspace.state().notes == {1: text}
    assert workspace.history()[0].description


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda w: w.veto([1], "never"), "Unknown veto 'never': it must be one of ignore, block."),
        (lambda w: w.unveto([1], "words"), "Unknown lens 'words': it must be one of topics, tokens."),
        (lambda w: w.veto([-1]), "A feature must be at least 0, got -1."),
        (lambda w: w.pin([-1]), "A row must be at least 0, got -1."),
        (lambda w: w.pin([1.5]), "A row must be a whole number, got 1.5."),
        (lambda w: w.label("x", "y"), "A feature must be a whole number, got 'x'."),
        (lambda w: w.label(1, None), "The text of a label must be text, got None."),
        (lambda w: w.save_selection(" ", {}), "A saved selection needs a name and a specification."),
        (lambda w: w.save_selection("a", {"x": {1}}), "The detail of a save_selection must be plain JSON values: .*"),
    ],
)
def test_a_mistake_is_told_and_leaves_nothing(workspace, call, sentence):
    with pytest.raises(SelectionError, match=f"^{sentence}$"):
        call(workspace)
    assert workspace.history() == []


def test_export_and_import(workspace, tmp_path):
    workspace.veto([1, 2], "block", "spam")
    workspace.pin([4])
    workspace.ban([5])
    workspace.label(1, "</script>")
    workspace.veto([1], lens="topics")
    workspace.label(1, "recipes", "topics")
    workspace.note(4, "good")
    workspace.save_selection("mine", {"budget": 3})
    workspace.export_json(tmp_path / "w.json")
    other = Workspace(tmp_path / "other.sqlite", "store")
    other.import_json(tmp_path / "w.json")
    assert decisions(other.state()) == decisions(workspace.state())
    assert [other.state().of(lens).dates for lens in LENSES] == [workspace.state().of(lens).dates for lens in LENSES]
    assert other.state().of("topics").dates[1][:2] == other.state().of("tokens").dates[1][:2] == "20"
    other.undo()
    assert decisions(other.state()) == NOTHING
    other.pin([5])
    other.veto([2, 7])
    other.import_json(tmp_path / "w.json")
    state = other.state()
    assert (state.pins, state.bans) == ((4,), (5,))
    assert state.of("tokens").vetoes == {1: "block", 2: "block", 7: "ignore"}
    assert state.of("topics").vetoes == {1: "ignore"}
    assert other.undo() == "9 decisions imported"
    assert other.state().pins == (5,)


BAD_FEATURE = '{"store": "store", "vetoes": {"x": "ignore"}}'


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", "{", '{"store": "store", "vetoes": 3}', BAD_FEATURE, '"text"', "\xff"]
)
def test_a_file_that_holds_no_decisions(workspace, tmp_path, content):
    path = tmp_path / "bad.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(DataError, match=r"bad\.json is not a file of decisions") as error:
        workspace.import_json(path)
    assert "\n" not in str(error.value)


def test_files_that_do_not_fit(workspace, tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        workspace.import_json(tmp_path / "none.json")
    with pytest.raises(DataError, match="cannot be written"):
        workspace.export_json(tmp_path / "none" / "w.json")
    workspace.export_json(tmp_path / "w.json")
    with pytest.raises(SelectionError, match="decisions on the store store, this one is other"):
        Workspace(workspace.path, "other").import_json(tmp_path / "w.json")
    wrong = json.loads((tmp_path / "w.json").read_text())
    wrong["lenses"]["topics"]["vetoes"] = {"1": "never"}
    (tmp_path / "w.json").write_text(json.dumps(wrong))
    with pytest.raises(SelectionError, match="Unknown veto"):
        workspace.import_json(tmp_path / "w.json")
