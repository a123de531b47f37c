"""Rows of the Hub: through the datasets library, or one sentence when it is out of reach."""

import socket
from types import SimpleNamespace

import pytest

from core.datasets.samples import file_digest
from tests.reading import GOOD, failure, read


def test_hub_out_of_reach_is_one_sentence(monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path))
    assert "cannot be reached: download the data first" in failure("org/name:train")


def test_hub_rows_come_through_the_datasets_library(monkeypatch, tmp_path):
    datasets = pytest.importorskip("datasets")
    asked = []

    def load(name, config, revision, split):
        if name == "org/gone":
            raise FileNotFoundError("no such\ndata set")
        asked.append((name, config, revision, split, datasets.config.HF_HUB_OFFLINE))
        return datasets.Dataset.from_list([GOOD, {**GOOD, "output": ""}])

    def refuse(*_, **__):
        raise OSError("no network")

    def answer(*_, **__):
        return SimpleNamespace(close=lambda: None)

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(socket, "create_connection", answer)
    monkeypatch.setattr(datasets, "load_dataset", load)
    samples, report = read("org/name/small@main:test[:10]")
    assert len(samples) == 1 and report.skipped[0].position == "row 1" and report.format == "Hugging Face hub"
    read("org/name")
    assert asked[:2] == [("org/name", "small", "main", "test[:10]", False), ("org/name", None, None, "train", False)]
    (tmp_path / "org___open_name").mkdir()  # a copy in the cache is read without asking the hub
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path))
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert len(read("org/OpenName")[0]) == 1
    assert asked[-1] == ("org/OpenName", None, None, "train", True) and not datasets.config.HF_HUB_OFFLINE
    monkeypatch.setattr(socket, "create_connection", answer)
    assert failure("org/gone").endswith("cannot be loaded from the Hugging Face hub: no such data set")
    assert len(file_digest("org/name")) == 64
