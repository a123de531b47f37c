"""Samples that are longer than the window: their counts, by hand, and their features, window by window."""

from dataclasses import replace

import numpy as np
import pytest

from core.datasets.samples import read_samples
from core.extract.run import extract
from core.extract.token_values import pipeline_of, token_values
from core.lm.language_model import SINK_NORM
from core.lm.sources import load_lm
from core.sae.loading import load_sae
from core.schema import SEGMENTS
from core.session.session import open_session
from core.store.reader import open_store
from tests.tiny import spare_umap

WINDOW = 24


@pytest.fixture(scope="module")
def windowed(tiny, tmp_path_factory):
    """The tiny data read in windows of WINDOW tokens."""
    with pytest.MonkeyPatch.context() as patch:
        spare_umap(patch)
        config = replace(tiny.config, max_tokens=WINDOW, batch_tokens=100, long="windows")
        return config, extract(config, tmp_path_factory.mktemp("windows"))


def by_hand(sample, tokenizer):
    """ids, and the segment of each token of the ChatML text: that of the turn that it shares a character with."""
    turns = [{"role": m.role, "content": m.content} for m in sample.messages]
    text, at, owner = tokenizer.apply_chat_template(turns, tokenize=False), 0, []
    first = next(i for i, m in enumerate(sample.messages) if m.role == "assistant")
    for i, m in enumerate(sample.messages):
        at = text.index(f"<|im_start|>{m.role}\n{m.content}<|im_end|>", at) + len(f"<|im_start|>{m.role}\n")
        owner.append((at, at + len(m.content), 1 if m.role == "assistant" else 2 if i > first else 0))
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    where = [[g for a, b, g in owner if s < b and e > a] for s, e in encoded["offset_mapping"]]
    return np.array(encoded["input_ids"]), np.array([found[0] if found else -1 for found in where])


def test_the_counts_are_those_of_the_whole_sample(tiny, windowed):
    tokenizer = load_lm(tiny.config.model, "cpu", "float32").tokenizer
    cut, whole = (open_store(path).sample_columns() for path in (tiny.store, windowed[1]))
    for row, sample in enumerate(read_samples(tiny.data)):
        ids, segment = by_hand(sample, tokenizer)
        for columns, most in ((cut, tiny.config.max_tokens), (whole, len(ids))):
            assert columns["n_tokens"][row] == len(ids) and columns["n_read"][row] == min(len(ids), most)
            assert columns["n_truncated"][row] == max(0, len(ids) - most)
            assert [columns[f"n_{s}_tokens"][row] for s in SEGMENTS] == [(segment == g).sum() for g in range(3)]
        assert [whole[f"n_read_{s}"][row] for s in SEGMENTS] == [(segment == g).sum() for g in range(3)]
    assert cut["n_truncated"].max() > 0
    info = open_session(tiny.store).info
    assert info.response_tokens.tolist() == whole["n_response_tokens"].tolist()
    assert info.read.tolist() == cut["n_read"].tolist() and not info.unread_response.any()


def test_features_are_the_maximum_over_separate_windows(windowed):
    import torch

    config, path = windowed
    lm, sae, store = load_lm(config.model, "cpu", "float32"), load_sae(config.sae).sae, open_store(path)
    read = {(s, g, f): (v, p) for s, g, f, v, p in store.rows("SELECT * FROM activations")}
    wanted = {}
    for row, sample in enumerate(read_samples(config.data)):
        ids, segment = by_hand(sample, lm.tokenizer)
        states, counted = [], []
        for start in range(0, max(1, len(ids) - WINDOW // 2), WINDOW // 2):
            part = torch.from_numpy(ids[start : start + WINDOW])[None]
            with torch.inference_mode():
                hidden = lm.model(input_ids=part, output_hidden_states=True).hidden_states[2][0]
            norm = hidden.norm(dim=-1).numpy()
            meant = norm <= SINK_NORM * np.sort(norm)[(len(norm) - 1) // 2]
            new = [t for t in range(len(norm)) if (start == 0 or t >= WINDOW // 2)]
            counted += [start + t for t in new]
            states += [(start + t, hidden[t]) for t in new if meant[t] and segment[start + t] >= 0]
        assert counted == list(range(len(ids)))
        values = sae.encode(torch.stack([state for _, state in states])).detach().numpy()
        for (token, _), dense in zip(states, values, strict=True):
            for f in np.flatnonzero(dense > 0).tolist():
                key = (row, int(segment[token]), f)
                wanted[key] = max(wanted.get(key, (0, 0)), (float(dense[f]), -token))
        mean = torch.stack([state for _, state in states]).mean(0).numpy()
        np.testing.assert_allclose(store.embeddings()[row], mean, atol=0.01)
    odd = {key for key in read.keys() ^ wanted.keys() if max(read.get(key, (0,))[0], wanted.get(key, (0,))[0]) > 1e-4}
    assert len(wanted) > 1000 and not odd
    assert max(abs(read[key][0] - wanted[key][0]) for key in read.keys() & wanted.keys()) < 1e-4


def test_a_sample_that_fits_is_read_as_without_windows(tiny, windowed, tmp_path, quick_map):
    config, _ = windowed
    cut, whole = (open_store(extract(replace(config, max_tokens=64, long=how), tmp_path)) for how in ("cut", "windows"))
    fits = cut.sample_columns()["n_truncated"] == 0
    assert 0 < fits.sum() < len(fits)
    for row in np.flatnonzero(fits).tolist():
        one, two = cut.sample_features(row), whole.sample_features(row)
        assert [one[name].tolist() for name in one] == [two[name].tolist() for name in one]
        assert cut.pieces(row)[0] == whole.pieces(row)[0]


def test_every_token_can_be_read_again(windowed):
    store = open_store(windowed[1])
    pipeline = pipeline_of(store)
    row = int(store.sample_columns()["n_tokens"].argmax())
    found, kept = token_values(store, row, pipeline), store.sample_features(row)
    segment = store.pieces(row)[1]
    assert len(segment) == store.sample_columns()["n_tokens"][row] > 2 * WINDOW
    for g, f, value, peak in zip(*(kept[n].tolist() for n in ("segment", "feature_id", "value", "peak")), strict=True):
        own = (found.feature == f) & (segment[found.token] == g)
        assert abs(found.value[own].max() - value) < 1e-4 and segment[peak] == g
