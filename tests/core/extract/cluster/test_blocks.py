"""Which chunks are left, how they are read, and how workers fit on machines."""

import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.samples import read_samples
from core.errors import SaelectError
from core.extract.cluster.blocks import blocks, readings
from core.extract.cluster.pool import Cluster, Share, shared_out


@settings(max_examples=30)
@given(
    st.lists(st.lists(st.booleans(), min_size=1, max_size=9), min_size=1, max_size=4),
    st.integers(1, 7),
    st.sets(st.integers(0, 40)),
    st.integers(1, 30),
)
def test_every_chunk_that_is_left_is_read_once_whatever_the_files(tmp_path_factory, files, size, done, limit):
    folder = tmp_path_factory.mktemp("files")
    for i, good in enumerate(files):
        rows = [{"prompt": f"{i} {j}", "response": "yes" if ok else 3} for j, ok in enumerate([True, *good])]
        (folder / f"{i}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    reader = read_samples(folder, skip_bad=True, limit=limit)
    samples = list(reader)
    left = readings(reader.starts, len(samples), size, lambda first: first in done)
    found = {}
    for reading in left:
        for row in blocks(reading, read_samples(folder).files, None):
            (first,), (packed,) = row["first"].to_pylist(), row["samples"].to_pylist()
            assert first not in found
            found[first] = pickle.loads(packed)
    assert found == {
        first: samples[first : first + size] for first in range(0, len(samples), size) if first not in done
    }


GPUS = [{"CPU": 16, "GPU": 2}, {"CPU": 16, "GPU": 1}]


@pytest.mark.parametrize(
    ("cluster", "machines", "expected"),
    [
        (Cluster(workers=2), [{"CPU": 2}], Share(2, 1)),
        (Cluster(), [{"CPU": 8}, {"CPU": 4}], Share(2, 4)),
        (Cluster(workers=3), [{"CPU": 8}, {"CPU": 4}], Share(3, 4)),
        (Cluster(workers=5), [{"CPU": 8}, {"CPU": 4}, {"memory": 1}], Share(5, 2)),
        (Cluster(gpus_per_worker=1), GPUS, Share(3, 8)),
        (Cluster(gpus_per_worker=0.5, workers=6), GPUS, Share(6, 4)),
    ],
)
def test_workers_share_the_processors(cluster, machines, expected):
    assert shared_out(cluster, machines) == expected


@pytest.mark.parametrize(
    "cluster", [Cluster(workers=5), Cluster(gpus_per_worker=1), Cluster(workers=1, gpus_per_worker=0.5)]
)
def test_more_workers_than_there_is_room_for(cluster):
    with pytest.raises(SaelectError, match="has room for"):
        shared_out(cluster, [{"CPU": 4}])
