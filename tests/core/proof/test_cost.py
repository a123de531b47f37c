"""What a proof will take, against loops."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.lm.fine_tuning import TrainConfig
from core.proof.config import ProofConfig
from core.proof.cost import work
from core.proof.grid import cells
from core.proof.run import refinement, task
from core.refine.cost import work as refining

METHODS = ["random", "sae-greedy", "full", "kmq-iterative"]


@given(
    st.lists(st.integers(1, 400), min_size=8, max_size=20),
    st.lists(st.sampled_from(METHODS), min_size=1, max_size=4, unique=True),
    st.integers(1, 3),
    st.sampled_from(["samples", "tokens"]),
)
def test_every_cell_is_counted(lengths, methods, seeds, unit):
    methods = [m for m in methods if unit == "samples" or m != "kmq-iterative"]
    config = ProofConfig("", "lm", 2, unit=unit, full=5, refined=2, train=TrainConfig(epochs=2, max_tokens=256))
    grid, cut = cells(methods, [3, 4], range(seeds)), sorted((min(n, 256) for n in lengths), reverse=True)
    mean, left, expected = np.mean(cut), len(lengths) - 2, np.zeros(3)
    for cell in grid:
        expected[0] += 2 * mean
        if cell.method == "base":
            continue
        picked = cell.budget if unit == "samples" else round(cell.budget / mean)
        picked = min(5 if cell.method == "full" else picked, left)
        expected[1] += 2 * (picked * mean if cell.method in ("full", "random") else sum(cut[:picked]))
        if cell.method == "kmq-iterative":
            own = refining(refinement(config, task(config, cell, ())), np.array(lengths))
            expected += [own.read, own.trained, own.written]
    found = work(config, grid, np.array(lengths), 2)
    assert np.allclose([found.read, found.trained, found.written], expected)
