"""What an extraction will take, against what it took."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.samples import read_samples
from core.errors import DataError, ModelError
from core.extract.estimate import Probe, counted, estimate, fitted, foretold
from core.extract.run import extract
from core.lm.chat import tokenize
from core.schema import Message, Sample
from core.store.reader import open_store


def samples(sizes: list[int]) -> list[Sample]:
    return [Sample(i, (Message("user", "x" * n),), {}) for i, n in enumerate(sizes)]


@given(st.lists(st.integers(0, 99), max_size=80), st.integers(1, 20))
def test_counted_draws_different_samples_and_counts_all(sizes, n):
    characters, drawn = counted(samples(sizes), n)
    assert characters.tolist() == sizes
    assert len({s.row for s in drawn}) == len(drawn) == min(n, len(sizes))


def test_every_sample_is_drawn_equally_often_but_for_chance():
    big = [i for start in range(400) for i in drawn_rows(start)]
    counts = np.bincount(big, minlength=50)
    expected = 400 * 5 / 50
    assert abs(counts - expected).max() < 6 * np.sqrt(expected)


def drawn_rows(start: int) -> list[int]:
    """Rows drawn from 50 samples, whatever the seed does: the order of the samples is another one each time."""
    order = np.random.default_rng(start).permutation(50)
    _, drawn = counted([samples([1] * 50)[i] for i in order], 5)
    return [s.row for s in drawn]


@given(st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 2000)), min_size=2, max_size=32))
def test_the_line_is_numpys(points):
    x, y = np.array(points).T
    slope, base = fitted(x, y)
    if np.ptp(x) and (expected := np.polyfit(x, y, 1))[0] > 0:
        np.testing.assert_allclose([slope, base], expected, rtol=1e-6, atol=1e-6)
    assert slope >= 0


def test_a_probe_of_all_samples_foretells_them():
    rng = np.random.default_rng(0)
    x = rng.integers(20, 4000, 32)
    tokens = x // 4 + 30
    probe = Probe(x, tokens, np.minimum(tokens, 512), 0, 1, 1.0)
    all_tokens, read = foretold(x, probe, 512)
    assert abs(all_tokens - tokens.sum()) <= 32 and abs(read - np.minimum(tokens, 512).sum()) <= 32


def test_tokens_of_real_data_are_foretold_to_a_tenth(shared_data, tiny, tokenizer):
    for name in ("lima.jsonl", "alpaca_9k.json"):
        config = replace(tiny.config, data=str(shared_data / name), skip_bad=True, limit=400)
        found = estimate(config)
        items = tokenize(list(read_samples(config.data, skip_bad=True, limit=400)), tokenizer, config.max_tokens)
        read = sum(len(item.ids) for item in items)
        assert (found.samples, found.probe) == (400, 32)
        assert found.tokens == pytest.approx(read + sum(item.n_dropped for item in items), rel=0.1)
        assert found.read == pytest.approx(read, rel=0.1)


def test_few_samples_are_foretold_exactly_and_nothing_is_written(tiny, tmp_path, monkeypatch, quick_map):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    steps: list = []
    found = estimate(replace(tiny.config, max_tokens=512), steps.append)
    assert not list(tmp_path.glob("*.duckdb*"))
    store = open_store(extract(replace(tiny.config, max_tokens=512), tmp_path))
    assert found.samples == store.n_samples == 30
    assert found.tokens == found.read == pytest.approx(store.meta["tokens"], rel=0.02)
    assert [step.stage for step in steps] == ["Reading the data", "Loading model and SAE", "Trying 30 samples", "Done"]
    assert found.seconds > 0 and found.memory > 0 and found.disk > 0 and found.free_disk > 0


def test_what_cannot_be_extracted_cannot_be_estimated(tiny, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"prompt": "only a question"}\n')
    with pytest.raises(DataError, match="no response"):
        estimate(replace(tiny.config, data=str(tmp_path / "a.jsonl")))
    with pytest.raises(ModelError, match="no SAE"):
        estimate(replace(tiny.config, sae=str(tmp_path)))


def test_what_is_read_in_windows_is_read_whole(tiny):
    cut = estimate(replace(tiny.config, max_tokens=16))
    whole = estimate(replace(tiny.config, max_tokens=16, long="windows"))
    assert cut.read < cut.tokens == whole.tokens == whole.read
