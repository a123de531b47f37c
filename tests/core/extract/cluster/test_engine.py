"""Extraction by Ray: two workers of this machine, of which one is killed, and a driver that is stopped."""

import os
import signal
import sys
import threading
from dataclasses import replace

import psutil
import pytest
import torch

from core.errors import SaelectError
from core.extract import run
from core.extract.cluster import engine, pool
from core.extract.cluster.engine import on_cluster
from core.extract.cluster.pool import Cluster
from core.extract.run import extract
from tests.stores import content_of
from tests.tiny import write_data

FILES = 3


def executions():
    """The threads of Ray Data in this process that run one."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("StreamingExecutor")]


def workers():
    """The processes of the pool that this process has started."""
    found = psutil.Process().children(recursive=True)
    return [p.pid for p in found if "MapWorker" in " ".join(p.cmdline())]


@pytest.fixture
def one_thread():
    """As many as a worker has: with more, sums of floats come in another order."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread", "quick_map")
def test_two_workers_one_killed_and_a_restart_of_the_driver_change_nothing(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "CHUNK", 8)
    data = tmp_path / "data"
    data.mkdir()
    for i in range(FILES):
        write_data(data / f"{i}.jsonl", 100 + i)
    config = replace(tiny.config, data=f"file://{data}", batch_tokens=64)
    (tmp_path / "single").mkdir()
    expected = extract(config, tmp_path / "single")

    left, killed, readings = [], [], engine.readings
    monkeypatch.setattr(engine, "readings", lambda *a: left.append(readings(*a)) or left[-1])

    def stop(progress):
        if progress.stage == "Extracting features":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(config, tmp_path, stop, on_cluster(Cluster(workers=2), "auto"))
    assert not workers() and not executions()  # they went with their driver

    def kill(progress):
        if progress.stage == "Extracting features" and not killed:
            killed.append(workers()[0])
            os.kill(killed[0], signal.SIGKILL)

    path = extract(config, tmp_path, kill, on_cluster(Cluster(workers=2), "auto"))
    assert killed and path.name == expected.name
    first, second = (sum(len(reading.firsts) for reading in readings) for readings in left)
    assert 0 < second < first == 38  # the driver went on where it was
    found = content_of(path)
    for name, rows in content_of(expected).items():
        assert found[name] == rows, name


@pytest.mark.slow
def test_what_a_worker_refuses_is_said_as_it_is(tiny, tmp_path, monkeypatch):
    def other(*arguments):
        (config, *given), rest = arguments[-1], arguments[:-1]
        return made(*rest, (replace(config, sae=str(tmp_path)), *given))  # said before anything heavy is imported

    made = engine.made
    monkeypatch.setattr(engine, "made", other)
    with pytest.raises(SaelectError, match="holds no SAE"):
        extract(tiny.config, tmp_path, engine=on_cluster(Cluster(workers=1), "auto"))
    assert not workers() and not executions()


def test_no_cluster_and_no_ray(monkeypatch):
    with pytest.raises(SaelectError, match=r"no Ray cluster at 127\.0\.0\.1:1"), pool.joined(Cluster("127.0.0.1:1")):
        pass
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SaelectError, match=r"requirements-cluster\.txt"), pool.joined(Cluster()):
        pass
