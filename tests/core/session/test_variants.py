"""Methods with settings of their own: read, written in one way, and turned into requests."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SelectionError
from core.schema import SelectionSpec
from core.session.session import workspace_of
from core.session.variants import known_variant, method_of, parts_of, told, varied, without_usual

words = st.text("abcz+-.:<>*09", min_size=1, max_size=8).filter(lambda text: not text.endswith("+"))


@given(st.lists(st.tuples(st.sampled_from(["lens", "quota", "a-b", "n_1"]), words), max_size=4))
def test_what_is_written_is_read(parts):
    text = "sae-gain:" + "+".join(f"{name}={value}" for name, value in parts)
    assert method_of(text) == "sae-gain" and parts_of(text) == parts


def test_a_variant_is_written_in_one_way():
    assert known_variant(" sae-gain : lens = topics + exponent=0.3 ") == "sae-gain:lens=topics+exponent=0.3"
    assert known_variant("sae-greedy:quota=source:c++<=5%+quota=source=data") == (
        "sae-greedy:quota=source:c++<=5%+quota=source=data"
    )
    assert [known_variant(name, ("full",)) for name in ("random", "full")] == ["random", "full"]


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        ("random", "random"),
        ("sae-greedy:lens=topics", "sae-greedy through topics"),
        ("sae-gain:exponent=0.3+lens=tokens", "sae-gain through tokens, exponent 0.3"),
        ("sae-greedy:quota=source=data", "sae-greedy, every source as in the data"),
        ("random:quota=set:unhealthy<=0", "random, without unhealthy"),
        (
            "sae-gain:quota=cluster=equal+quota=source:c++<=5%",
            "sae-gain, equal shares of every cluster, source c++: at most 5 %",
        ),
        ("nearest:reference=set:target", "nearest, towards target"),
    ],
)
def test_a_variant_is_told_in_words(variant, words):
    assert told(variant) == words


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("best", "Unknown method 'best'"),
        ("full:lens=topics", "Unknown method 'full'"),
        ("sae-gain:topics", "written NAME=VALUE, got 'topics'"),
        ("sae-gain:lens=words", "Unknown lens 'words'"),
        ("sae-gain:theta=much", "theta must be a number of at least 0, got 'much'"),
        ("sae-gain:exponent=7", "exponent of sae-gain must be a number from 0.01 to 1, got '7'"),
        ("random:exponent=1", "random has no option 'exponent'"),
    ],
)
def test_what_is_no_variant(text, why):
    with pytest.raises(SelectionError, match=why):
        known_variant(text, ("full",))


def test_a_variant_of_a_request(workplace):
    session = workplace
    spec = SelectionSpec("random", 5, theta=1.5, vetoes={0: "ignore"}, bans=(2,), seed=3)
    assert varied(session, spec, "sae-greedy") == replace(spec, method="sae-greedy")
    other = varied(session, spec, "sae-gain:scope=prompt+exponent=1+quota=source=data")
    assert (other.scope, other.options, other.quotas) == ("prompt", {"exponent": 1.0}, ("source=data",))
    assert other.theta == session.default_theta("prompt")[0] and other.vetoes == spec.vetoes
    assert varied(session, spec, "sae-greedy:theta=2+scope=prompt").theta == 2
    workspace_of(session.store).save_set("few", [1, 4])
    without = varied(session, replace(spec, vetoes={}, theta=0.0), "random:quota=set:few<=0")
    assert without.sets == {"set:few": (1, 4)}
    everything = replace(without, budget=session.store.n_samples)
    assert sorted({1, 2, 4} ^ set(session.selection(everything).rows.tolist())) == list(range(session.store.n_samples))


def test_a_usual_lens_is_not_part_of_a_name():
    assert without_usual("sae-greedy:lens=tokens+quota=source=equal", "tokens") == "sae-greedy:quota=source=equal"
    assert without_usual("sae-greedy:lens=tokens", "tokens") == without_usual("sae-greedy", "tokens") == "sae-greedy"
    assert without_usual("sae-greedy:lens=topics", "tokens") == "sae-greedy:lens=topics"
