"""The command that says what an extraction will take."""

import json

from core.schema import ExtractConfig
from core.settings import arguments


def test_it_prints_one_line_for_machines_and_sentences_for_people(run, tiny):
    asked = ["estimate", "--data", str(tiny.data), "--model", tiny.config.model, "--dtype", "float32"]
    (line,) = run(*asked, "--json").out.splitlines()
    assert json.loads(line)["samples"] == 30
    told = run(*asked).out
    assert told.startswith("30 samples, about ") and "\ntime: about " in told and " are free\n" in told


def test_what_is_typed_for_a_request_makes_the_request(run, tiny, monkeypatch):
    from core.cli import data

    asked = []
    monkeypatch.setattr(data, "run_extraction", asked.append)
    for config in (
        tiny.config,
        ExtractConfig("a b.jsonl", "m", columns={"prompt": "the question", "response": "a=b"}, skip_bad=True, limit=7),
        ExtractConfig("a.jsonl", "m", "s", "blocks.1.hook_resid_post", floor=0.25, topics_k=3, vectors="v"),
    ):
        run("extract", *arguments(config))
        assert asked.pop() == config
