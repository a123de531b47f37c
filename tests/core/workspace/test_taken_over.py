"""The decisions of a saved selection, taken over in the place of those that stand."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import SelectionError
from core.schema import LENSES, SelectionSpec
from core.session.decided import decided
from core.workspace.log import Workspace

SMALL = st.integers(0, 4)
MANY, LENS = st.lists(SMALL, max_size=3), st.sampled_from(LENSES)
CALLS = st.one_of(
    st.tuples(st.just("veto"), MANY, st.sampled_from(["ignore", "block"]), st.just("why"), LENS),
    st.tuples(st.just("boost"), MANY, st.sampled_from([0.0, 1.0, 2.5]), LENS),
    st.tuples(st.sampled_from(["pin", "unpin", "ban", "unban", "lift"]), MANY),
    st.tuples(st.just("quota"), st.sampled_from(["source:a<=10%", "source:b<=10%", "length:short<=3"])),
    st.tuples(st.just("note"), MANY, st.just("a note")),
)


def standing(state):
    """All that was decided."""
    return state.lenses, state.pins, state.bans, state.why_banned, state.quotas, state.notes


@settings(max_examples=40)
@given(st.lists(CALLS, max_size=8), st.lists(CALLS, max_size=8), LENS)
def test_a_saved_selections_decisions_are_taken_over_in_one_step(before, after, lens):
    def obeyed(state):
        spec = decided(SelectionSpec(lens=lens), state)
        return spec.pins, set(spec.bans), spec.vetoes, spec.boosts, set(spec.quotas)

    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "w.sqlite", "s")
        for name, *arguments in before:
            getattr(workspace, name)(*arguments)
        kept, spec = obeyed(workspace.state()), decided(SelectionSpec(lens=lens), workspace.state())
        workspace.save_selection("kept", json.loads(json.dumps(asdict(spec))))
        for name, *arguments in after:
            getattr(workspace, name)(*arguments)
        workspace.quota("source:c<=20%")
        then = workspace.state()
        workspace.take_over("kept")
        now = workspace.state()
        assert obeyed(now) == kept
        other = next(of for of in LENSES if of != lens)
        assert (now.of(other), now.notes) == (then.of(other), then.notes)
        assert now.next_undo == "decisions taken over from the selection: “kept”"
        workspace.take_over("kept")
        assert workspace.version() == now.version
        workspace.undo()
        assert standing(workspace.state()) == standing(then)
        with pytest.raises(SelectionError, match="There is no saved selection 'gone'"):
            workspace.take_over("gone")
