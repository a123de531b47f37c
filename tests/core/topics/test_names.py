"""Names by words against the definition written out, on texts of plain words and on hostile ones."""

import re
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.special import rel_entr

from core.schema import FeatureMatrix
from core.topics.names import FEWEST, MOST, SHARE, STRONGEST, UNNAMED, alike, scores, strongest, topic_names, word_names
from tests.hostile import HOSTILE
from tests.strategies import quick

PLAIN = ("apple", "bridge", "candle", "dragon", "engine", "forest", "guitar", "helmet")  # none a form of another
words = st.lists(st.sampled_from(PLAIN), max_size=5, unique=True)
texts_of_words = st.lists(st.tuples(words, words), min_size=1, max_size=9)


def oracle(weights, texts):
    """The name of a group of samples {row: weight}: the words of each text are (beginning, rest)."""
    count = [{w: (w in head) + 1 for w in {*head, *rest}} for head, rest in texts]
    total, found = sum(weights.values()), []
    for word in PLAIN:
        p = sum(weight / total * count[row].get(word, 0) for row, weight in weights.items())
        q = sum(each.get(word, 0) for each in count) / len(count)
        n_with = sum(word in count[row] for row in weights)
        score = round(p * log(p / q), 9) if p else -1
        if score >= 0 and n_with >= max(len(weights) * SHARE / 2, min(2, len(weights))):
            found.append((n_with < len(weights) * SHARE, -score, -n_with, word))
    found = [each for each in found if each[1] < 0] or found
    often = [word for rare, *_, word in sorted(found) if not rare][:MOST]
    rare = [word for rare, *_, word in sorted(found) if rare]
    return ", ".join(often + rare[: max(0, FEWEST - len(often))]) or UNNAMED


def text_of(head, rest):
    return f"{' '.join(head)}\n\n{' '.join(rest)}"


@quick
@given(texts_of_words, st.data())
def test_names_by_the_definition(texts, data):
    rows = st.dictionaries(st.integers(0, len(texts) - 1), st.integers(1, 4), max_size=len(texts))
    groups = [*data.draw(st.lists(rows, max_size=3)), dict.fromkeys(range(len(texts)), 1)]  # the last holds all
    dense = np.array([[group.get(row, 0) for row in range(len(texts))] for group in groups])
    names = word_names(csr_matrix(dense), [text_of(*text) for text in texts])
    assert names == [oracle(group, texts) if group else "" for group in groups]


@quick
@given(st.integers(0, 10**6))
def test_scores_are_the_parts_of_scipys_divergence(seed):
    rng = np.random.default_rng(seed)
    groups, counts = rng.integers(0, 3, (4, 7)).astype(float), rng.integers(0, 3, (7, 5)).astype(float)
    groups[:, 0], counts[0] = 1, 1  # no empty group, no word that nobody has
    score, share = scores(csr_matrix(groups), csr_matrix(counts))
    p = groups @ counts / groups.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(score.toarray(), np.where(p > 0, rel_entr(p, counts.mean(axis=0)), 0), atol=1e-12)
    member, has = groups > 0, (counts > 0).astype(float)
    np.testing.assert_allclose(share.toarray(), member @ has / member.sum(axis=1, keepdims=True))
    assert np.array_equal(score.indices, share.indices)


@quick
@given(st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=12), st.integers(1, 5))
def test_the_strongest_samples(rows, most):
    dense = np.array(rows, np.float32)
    found = strongest(FeatureMatrix.from_scipy(csr_matrix(dense)), most).toarray()
    for f in range(4):
        first = sorted(np.flatnonzero(dense[:, f]).tolist(), key=lambda row: (-dense[row, f], row))[:most]
        assert found[f].tolist() == [dense[row, f] if row in first else 0 for row in range(len(dense))]


SUBJECTS = (
    ("How do I learn to ski?", "Skiing needs snow, boots and patience; find a slope."),
    ("What cures a cough?", "Honey and rest; see a doctor if the fever stays."),
)


def test_topics_are_named_for_what_their_strongest_samples_share():
    texts, sets = [], []
    for i in range(40):
        topic = i % 2
        texts.append("\n\n".join(SUBJECTS[topic]) + f" Sample number {i}. " + PLAIN[i % 7])
        sets.append({topic, 2})
    names = topic_names(FeatureMatrix.from_sets(sets, 4), texts)
    assert names[3] == "", "never active"
    assert {"ski", "learn"} <= set(names[0].split(", "))
    assert {"cures", "cough"} <= set(names[1].split(", "))
    assert all(FEWEST <= len(name.split(", ")) <= MOST for name in names[:2])
    assert topic_names(FeatureMatrix.from_sets(sets, 4), texts) == names


def test_one_long_sample_does_not_name_a_topic():
    texts = ["a short answer on bridges and steel"] * 9 + ["bridges " + "zebra " * 500]
    assert "zebra" not in topic_names(FeatureMatrix.from_sets([{0}] * 10, 1), texts)[0]
    assert len(texts) < STRONGEST


def test_code_is_named_for_its_language_and_words():
    sort = "Sort a list of numbers in {}.\n\n```{}\n{}\n```"
    python = sort.format("Python", "python", "def ordered(values):\n    return sorted(values)")
    java = sort.format("Java", "java", "public static void order(int[] values) { Arrays.sort(values); }")
    texts = [python] * 6 + [java] * 6 + ["A poem about the sea and its wind."] * 6
    sets = [{0, 2}] * 6 + [{1, 2}] * 6 + [{3}] * 6
    names = topic_names(FeatureMatrix.from_sets(sets, 4), texts)
    assert names == [
        "Python code: list, numbers, sort",
        "Java code: list, numbers, sort",
        "code: list, numbers, sort, Java, Python",
        "poem, sea, wind",
    ]
    bare = ["```python\nprint(total)\n```"] * 3
    assert topic_names(FeatureMatrix.from_sets([{0}] * 3, 1), bare) == ["Python code: print, total"]


def test_another_language_is_told_first():
    texts = ["Escribe una carta para mi abuela sobre el jardín."] * 5 + ["Write a letter about the garden."] * 5
    names = topic_names(FeatureMatrix.from_sets([{0}] * 5 + [{1}] * 5, 2), texts)
    assert names == ["Spanish: abuela, carta, escribe, jardín", "garden, letter, write"]


def test_nothing_to_name_by():
    matrix = FeatureMatrix.from_sets([{0}, {0}, set()], 2)
    assert topic_names(matrix, ["1 + 1 = 2", "", "a poem"]) == [UNNAMED, ""]
    assert topic_names(FeatureMatrix.from_sets([], 2), []) == ["", ""]
    assert word_names(csr_matrix((2, 3)), ["a", "b", "c"]) == ["", ""]


@pytest.mark.parametrize("text", HOSTILE)
def test_names_hold_words_whatever_the_text(text):
    [name] = topic_names(FeatureMatrix.from_sets([{0}] * 3, 1), [text] * 3)
    assert re.fullmatch(r"[\w#+]+( code)?(: )?(, |\w+)*|(\w+(, )?)+|no words in common", name), name


def test_forms_of_one_word():
    assert alike("discovery", "discovered") and alike("cat", "cat") and alike("sentence", "sentences")
    assert not alike("sentence", "sentiment") and not alike("form", "forms") and not alike("art", "article")
