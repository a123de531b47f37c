"""A concept in words, against the features and the vector that an extraction of the same words gives."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SelectionError
from core.extract.run import extract
from core.extract.token_values import pipeline_of
from core.session.concepts import concept, name_matches, read, shared
from core.session.session import open_session
from tests.factories import random_matrix
from tests.tiny import spare_umap, write_data

TEXT = "sort the list of numbers in python"


@pytest.fixture(scope="module")
def made(tiny, tmp_path_factory):
    """A session on a store with topics and tokens, its pipeline, and a store of the text alone as a prompt."""
    folder = tmp_path_factory.mktemp("concepts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAELECT_CACHE", str(folder))
        spare_umap(patch)
        config = replace(tiny.config, data=str(write_data(folder / "data.jsonl", 90)))
        session = open_session(extract(config, folder))
        alone = folder / "alone.jsonl"
        turns = [{"role": "user", "content": TEXT}, {"role": "assistant", "content": "yes"}]
        alone.write_text(json.dumps({"messages": turns}) + "\n")
        yield session, pipeline_of(session.store), open_session(extract(replace(config, data=str(alone)), folder))


def named(session):
    return {lens: session.faces(lens) for lens in session.store.lenses}


def test_a_concept_activates_what_the_words_activate_as_a_prompt(made):
    session, pipeline, alone = made
    found = concept(session, pipeline, TEXT, named(session))
    theta, known = session.default_theta()[0], session.faces()
    prompt = alone.store.matrix("prompt")
    values = dict(zip(prompt.feature.tolist(), prompt.value.tolist(), strict=True))
    wanted = sorted(((f, v) for f, v in values.items() if v > theta and f in known), key=lambda p: (-p[1], p[0]))[:10]
    assert [f for f, _ in found.activated["tokens"]] == [f for f, _ in wanted]
    np.testing.assert_allclose([v for _, v in found.activated["tokens"]], [v for _, v in wanted], atol=1e-3)
    vector = alone.store.embeddings("prompt")
    topics = session.topics().encode(vector)
    for lens in session.store.lenses:
        both = [*found.named[lens], *(f for f, _ in found.activated[lens])]
        assert found.features(lens) == sorted(set(both), key=both.index)
    assert {f for f, _ in found.activated["topics"]} <= set(topics.feature.tolist()) & set(session.faces("topics"))


def test_the_nearest_samples_are_alike_in_vector_and_in_features(made):
    session, pipeline, alone = made
    found = concept(session, pipeline, TEXT, named(session))
    vectors = session.store.embeddings().astype(np.float64)
    rest, own = vectors - vectors.mean(0), alone.store.embeddings("prompt")[0] - vectors.mean(0)
    cosine = rest @ own / (np.linalg.norm(rest, axis=1) * np.linalg.norm(own))
    words = read(pipeline, TEXT).features
    likeness = (cosine + by_hand(session.matrix("all", session.default_theta()[0]), words)) / 2
    np.testing.assert_allclose(found.likeness, np.sort(likeness)[::-1][:10], atol=2e-3)
    np.testing.assert_allclose(likeness[found.rows], found.likeness, atol=2e-3)


def by_hand(matrix, features):
    """What `shared` gives, sample by sample."""
    counts = {f: sum(f in matrix.row(i) for i in range(matrix.n_samples)) for f in features}
    idf = {f: np.log(matrix.n_samples / n) for f, n in counts.items() if n}
    out = []
    for i in range(matrix.n_samples):
        entries = slice(matrix.indptr[i], matrix.indptr[i + 1])
        values = dict(zip(matrix.row(i).tolist(), matrix.value[entries].tolist(), strict=True))
        out.append(sum(idf[f] * min(values.get(f, 0) / features[f], 1) for f in idf))
    return np.array(out) / max(sum(idf.values()), 1e-9)


def test_a_text_without_words_is_refused(made):
    session, pipeline, _ = made
    with pytest.raises(SelectionError, match="A concept is a word or a sentence"):
        concept(session, pipeline, "  \n", named(session))


def test_names_are_matched_by_whole_words_first():
    names = {1: "pythonic style", 2: "code: Python, def", 3: "monty taipei", 4: "typhoon", 5: "a python's skin"}
    assert name_matches("python", names) == [2, 5, 1]
    assert name_matches("Python code", names) == [2]
    assert name_matches("thon", names) == name_matches("…", names) == []


@given(st.integers(0, 999))
def test_shared_features_are_counted_as_by_hand(seed):
    rng = np.random.default_rng(seed)
    matrix, _ = random_matrix(rng, 7)
    features = {int(f): float(rng.uniform(0.5, 4)) for f in rng.choice(12, 4, replace=False)}
    np.testing.assert_allclose(shared(matrix, features), by_hand(matrix, features), atol=1e-9)


words = st.text("bkq", min_size=1, max_size=3)  # no function word is made of these


@given(words, st.dictionaries(st.integers(0, 9), st.lists(words, min_size=1, max_size=4).map(" ".join)))
def test_every_match_begins_a_word_and_whole_words_come_first(word, names):
    found = name_matches(word, names)
    begins = {f for f, name in names.items() if re.search(rf"\b{word}", name)}
    whole = [f for f in sorted(names) if word in names[f].split()]
    assert set(found) == begins and found[: len(whole)] == whole
