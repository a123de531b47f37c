"""The data card: a head that the hub reads, a body that says what is there, and text of the data that stays text."""

from __future__ import annotations

import html
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.export.card import WORD_JOINER, card, licence, shown, text
from core.export.facts import Facts
from core.export.settings import About
from core.export.snippets import snippets
from core.schema import SelectionSpec
from tests.hostile import HOSTILE
from tests.strategies import quick

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
SPEC = SelectionSpec("sae-greedy", 3, theta=0.5, lens="topics", options={"tau": 0.8})
PLAIN = {
    "about": About(license="Apache-2.0", note="Made for a test."),
    "title": "A title", "data": "data.jsonl", "digest": "0" * 64, "model": "a/model",
    "read": "at most 64 tokens", "languages": ("en",),
    "records": (3, 9), "tokens": (30, 120), "spec": SPEC, "method": "Takes the best.", "covered": 6, "coverable": 8,
    "random": (2, 4, 5), "sources": [("web", 2, 5), ("book", 1, 4)], "lengths": [("0 to 31", 3, 9)],
    "most_kept": [("cooking", 2, 4)], "left_out": [("law", 0, 2)], "n_left_out": 1,
    "decisions": [("topic 7: counts for nothing", "boilerplate")], "checks": [("have a blank answer", 1)],
}  # fmt: skip
SPLITS = {"train": "train.jsonl", "validation": "validation.jsonl"}


def made(**changes) -> tuple[dict, str]:
    """Head and body of a card."""
    text = card(Facts(**(PLAIN | changes)), SPLITS, {"map.svg": "a map"}, snippets("train.jsonl", "jsonl", "original"))
    _, head, body = text.split("---\n", 2)
    return yaml.safe_load(head), body


def test_the_head_is_what_the_hub_reads() -> None:
    head, _ = made()
    assert (head["license"], head["language"], head["pretty_name"]) == ("apache-2.0", ["en"], "A title")
    assert head["size_categories"] == "n<1K"
    files = [{"split": split, "path": path} for split, path in SPLITS.items()]
    assert head["configs"] == [{"config_name": "default", "data_files": files}]
    assert {"data-selection", "instruction-tuning"} <= set(head["tags"])


def test_the_hub_library_accepts_it() -> None:
    from huggingface_hub import DatasetCard

    content = card(Facts(**PLAIN), SPLITS, {}, [])
    assert DatasetCard(content).data.to_dict()["license"] == "apache-2.0"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("MIT", {"license": "mit"}),
        ("cc-by-4.0", {"license": "cc-by-4.0"}),
        ("", {"license": "unknown"}),
        ("unknown", {"license": "unknown"}),
        ("the terms of: ACME", {"license": "other", "license_name": "the terms of: ACME"}),
    ],
)
def test_a_licence_is_its_identifier_or_other(given: str, found: dict) -> None:
    assert licence(given) == found


@pytest.mark.parametrize(
    ("n", "size"), [(999, "n<1K"), (1000, "1K<n<10K"), (52_002, "10K<n<100K"), (2_000_000, "1M<n<10M")]
)
def test_sizes_are_those_of_the_hub(n: int, size: str) -> None:
    assert made(records=(n, n))[0]["size_categories"] == size


def test_the_body_says_what_is_there() -> None:
    _, body = made()
    for told in (
        "3 of 9 records of data.jsonl, chosen by sae-greedy with SAElect: 30 tokens, 25.0% of 120.",
        "| web | 2 | 5 |",
        "6 of 8 topics (75.0%). As many random records have 4 at the median of 20 draws (2 to 5).",
        "| 0 to 31 | 3 | 9 |",
        "| cooking | 2 | 4 |",
        "No record is kept of 1 topic:\n\n- law (2 records)",
        "- topic 7: counts for nothing (boilerplate)",
        "- 1 have a blank answer",
        "- Licence: Apache-2.0\n- Made for a test.",
        "- `map.svg`: a map",
        'load_dataset("json", data_files="train.jsonl", split="train")',
        "arXiv:2502.14050",
        "arXiv:2409.11378",
        "{SAElect}",
        "what the model read of each: at most 64 tokens.",
        "| tau | 0.8 |",
    ):
        assert told in body
    assert "](map.svg)" in body


def test_what_there_is_none_of_is_not_told() -> None:
    _, body = made(sources=[("", 3, 9)], decisions=[], left_out=[], n_left_out=0, spec=SelectionSpec(unit="tokens"))
    assert "## Decisions" not in body and "| Source |" not in body
    assert "Every topic of the data has a kept record." in body
    assert "Random records of as many tokens have 4 at the median of 20 draws (2 to 5)." in body


def rendered(line: str) -> str:
    """What a reader sees of Markdown, as text; fails on anything but paragraphs, items and cells."""
    made = MARKDOWN.render(line)
    assert not re.findall(r"<(?!/?(?:p|li|ul|table|thead|tbody|tr|th|td)>)", made), made
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", made)).replace(WORD_JOINER, "").split())


@quick
@given(st.text(max_size=60) | st.text("\\`*_{}[]()<>#+-.!|~$:&@=1) \n\taw/", max_size=30) | st.sampled_from(HOSTILE))
def test_text_of_the_data_stays_text(given: str) -> None:
    seen = " ".join(shown(given).replace(WORD_JOINER, "").split())
    assert rendered("x " + text(given)) == f"x {seen}".strip()
    assert rendered("- " + text(given)) == seen
    assert rendered(f"| a | b |\n|---|---|\n| {text(given)} | y |") == " ".join(f"a b {seen} y".split())


@pytest.mark.parametrize("bad", HOSTILE)
def test_a_card_of_hostile_text_has_no_mark_of_it(bad: str) -> None:
    rows = [(bad, 1, 2)]
    head, body = made(
        about=About(bad, bad, "en", bad), title=bad, data=bad, model=bad, sources=rows, most_kept=rows, left_out=rows,
        decisions=[(bad, bad)],
    )  # fmt: skip
    assert head["pretty_name"] == shown(bad) and head["configs"]
    tags = set(re.findall(r"<(\w+)", MARKDOWN.render(body)))
    assert tags <= {"h1", "h2", "p", "img", "pre", "code", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
    assert MARKDOWN.render(body).count("<img") == 1


def test_long_text_is_cut() -> None:
    assert len(shown("x" * 10_000)) == 200 and shown("a\n\n b\u202e") == "a b"
