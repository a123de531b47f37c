"""What languages do to a data set: features of one language alone, and languages that the model reads badly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.store.reader import open_store
from core.studies.languages import LEAST, badly_read_told, covered, covered_told, loss_by_language
from tests.factories import alpaca, matrix_from, tiny_store

SPOKEN = st.lists(st.sampled_from(["en", "de", "es", ""]), min_size=1, max_size=40)


@given(SPOKEN, st.integers(0, 99))
def test_features_of_one_language_alone(spoken, seed):
    rng, codes = np.random.default_rng(seed), np.array(spoken, object)
    sets = [set(np.flatnonzero(rng.random(4) < 0.5).tolist()) for _ in spoken]
    rows = np.flatnonzero(rng.random(len(spoken)) < 0.8)
    found = covered(matrix_from(sets, 4), codes, rows)
    for code, samples, features, only in zip(found.codes, found.samples, found.features, found.only, strict=True):
        own = [row for row in rows.tolist() if spoken[row] == code]
        assert samples == len(own) and features == len(set().union(*(sets[row] for row in own)))
        count = {f: [spoken[row] for row in rows.tolist() if f in sets[row]] for f in range(4)}
        assert set(only.tolist()) == {f for f, of in count.items() if set(of) == {code} and len(of) >= LEAST}
    assert sorted(found.codes) == sorted({spoken[row] for row in rows.tolist()} - {""})


def test_it_is_said_in_a_sentence():
    codes = np.array(["en"] * 8 + ["de"] * 3, object)
    one = covered(matrix_from([{0, 1}] * 8 + [{1}] * 3, 3), codes)
    assert covered_told(one, "topics") == "1 topic of 2 is covered in English only."
    both = covered(matrix_from([{1}] * 11, 3), codes)
    assert (
        covered_told(both, "tokens")
        == "Every feature of 5 samples or more is covered in another language than English too."
    )
    assert covered_told(covered(matrix_from([{1}] * 8, 3), codes[:8]), "topics") == ""


def test_a_language_that_is_read_badly_is_told(tmp_path):
    store = open_store(tiny_store(tmp_path, alpaca(60), [{1}] * 60))
    codes = np.array(["en", "de", ""] * 20, object)
    size = [len(sample.response.encode()) for sample in store.samples()]
    tokens = store.sample_columns()["n_response_tokens"]
    per_byte = np.where(codes == "de", 0.4, 0.2)
    loss = loss_by_language(store, codes, {"perplexity": np.exp(per_byte * size / tokens)})
    assert loss == {"en": pytest.approx(0.2), "de": pytest.approx(0.4)}
    assert "German (2.0 times the loss of English)" in badly_read_told(loss)
    assert badly_read_told({"en": 0.2, "de": 0.25}) == badly_read_told({"de": 1.0}) == badly_read_told({}) == ""
    assert loss_by_language(store, codes, {}) == {}
