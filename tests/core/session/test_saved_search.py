"""A saved search, which is what the address of the page Search says, finds what the conditions find."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import SelectionError
from core.schema import SelectionSpec
from core.session.concepts import near_sample
from core.session.saved_search import query_of, rows_found
from core.session.search import Query
from core.session.session import open_session, workspace_of
from tests.factories import TOPICS, alpaca, tiny_store

N, F = 20, 16
FIELDS = {
    "find": "a+", "find_regex": "true", "find_has": "3, 4", "find_lacks": "5", "find_topics_has": "1", "find_min": "8",
    "find_source": "", "find_score": "grade", "find_high": "0.5", "find_status": "pinned", "find_tag": "verse",
    "find_set": "poems", "find_language": "de",
}  # fmt: skip


def test_every_field_is_a_condition() -> None:
    asked = {"source": "", "score_column": "grade", "score": (None, 0.5), "status": "pinned", "tag": "verse",
             "of_set": "poems", "language": "de", "tokens": (8, None)}  # fmt: skip
    assert query_of(FIELDS, "tokens") == Query("a+", True, (3, 4), (5,), noun="feature", **asked)
    assert query_of(FIELDS, "topics") == Query("a+", True, (1,), noun="topic", **asked)
    assert query_of({}, "tokens") == Query()
    for text in ("many", "inf"):
        with pytest.raises(SelectionError, match=f"^The saved search says find_min = '{text}', which is no number.$"):
            query_of({"find_min": text}, "tokens")
    with pytest.raises(SelectionError, match=r"^The saved search says find_max = '2\.7', which is no whole number\.$"):
        query_of({"find_max": "2.7"}, "tokens")


def test_what_a_saved_search_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    rng = np.random.default_rng(3)
    features, topics = ([np.flatnonzero(row) for row in rng.random((N, n)) < 0.3] for n in (F, TOPICS))
    session = open_session(tiny_store(tmp_path, alpaca(N), features, n_features=F, topics=topics))
    workspace, spec = workspace_of(session.store), SelectionSpec(budget=5)
    workspace.save_set("poems", [9, 4, 1, 0, 7])

    def found(**fields: str) -> list[int]:
        return rows_found(session, spec, workspace.state(), fields).tolist()

    assert found(find_set="poems") == [0, 1, 4, 7, 9] and found(find_set="songs") == []
    assert found(find_status="picked") == sorted(session.selection(spec).rows)
    likeness = near_sample(session, 4)
    nearest = sorted([0, 1, 4, 7, 9], key=lambda row: (-likeness[row], row))[:2]
    assert found(find_set="poems", find_near="Row 4", find_most="2") == sorted(nearest)
    with pytest.raises(SelectionError, match="nearest to the text 'a poem': keep what it finds as a set instead"):
        found(find_near="a poem")
    with pytest.raises(SelectionError, match="There is no row 20: the last one is 19"):
        found(find_near="20")
