"""What tells samples apart, and quotas by it through a session, an export and its replay."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import SelectionError
from core.export.folder import export, replay
from core.schema import SelectionSpec
from core.selection.quotas import NONE
from core.session.budgets import random_draws
from core.session.groups import with_sets
from core.session.labels import label_columns
from core.session.session import open_session
from core.workspace.decisions import WorkspaceState
from tests.factories import alpaca, tiny_store

N = 24
LANGUAGES = ["de", "en", "en", "es"]
TOPICS = [{i % 3: 1.0, 5: 2.0 if i % 4 == 0 else 0.5} if i % 6 else {} for i in range(N)]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Records with a column of languages, one of truths, some that are no labels; topics for five in six."""
    records = alpaca(N)
    for i, record in enumerate(records):
        record |= {
            "tongue": LANGUAGES[i % 4],
            "source": f"part{i % 2}",
            "lists": [i],
            "long": "x" * 200,
            "a:b": i % 2,
        }
        record |= {"checked": bool(i % 2)} if i % 3 else {}
    return open_session(
        tiny_store(tmp_path_factory.mktemp("labels"), records, [{i % 16} for i in range(N)], topics=TOPICS)
    )


def test_the_columns_that_tell_samples_apart(session):
    known = label_columns(session.store)
    assert {"tongue", "checked", "id"} <= set(known)
    assert not {"lists", "long", "a:b", "source"} & set(known)
    assert known["tongue"].tolist() == [LANGUAGES[i % 4] for i in range(N)]
    assert known["checked"][:4].tolist() == [NONE, "true", "false", NONE]


def test_labels_by_source_topic_and_cluster(session):
    labels = session.info.labels
    assert labels("source").tolist() == [f"part{i % 2}" for i in range(N)]
    strongest = [max(sorted(t), key=lambda f: t[f]) if t else None for t in TOPICS]
    assert labels("topic").tolist() == [NONE if f is None else str(f) for f in strongest]
    assert labels("cluster").tolist() == session.clusters("residual", 2).label.astype(str).tolist()
    with pytest.raises(SelectionError, match=r"not told apart by 'colour': use source, language, cluster, .*tongue"):
        labels("colour")


def test_quotas_through_a_session_and_a_replay(session, tmp_path):
    state = WorkspaceState(sets={"mine": (0, 4, 8)}, tags={"odd": tuple(range(1, N, 2))})
    spec = SelectionSpec(budget=12, quotas=("tongue:en<=25%", "tongue:*>=3", "tag:odd<=6", "set:*>=2"))
    spec = with_sets(spec, state)
    assert spec.sets == {"tag:odd": state.tags["odd"], "set:mine": (0, 4, 8)}
    rows = session.selection(spec).rows
    assert len(rows) == 12
    has = {name: int((np.array(LANGUAGES)[rows % 4] == name).sum()) for name in LANGUAGES}
    assert has["en"] == 3 <= min(has.values())
    assert (rows % 2).sum() <= 6
    assert len(np.intersect1d(rows, (0, 4, 8))) >= 2
    assert session.order(spec).covered_after[-1] == session.selection(spec).covered_after[-1]
    assert all(len(draw.rows) == 12 for draw in random_draws(session, spec))
    export(session.selection(spec), session.store, tmp_path / "kept.jsonl")
    manifest = json.loads((tmp_path / "kept.manifest.json").read_text())
    assert manifest["spec"]["quotas"] == list(spec.quotas)
    why = [json.loads(line)["reason"] for line in (tmp_path / "kept.rejects.jsonl").read_text().splitlines()]
    assert "quota: the quota “tongue en: at most 25 %” leaves no room for it" in why
    written = (tmp_path / "kept.jsonl").read_bytes()
    again = replay(tmp_path / "kept.manifest.json", tmp_path / "again.jsonl", session.store.path)
    assert again.read_bytes() == written
    for lens in session.store.lenses:
        with pytest.raises(SelectionError) as caught:
            session.selection(SelectionSpec(budget=12, lens=lens, quotas=("topic:3<=10%",)))
        assert str(caught.value) == (
            "The quota topic:3<=10% names a topic that is the strongest of no sample: take it away, or name one of "
            "(none), 0, 1, 2, 5."
        )
    with pytest.raises(SelectionError, match=r"The quota tag:even<=6 names no tag of this data: take it away\.$"):
        session.selection(with_sets(replace(spec, quotas=("tag:even<=6",)), state))
