"""The reference by its name: other stores, sets, tags and sources; what it is compared with; the command."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.cli.app import main
from core.errors import SelectionError
from core.schema import SelectionSpec
from core.session.groups import group
from core.session.session import Session, open_session, workspace_of
from core.studies.missing.lacking import missing
from core.studies.missing.sides import names_of, references, sides, study
from tests.factories import TOPICS, alpaca, tiny_store

N, F = 24, 16
OTHER, STRANGER = "fedcba9876543210", "aaaaaaaaaaaaaaaa"


def make(folder: Path, seed: int, key: str = "0123456789abcdef", model: str = "m") -> Path:
    """Samples of two sources with features and topics drawn at random; topic 7 is in every other sample of `OTHER`."""
    rng = np.random.default_rng(seed)
    has = rng.random((N, F)) < 0.3
    topics = rng.random((N, TOPICS)) < 0.2
    topics[:, 7] = (np.arange(N) % 2 == 0) & (key == OTHER)
    records = [{**record, "source": "ab"[i % 2]} for i, record in enumerate(alpaca(N))]
    (folder / key).mkdir()
    digests = {"model": model, "sae": "s", "data": "d"}
    sets = [np.flatnonzero(row) for row in has]
    path = tiny_store(folder / key, records, sets, n_features=F, key=key, digests=digests,
                      topics=[np.flatnonzero(row) for row in topics])  # fmt: skip
    return path.rename(folder / path.name)


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A store beside one of the same model and one of another."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    make(tmp_path, 1, OTHER)
    make(tmp_path, 2, STRANGER, "another")
    return open_session(make(tmp_path, 0))


SPEC = SelectionSpec(budget=5, lens="topics")


def test_what_can_be_a_reference(session):
    workspace = workspace_of(session.store)
    workspace.save_set("good: ones", [1, 2])
    workspace.tag([4], "verse")
    found = references(session, workspace.state(), "topics")
    assert list(found) == [f"store:{OTHER}", "set:good: ones", "tag:verse", "source:a", "source:b"]
    assert found["set:good: ones"] == "set good: ones" and "data.jsonl" in found[f"store:{OTHER}"]


def test_the_sides_of_each_question(session):
    workspace = workspace_of(session.store)
    workspace.save_set("good", [1, 2, 9])
    state, everything = workspace.state(), list(range(N))
    kept = sorted(session.selection(SPEC).rows.tolist())
    for name in (OTHER, f"store:{OTHER}", str(session.store.path.with_name(f"{OTHER}.duckdb"))):
        found = sides(session, SPEC, state, name)
        assert found.here.rows.tolist() == found.there.rows.tolist() == everything
        assert found.store.key == OTHER and found.there.matrix is not found.here.matrix
    assert sides(session, SPEC, state, OTHER, "kept").here.rows.tolist() == kept
    found = sides(session, SPEC, state, "set:good")
    assert found.there.rows.tolist() == [1, 2, 9] and found.store is session.store
    assert found.here.rows.tolist() == [row for row in everything if row not in (1, 2, 9)]
    assert sides(session, SPEC, state, "left-out", "kept").here.rows.tolist() == kept
    for name, of, told in (("rows:0", "some", "nothing called 'some'"), (STRANGER, "all", "another model"),
                           ("set:bad", "all", "There is no set 'bad'")):  # fmt: skip
        with pytest.raises(SelectionError, match=told):
            sides(session, SPEC, state, name, of)


def test_the_planted_topic_comes_first_with_its_name(session):
    state = workspace_of(session.store).state()
    found, lacks = study(session, SPEC, state, OTHER)
    assert lacks.feature[0] == 7 and lacks.here[0] == 0 and lacks.there[0] == N // 2 == lacks.add[0]
    assert names_of(session, found, state, "topics")[7] == "topic 7"
    assert lacks.covered == 1 - 1 / TOPICS and study(session, SPEC, state, OTHER)[1] is lacks
    again = missing(group(session, SPEC, state, "left-out"), group(session, SPEC, state, "kept"))
    assert study(session, SPEC, state, "kept")[1].feature.tolist() == again.feature.tolist()


def test_the_command_writes_the_same(session, tmp_path, capsys):
    asked = ["missing", "--store", str(session.store.path), "--against", OTHER, "--lens", "topics"]
    assert main([*asked, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    state = workspace_of(session.store).state()
    theta = session.default_theta("all", "topics")[0]
    _, lacks = study(session, SelectionSpec(budget=2, lens="topics", theta=theta), state, OTHER)
    assert said["covered"] == lacks.covered and said["n_there"] == N
    assert [row["topic"] for row in said["features"]] == lacks.feature.tolist()
    out = tmp_path / "list.jsonl"
    assert main([*asked, "--out", str(out)]) == 0
    done = capsys.readouterr()
    assert "topic 7" in done.out and "topics of the reference are here" in done.err
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [{k: v for k, v in line.items() if k != "examples"} for line in lines] == said["features"]
    assert len(lines[0]["examples"]) == 5
    for wrong, told in (
        (["--out", str(tmp_path / "list.txt")], "csv or jsonl"),
        (["--out", str(session.store.path.with_name("0123456789abcdef") / "data.jsonl")], "is the data that was"),
        (["--write", "2", "--model", "m", "--features", "7,99"], "'99' is not missing"),
    ):
        assert main([*asked, *wrong]) == 2
        assert told in capsys.readouterr().err
