"""Groups of samples by name, and the differences of two of them on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.errors import SelectionError
from core.schema import SelectionSpec
from core.selection.specs import spec_dict
from core.session.groups import group, rest
from core.session.sample_map import map_of
from core.session.search import score_values
from core.session.session import open_session, workspace_of
from tests.factories import random_store

N, F = 20, 16


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty samples of two sources, with features and topics drawn at random, and some decisions."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    return random_store(tmp_path, [{"source": "ab"[i % 2]} for i in range(N)], F)


def test_each_kind_of_group_is_what_its_name_says(store: Path) -> None:
    session = open_session(store)
    workspace, spec = workspace_of(session.store), SelectionSpec(budget=5)
    workspace.pin([3, 1])
    workspace.ban([2])
    workspace.save_set("poems", [9, 4])
    workspace.tag([8, 5, 8], "verse")
    workspace.save_search("ones", {"find": "Question 1"})
    chosen = session.selection(SelectionSpec("random", 4, seed=7))
    workspace.save_selection("mine", spec_dict(chosen))
    state, kept = workspace.state(), session.selection(spec).rows
    matrix = session.matrix_of(spec)
    has = [row for row in range(N) if 6 in matrix.row(row)]
    ones = [row for row in range(N) if "question 1" in session.store.texts([row])[0]]
    right = [row for row, (x, _) in enumerate(map_of(session, spec.lens).place.tolist()) if x > 0]
    named = {
        "kept": sorted(kept), "left-out": sorted(set(range(N)) - set(kept)), "pinned": [1, 3], "banned": [2],
        "source:b": list(range(1, N, 2)), "set:poems": [4, 9], "tag:verse": [5, 8],
        "selection:mine": sorted(chosen.rows),
        "feature:6": has, "rows:7,2,7": [2, 7], "2, 6 7": [2, 6, 7], "11": [11], "search:ones": ones,
        "lasso:0.-1000_1000.-1000_1000.1000_0.1000": right,
    }  # fmt: skip
    for name, rows in named.items():
        found = group(session, spec, state, name)
        assert found.rows.tolist() == rows
        if len(rows) < N:
            assert rest(found).rows.tolist() == [row for row in range(N) if row not in rows]
    np.testing.assert_array_equal(score_values(session, "tokens"), session.info.tokens)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("all", "There is no group 'all': use kept, left-out, .* and store:KEY."),
        ("pinned", "The group 'pinned' has no samples."),
        ("source:c", "The group 'source:c' has no samples."),
        ("set:x", "There is no set 'x': there is none."),
        ("tag:x", "There is no tag 'x': there is none."),
        ("feature:-1", "A feature must be a whole number, got '-1'."),
        (f"feature:{'9' * 5000}", "A feature must be a whole number, got '9+'."),
        ("rows:1,x", "A row must be a whole number, got 'x'."),
        ("rows:20", "There is no row 20: the rows are 0 to 19."),
    ],
)
def test_a_name_of_no_group(store: Path, name: str, sentence: str) -> None:
    session = open_session(store)
    with pytest.raises(SelectionError, match=f"^{sentence}$"):
        group(session, SelectionSpec(budget=5), workspace_of(session.store).state(), name)


def test_the_command_says_what_groups_differ_in(store: Path, capsys: pytest.CaptureFixture) -> None:
    from core.cli.app import main

    def said(*arguments: str) -> str:
        assert main(["diff", *arguments, "--store", str(store), "--lens", "tokens", "--theta", "0"]) == 0
        return capsys.readouterr().out

    found = json.loads(said("source:a", "source:b", "--json"))
    matrix = open_session(store).matrix("all", 0.0)
    assert (found["n_one"], found["n_two"]) == (10, 10) and len(found["features"]) == len(np.unique(matrix.feature))
    for row in found["features"]:
        has = np.array([row["feature"] in matrix.row(i) for i in range(N)])
        assert (row["one"], row["two"]) == (has[::2].sum(), has[1::2].sum())
    assert json.loads(said("kept", "--match-length", "--json"))["n_two"] <= 10
    assert len(json.loads(said("score:response_tokens", "--json"))["features"]) <= F
    assert "log odds" in said("kept", "--limit", "2")
