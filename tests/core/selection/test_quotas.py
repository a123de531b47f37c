"""Quotas as texts, there and back; what they amount to; which of them contradict each other."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SelectionError
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.bounds import FREE, bounds_of
from core.selection.inputs import SampleInfo
from core.selection.quotas import EVERY, SHARES, Quota, named_groups, parsed
from core.selection.run import select
from tests.strategies import quick

words = st.text(st.characters(exclude_characters=":<>=", exclude_categories=("Cs", "Z", "C")), min_size=1, max_size=9)
groups = st.one_of(st.just(EVERY), st.text(min_size=1).filter(lambda text: text == text.strip()))
amounts = st.floats(0, 100).map(lambda x: round(x, 3))


@quick
@given(words, groups, st.sampled_from(["<=", ">="]), amounts, st.sampled_from(["samples", "tokens", "percent"]))
def test_a_quota_is_its_text(by, group, sign, amount, unit):
    quota = Quota(by, group, sign, amount, unit)
    assert parsed(str(quota)) == quota


def test_quotas_as_people_type_them():
    assert parsed(" source: code <= 10 % ") == Quota("source", "code", "<=", 10, "percent")
    assert str(parsed("source:a<=b>=2000000token")) == "source:a<=b>=2000000 tokens"
    assert parsed("source:*>=5 samples") == parsed("source:*>=5") == Quota("source", EVERY, ">=", 5, "samples")
    assert [str(parsed(f"language = {share}")) for share in SHARES] == [f"language={share}" for share in SHARES]
    assert named_groups(["set:maths>=5", "set:maths<=9", "source:web<=1", "tag:*<=3%"]) == ["set:maths", "tag:*"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("above:concept:asks for code@0.5<=10%", "concept asks for code from 0.5 on: at most 10 %"),
        ("above:prompt_tokens@28>=1", "prompt tokens from 28 on: at least 1 sample"),
        ("language:en<=10%", "English: at most 10 %"),
        ("language:unheard<=10%", "language unheard: at most 10 %"),
        ("topic:79<=3%", "strongest topic 79: at most 3 %"),
        ("language=equal", "every language: equal shares"),
    ],
)
def test_quotas_in_plain_words(text, told):
    assert parsed(text).told() == told


@pytest.mark.parametrize(
    "text", ["", "source", "code<=10%", "source:code", "source:<=1", ":code<=1", "source:a<=-1", "source=half"]
)
def test_what_is_no_quota_is_refused(text):
    with pytest.raises(SelectionError, match=r"A quota is written like source:code<=10%.* got"):
        parsed(text)


@pytest.mark.parametrize("by", ["set", "tag"])
def test_no_budget_is_given_out_to_what_overlaps(by):
    with pytest.raises(SelectionError, match=f"{by}, and a sample may be of several: bound each, such as {by}:NAME<="):
        parsed(f"{by}=root")


def test_no_quota_is_above_everything():
    with pytest.raises(SelectionError, match="The quota source:code<=101% asks for more than 100 %"):
        parsed("source:code<=101%")


# --- what they amount to: 10 samples, 5 of code, 3 of maths, 2 of prose

LABELS = np.array(["code"] * 5 + ["maths"] * 3 + ["prose"] * 2)
MATRIX = FeatureMatrix.from_sets([{i} for i in range(10)], 10)
INFO = SampleInfo(np.arange(10) + 1, np.zeros(10, np.int64), labels=lambda by: LABELS)
SPEC = SelectionSpec("random", 8, sets={"set:odd": (1, 3, 5, 7, 9), "set:first": (0,)})


def limits(*quotas, **changes):
    found = bounds_of(MATRIX, replace(SPEC, quotas=quotas, **changes), INFO)
    return [{n: (int(a), int(b)) for n, a, b in zip(o.names, o.least, o.most, strict=True)} for o in found]


def test_what_quotas_amount_to():
    assert limits("source:code<=30%", "source:maths>=30%") == [{"code": (0, 2), "maths": (3, FREE), "prose": (0, FREE)}]
    assert limits("source:*>=3") == [{"code": (3, FREE), "maths": (3, FREE), "prose": (2, FREE)}]
    assert limits("source:*<=50%", "source:code<=3", "source:code>=1") == [
        {"code": (1, 3), "maths": (0, 4), "prose": (0, 4)}
    ]
    assert limits("source=equal") == [{"code": (3, 3), "maths": (3, 3), "prose": (2, 2)}]
    assert limits("source=data", budget=5) == [{"code": (3, 3), "maths": (1, 1), "prose": (1, 1)}]
    assert limits("source=root", budget=6) == [{"code": (2, 2), "maths": (2, 2), "prose": (2, 2)}]
    assert limits("source=data", budget=11, unit="tokens") == [{"code": (0, 3), "maths": (0, 4), "prose": (0, 4)}]
    assert limits("set:odd>=2", "set:*<=4") == [{"odd": (2, 4)}, {"first": (0, 4)}]
    assert limits("source:code<=3", "source:code<=9 tokens") == [
        {"code": (0, 3), "maths": (0, FREE), "prose": (0, FREE)},
        {"code": (0, 9), "maths": (0, FREE), "prose": (0, FREE)},
    ]
    assert limits("source:code<=10%", budget=10) == [{"code": (0, 1), "maths": (0, FREE), "prose": (0, FREE)}]


@pytest.mark.parametrize(
    ("quotas", "changes", "sentence"),
    [
        (
            ["source:code>=4", "source:code<=3"],
            {},
            "The quotas source:code>=4 and source:code<=3 contradict each other",
        ),
        (["source:prose>=3"], {}, "The quota source:prose>=3 asks for 3 samples of source prose: 2 are there"),
        (["source:code>=5"], {"bans": (0,)}, "asks for 5 samples of source code: 4 are there"),
        (["source:*>=4"], {}, "The quotas source:*>=4 ask for 9 samples, more than the budget of 8"),
        (["source:*>=3"], {"pins": (0, 1, 2, 3)}, "The quotas source:*>=3, with the pins, ask for 9 samples"),
        (["source:code<=1"], {"pins": (0, 1)}, "The pins hold 2 samples of source code, and the quota source:code<=1"),
        (
            ["source:c<=1"],
            {},
            "The quota source:c<=1 names no source of this data: take it away, or name one of code, maths, prose",
        ),
        (
            ["set:even<=1"],
            {},
            "The quota set:even<=1 names no set of this data: take it away, or name one of odd, first",
        ),
        (["tag:*<=1", "tag:x<=1"], {}, "The quota tag:x<=1 names no tag of this data: take it away"),
        (["set:odd<=1", "source:maths>=3"], {}, "The quota source:maths>=3 is not met beside the budget"),
    ],
)
def test_contradictions_are_named(quotas, changes, sentence):
    with pytest.raises(SelectionError, match=sentence.replace("*", r"\*")):
        select(MATRIX, replace(SPEC, quotas=tuple(quotas), **changes), INFO)


def test_quotas_by_what_has_too_many_values_or_none():
    big = FeatureMatrix.from_sets([{0}] * 300, 1)
    many = SampleInfo(np.ones(300, int), np.ones(300, int), labels=lambda by: np.arange(300).astype(str))
    with pytest.raises(SelectionError, match=r"id has 300 values: .* at most 200"):
        select(big, SelectionSpec("random", 8, quotas=("id:*<=1",)), many)
    with pytest.raises(SelectionError, match="A quota by source needs its values"):
        select(big, SelectionSpec("random", 8, quotas=("source:*<=1",)), replace(many, labels=None))
