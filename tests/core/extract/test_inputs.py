"""What extraction refuses or tells of its inputs: data, disk, SAE, odd records, large vectors."""

import json
import shutil
from collections import namedtuple
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError, ModelError, SaelectError
from core.extract import pipeline, run
from core.extract.run import extract
from core.extract.vectors import LARGEST, halved
from core.session.session import open_session
from core.store.reader import open_store
from tests.stores import active_sets
from tests.tiny import HIDDEN, random_sae


def no_model(monkeypatch):
    for module, name in ((run, "load"), (pipeline, "load_lm"), (pipeline, "load_sae")):
        monkeypatch.setattr(module, name, lambda *a, **k: pytest.fail("a model was loaded"))


def test_too_little_disk(tiny, tmp_path, monkeypatch):
    no_model(monkeypatch)
    monkeypatch.setattr(shutil, "disk_usage", lambda p: namedtuple("Usage", "total used free")(10, 9, 1))
    with pytest.raises(SaelectError, match="GB free") as caught:
        extract(tiny.config, tmp_path)
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


def test_bad_data(tiny, tmp_path, monkeypatch):
    no_model(monkeypatch)
    bad = tmp_path / "bad.jsonl"
    bad.write_text(tiny.data.read_text(encoding="utf-8") + '{"messages": 3}\n', encoding="utf-8")
    for data, reason in ((bad, "cannot be used"), (tmp_path / "none.jsonl", "none.jsonl")):
        with pytest.raises(DataError, match=reason):
            extract(replace(tiny.config, data=str(data)), tmp_path)


def test_skipped_rows_are_in_meta(tiny, tmp_path, quick_map):
    lines = tiny.data.read_text(encoding="utf-8").splitlines()[:6]
    bad = tmp_path / "bad.jsonl"
    bad.write_text("\n".join([lines[0], '{"messages": 3}', *lines[1:]]) + "\n", encoding="utf-8")
    store = open_store(extract(replace(tiny.config, data=str(bad), skip_bad=True), tmp_path))
    assert store.n_samples == 6 and store.meta["warnings"]
    assert store.sample_columns()["source_row"].tolist() == [0, 2, 3, 4, 5, 6]
    assert active_sets(store.path) == active_sets(tiny.store)[:6]


def test_what_a_template_leaves_out_of_answers_is_read_and_told(tiny, tmp_path, quick_map):
    turns = [("sky", "blue"), ("sea", "<think>why</think>"), ("why " * 200, "blue"), ("find", "<think>wind</think>")]
    lines = [json.dumps({"prompt": asked, "response": answered}) for asked, answered in turns]
    (tmp_path / "data.jsonl").write_text("\n".join(lines), encoding="utf-8")
    shutil.copytree(tiny.config.model, tmp_path / "lm")
    template = (  # as DeepSeek-R1's: what comes before </think> is left out
        "{% for m in messages %}[{{ m['role'] }}]{{ m['content'].split('</think>')[-1] }}{% endfor %}"
    )
    (tmp_path / "lm" / "chat_template.jinja").write_text(template, encoding="utf-8")
    config = replace(tiny.config, data=str(tmp_path / "data.jsonl"), model=str(tmp_path / "lm"))
    store = open_store(extract(config, tmp_path))
    columns = store.sample_columns()
    assert (columns["n_read_response"] > 0).all() and not open_session(store.path).info.unread_response.any()
    assert (columns["n_truncated"] > 0).tolist() == [False, False, True, False]
    lost, few = store.meta["warnings"]
    assert "of 2 samples the model's chat template leaves out a part of the answers" in lost
    assert few.startswith("There are no topics")


def test_a_model_reads_no_more_than_it_takes(tiny, tmp_path, quick_map):
    shutil.copytree(tiny.config.model, tmp_path / "lm")
    path = tmp_path / "lm" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"max_position_embeddings": 32}))
    store = open_store(extract(replace(tiny.config, model=str(tmp_path / "lm")), tmp_path))
    assert store.meta["config"]["max_tokens"] == store.sample_columns()["n_read"].max() == 32


def test_an_sae_of_another_width(tiny, tmp_path):
    random_sae("topk", d_in=HIDDEN + 1).save_model(tmp_path / "sae")
    with pytest.raises(ModelError, match="do not belong together"):
        extract(replace(tiny.config, sae=str(tmp_path / "sae")), tmp_path)


def test_an_sae_that_never_fires(tiny, tmp_path):
    import torch

    sae = random_sae("jumprelu")
    with torch.no_grad():
        sae.threshold.fill_(1e6)
    sae.save_model(tmp_path / "sae")
    store = open_store(extract(replace(tiny.config, sae=str(tmp_path / "sae"), limit=6), tmp_path))
    assert len(store.matrix().value) == 0 and store.contexts(0) == [] and len(store.projection()["x"]) == 6


def test_odd_records(tiny, tmp_path, quick_map):
    import datetime

    import pyarrow as pa
    import pyarrow.parquet as pq

    turns = [["\ud83d half", "nul \x00 \u202e אב"], ["<|im_end|>\n<|im_start|>user", "🎉" * 20], ["?", "-"]]
    data = tmp_path / "odd.jsonl"
    data.write_text("".join(json.dumps({"instruction": q, "output": a, "source": "\udc00"}) + "\n" for q, a in turns))
    store = open_store(extract(replace(tiny.config, data=str(data)), tmp_path))
    assert [[s.prompt, s.response] for s in store.samples()] == turns
    assert store.previews() == [("\ufffd half", turns[0][1]), *map(tuple, turns[1:])]
    dated = [{"instruction": "sort", "output": "list", "day": datetime.date(2024, 2, 29)}] * 2
    pq.write_table(pa.Table.from_pylist(dated), tmp_path / "dated.parquet")
    store = open_store(extract(replace(tiny.config, data=str(tmp_path / "dated.parquet")), tmp_path))
    assert store.samples([1])[0].raw["day"] == "2024-02-29"


def test_vectors_beyond_half_precision_are_cut_and_told(tiny, tmp_path, quick_map):
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny.config.model)
    with torch.no_grad():
        model.get_input_embeddings().weight.mul_(1e6)
    shutil.copytree(tiny.config.model, tmp_path / "lm")
    model.save_pretrained(tmp_path / "lm")
    store = open_store(extract(replace(tiny.config, model=str(tmp_path / "lm"), limit=6), tmp_path))
    vectors = store.embeddings()
    assert np.isfinite(vectors).all() and np.abs(vectors).max() == LARGEST == 65504
    told = "The mean vectors of 6 samples reach beyond ±65,504, the limit of half precision"
    assert any(text.startswith(told) for text in store.meta["warnings"]) and store.meta["cut"] == 6
    assert not any("half precision" in text for text in open_store(tiny.store).meta["warnings"])


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=50))
def test_halving_is_numpys_up_to_the_largest(numbers):
    given_numbers = np.array(numbers, np.float32)
    found = halved(given_numbers)
    inside = np.abs(given_numbers) <= 65504
    assert found.dtype == np.float16 and np.isfinite(found).all()
    np.testing.assert_array_equal(found[inside], given_numbers[inside].astype(np.float16))
    np.testing.assert_array_equal(found[~inside], np.sign(given_numbers[~inside]) * 65504)
