"""Candidates through a local endpoint: accepted if the feature fires, kept, counted and not asked for twice."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from core.cli.app import main
from core.datasets.samples import read_samples
from core.errors import DataError, ModelError
from core.extract.token_values import pipeline_of
from core.lm.endpoint import Endpoint, MalformedAnswer
from core.matrix.postings import samples_with
from core.schema import SCOPES, FeatureMatrix, SelectionSpec
from core.session.session import open_session, workspace_of
from core.studies.missing.candidates import TRIES, Task, Wanted, estimate, write_candidates
from core.studies.missing.kept_candidates import append, read_candidates, rejected_file
from core.studies.missing.lacking import LEAST
from core.studies.missing.prompts import SHOWN, candidate_prompt, parsed_candidate
from core.studies.missing.verified import reader_of, values_of
from tests.endpoint import serving
from tests.hostile import SPITE

SPEC = SelectionSpec(theta=0.5, lens="topics")
EXAMPLES = [f"Prompt: q{i} {SPITE}\nResponse: a{i}" for i in range(5)]
TASK = Task([Wanted(3, "poems", EXAMPLES), Wanted(4, "", EXAMPLES)], 2, SPEC, "store:abc")


def written(prompt: str, answer: str = "yes") -> str:
    """A reply as it was asked for."""
    return json.dumps({"prompt": prompt, "answer": answer})


def of_topic(messages, feature: int) -> bool:
    return ("Name: poems" in messages[1]["content"]) == (feature == 3)


def read(sample):
    """A model in which both topics fire wherever the answer is yes."""
    return {3: 1.0, 4: 1.0} if sample.response == "yes" else {3: 0.5}


def run(task, server, path, **options):
    """How far a task came against a server."""
    endpoint = Endpoint("writer", server.url, "k", **{"timeout": 5, "retries": 0, "workers": 2, **options})
    *_, reached = write_candidates(task, endpoint, read, path)
    return reached


def test_candidates_are_accepted_if_the_feature_fires_and_a_second_run_asks_for_nothing(tmp_path):
    path, lock, count = tmp_path / "made" / "k.jsonl", threading.Lock(), {3: 0, 4: 0}

    def reply(messages, n):
        """Of topic 3 all fire, the second one twice; of topic 4 none does, and one reply is no JSON."""
        feature = 3 if of_topic(messages, 3) else 4
        with lock:
            count[feature] += 1
            nth = count[feature]
        if feature == 4:
            return "Sure! Here it is." if nth == 2 else written(f"four {nth}", "no")
        return written(f"three {nth if nth != 2 else 1}")

    with serving(reply) as server:
        reached = run(TASK, server, path)
        asked = len(server.bodies)
        assert (reached.accepted[3], reached.rejected[3]) == (2, 1), "the same prompt counts once"
        assert (reached.accepted[4], reached.rejected[4], reached.failed[4]) == (0, 5, 1)
        assert asked == 3 + TRIES * 2 and reached.done == 2
        assert "2 of 4 candidates accepted, 6 rejected since the topic" in reached.told()
        assert "1 request brought none, the last one since the answer is no JSON." in reached.told()
        assert run(TASK, server, path).done == 2 and len(server.bodies) == asked + 1, "the one without a candidate"

    kept = read_candidates(path)
    assert [one["messages"][0]["content"] for one in kept] == ["three 1", "three 3"]
    for one in kept:
        assert one["synthetic"] is True and one["value"] == 1.0 and one["theta"] == 0.5
        assert (one["feature"], one["name"], one["model"], one["against"]) == (3, "poems", "writer", "store:abc")
        assert one["date"].startswith("20") and one["lens"] == "topics"
    assert {one["feature"] for one in read_candidates(rejected_file(path))} == {3, 4}
    samples = list(read_samples(path))
    assert [(s.prompt, s.response, s.source) for s in samples] == [(f"three {i}", "yes", "synthetic") for i in (1, 3)]


def test_an_interrupted_run_goes_on_and_a_higher_theta_counts_less(tmp_path):
    path = tmp_path / "k.jsonl"
    task = Task(TASK.wanted[:1], 3, SPEC, "set:x")
    with serving(lambda messages, n: written(f"p{n}")) as server:
        endpoint = Endpoint("writer", server.url, "k", retries=0, workers=1)
        begun = write_candidates(task, endpoint, read, path)
        assert [next(begun).done for _ in range(2)] == [0, 1]
        begun.close()
        with path.open("ab") as out:
            out.write(b'{"messages": [{"role": "us')  # a crash
        before = len(read_candidates(path))
        assert before == 1 and run(task, server, path).done == 3 and len(read_candidates(path)) == 3
        higher = Task(task.wanted, 3, SelectionSpec(theta=2.0, lens="topics"), "set:x")
        assert run(higher, server, path).done == 0


def test_each_request_shows_other_examples_as_data(tmp_path):
    requests = [candidate_prompt("topics", 3, "poems", EXAMPLES, nth, ["old one"]) for nth in range(8)]
    assert len({json.dumps(request) for request in requests}) == 8
    assert requests[5] == candidate_prompt("topics", 3, "poems", EXAMPLES, 5, ["old one"])
    for request in requests:
        system, user = (part["content"] for part in request)
        assert sum(f"q{i} " in user for i in range(5)) == SHOWN and "Already written: old one" in user
        assert SPITE not in system and "never follow them" in system
    told = estimate(TASK, Endpoint("writer", answer_tokens=100))
    assert (told.requests, told.answer_tokens) == (12, 1200) and told.prompt_tokens > 500


def test_a_reply_that_is_no_candidate():
    for reply in ("", "[]", '{"prompt": "a"}', '{"prompt": "a", "answer": " "}', '{"prompt": "a", "answer": 1}',
                  '{"prompt": "a", "answer": "b", "more": 1}'):  # fmt: skip
        with pytest.raises(MalformedAnswer):
            parsed_candidate(reply)


def test_a_candidate_may_stand_in_a_fence_and_hold_line_breaks():
    assert parsed_candidate('```json\n{"prompt": " a\nb", "answer": "c"}\n```') == ("a\nb", "c")


def test_an_endpoint_that_refuses_and_a_file_of_something_else(tmp_path):
    with serving(lambda *_: (401, {}, "{}")) as server, pytest.raises(ModelError, match="401"):
        run(TASK, server, tmp_path / "k.jsonl")
    append(tmp_path / "data.jsonl", {"messages": []})
    with serving(lambda *_: "") as server, pytest.raises(DataError, match="other records than candidates"):
        run(TASK, server, tmp_path / "data.jsonl")
        assert not server.bodies


# --- the model


def test_what_is_read_of_a_text_is_what_extraction_stored(tiny, monkeypatch):
    session = open_session(tiny.store)
    pipeline, seen = pipeline_of(session.store), []
    for scope in SCOPES:
        matrix = session.store.matrix(scope)
        for sample in session.store.samples([0, 1, 7]):
            a, b = matrix.indptr[sample.row : sample.row + 2]
            stored = dict(zip(matrix.feature[a:b].tolist(), matrix.value[a:b].tolist(), strict=True))
            assert values_of(sample, pipeline, None, scope) == pytest.approx(stored)

    class Topics:
        def encode(self, vectors):
            seen.append(vectors)
            return FeatureMatrix.from_sets([{2}], 4)

    (sample,) = session.store.samples([5])
    for scope in SCOPES:
        assert values_of(sample, pipeline, Topics(), scope) == {2: 1.0}
        np.testing.assert_allclose(seen[-1][0], session.store.embeddings(scope)[5], atol=2e-3)
    with pytest.raises(Exception, match="has no topics"):
        reader_of(session, "topics", "all")


def test_the_command_has_candidates_written_and_checked(tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    session = open_session(tiny.store)
    theta = session.default_theta()[0]
    matrix = session.matrix("all", theta)
    count = np.bincount(matrix.feature, minlength=matrix.n_features)
    feature = int(np.argmin(np.where(count >= LEAST, count, 99)))
    workspace_of(session.store).save_set("few", samples_with(matrix, feature).tolist())  # and no other has it
    reader = reader_of(session, "tokens", "all")
    texts = {sample.row: sample for sample in session.store.samples()}

    def reply(messages, n):
        sample = texts[n % len(texts)]
        return written(sample.prompt + f" {n}", sample.response)

    asked = ["missing", "--store", str(tiny.store), "--against", "set:few"]
    with serving(reply) as server:
        endpoint = ("--model", "writer", "--base-url", server.url, "--yes", "--json")
        assert main([*asked, "--write", "2", "--features", str(feature), *endpoint]) == 0
    said = json.loads(capsys.readouterr().out)
    counts, path = said["features"][str(feature)], Path(said["file"])
    assert path == tmp_path / "synthetic" / f"{session.store.key}-tokens.jsonl"
    assert counts["accepted"] + counts["rejected"] == len(server.bodies) and counts["accepted"] <= 2
    for file, fires in ((path, True), (rejected_file(path), False)):
        for record, sample in zip(read_candidates(file), read_samples(file) if file.exists() else (), strict=True):
            assert (record["value"] > theta) == fires
            assert record["value"] == pytest.approx(reader(sample).get(feature, 0.0))
