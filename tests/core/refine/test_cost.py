"""What a run of refinement will take, against loops."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.lm.fine_tuning import TrainConfig
from core.refine.config import RefineConfig
from core.refine.cost import work
from core.refine.rounds import shares

Runs = st.tuples(st.integers(1, 5), st.integers(0, 40), st.integers(0, 3), st.sampled_from(["base", "previous"]),
                 st.integers(1, 3), st.sampled_from(["perplexity", "judge"]))  # fmt: skip


@given(Runs, st.lists(st.integers(0, 900), min_size=1, max_size=9))
def test_every_round_is_counted(asked, lengths):
    rounds, more, n_pins, start, epochs, scorer = asked
    config = RefineConfig("", rounds, rounds + more + n_pins, start=start, scorer=scorer, new_tokens=7,
                          pins=tuple(range(n_pins)), train=TrainConfig(epochs=epochs))  # fmt: skip
    mean, had, trained, read, written = np.mean([min(n, 512) for n in lengths]), n_pins, 0.0, 0.0, 0.0
    for new in shares(config.budget - n_pins, rounds):
        had += new
        for _ in range(epochs):
            trained += mean * (had if start == "base" else new)
        written += 7 * new
        read += 4 * new * mean if scorer == "perplexity" else 0
    found = work(config, np.array(lengths))
    assert np.allclose([found.trained, found.read, found.written], [trained, read, written])
