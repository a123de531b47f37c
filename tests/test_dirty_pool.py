"""The recipe of a skewed and dirty pool: the same bytes each time, with the shares and the defects that it states."""

from collections import Counter
from hashlib import sha256
from random import Random

import pytest

from benchmarks.dirty_pool import Row, dirty_pool, pairs_of, write
from benchmarks.made_up import word

SIZE, TESTED = 400, 10


def made_up(n, words, seed):
    rng = Random(seed)
    return [(f"{i} {word(rng)}", " ".join(word(rng) for _ in range(rng.randint(*words)))) for i in range(n)]


@pytest.fixture(scope="module")
def given():
    """Short answers in the large source, of which many are alike, and long ones in the others."""
    few = [(f"{i} ?", "yes" if i % 3 else "no") for i in range(200)]
    large = [*few, *made_up(300, (26, 40), 0)]
    return {"large": large, **{name: made_up(40, (20, 60), name) for name in "abc"}}


@pytest.fixture(scope="module")
def rows(given):
    return dirty_pool(given, SIZE, TESTED, 0)


def test_shares_are_those_stated(rows):
    pool, test = ([row for row in rows if row.part == part] for part in ("train", "test"))
    assert Counter(row.source for row in pool) == {"large": 340, "a": 20, "b": 20, "c": 20}
    assert Counter(row.spoiled for row in pool) == dict.fromkeys(("shuffled", "cut", "looped", "copied"), 10) | {
        "clean": 360
    }
    assert Counter(row.source for row in test) == dict.fromkeys(("large", "a", "b", "c"), TESTED)


def test_the_test_set_is_clean_and_not_in_the_pool(rows, given):
    pairs = {part: {(row.prompt, row.completion) for row in rows if row.part == part} for part in ("train", "test")}
    known = {source: set(own) for source, own in given.items()}
    test = [row for row in rows if row.part == "test"]
    assert all(row.spoiled == "clean" and (row.prompt, row.completion) in known[row.source] for row in test)
    assert len(pairs["test"]) == len(test) and not pairs["test"] & pairs["train"]
    assert not {row.prompt for row in test} & {row.prompt for row in rows if row.part == "train"}


def test_what_is_spoiled_is_spoiled_so(rows, given):
    answer = {pair[0]: pair[1] for own in given.values() for pair in own}
    source = {pair[0]: name for name, own in given.items() for pair in own}
    pool = [row for row in rows if row.part == "train"]
    kinds = {kind: [row for row in pool if row.spoiled == kind] for kind in {row.spoiled for row in pool}}
    assert all(source[row.prompt] == row.source for row in rows)
    assert all(row.completion == answer[row.prompt] for row in kinds["clean"])
    moved = kinds["shuffled"]
    assert all(row.completion != answer[row.prompt] for row in moved)
    assert sorted(row.completion for row in moved) == sorted(answer[row.prompt] for row in moved)
    assert all(answer[row.prompt].startswith(row.completion + " ") for row in kinds["cut"])
    for row in kinds["looped"]:
        added = row.completion.removeprefix(answer[row.prompt]).split()
        assert len(added) % 8 == 0 and added == added[: len(added) // 8] * 8
    clean = {row.prompt for row in kinds["clean"]}
    for row in kinds["copied"]:
        own, other = row.completion.split(" "), answer[row.prompt].split(" ")
        assert row.prompt in clean and len(own) == len(other)
        assert 1 <= sum(a != b for a, b in zip(own, other, strict=True)) <= 3


def test_the_same_bytes_each_time(rows, given, tmp_path):
    for name, seed in (("one", 0), ("two", 0), ("other", 1)):
        write(dirty_pool(given, SIZE, TESTED, seed), tmp_path / name)
    one, two, other = ((tmp_path / name).read_bytes() for name in ("one", "two", "other"))
    assert one == two != other
    assert sha256(one).hexdigest()[:16] == "e76031106ed63ee0"


def test_pairs_are_first_exchanges_each_once(tmp_path):
    path = tmp_path / "few.jsonl"
    write([Row(" a ", "b<|endoftext|>", ""), Row("a", "b", ""), Row("c", "d", "")], path)
    assert pairs_of(path) == [("a", "b"), ("c", "d")]
    with pytest.raises(SystemExit, match="a has 2 different samples: 25 are needed"):
        dirty_pool({"a": pairs_of(path), "b": []}, 20, 8, 0)
