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
from core.session.concepts import concept, name_matches
from core.session.session import open_session
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
    assert {f for f, _ in found.activated["topics"]} <= set(topics.feature.tolist()) & set(session.faces("topics"))


def test_the_nearest_samples_are_those_of_the_largest_cosine(made):
    session, pipeline, alone = made
    found = concept(session, pipeline, TEXT, named(session))
    vectors = session.store.embeddings().astype(np.float64)
    rest, own = vectors - vectors.mean(0), alone.store.embeddings("prompt")[0] - vectors.mean(0)
    cosine = rest @ own / (np.linalg.norm(rest, axis=1) * np.linalg.norm(own))
    np.testing.assert_allclose(found.cosine, np.sort(cosine)[::-1][:10], atol=2e-3)
    np.testing.assert_allclose(cosine[found.rows], found.cosine, atol=2e-3)


def test_a_text_without_words_is_refused(made):
    session, pipeline, _ = made
    with pytest.raises(SelectionError, match="A concept is a word or a sentence"):
        concept(session, pipeline, "  \n", named(session))


def test_names_are_matched_by_whole_words_first():
    names = {1: "pythonic style", 2: "code: Python, def", 3: "monty taipei", 4: "typhoon", 5: "a python's skin"}
    assert name_matches("python", names) == [2, 5, 1]
    assert name_matches("Python code", names) == [2]
    assert name_matches("thon", names) == name_matches("…", names) == []


words = st.text("abc", min_size=1, max_size=3)


@given(words, st.dictionaries(st.integers(0, 9), st.lists(words, min_size=1, max_size=4).map(" ".join)))
def test_every_match_begins_a_word_and_whole_words_come_first(word, names):
    found = name_matches(word, names)
    begins = {f for f, name in names.items() if re.search(rf"\b{word}", name)}
    whole = [f for f in sorted(names) if word in names[f].split()]
    assert set(found) == begins and found[: len(whole)] == whole
