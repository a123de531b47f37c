"""The demo's data, and the rule that nothing of it is needed to say so."""

from __future__ import annotations

import json

import pytest

from core import demo
from core.datasets.samples import read_samples
from core.errors import SaelectError
from core.schema import Message, Sample


def test_first_exchange_is_the_first_answered_human_turn() -> None:
    turns = [("gpt", "welcome"), ("human", " "), ("gpt", "blank question"), ("human", "why?"), ("gpt", "because")]
    raw = {"id": "x", "conversations": [{"from": who, "value": text} for who, text in turns]}
    roles = {"gpt": "assistant", "human": "user"}
    sample = Sample(0, tuple(Message(roles[who], text) for who, text in turns), raw)
    assert demo.first_exchange(sample) == {"id": "x", "conversations": raw["conversations"][3:5]}
    assert demo.first_exchange(Sample(0, sample.messages[:1], raw)) is None


def test_demo_data_are_real_conversations(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    config = demo.demo_config(25)
    samples = list(read_samples(config.data))
    assert len(samples) == 25
    assert all([m.role for m in s.messages] == ["user", "assistant"] for s in samples)
    assert all(list(s.raw) == ["id", "conversations"] for s in samples)
    assert demo.demo_config(25) == config
    assert (tmp_path / "demo").is_dir() and len(list((tmp_path / "demo").iterdir())) == 1


def test_missing_wheels_get_one_sentence(monkeypatch) -> None:
    monkeypatch.setattr(demo.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SaelectError, match="make demo"):
        demo.demo_model()


def test_the_shipped_sae_fits_the_demo_model_and_meets_its_card() -> None:
    metrics = json.loads((demo.DEMO_SAE / "metrics.json").read_text())
    card = (demo.DEMO_SAE / "README.md").read_text()
    assert metrics["explained_variance"] >= 0.85 and metrics["ce_recovered"] >= 0.97
    for name in ("explained_variance", "ce_recovered"):
        assert f"{metrics[name]:.4f}" in card
    assert (demo.DEMO_SAE / "sae_weights.safetensors").stat().st_size < 25e6
