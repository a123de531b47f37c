"""A concept taught on a store: what was planted is found, kept, used and deleted; mistakes are one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.concepts.examples import Examples, given, typed
from core.concepts.probe import held_out
from core.concepts.teach import LEAST, teach
from core.errors import SelectionError
from core.schema import SelectionSpec
from core.scoring.columns import columns_version
from core.scoring.taught import all_of, forget, one_of
from core.session.groups import group
from core.session.session import open_session, workspace_of
from core.workspace.decisions import WorkspaceState
from tests.factories import alpaca, tiny_store

N, F = 120, 40
SPEC = SelectionSpec(budget=10, lens="tokens", seed=3)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Samples of which every fourth says python and has feature 5, or else 9."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    rng = np.random.default_rng(0)
    sets = [dict.fromkeys(map(int, np.flatnonzero(row)), 1.0) for row in rng.random((N, F)) < 0.1]
    records = alpaca(N)
    for i in range(0, N, 4):
        records[i]["instruction"] += " in python"
        sets[i] |= {5 if i % 8 else 9: 2.0}
    return tiny_store(tmp_path, records, sets, n_features=F)


def sides(session, positive: str, *negative: str) -> list[Examples]:
    state = workspace_of(session.store).state()
    return [given(session, SPEC, state, names) for names in ([positive], negative)]


def test_what_was_planted_is_found_and_scores_every_sample(store: Path) -> None:
    session = open_session(store)
    taught = teach(session, SPEC, "asks for  python", *sides(session, "text:python"), by="features")
    assert {f for f, _ in taught.features[:2]} == {5, 9}
    assert (taught.name, taught.n_positive, taught.n_negative) == ("asks for python", 30, 90)
    assert taught.auc["features"][1] > 0.7 and "random" in taught.notes[0]
    assert one_of(session.store, "asks for python") == taught
    score = open_session(store).info.scores["concept:asks for python"]
    planted = np.arange(N) % 4 == 0
    assert score[planted].min() > score[~planted].mean()
    found = group(open_session(store), SPEC, WorkspaceState(), "score:concept:asks for python>=0.5").rows
    np.testing.assert_array_equal(found, np.flatnonzero(score >= 0.5))


def test_the_same_examples_and_seed_give_the_same_and_deleting_leaves_nothing(store: Path) -> None:
    session = open_session(store)
    both = sides(session, "text:python")
    first, version = teach(session, SPEC, "p", *both), columns_version()
    score = open_session(store).info.scores["concept:p"]
    second = teach(session, SPEC, "p", *both)
    assert (first.auc, first.features) == (second.auc, second.features)
    np.testing.assert_array_equal(open_session(store).info.scores["concept:p"], score)
    forget(session.store, "p")
    assert not all_of(session.store) and "concept:p" not in open_session(store).info.scores
    assert columns_version() != version
    with pytest.raises(SelectionError, match="There is no concept 'p': there is none yet"):
        forget(session.store, "p")


def test_the_auc_is_of_scores_that_were_held_out(store: Path) -> None:
    from sklearn.metrics import roc_auc_score

    session = open_session(store)
    others = "rows:" + ",".join(str(i) for i in range(N) if i % 4 == 1)
    taught = teach(session, SPEC, "p", *sides(session, "text:python", others))
    rows = [*range(0, N, 4), *range(1, N, 4)]
    vectors = session.store.embeddings()
    x = (vectors - vectors.mean(0))[rows] / np.where(vectors.std(0) > 0, vectors.std(0), 1)
    label = np.arange(60) < 30
    assert taught.auc["vectors"][0] == pytest.approx(roc_auc_score(label, held_out("vectors", x, label, SPEC.seed)))
    assert taught.by == max(taught.auc, key=lambda kind: taught.auc[kind][0]) and not taught.notes


@pytest.mark.parametrize(
    ("name", "positive", "negative", "sentence"),
    [
        ("p", "rows:1,2,3", (), "To teach “p” takes 10 examples or more: rows:1,2,3 has 3."),
        ("p", "text:question", (), "To teach “p” takes 10 counterexamples or more: random others has 0."),
        ("p", "text:python", ("rows:1,2",), "10 counterexamples or more: rows:1,2 has 2."),
        ("p", "text:python", ("text:question",), "30 samples would be an example and a counterexample of “p”"),
        ("a/b", "text:python", (), "A concept is named by letters, digits, spaces, - and _, .* got 'a/b'."),
        ("p", "text:nowhere", (), "The group 'text:nowhere' has no samples."),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(store: Path, name: str, positive: str, negative: tuple, sentence: str) -> None:
    session = open_session(store)
    with pytest.raises(SelectionError, match=sentence):
        teach(session, SPEC, name, *sides(session, positive, *negative))
    assert not all_of(session.store)


def test_texts_need_the_model(store: Path) -> None:
    session = open_session(store)
    texts = Examples(np.zeros(0, np.int64), tuple(typed("one\n\n two \n" * LEAST)), "pasted")
    assert len(texts) == 2 * LEAST
    with pytest.raises(SelectionError, match="Texts as examples need the model"):
        teach(session, SPEC, "p", texts, sides(session, "text:python")[0])
