"""A pool as real ones are, skewed and dirty, with a clean test set: python -m benchmarks.dirty_pool FOLDER --out FILE

20,000 samples, 85 % of one kind (T0), the rest in equal parts Alpaca, CodeAlpaca, GSM8K and LIMA. 10 % of all are
spoiled, in equal parts: answers shuffled among their prompts, cut short, ending in a loop, and in place of samples
copies of others of their source with small edits. Beside them 200 samples of each source to measure on, which are clean
and none of which equals one of the pool. Columns: prompt, completion, source, spoiled (clean, or how) and part (train
or test). The same bytes each time.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.health import Plant, cut_short, edited, looped
from core.datasets.samples import read_samples
from core.studies.health.finding import Texts

SIZE, LARGEST, SPOILED, TESTED, SEED = 20_000, 0.85, 0.1, 200, 0
FILES = {
    "t0": "t0_50k.jsonl.gz", "alpaca": "alpaca_9k.json", "code": "code_alpaca.json", "gsm8k": "gsm8k_train.json",
    "lima": "lima.jsonl",
}  # fmt: skip
Pair = tuple[str, str]  # prompt and answer


@dataclass(frozen=True)
class Row:
    """A line of the file."""

    prompt: str
    completion: str
    source: str
    spoiled: str = "clean"
    part: str = "train"


def pairs_of(path: Path) -> list[Pair]:
    """The first exchange of each sample whose parts are not empty, each pair once, in the order of the file."""
    found: dict[Pair, None] = {}
    for sample in read_samples(path, skip_bad=True):
        turns = [turn for turn in sample.messages if turn.role in ("user", "assistant")][:2]
        pair = tuple(turn.content.removesuffix("<|endoftext|>").strip() for turn in turns)
        if [turn.role for turn in turns] == ["user", "assistant"] and all(pair):
            found[pair] = None
    return list(found)


def dirty_pool(given: Mapping[str, Sequence[Pair]], size: int, tested: int, seed: int) -> list[Row]:
    """The rows in a random order: `size` to pick from, LARGEST of them of the first source, and `tested` of each."""
    rng, few = random.Random(seed), len(given) - 1
    rest = round(size * (1 - LARGEST))
    wanted = [size - rest, *(rest // few + (i < rest % few) for i in range(few))]
    pool, test = list[Row](), list[Row]()
    for (source, pairs), n in zip(given.items(), wanted, strict=True):
        if len(pairs) < n + tested:
            raise SystemExit(f"{source} has {len(pairs):,} different samples: {n + tested:,} are needed.")
        rows = [Row(*pair, source) for pair in rng.sample(list(pairs), n + tested)]
        pool, test = pool + rows[tested:], test + [replace(row, part="test") for row in rows[:tested]]
    found = spoiled(pool, round(SPOILED * size), rng) + test
    rng.shuffle(found)
    return found


def spoiled(pool: list[Row], n: int, rng: random.Random) -> list[Row]:
    """The pool with `n` rows spoiled, in equal parts by each kind."""
    found, parts = list(pool), [n // 4 + (i < n % 4) for i in range(4)]
    spoils = (
        shuffled,
        partial(changed, kind="cut", spoil=cut_short),
        partial(changed, kind="looped", spoil=looped),
        copied,
    )
    for spoil, count in zip(spoils, parts, strict=True):
        for place, row in list(spoil(found, count, rng)):  # none is taken while others are still looked for
            found[place] = row
    return found


def clean_places(pool: Sequence[Row], rng: random.Random) -> list[int]:
    """The places of what is clean, in a random order."""
    found = [place for place, row in enumerate(pool) if row.spoiled == "clean"]
    rng.shuffle(found)
    return found


def shuffled(pool: Sequence[Row], n: int, rng: random.Random) -> Iterator[tuple[int, Row]]:
    """`n` rows, each with the answer of another of them, which is not its own."""
    chosen: dict[str, int] = {}  # an answer once: short ones are the same in many
    for place in clean_places(pool, rng):
        if len(chosen) < n:
            chosen.setdefault(pool[place].completion, place)
    places = list(chosen.values())
    for place, other in zip(places, places[1:] + places[:1], strict=True):
        yield place, replace(pool[place], completion=pool[other].completion, spoiled="shuffled")


def changed(pool: Sequence[Row], n: int, rng: random.Random, kind: str, spoil: Plant) -> Iterator[tuple[int, Row]]:
    """`n` rows whose answers are long enough to be spoiled so."""
    for place in clean_places(pool, rng):
        if n and (found := spoil(rng, Texts(pool[place].prompt, pool[place].completion))):
            n -= 1
            yield place, replace(pool[place], completion=found.response, spoiled=kind)
    assert not n, f"too few answers are long enough to be {kind}"


def copied(pool: Sequence[Row], n: int, rng: random.Random) -> Iterator[tuple[int, Row]]:
    """`n` rows that are edited copies of clean ones of their source, which stay."""
    places, taken = clean_places(pool, rng), set[int]()
    goes: dict[str, list[int]] = {}
    for place in places:  # of each source the last in that order go first
        goes.setdefault(pool[place].source, []).append(place)
    for place in places:
        row, others = pool[place], goes[pool[place].source]
        if len(taken) < n and place not in taken and (found := edited(rng, Texts(row.prompt, row.completion))):
            if found.response == row.completion or others[-1] == place:
                continue
            taken.add(others[-1])
            yield others.pop(), replace(row, completion=found.response, spoiled="copied")
    assert len(taken) == n, "too few samples are long enough to be copied"


def write(rows: Sequence[Row], path: Path) -> None:
    """A line of JSON a row."""
    path.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows), encoding="utf-8", newline="\n")


def main() -> None:
    """Write the file and say what it holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help=f"Holds {', '.join(FILES.values())}.")
    parser.add_argument("--out", type=Path, default=Path("dirty_pool.jsonl"))
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    given = {source: pairs_of(asked.folder / name) for source, name in FILES.items()}
    rows = dirty_pool(given, SIZE, TESTED, asked.seed)
    write(rows, asked.out)
    print(f"{len(rows):,} samples, {sum(row.spoiled != 'clean' for row in rows):,} of them spoiled → {asked.out}")


if __name__ == "__main__":
    main()
