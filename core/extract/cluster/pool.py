"""The machines: a Ray cluster that is there, or one of this machine alone; and how many workers fit on it."""

from __future__ import annotations

import logging
import math
import os
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from core.errors import SaelectError

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent anywhere
    "RAY_DATA_LOG_LEVEL": "ERROR",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_ENABLE_AUTO_CONNECT": "0",  # a thread of Ray Data that is stopped late would start another cluster
}
PATIENCE = 5.0  # seconds for a cluster to answer; Ray itself waits for minutes
ENDING = 60.0  # seconds for a thread of Ray Data to end
MEMORY = 512 << 20  # bytes for chunks on their way between processes of this machine; more goes to disk


@dataclass(frozen=True)
class Cluster:
    """Where to extract. address: of a Ray cluster, such as auto; without one, processes of this machine.

    workers: how many hold the model; 0: one for each machine, or with gpus_per_worker as many as the GPUs allow.
    """

    address: str = ""
    workers: int = 0
    gpus_per_worker: float = 0.0


@dataclass(frozen=True)
class Share:
    """What the workers are: how many, and the processors of each."""

    workers: int
    processors: int


@contextmanager
def joined(cluster: Cluster) -> Iterator[None]:
    """Be a driver of the cluster; one of this machine, with a secret of its own, ends with the block.

    Raises SaelectError if Ray is not installed or the cluster cannot be reached.
    """
    for name, value in QUIET.items():  # Ray reads them when it is imported
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise SaelectError(
            "The engine ray needs Ray: `python -m pip install -r requirements-cluster.txt` installs it."
        ) from None
    if ray.is_initialized():
        yield
        return
    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        start(cluster)
    except (OSError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise SaelectError(f"There is no Ray cluster at {cluster.address or 'this machine'}: {said}") from error
    try:
        yield
    finally:
        end_executions()
        ray.shutdown()


def end_executions() -> None:
    """End what Ray Data still runs in this process, after an error for example: its threads need the cluster."""
    from ray.data._internal.execution.streaming_executor import StreamingExecutor  # Checked with ray 2.60

    for thread in threading.enumerate():
        if isinstance(thread, StreamingExecutor):
            thread.shutdown(force=True)
            thread.join(ENDING)


def start(cluster: Cluster) -> None:
    """Connect to the cluster, or start one of this machine; raises what Ray does."""
    import ray

    if cluster.address:
        answers(cluster.address)
        ray.init(cluster.address, log_to_driver=False, logging_level=logging.ERROR)
        return
    # Ray listens on all addresses of the machine, whatever it is told: who has no token is refused. Without one of the
    # run's own Ray would keep one in the home folder.
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    ray.init(
        "local", num_cpus=max(os.cpu_count() or 1, cluster.workers), object_store_memory=MEMORY,
        include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR,
    )  # fmt: skip


def answers(address: str) -> None:
    """Raise an OSError, within seconds, unless somebody listens at the host and port of an address that has them."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=PATIENCE).close()


def share(cluster: Cluster) -> Share:
    """How the workers fit on the machines of the cluster that this process has joined; SaelectError if they do not."""
    import ray

    return shared_out(cluster, [node["Resources"] for node in ray.nodes() if node["Alive"]])


def shared_out(cluster: Cluster, machines: Sequence[Mapping[str, float]]) -> Share:
    """The same, machines with their resources CPU and GPU given: the most processors that leave room for all."""
    gpus = cluster.gpus_per_worker

    def room(processors: int) -> int:
        by_gpu = (m.get("GPU", 0) / gpus if gpus else math.inf for m in machines)
        return sum(int(min(m.get("CPU", 0) // processors, n)) for m, n in zip(machines, by_gpu, strict=True))

    workers = cluster.workers or (room(1) if gpus else len(machines))
    if not 0 < workers <= room(1):
        what = f", {gpus:g} GPUs each," if gpus else ""
        raise SaelectError(f"The cluster has room for {room(1)} workers{what} and {max(workers, 1)} are asked for.")
    most = int(max(m.get("CPU", 0) for m in machines))
    return Share(workers, max(n for n in range(1, most + 1) if room(n) >= workers))
