"""Extraction without an SAE, and with the vectors of a sentence encoder."""

from dataclasses import replace

import numpy as np
import pytest

from core.datasets.samples import read_samples
from core.errors import ModelError, StoreError
from core.extract import pipeline, run, states
from core.extract.joining import join
from core.extract.pipeline import load
from core.extract.run import extract
from core.extract.token_values import pipeline_of, token_values
from core.features.cards import feature_card
from core.lm.sentence_encoder import load_encoder
from core.schema import SCOPES, FeatureMatrix, SelectionSpec
from core.session.session import open_session
from core.store.reader import open_store
from core.store.tables import COUNTS
from tests.stores import content_of, rows
from tests.tiny import save_encoder, write_data

EMPTY = ("activations", "features", "contexts", "logit_lens", "directions")


@pytest.fixture
def encoder(tokenizer, tmp_path):
    return save_encoder(tokenizer, tmp_path / "encoder")


def without(config, encoder=""):
    return replace(config, sae="", vectors=str(encoder))


def types(path, tables=EMPTY):
    sql = "SELECT table_name, column_name, data_type FROM duckdb_columns() ORDER BY ALL"
    return [column for column in rows(path, sql) if column[0] in tables]


def test_a_model_alone(tiny, tmp_path, quick_map):
    path = extract(without(tiny.config), tmp_path)
    store, whole = open_store(path), open_store(tiny.store)
    assert path.name != tiny.store.name and store.n_features == 0 and store.meta["thetas"] == []
    assert store.meta["config"]["hook_point"] == "blocks.1.hook_resid_post" and store.meta["digests"]["sae"] == ""
    for scope in SCOPES:  # the SAE reads the same hook point
        np.testing.assert_array_equal(store.embeddings(scope), whole.embeddings(scope))
    assert [rows(path, f"SELECT count(*) FROM {name}") for name in EMPTY] == [[(0,)]] * len(EMPTY)
    assert types(path) == types(tiny.store)
    assert [s.raw for s in store.samples()] == [s.raw for s in whole.samples()]
    assert store.meta["tokens"] == whole.meta["tokens"]


def test_the_vectors_are_the_encoders(tiny, encoder, tmp_path, quick_map, monkeypatch):
    monkeypatch.setattr(states, "residual", lambda *_: pytest.fail("the model was run"))
    store = open_store(extract(without(tiny.config, encoder), tmp_path))
    samples, reads = list(read_samples(tiny.config.data)), load_encoder(str(encoder), "cpu", "float32")
    asked, told = (np.stack([reads.embed([text])[0] for text in texts]) for texts in zip(*(
        (s.prompt, s.response) for s in samples), strict=True))  # fmt: skip
    columns = open_store(tiny.store).sample_columns()
    here = store.sample_columns()
    for name in (*COUNTS, "n_truncated"):
        np.testing.assert_array_equal(here[name], columns[name])
    n, m = here["n_prompt_tokens"], here["n_response_tokens"] + here["n_later_tokens"]
    weighted = [(a * asked[i] + b * told[i]) / (a + b) for i, (a, b) in enumerate(zip(n, m, strict=True))]
    for scope, wanted in zip(SCOPES, (weighted, asked, told), strict=True):
        np.testing.assert_allclose(store.embeddings(scope), wanted, atol=0.01)
    assert np.abs(told).max() > 1


def test_an_sae_and_an_encoder(tiny, encoder, tmp_path, quick_map):
    both = open_store(extract(replace(tiny.config, vectors=str(encoder)), tmp_path))
    alone = open_store(extract(without(tiny.config, encoder), tmp_path))
    found, expected = content_of(both.path), content_of(tiny.store)
    for name in ("activations", "features", "contexts", "logit_lens"):
        assert found[name] == expected[name], name
    np.testing.assert_array_equal(both.embeddings("response"), alone.embeddings("response"))


def test_the_key_names_sae_and_encoder_by_what_they_hold(tiny, encoder, tokenizer, tmp_path, quick_map):
    from shutil import copytree

    copy, other = copytree(encoder, tmp_path / "copy"), save_encoder(tokenizer, tmp_path / "other", seed=1)
    assert load(tiny.config).digests.keys() == {"model", "sae", "template"}  # no part of the key without an encoder
    keys = [extract(without(tiny.config, e), tmp_path).stem for e in ("", encoder, copy, other)]
    assert keys[1] == keys[2] and len({*keys, tiny.store.stem}) == 4
    assert extract(replace(tiny.config, vectors=""), tiny.store.parent) == tiny.store


@pytest.mark.parametrize("encoded", [True, False])
def test_a_stop_in_the_middle_changes_nothing(tiny, encoder, tmp_path, monkeypatch, quick_map, encoded):
    monkeypatch.setattr(run, "CHUNK", 8)
    config, written, write = without(tiny.config, encoder if encoded else ""), [], run.store_chunk
    expected = content_of(extract(config, tmp_path))

    def stopping(*arguments):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(write(*arguments))

    (tmp_path / "stopped").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(run, "store_chunk", stopping)
        with pytest.raises(KeyboardInterrupt):
            extract(config, tmp_path / "stopped")
    found = content_of(extract(config, tmp_path / "stopped"))
    assert {name: rows == expected[name] for name, rows in found.items()} == dict.fromkeys(expected, True)


def test_a_request_carried_out_before_loads_no_model(tiny, encoder, tmp_path, monkeypatch, quick_map):
    config = without(tiny.config, encoder)
    path = extract(config, tmp_path)
    monkeypatch.setattr(run, "load", None)
    assert extract(config, tmp_path) == path
    (encoder / "sentence_bert_config.json").write_text('{"max_seq_length": 9}')
    with pytest.raises(TypeError):  # looked at again
        extract(config, tmp_path)


def test_joining(tiny, encoder, tmp_path, quick_map, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    lines, stores = tiny.data.read_text().splitlines(keepends=True), []
    for name, part in (("head", lines[:12]), ("tail", lines[12:])):
        (tmp_path / f"{name}.jsonl").write_text("".join(part))
        config = replace(tiny.config, data=str(tmp_path / f"{name}.jsonl"))
        stores.append([extract(c, tmp_path) for c in (config, without(config), without(config, encoder))])
    for at, whole in ((1, without(tiny.config)), (2, without(tiny.config, encoder))):
        joined = open_store(join([stores[0][at], stores[1][at]]))
        expected = open_store(extract(whole, tmp_path)).embeddings()
        np.testing.assert_allclose(joined.embeddings(), expected, atol=1e-2)
    with pytest.raises(StoreError, match="another sae"):
        join([stores[0][0], stores[1][1]])
    with pytest.raises(StoreError, match="another encoder"):
        join([stores[0][1], stores[1][2]])
    (encoder / "sentence_bert_config.json").write_text('{"max_seq_length": 9}')
    with pytest.raises(StoreError, match="The encoder has changed"):
        join([stores[1][2], stores[0][2]])


def test_topics_are_learnt_from_the_encoders_vectors(tiny, encoder, tmp_path, quick_map, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    data = write_data(tmp_path / "data.jsonl", 70)
    config = replace(without(tiny.config, encoder), data=str(data), n_topics=64)
    session = open_session(extract(config, tmp_path))
    assert session.store.lenses == ("topics",) and session.topics().d_in == 16
    for scope in SCOPES:
        read = session.topics().encode(session.store.embeddings(scope))
        np.testing.assert_array_equal(session.raw_matrix(scope, "topics").feature, read.feature)
    found = session.selection(SelectionSpec(budget=5, lens="topics"))
    assert len(found.rows) == 5 and found.covered_after[-1] > 5


def test_mistakes_are_one_sentence(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(pipeline, "load_lm", lambda *_: pytest.fail("a model was loaded"))
    with pytest.raises(ModelError, match="nobody/nothing is not on this machine"):
        extract(without(tiny.config, "nobody/nothing"), tmp_path)
    with pytest.raises(ModelError, match="is a file: a sentence encoder is a folder"):
        extract(without(tiny.config, tiny.data), tmp_path)


def test_token_features_are_not_to_be_had(tiny, encoder, tmp_path, quick_map):
    for config in (without(tiny.config), without(tiny.config, encoder)):
        store = open_store(extract(config, tmp_path))
        loaded = pipeline_of(store)  # what reads words with it is there nevertheless
        assert loaded.sae is None and bool(loaded.encoder) == bool(config.vectors)
        nothing = FeatureMatrix.from_sets([()] * 30, 0)
        for asked, given in (
            (token_values, (store, 0, loaded)),
            (feature_card, (store, nothing, 0.0, 3)),
            (store.matrix, ()),
        ):
            with pytest.raises(StoreError, match="has no token features: it was made without an SAE"):
                asked(*given)
        with pytest.raises(StoreError, match="neither topics nor token features: topics are learnt from 64 samples"):
            open_session(store.path)  # of 30 samples
    (encoder / "sentence_bert_config.json").write_text('{"max_seq_length": 9}')
    with pytest.raises(ModelError, match=r"sentence encoder at .* is not the one that this store was made with"):
        pipeline_of(store)


def test_the_hook_point_that_is_asked_for(tiny, tmp_path, quick_map):
    config = replace(without(tiny.config), limit=6)
    deeper = extract(replace(config, hook_point="blocks.2.hook_resid_post"), tmp_path)
    assert not np.allclose(open_store(deeper).embeddings(), open_store(extract(config, tmp_path)).embeddings())
    with pytest.raises(ModelError, match="4 blocks, 0 to 3"):
        extract(replace(config, hook_point="blocks.4.hook_resid_post"), tmp_path)


def test_the_command(tiny, encoder, tmp_path, quick_map, monkeypatch, capsys):
    from core.cli.app import main

    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    given = ["--data", str(tiny.data), "--model", tiny.config.model, "--limit", "5", "--dtype", "float32"]
    for vectors in ([], ["--vectors", str(encoder)]):
        assert main(["extract", *given, *vectors]) == 0
        store = open_store(capsys.readouterr().out.strip())
        assert (store.n_samples, store.n_features) == (5, 0) and store.meta["config"]["vectors"] == "".join(vectors[1:])
