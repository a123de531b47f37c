"""How samples were read, against the definition on random counts."""

import json

import numpy as np
import pytest

from core.__main__ import main
from core.errors import SelectionError
from core.session.cut import READ, cut_told, read_of, readings
from core.session.search import Query, find
from core.session.session import open_session
from core.workspace.log import Workspace
from tests.factories import KEY, alpaca, tiny_store, with_counts

N = 40


@pytest.fixture
def counts(tmp_path):
    """A store whose samples were read in part, and the tokens of each segment: whole and read, int (N, 3)."""
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 6, (N, 3))
    read = np.where(rng.random((N, 3)) < 0.6, whole, (whole * rng.random((N, 3))).astype(int))
    path = tiny_store(tmp_path, alpaca(N), [{i % 5} for i in range(N)], config={"data": "d", "max_tokens": 9})
    return with_counts(path, whole, read), whole, read


def by_definition(whole, read):
    if read.sum() == whole.sum():
        return "whole"
    if whole[1] and not read[1]:
        return "answer not read"
    return "answer cut" if read[1] < whole[1] else "prompt cut"


def test_readings_are_those_of_the_definition(counts):
    path, whole, read = counts
    session = open_session(path)
    wanted = [by_definition(*pair) for pair in zip(whole, read, strict=True)]
    assert [READ[i] for i in readings(session)] == wanted and set(wanted) == set(READ)
    assert readings(session).tolist() == read_of(session.store).tolist()
    assert session.info.unread_response.tolist() == [how == "answer not read" for how in wanted]
    matrix = session.matrix("all", 0)
    for how in READ:
        assert find(session, matrix, Query(read=how)).tolist() == [i for i, one in enumerate(wanted) if one == how]
    with pytest.raises(SelectionError, match="Unknown reading 'half': use all or one of whole, prompt cut"):
        find(session, matrix, Query(read="half"))


def test_what_was_cut_is_told(counts):
    path, whole, read = counts
    told = cut_told(open_session(path).store)
    longer, unread = (whole.sum(1) > read.sum(1)).sum(), ((read[:, 1] == 0) & (whole[:, 1] > 0)).sum()
    assert told.startswith(f"{longer} of 40 samples were longer than 9 tokens, and not read whole: ")
    assert f"{(read[:, 0] < whole[:, 0]).sum()} lack part of the prompt" in told
    assert f"{unread} lack all of the answer." in told and f"read {read.sum() / whole.sum():.1%} of all tokens" in told


def test_a_store_that_was_read_whole_has_nothing_to_tell(tmp_path):
    session = open_session(tiny_store(tmp_path, alpaca(4), [{1}] * 4))
    assert cut_told(session.store) == "" and not readings(session).any()


def test_samples_whose_answer_was_not_read_are_banned_in_one_step(counts, tmp_path, monkeypatch, capsys):
    path, whole, read = counts
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    unread = np.flatnonzero((read[:, 1] == 0) & (whole[:, 1] > 0)).tolist()
    assert main(["ban", "--unread", "--store", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bans"] == unread
    workspace = Workspace(tmp_path / "cache" / "workspace.sqlite", KEY)
    assert list(workspace.state().bans) == unread and workspace.undo() and not workspace.state().bans
