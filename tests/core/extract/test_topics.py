"""Topics as the last step of extraction, and added to stores that lack them."""

import re
import shutil
from dataclasses import replace

import duckdb
import numpy as np
import pytest

from core.errors import ModelError, StoreError
from core.extract import upgrade as upgrading
from core.extract.joining import join
from core.extract.run import extract
from core.extract.upgrade import upgrade
from core.features.kinds import KINDS
from core.schema import SCOPES, SEGMENTS, SelectionSpec
from core.session.session import open_session
from core.store.reader import open_store
from core.store.tables import COUNTS, SCHEMA_VERSION
from core.topics.folders import located
from core.topics.model import load_topics
from tests.stores import content_of, rows, with_earlier_samples
from tests.tiny import write_data


@pytest.fixture(scope="module")
def config(tiny, tmp_path_factory):
    """A request for topics alone: 90 samples, no SAE."""
    data = write_data(tmp_path_factory.mktemp("topics") / "data.jsonl", 90)
    return replace(tiny.config, data=str(data), sae="", hook_point="blocks.1.hook_resid_post", n_topics=64)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache of the module's own, without UMAP."""
    from tests.tiny import spare_umap

    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("SAELECT_CACHE", str(folder))
        spare_umap(patch)
        yield folder


@pytest.fixture(scope="module")
def alone(config, cache):
    return extract(config, cache)


@pytest.fixture(scope="module")
def both(config, tiny, cache):
    return extract(replace(config, sae=tiny.config.sae), cache)


def test_a_store_without_an_sae_has_topics_learnt_from_its_own_vectors(alone):
    store, session = open_store(alone), open_session(alone)
    assert store.lenses == ("topics",) and store.n_features == 0 and session.lens == "topics"
    topics = load_topics(located(store.meta["topics"]["folder"]))
    assert store.meta["topics"]["own"] and topics.n_features == 64 == store.size_of("topics")
    for scope in SCOPES:
        wanted, found = topics.encode(store.embeddings(scope)), store.matrix(scope, lens="topics")
        np.testing.assert_array_equal(found.indptr, wanted.indptr)
        np.testing.assert_array_equal(found.feature, wanted.feature)
        np.testing.assert_array_equal(found.value, wanted.value)
    assert session.topics().digest == store.meta["topics"]["digest"]
    assert len(store.projection("topics")["x"]) == 90
    assert len(session.selection(SelectionSpec(budget=9, lens="topics")).rows) == 9
    with pytest.raises(StoreError, match="has no token features"):
        store.matrix()


def test_names_are_kept_with_the_topics_that_are_active(both):
    store = open_store(both)
    active = np.unique(np.concatenate([store.matrix(scope, lens="topics").feature for scope in SCOPES]))
    assert sorted(store.faces("topics")) == active.tolist() and all(store.faces("topics").values())
    kinds = store.kinds()
    assert list(kinds) == store.features()["feature_id"].tolist() and set(kinds.values()) <= set(KINDS)


def test_the_same_request_gives_the_same_topics(config, cache, tmp_path, monkeypatch, alone):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    again = extract(config, tmp_path)
    assert again.name == alone.name and content_of(again) == content_of(alone)


def test_a_request_may_name_its_topics(config, cache, alone, tmp_path):
    made = located(open_store(alone).meta["topics"]["folder"])
    given = shutil.copytree(made, tmp_path / "given")
    path = extract(replace(config, topics=str(given), limit=10), cache)  # too few to learn from, enough to read
    store = open_store(path)
    assert store.lenses == ("topics",) and not store.meta["topics"]["own"]
    np.testing.assert_array_equal(store.matrix(lens="topics").row(3), open_store(alone).matrix(lens="topics").row(3))
    with pytest.raises(ModelError, match=re.escape(str(tmp_path))):
        extract(replace(config, topics=str(tmp_path), limit=11), cache)


def test_too_few_samples_are_told(config, cache, tiny):
    store = open_store(extract(replace(config, sae=tiny.config.sae, limit=20), cache))
    assert store.lenses == ("tokens",)
    assert "There are no topics: they are learnt from at least 64 samples with tokens." in store.meta["warnings"]


def as_version_2(path, to):
    """A store as it was before there were topics."""
    shutil.copyfile(path, to)
    with duckdb.connect(str(to)) as db:
        for table in ("topics", "topic_activations", "topic_projection", "kinds"):
            db.execute(f"DROP TABLE {table}")
        for column in ("prompt_vector", "response_vector"):
            db.execute(f"ALTER TABLE samples DROP COLUMN {column}")
        with_earlier_samples(db)
        db.execute("UPDATE meta SET value = '2' WHERE key = 'schema_version'")
        db.execute("DELETE FROM meta WHERE key = 'topics'")
        db.execute("UPDATE meta SET value = json_merge_patch(value, '{\"n_topics\": null, \"topics\": null, "
                   "\"topics_k\": null, \"vectors\": null}') WHERE key = 'config'")  # fmt: skip
    return to


def check_counts(store, whole, anew):
    """The counts are those of the whole store, but what was cut is response where they were not made `anew`."""
    found, wanted = store.sample_columns(), whole.sample_columns()
    assert wanted["n_truncated"].max() > 0
    for name in ("n_tokens", "n_truncated", *(name for name in COUNTS if name.startswith("n_read"))):
        assert found[name].tolist() == wanted[name].tolist(), name
    for name in SEGMENTS:
        cut = wanted["n_truncated"] * (name == "response")
        expected = wanted[f"n_{name}_tokens"] if anew else wanted[f"n_read_{name}"] + cut
        assert found[f"n_{name}_tokens"].tolist() == expected.tolist(), name


def test_counts_stay_where_the_tokenizer_is_gone(both, tmp_path):
    old = as_version_2(both, tmp_path / f"{both.stem}.duckdb")
    with duckdb.connect(str(old)) as db:
        db.execute("UPDATE meta SET value = json_merge_patch(value, '{\"model\": \"gone\"}') WHERE key = 'config'")
    store = open_store(upgrade(old))
    check_counts(store, open_store(both), anew=False)
    assert any("the tokenizer of gone, which could tell, is not at hand" in text for text in store.meta["warnings"])


def test_joining_brings_earlier_counts_up(both, config, cache, tmp_path):
    old = as_version_2(both, tmp_path / f"{both.stem}.duckdb")
    with duckdb.connect(str(old)) as db:
        db.execute("UPDATE meta SET value = '3' WHERE key = 'schema_version'")
    other = extract(replace(config, sae=open_store(both).meta["config"]["sae"], limit=20), cache)
    joined, parts = open_store(join([other, old], cache)), [open_store(other), open_store(old)]
    for name in COUNTS:
        wanted = np.concatenate([part.sample_columns()[name] for part in parts])
        assert joined.sample_columns()[name].tolist() == wanted.tolist(), name
    assert joined.previews() == [begun for part in parts for begun in part.previews()]


def test_an_older_store_opens_and_gets_what_it_lacks(both, tmp_path):
    old = as_version_2(both, tmp_path / f"{both.stem}.duckdb")
    tokens = open_store(old).matrix()
    assert open_store(old).lenses == ("tokens",) and open_store(old).kinds() == {}
    check_counts(open_store(old), open_store(both), anew=False)
    assert open_store(old).previews([5, 2]) == open_store(both).previews([5, 2])
    assert upgrade(old) == old
    store, whole = open_store(old), open_store(both)
    assert store.previews() == whole.previews()
    assert store.meta["schema_version"] == SCHEMA_VERSION
    assert store.lenses == ("topics", "tokens") and store.kinds() == whole.kinds()
    check_counts(store, whole, anew=True)
    np.testing.assert_array_equal(store.matrix().value, tokens.value)
    np.testing.assert_array_equal(store.matrix(lens="topics").value, whole.matrix(lens="topics").value)
    with pytest.raises(StoreError, match="before prompt and response had topics of their own: extract again"):
        store.matrix("prompt", lens="topics")
    assert not list(tmp_path.glob("*.partial*"))


def test_an_interrupted_upgrade_leaves_the_store_as_it_was(both, tmp_path, monkeypatch):
    old = as_version_2(both, tmp_path / f"{both.stem}.duckdb")
    before = content_of(old)

    def interrupted(writer):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(upgrading, "write_kinds", interrupted)
        with pytest.raises(KeyboardInterrupt):
            upgrade(old)
    assert content_of(old) == before
    assert open_store(upgrade(old)).lenses == ("topics", "tokens")


def test_joined_stores_learn_topics_together(config, tiny, cache, both):
    parts = [extract(replace(config, sae=tiny.config.sae, limit=n), cache) for n in (40, 50)]
    joined = open_store(join(parts, cache))
    assert joined.lenses == ("topics", "tokens") and joined.meta["topics"]["n_features"] == 64
    assert rows(joined.path, "SELECT count(*) FROM samples WHERE response_vector IS NULL") == [(0,)]
