"""A recipe put to the test: what is planted is found on the other half, what is not is said to be unreliable."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.cli.app import main
from core.concepts.auc import Auc
from core.concepts.examples import inputs_of_texts
from core.concepts.recipes import of_files, said
from core.concepts.safety import WAYS, Measured, best_of, measure, measured
from core.errors import SelectionError
from core.extract.token_values import pipeline_of
from core.schema import SelectionSpec
from core.scoring.taught import all_of
from tests.tiny import WORDS


def texts(seed: int, *planted: str, n: int = 24) -> list:
    rng = np.random.default_rng(seed)
    return [said(" ".join([*rng.choice(WORDS, 6), *planted])) for _ in range(n)]


def test_what_is_planted_is_found_and_what_is_not_is_said(workplace) -> None:
    session, pipeline = workplace, pipeline_of(workplace.store)
    spec = SelectionSpec(theta=session.default_theta()[0])
    delicate = texts(2, "poem", n=10)
    edge = inputs_of_texts(session, spec, pipeline, delicate)
    planted = of_files(texts(0, "largest city rice rice rice"), texts(1, "write a poem"))
    found = measure(session, spec, "planted", planted, edge, [one.prompt for one in delicate], pipeline)
    assert found.sizes == (12, 12, 12, 12) and list(found.ways) == list(WAYS)
    assert found.ways[found.by].auc.low > 0.7 and "rice" in found.words
    assert found.ways["word list"].found == 1 and found.kept == "concept:planted"
    assert "is best: it finds" in found.sentence and "planted" in all_of(session.store)
    same = of_files(texts(3), texts(4))
    nothing = measure(session, spec, "nothing", same, None, [], pipeline)
    assert "Nothing reliable was found for nothing with this model" in nothing.sentence
    assert not nothing.kept and "nothing" not in all_of(session.store)
    with pytest.raises(SelectionError, match="few needs 20 probes or more of either label"):
        measure(session, spec, "few", of_files(texts(0, n=19), texts(1)), None, [], pipeline)


def way(low: float, value: float, delicate: float) -> Measured:
    return Measured(Auc(value, low, 1.0), 1.0, 0.0, delicate)


def test_of_ways_that_tell_as_well_the_one_with_fewest_false_alarms_is_best() -> None:
    ways = {"dense": way(0.97, 1.0, 0.61), "sparse": way(0.96, 0.98, 0.0), "words": way(0.6, 0.8, 0.0)}
    assert best_of(ways) == "sparse"
    assert best_of({"dense": way(0.97, 1.0, 0.61), "sparse": way(0.8, 0.9, 0.0)}) == "dense", "it tells better"
    assert best_of({"dense": way(0.5, 0.6, 0.9), "words": way(0.4, 0.55, 0.0)}) == "dense", "neither tells anything"
    assert best_of({"one": way(0.8, 0.9, np.nan), "other": way(0.9, 0.95, np.nan)}) == "other"


def test_a_probe_without_features_finds_nothing() -> None:
    positive = np.arange(6) < 3
    told = measured(np.full(6, 0.5), positive, np.full(4, 0.5))
    assert (told.found, told.false_alarms, told.delicate) == (0, 0, 0)


def test_the_command_reports_a_persons_own_probes(workplace, tmp_path: Path, capsys) -> None:
    for name, own in (("yes", texts(0, "rice rice")), ("no", texts(1))):
        (tmp_path / f"{name}.txt").write_text("\n".join(one.prompt for one in own))
    files = ("--positive", str(tmp_path / "yes.txt"), "--negative", str(tmp_path / "no.txt"))
    at = ("--store", str(workplace.store.path))
    assert main(["safety", "--recipe", "rice", *files, "--json", *at]) == 0
    found = json.loads(capsys.readouterr().out)["rice"]
    assert set(found["ways"]) == set(WAYS) and found["sentence"] and found["sizes"] == [12, 12, 12, 12]
    assert main(["safety", *files, *at]) == 2
    assert "say which by --recipe NAME" in capsys.readouterr().err
    assert main(["safety", "--recipe", "rice", *files[:2], *at]) == 2
    assert "are two files" in capsys.readouterr().err
