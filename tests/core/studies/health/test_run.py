"""All checks over a store, kept beside it, and the command that prints them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.cli.app import main
from core.errors import SelectionError
from core.store.reader import open_store
from core.studies.health import CHECKS, health, languages
from core.studies.health.finding import Texts, texts_of
from core.studies.health.pool import Pool
from core.studies.health.registry import FAMILIES
from tests.factories import alpaca, tiny_store

GERMAN = "Die Bibliothek öffnet um neun Uhr morgens und schließt erst spät am Abend. Sie ist auch sonntags offen."
ENGLISH = "The library opens at nine in the morning and closes late in the evening. On Sundays too."


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    texts = [
        ("When is it open?", ENGLISH), ("When is it open?", ENGLISH),
        ("Wann öffnet die städtische Bibliothek?", ENGLISH),
        ("Wann öffnet die städtische Bibliothek?", GERMAN), ("Who is she?", "Write to anna.schmidt@web.de about it."),
        ("Go on", "It is so. And then the other one came with"), ("Count", "one two three four " * 6),
    ]  # fmt: skip
    records = [{"instruction": prompt, "output": answer} for prompt, answer in texts] + alpaca(4)
    return open_store(tiny_store(tmp_path, records, [{i % 3} for i in range(len(records))]))


def test_every_check_has_what_a_page_needs():
    for name, check in CHECKS.items():
        assert name == check.name and check.family in FAMILIES and (check.look is None) != (check.run is None)
        assert check.sentence.endswith(".") and (not check.limit or check.limit.endswith("."))


def test_the_checks_find_what_is_there(store):
    found = health(store)
    assert list(found) == list(CHECKS)
    rows = {name: finding.rows.tolist() for name, finding in found.items()}
    assert rows["exact-duplicates"] == [0, 1] and rows["same-prompt"] == [2, 3]
    assert rows["language-mismatch"] == [2] and rows["personal-data"] == [4]
    assert rows["cut-answers"] == [5] and rows["loops"] == [6]
    assert not found["contamination"].ran and "--against" in found["contamination"].note
    for name, finding in found.items():
        assert finding.rows.dtype == np.int64 and len(finding.seen) == len(finding.rows), name
        assert finding.rows.tolist() == sorted(set(finding.rows.tolist())), name
        texts = [texts_of(sample) for sample in store.samples()]
        for row, seen in zip(finding.rows.tolist(), finding.seen, strict=True):
            assert all(0 <= span.start < span.stop <= len(texts[row][span.segment]) for span in seen.spans), name


def test_findings_are_kept_until_the_check_is_another(store, monkeypatch):
    stages = []
    first = health(store, told=lambda *far: stages.append(far))
    assert ("Reading the samples", store.n_samples, store.n_samples) in stages
    stages.clear()
    again = health(store, told=lambda *far: stages.append(far))
    assert all(stage not in ("Reading the samples", "Comparing words") for stage, *_ in stages)
    for name, finding in first.items():
        for field, value in vars(finding).items():
            np.testing.assert_equal(vars(again[name])[field], value)
    old = CHECKS["loops"]
    monkeypatch.setitem(CHECKS, "loops", type(old)(**{**vars(old), "version": 2, "look": lambda texts: None}))
    assert health(store, ["loops"])["loops"].rows.tolist() == []


def test_languages_are_a_column(store):
    codes = languages(store)
    assert codes["response"].tolist()[:4] == ["en", "en", "en", "de"] and codes["prompt"][3] == "de"
    assert all(column.shape == (store.n_samples,) and column.dtype == object for column in codes.values())


def test_the_pass_leaves_the_column(store, monkeypatch):
    health(store, ["loops"])
    monkeypatch.setattr("core.session.languages.language", lambda text: pytest.fail("it is there"))
    health(store, ["refusals"])
    assert languages(store)["response"].tolist().count("de") == 1


def test_a_file_of_questions_is_compared_with(store, tmp_path):
    asked = tmp_path / "test.txt"
    asked.write_text("The library opens at nine in the morning and closes late in the evening\n", encoding="utf-8")
    assert health(store, ["contamination"], str(asked))["contamination"].rows.tolist() == [0, 1, 2]
    asked.write_text("Something else that nobody in here has ever said or will say at all today\n", encoding="utf-8")
    assert health(store, ["contamination"], str(asked))["contamination"].rows.tolist() == []


def test_a_check_that_is_not_there_is_named(store):
    with pytest.raises(SelectionError, match="There is no check 'smell'"):
        health(store, ["smell"])


def test_texts_are_those_of_the_turns(store):
    numbered = dict(Pool(store).numbered("Reading"))
    assert list(numbered) == list(range(store.n_samples))
    assert numbered[3] == Texts("Wann öffnet die städtische Bibliothek?", GERMAN, "")
    (sample,) = store.samples([0])
    assert texts_of(sample) == numbered[0] and numbered[0].response == ENGLISH


def test_the_command_prints_shares_and_json(store, capsys):
    assert main(["health", "--store", str(store.path), "--check", "exact-duplicates", "--check", "contamination"]) == 0
    out, err = capsys.readouterr()
    assert "exact-duplicates" in out and "18.2%" in out and "—" in out and "--against" in err
    assert main(["health", "--store", str(store.path)]) == 0
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == "Every feature of 5 samples or more is covered in another language than English too."
    assert main(["health", "--store", str(store.path), "--check", "personal-data", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (check,) = told["checks"]
    assert check["samples"] == 1 and check["found"][0]["row"] == 4 and check["found"][0]["detail"] == "e-mail"
    assert "schmidt" not in json.dumps(told) and told["languages"]["response"]["en"] >= 3
    assert main(["health", "--store", str(store.path), "--check", "smell"]) == 2
