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
    st.tuples(st.sampled_from(["pin", "unpin", "ban", "unban", "lift"]), MANY),
    st.tuples(st.just("replace"), st.lists(st.lists(SMALL, min_size=2, max_size=3, unique=True), max_size=2), TEXTS),
    st.tuples(st.just("boost"), MANY, st.sampled_from([0.0, 1.0, 2.5]), LENS),
    st.tuples(st.just("note"), MANY, TEXTS),
    st.tuples(st.sampled_from(["save_set", "add_to_set", "take_from_set"]), st.sampled_from("xy"), MANY),
    st.tuples(st.just("delete_set"), st.sampled_from("xy")),
    st.tuples(st.sampled_from(["tag", "untag"]), MANY, st.sampled_from("xy")),
    st.tuples(st.just("save_selection"), st.sampled_from("xy"), st.dictionaries(TEXTS, SMALL, max_size=1)),
    st.tuples(st.just("rename_selection"), st.sampled_from("xy"), st.sampled_from("xyz")),
    st.tuples(st.just("delete_selection"), st.sampled_from("xy")),
    st.tuples(st.sampled_from(["undo", "redo"])),
)


NOTHING = [{"topics": [{}, {}, {}, {}], "tokens": [{}, {}, {}, {}]}, [], [], {}, {}, {}, {}]


def decisions(state):
    of = {lens: [own.vetoes, own.reasons, own.labels, own.boosts] for lens, own in state.lenses.items()}
    sets, tags = ({name: list(rows) for name, rows in named.items()} for named in (state.sets, state.tags))
    replaced = {row: list(by) for row, by in state.replaced.items()}
    return [of, list(state.pins), list(state.bans), replaced, state.notes, sets, tags]


def applied(before, call):
    """The decisions after a call, by the definition of each."""
    of, pins, bans, replaced, notes, sets, tags = json.loads(json.dumps(before), object_hook=numbered)
    name, *arguments = call
    if name in ("veto", "unveto", "label", "boost"):
        of[arguments[-1]] = decided(of[arguments[-1]], name, *arguments[:-1])
    elif name in ("pin", "ban", "replace"):
        rows = arguments[0] if name != "replace" else [row for _, *copies in arguments[0] for row in copies]
        mine, other = (pins, bans) if name == "pin" else (bans, pins)
        mine += [r for r in dict.fromkeys(rows) if r not in mine]
        other[:] = [r for r in other if r not in rows]
        if name == "replace":
            replaced |= {row: [stays, arguments[1]] for stays, *copies in arguments[0] for row in copies}
    elif name in ("unpin", "unban"):
        mine = pins if name == "unpin" else bans
        mine[:] = [r for r in mine if r not in arguments[0]]
    elif name == "lift":
        pins, bans = ([r for r in mine if r not in arguments[0]] for mine in (pins, bans))
    elif name == "note":
        notes = {k: t for k, t in {**notes, **dict.fromkeys(*arguments)}.items() if t}
    elif name in ("tag", "untag"):
        tags = tagged(tags, name, *arguments)
    else:
        sets = grouped(sets, name, *arguments)
    return [of, pins, bans, {row: by for row, by in replaced.items() if row in bans}, notes, sets, tags]


def grouped(sets, name, of, rows=()):
    """The sets after a call."""
    if name == "delete_set":
        return {known: kept for known, kept in sets.items() if known != of}
    if name == "take_from_set":
        return {known: [r for r in kept if known != of or r not in rows] for known, kept in sets.items()}
    return {**sets, of: list(dict.fromkeys([*(sets.get(of, []) if name == "add_to_set" else []), *rows]))}


def tagged(tags, name, rows, of):
    """The tags after a call; one that no sample has is none."""
    before = tags.get(of, [])
    after = [*before, *rows] if name == "tag" else [row for row in before if row not in rows]
    return {tag: kept for tag, kept in {**tags, of: list(dict.fromkeys(after))}.items() if kept}


def decided(own, name, *arguments):
    """What stands for the features of a lens after a call."""
    vetoes, reasons, labels, boosts = own
    if name == "veto":
        features, mode, reason = arguments
        vetoes = vetoes | dict.fromkeys(features, mode)
        reasons = {**reasons, **dict.fromkeys(features, reason)}
    elif name == "unveto":
        vetoes, reasons = ({f: t for f, t in d.items() if f not in arguments[0]} for d in (vetoes, reasons))
    elif name == "boost":
        boosts = {f: x for f, x in {**boosts, **dict.fromkeys(*arguments)}.items() if x != 1}
    else:
        labels = {**labels, arguments[0]: arguments[1]}
    return [vetoes, *({f: t for f, t in d.items() if t} for d in (reasons, labels)), boosts]


def saved(before, name, of, *more):
    """The saved selections after a call."""
    if name == "save_selection":
        return {**before, of: more[0]}
    if name == "delete_selection" or of not in before or of == more[0]:
        return {known: spec for known, spec in before.items() if name != "delete_selection" or known != of}
    return {more[0] if known == of else known: spec for known, spec in before.items() if known != more[0]}


def numbered(found):
    return {int(k) if k.isdigit() else k: v for k, v in found.items()}


@settings(max_examples=40)
@given(st.lists(CALLS, max_size=25))
def test_undo_and_redo_are_a_walk_along_a_list_beside_which_saved_selections_stay(calls):
    states, at, selections = [NOTHING], 0, {}
    with tempfile.TemporaryDirectory() as folder:
        workspace, version = Workspace(Path(folder) / "w.sqlite", "store"), 0
        for call in calls:
            before = at, selections
            told, said = workspace.state(), getattr(workspace, call[0])(*call[1:])
            if call[0] == "undo":
                at = max(at - 1, 0)
                assert (said or "") == told.next_undo and (said is None) == (before[0] == at)
            elif call[0] == "redo":
                at = min(at + 1, len(states) - 1)
                assert (said or "") == told.next_redo and (said is None) == (before[0] == at)
            elif call[0].endswith("_selection"):
                selections = saved(selections, *call)
            elif (after := applied(states[at], call)) != states[at]:
                states, at = [*states[: at + 1], after], at + 1
            state = workspace.state()
            assert decisions(state) == states[at]
            assert list(state.selections.items()) == list(selections.items())
            assert (bool(state.next_undo), bool(state.next_redo)) == (at > 0, at < len(states) - 1)
            assert state.version > version if (at, selections) != before else state.version == version
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


def test_a_copy_says_which_row_stays_as_long_as_it_is_banned(workspace):
    workspace.replace([[12, 4, 5]], "near-copy")
    assert workspace.state().next_undo == "2 rows banned, each a near-copy of one that stays"
    assert workspace.state().ban_told(4) == "banned: near-copy of row 12, which stays"
    assert workspace.state().ban_told(12) == ""
    workspace.replace([[9, 12]], "copy")
    assert workspace.state().next_undo == "row 12 banned, a copy of row 9"
    assert workspace.state().ban_told(4) == "banned: near-copy of row 12"
    workspace.unban([4])
    assert workspace.state().ban_told(4) == ""
    workspace.ban([4])
    assert workspace.state().ban_told(4) == "" and sorted(workspace.state().bans) == [4, 5, 12]


def test_pins_and_bans_keep_when_they_were_decided(workspace):
    workspace.pin([1])
    first = workspace.state().dates[1]
    workspace.pin([1, 2])
    workspace.ban([1])
    dates, times = workspace.state().dates, [event.time for event in workspace.history()]
    assert first == times[2] and dates == {2: times[1], 1: times[0]}
    workspace.undo()
    assert workspace.state().dates == {1: first, 2: times[1]}


def test_hostile_text_survives(workspace):
    text = "'; DROP TABLE events; -- \udce9 \x00 🎉"
    workspace.note([1], text)
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
        (lambda w: w.boost([1], 11), r"A boost must be a number from 0 to 10, got 11\."),
        (lambda w: w.replace([[1]], "copy"), "A group of a replace has two rows or more: the one that stays, .*"),
        (lambda w: w.save_set("", [1]), "A set of samples needs a name."),
        (lambda w: w.tag([1], " "), "A tag needs a name."),
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
    workspace.replace([[7, 5]], "near-copy")
    workspace.label(1, "</script>")
    workspace.veto([1], lens="topics")
    workspace.label(1, "recipes", "topics")
    workspace.note([4], "good")
    workspace.boost([2], 3, "topics")
    workspace.save_set("poems", [3, 1])
    workspace.tag([3, 1], "verse")
    workspace.save_selection("mine", {"budget": 3})
    workspace.export_json(tmp_path / "w.json")
    other = Workspace(tmp_path / "other.sqlite", "store")
    other.import_json(tmp_path / "w.json")
    assert decisions(other.state()) == decisions(workspace.state())
    assert other.state().selections == workspace.state().selections == {"mine": {"budget": 3}}
    assert [other.state().of(lens).dates for lens in LENSES] == [workspace.state().of(lens).dates for lens in LENSES]
    assert other.state().of("topics").dates[1][:2] == other.state().of("tokens").dates[1][:2] == "20"
    other.undo()
    assert decisions(other.state()) == NOTHING and list(other.state().selections) == ["mine"]
    other.pin([5])
    other.veto([2, 7])
    other.import_json(tmp_path / "w.json")
    state = other.state()
    assert (state.pins, state.bans) == ((4,), (5,))
    assert state.of("tokens").vetoes == {1: "block", 2: "block", 7: "ignore"}
    assert state.of("topics").vetoes == {1: "ignore"}
    assert other.undo() == "12 decisions imported"
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


def test_a_file_with_rows_that_the_store_does_not_have(workspace, tmp_path):
    workspace.pin([4])
    workspace.export_json(tmp_path / "w.json")
    with pytest.raises(SelectionError, match="There is no row 4: the rows are 0 to 3"):
        workspace.import_json(tmp_path / "w.json", 4)
    workspace.import_json(tmp_path / "w.json", 5)
