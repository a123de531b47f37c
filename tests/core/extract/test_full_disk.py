"""A disk that fills at each step of an extraction, in a process of its own, and then has room again."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import DamagedError, StoreError
from core.extract import run
from core.extract.run import extract
from core.store.reader import open_store
from core.store.writer import StoreWriter, writing_store
from tests.full_disk import full_disk
from tests.stores import active_sets, content_of

ROOT = Path(__file__).resolve().parents[3]
# Files may grow to so many bytes: from the store's header over its chunks and derived tables to its last step.
LIMITS = [1_000, 20_000, 150_000, 300_000, 450_000, 600_000, 1_000_000, 1_600_000, 2_360_000]
FULL = """
import contextlib, io, json, os, sys
import numpy as np
from core.cli.app import main
from core.extract import projection, run
from tests.full_disk import full_disk

data, model, sae, folder, *limits = sys.argv[1:]
run.CHUNK = 8
projection.sample_map = lambda matrix, seed=0: np.zeros((matrix.n_samples, 2), np.float32)
command = ["extract", "--data", data, "--model", model, "--sae", sae, "--max-tokens", "64", "--dtype", "float32"]

def extracted(limit=None):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.ExitStack() as stack:
        if limit:
            stack.enter_context(full_disk(limit))
        return main(command), out.getvalue().strip()

for limit in map(int, limits):
    os.environ["SAELECT_CACHE"] = os.path.join(folder, str(limit))
    print(json.dumps([limit, extracted(limit)[0], *extracted()]), flush=True)
"""


def test_a_disk_that_fills_is_one_sentence_and_the_store_resumes(tiny, tmp_path):
    arguments = [str(tiny.data), tiny.config.model, tiny.config.sae, str(tmp_path), *map(str, LIMITS)]
    done = subprocess.run(
        [sys.executable, "-c", FULL, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(told) == len(LIMITS) and "Traceback" not in done.stderr
    for line in told:
        assert ".partial.duckdb cannot be written, " in line
        assert line.endswith("and run the same command again, which goes on where it was.")
    expected = content_of(tiny.store)
    for line in done.stdout.splitlines():
        limit, refused, finished, path = json.loads(line)
        assert (refused, finished, Path(path).name) == (2, 0, tiny.store.name), limit
        found, whole = content_of(Path(path)), dict(expected)
        del found["projection"], whole["projection"]  # drawn without UMAP there
        for name, table in whole.items():
            assert found[name] == table or name == "meta", (limit, name)
        assert dict(found["meta"])["tokens"] == dict(expected["meta"])["tokens"], limit


def test_after_a_resume_tokens_and_seconds_are_those_of_all_runs(tiny, tmp_path, monkeypatch, quick_map):
    monkeypatch.setattr(run, "CHUNK", 8)
    calls, ticks = [], iter(range(10**6))
    monkeypatch.setattr(run.time, "time", lambda: float(next(ticks)))  # a second passes at each look at the clock

    def stop(step):
        calls.append(step)
        if step.stage == "Extracting features" and len(calls) in (5, 9):
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            extract(tiny.config, tmp_path, stop)
    resumed = open_store(extract(tiny.config, tmp_path, stop)).meta
    whole = open_store(tiny.store).meta
    assert resumed["tokens"] == whole["tokens"] > 0
    assert resumed["seconds"] == -(-30 // 8)  # one tick a committed chunk, over the three runs
    assert extract(tiny.config, tmp_path).name == tiny.store.name


def test_facts_survive_a_stop_in_the_very_last_step(tiny, tmp_path, quick_map):
    def stop(*_args):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", stop)
        extract(tiny.config, tmp_path)
    found, whole = open_store(extract(tiny.config, tmp_path)).meta, open_store(tiny.store).meta
    assert found["seconds"] > 0 and found["interpret_seconds"] > 0
    own = ("seconds", "interpret_seconds", "config")  # paths of the fixtures
    assert {k: v for k, v in found.items() if k not in own} == {k: v for k, v in whole.items() if k not in own}


def test_an_unfinished_store_of_an_earlier_version_resumes(tiny, tmp_path, monkeypatch, quick_map):
    monkeypatch.setattr(run, "CHUNK", 8)
    steps = []

    def stop(step):
        steps.append(step)
        if step.stage == "Extracting features" and len(steps) == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(tiny.config, tmp_path, stop)
    with writing_store(tmp_path / tiny.store.name) as writer:
        assert writer.n_done > 0
        writer.db.execute("DELETE FROM meta")  # it kept no times of its chunks
    path = extract(tiny.config, tmp_path)
    assert active_sets(path) == active_sets(tiny.store)
    assert open_store(path).meta["tokens"] == open_store(tiny.store).meta["tokens"]


def test_a_damaged_unfinished_store_has_its_sentence(tiny, tmp_path):
    partial = tmp_path / f"{tiny.store.stem}.partial.duckdb"
    for content in (tiny.store.read_bytes()[:5_000], b"no database" * 1000):
        partial.write_bytes(content)
        with pytest.raises(DamagedError, match=rf"^{partial.name} is .*damaged.*: move it away and extract again"):
            extract(tiny.config, tmp_path)
        assert partial.read_bytes() == content


def test_a_store_without_room_for_its_header_leaves_nothing(tmp_path):
    with full_disk(1_000), pytest.raises(Exception, match="goes on where it was") as caught:
        StoreWriter(tmp_path / "0123456789abcdef.duckdb")
    assert not isinstance(caught.value, StoreError) and list(tmp_path.iterdir()) == []
