"""The example that comes with SAElect, and how one is made of a run."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.refine.config import RefineConfig
from core.refine.example import FILE, Example, read_example, write_example
from core.refine.view import changes
from tests.made_runs import write_refinement


def test_an_example_says_what_its_run_says_but_for_the_texts(workplace, tmp_path):
    config = RefineConfig(workplace.store.key, 2, 10, k=3, model="/home/someone/lm")
    run = write_refinement(workplace, config, ["a secret answer"], 2)
    ways = ({"title": "One", "method": "random", "covered": 2, "tokens": 9, "why": ""},)
    write_example(Example(run, {0: ("sea", "wind"), 2: ()}, ways), tmp_path / "example.json")
    text = (tmp_path / "example.json").read_text()
    assert "secret" not in text and "someone" not in text
    found = read_example(tmp_path / "example.json")
    assert found.names == {0: ("sea", "wind"), 2: ()} and found.rivals == ways and found.run.finished
    assert found.run.config == replace(run.config, store_key="", model="")
    assert found.run.rows.tolist() == run.rows.tolist() and found.run.label.tolist() == run.label.tolist()
    for own, other in zip(changes(found.run), changes(run), strict=True):
        assert vars(own) == pytest.approx(vars(other), abs=1e-4, nan_ok=True)


def test_the_shipped_one_is_whole_and_small():
    found, size = read_example(), FILE.stat().st_size
    assert size < 30_000 and found.run.finished
    assert sum(row.drawn for row in changes(found.run)) == found.run.config.budget == len(set(found.run.rows.tolist()))
    assert np.isclose(found.run.weight.sum(), 1, atol=1e-4) and set(found.names) == set(range(len(found.run.weight)))
    assert not any(one["answers"] for one in json.loads(FILE.read_text())["rounds"])
