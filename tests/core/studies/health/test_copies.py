"""Which samples of a group others replace."""

from __future__ import annotations

import numpy as np
import pytest

from core.cli.app import main
from core.session.session import workspace_of
from core.store.reader import open_store
from core.studies.health import CHECKS
from core.studies.health.copies import COPIES, left_of
from core.studies.health.finding import grouped
from tests.factories import tiny_store

FINDING = grouped("near-duplicates", [[2, 5, 9], [3, 4], [7, 8]])
VALUE = np.array([0, 0, 1.0, 6.0, 6.0, 3.0, 0, np.nan, 2.0, 3.0])


@pytest.mark.parametrize(
    ("rule", "groups"),
    [
        ("longest", [[5, 9, 2], [3, 4], [8, 7]]),
        ("best", [[5, 9, 2], [3, 4], [8, 7]]),
        ("first", [[2, 5, 9], [3, 4], [7, 8]]),
    ],
)
def test_the_rule_says_which_one_stays(rule, groups):
    assert left_of(FINDING, rule, np.nan_to_num(VALUE) if rule == "longest" else VALUE) == groups


def test_who_is_wanted_stays_and_is_no_copy_and_who_is_gone_counts_no_more():
    assert left_of(FINDING, "first", VALUE, wanted=[9, 4, 5]) == [[9, 2], [4, 3], [7, 8]]
    assert left_of(FINDING, "first", VALUE, wanted=[3, 4], gone=[2, 8]) == [[5, 9]]
    assert left_of(FINDING, "first", VALUE, gone=range(10)) == []


def test_only_checks_of_copies_are_named():
    assert {name for name, check in CHECKS.items() if check.family == "copies"} == set(COPIES)


def test_the_command_bans_copies_for_the_one_that_stays(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    records = [{"instruction": "Say it", "output": text} for text in ("Yes", "Yes", "No")]
    path = tiny_store(tmp_path, records, [{0}] * 3)
    assert main(["ban", "--copies", "exact-duplicates", "--stays", "first", "--store", str(path)]) == 0
    assert "1 changed; 1 ban: 1" in capsys.readouterr().out
    state = workspace_of(open_store(path)).state()
    assert state.ban_told(1) == "banned: copy of row 0, which stays"
    assert main(["ban", "--copies", "exact-duplicates", "--stays", "first", "--lift", "--store", str(path)]) == 0
    assert "1 changed; 0 bans\n" in capsys.readouterr().out and workspace_of(open_store(path)).state().bans == ()
    assert main(["ban", "--copies", "loops", "--store", str(path)]) == 2
    assert "'loops' finds no copies: use one of exact-duplicates" in capsys.readouterr().err
