"""What clusters are called on the pages: by topics where the store has them, else by words, never by tokens."""

import numpy as np
import pytest

from core.explain.cluster_names import LEAST, ClusterCard, cluster_words
from core.session.session import open_session
from pages.parts.clusters import apart
from tests.factories import KEY, TOPICS, alpaca, tiny_store
from tests.pages.conftest import CONFIG, N, feature_sets

K = 3


def records(subjects):
    """Samples about one of three subjects each."""
    asked = ("Sail a ship across the sea", "Bake bread in the oven", "Plant roses in the garden")
    return [{**record, "instruction": asked[i]} for record, i in zip(alpaca(N), subjects, strict=True)]


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Make a store whose first topics are its clusters', or one without topics; its clusters."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))

    def make(with_topics):
        meta = {"config": {**CONFIG, "data": str(tmp_path / "data.jsonl")}, "digests": {"model": "m", "sae": "s"}}
        folder = tmp_path / "first"
        folder.mkdir()
        label = (
            open_session(tiny_store(folder, alpaca(N), feature_sets(), n_features=24, **meta))
            .clusters("residual", K)
            .label
        )
        everyone = {TOPICS - 1: 1.0, TOPICS - 2: 1.0}  # at their value lies the default θ, the median
        topics = [{int(c): 2.0, **everyone} for c in label] if with_topics else None
        path = tiny_store(tmp_path, records(label), feature_sets(), n_features=24, topics=topics, **meta)
        return open_session(path)

    return make


@pytest.mark.parametrize("lens", ["topics", "tokens"])
def test_clusters_are_called_by_their_topics(made, visit, lens):
    session = made(with_topics=True)
    table = visit("coverage", budget=6, grouped="true", clusters=K, lens=lens).dataframe
    (frame,) = [each.value for each in table if "about" in each.value]
    label = session.clusters("residual", K).label
    size, words = np.bincount(label), cluster_words(session.clusters("residual", K), session.store.texts)
    wanted = {c: f"topic {c}" if size[c] >= LEAST else words[c] for c in range(K)}
    assert size.max() >= LEAST > size.min(), "too small ones have words"
    assert dict(zip(frame["cluster"], frame["about"], strict=True)) == wanted
    assert dict(zip(frame["cluster"], frame["samples"], strict=True)) == dict(enumerate(size.tolist()))


def test_no_two_clusters_have_one_name_on_the_map():
    none = np.zeros(0)
    named = (("sea", "sail"), ("sea", "bread"), ("sea", "sail"), ())
    cards = [ClusterCard(c, 9, 1, 0, none, none, names) for c, names in enumerate(named)]
    assert apart(cards) == ["sea", "bread", "sail", "cluster 3"]


def test_clusters_of_a_store_without_topics_are_called_by_words(made, visit):
    session = made(with_topics=False)
    at = visit("coverage", budget=6, grouped="true", clusters=K)
    (frame,) = [each.value for each in at.dataframe if "about" in each.value]
    words = cluster_words(session.clusters("residual", K), session.store.texts)
    assert dict(zip(frame["cluster"], frame["about"], strict=True)) == dict(enumerate(words))
    assert any({"bake", "bread", "oven"} <= set(name.split(", ")) for name in words)
    assert any("words of central samples" in caption.value for caption in at.caption)
    assert session.store.path.stem == KEY
