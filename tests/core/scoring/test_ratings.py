"""Ratings by a judge that refuses what it is asked, and what earlier runs have kept."""

import json

import numpy as np
import pytest

from core.errors import ModelError
from core.lm.endpoint import IN_A_ROW, Endpoint
from core.schema import Message, Sample
from core.scoring.answer_scores import Task
from core.scoring.ratings import judge
from tests.endpoint import serving

REFUSAL = 400, {}, json.dumps({"error": {"message": "filtered", "code": "content_filter"}})


def judged(folder, server, words, workers=4):
    """The ratings of answers of one word each against the generated answer `made`."""
    samples = [Sample(i, (Message("user", "ask"), Message("assistant", word)), None) for i, word in enumerate(words)]
    endpoint = Endpoint("judge", server.url, "k", timeout=5, retries=0, workers=workers)
    return judge(Task(samples, ["made"] * len(samples), None, folder, endpoint=endpoint))


def fair(messages, _):
    """8 for the data's answer, 3 for the generated one, whatever the order; refuses answers that are evil."""
    text = messages[1]["content"]
    if "evil" in text:
        return REFUSAL
    return json.dumps({"first": 3, "second": 8} if "First answer: made" in text else {"first": 8, "second": 3})


def test_a_filtered_pair_has_no_rating_and_the_others_have(tmp_path):
    with serving(fair) as server:
        gold, generated = judged(tmp_path, server, ["good", "evil", "fine"])
    np.testing.assert_array_equal(gold, [8, np.nan, 8])
    np.testing.assert_array_equal(generated, [3, np.nan, 3])
    assert gold.dtype == generated.dtype == np.float64


def test_a_judge_that_refuses_everything_ends_the_run(tmp_path):
    with serving(fair) as server:
        with pytest.raises(ModelError, match=r"refused the request for judge \(400\)"):
            judged(tmp_path, server, [f"evil {i}" for i in range(20)], workers=1)
        assert IN_A_ROW <= len(server.bodies) <= IN_A_ROW + 2


def test_a_line_that_a_crash_cut_off_spoils_no_other(tmp_path):
    with serving(fair) as server:
        judged(tmp_path, server, ["good"])
        kept = tmp_path / "judged.jsonl"
        kept.write_bytes(kept.read_bytes()[:-9] + b"\xff")  # the second of two lines
        for asked in (3, 3):
            assert judged(tmp_path, server, ["good"])[0].tolist() == [8.0]
            assert len(server.bodies) == asked


@pytest.mark.parametrize("line", ["5", "null", '["key"]', '["key", 7]', "{}", "\ud800"])
def test_lines_that_hold_no_rating_are_passed_over(tmp_path, line):
    (tmp_path / "judged.jsonl").write_bytes(line.encode("utf-8", "surrogatepass") + b"\n")
    with serving(fair) as server:
        assert judged(tmp_path, server, ["good"])[0].tolist() == [8.0]
