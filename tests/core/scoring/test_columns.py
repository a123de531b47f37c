"""Scores against Transformers' own loss, sample by sample; what an interruption leaves; what is kept where."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelError, SelectionError
from core.extract.run import extract
from core.lm import chat
from core.lm import losses as lm_losses
from core.lm.chat import tokenize
from core.lm.losses import head_logits, mean_losses
from core.lm.sources import load_lm
from core.scoring import columns as scores
from core.scoring import sample_scores
from core.scoring.columns import compute_scores, score_columns, score_folder
from core.scoring.sample_scores import RESPONSE
from core.store.reader import open_store
from core.store.tables import COUNTS
from tests.tiny import spare_umap

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("perplexity", "ifd")
ODD = [  # no room for a response; blank first answer; an answer that is cut; no prompt; half a character
    [("user", "why " * 90), ("assistant", "sky")],
    [("user", "sort"), ("assistant", " "), ("user", "why"), ("assistant", "sea")],
    [("user", "help"), ("assistant", "rice " * 90)],
    [("assistant", "find the city")],
    [("user", "\ud83d half"), ("assistant", "nul \x00 \u202e אב")],
]
UNDEFINED_ROW, PROMPTLESS_ROW = 30, 33


@pytest.fixture(scope="module", autouse=True)
def made(tiny, tmp_path_factory):
    """A finished store: the samples of `tiny` and the odd ones; long ones lose their end here, as once they did."""
    folder = tmp_path_factory.mktemp("scored")
    odd = [{"messages": [{"role": role, "content": text} for role, text in turns], "score": 1} for turns in ODD]
    lines = [tiny.data.read_text(encoding="utf-8"), *(json.dumps(record) + "\n" for record in odd)]
    (folder / "data.jsonl").write_text("".join(lines), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        spare_umap(patch)
        patch.setattr(chat, "tokens_read", lambda segment, most: np.arange(min(len(segment), most)))
        yield extract(replace(tiny.config, data=str(folder / "data.jsonl")), folder)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache, and a hub that is out of reach."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return tmp_path / "cache"


@pytest.fixture
def store(made):
    return open_store(made)


@pytest.fixture
def read(monkeypatch):
    """How many sequences each call of the model's loop was given."""
    seen, inner = [], mean_losses

    def counting(lm, sequences, batch_tokens):
        seen.append(len(sequences))
        return inner(lm, sequences, batch_tokens)

    monkeypatch.setattr(sample_scores, "mean_losses", counting)
    return seen


@pytest.fixture(scope="module")
def expected(made, tiny):
    """Perplexity with the prompt and without, float64 (N, 2): one sample at a time, by Transformers' loss."""
    import torch

    lm, out = load_lm(tiny.config.model, "cpu", "float32"), []
    header = lm.tokenizer.convert_tokens_to_ids("<|im_start|>")
    for item in tokenize(open_store(made).samples(), lm.tokenizer, tiny.config.max_tokens):
        ids, answer = torch.from_numpy(item.ids.astype(np.int64)), torch.from_numpy(item.segment == RESPONSE)
        labels = torch.where(answer, ids, -100)
        first = int(answer.int().argmax())
        start = int(np.flatnonzero(item.ids[: first + 1] == header)[-1])
        with torch.inference_mode():
            losses = [lm.model(input_ids=ids[None, a:], labels=labels[None, a:]).loss.item() for a in (0, start)]
        out.append(np.exp(losses) if answer.any() else [np.nan, np.nan])
    return np.array(out)


def same(found, wanted):
    np.testing.assert_array_equal(found["perplexity"], wanted["perplexity"])
    np.testing.assert_array_equal(found["ifd"], wanted["ifd"])


def files(folder):
    return sorted(p.name for p in folder.iterdir())


def interrupt_after(n):
    """A listener to progress that stops the run at its n-th call."""
    calls = iter(range(1, n))

    def stop(*_progress):
        if next(calls, None) is None:
            raise KeyboardInterrupt

    return stop


def test_perplexity_and_ifd_are_those_of_the_definition(store, made, expected, read, cache):
    before, steps = hashlib.sha256(made.read_bytes()).hexdigest(), []
    found = compute_scores(store, on_progress=lambda done, total: steps.append((done, total)))
    assert list(found) == list(NAMES) and all(c.dtype == np.float64 and c.shape == (35,) for c in found.values())
    np.testing.assert_allclose(found["perplexity"], expected[:, 0], rtol=1e-4)
    usual = np.arange(35) != PROMPTLESS_ROW
    np.testing.assert_allclose(found["ifd"][usual], (expected[:, 0] / expected[:, 1])[usual], rtol=1e-4)
    assert found["ifd"][PROMPTLESS_ROW] == 1
    assert np.flatnonzero(np.isnan(found["ifd"])).tolist() == [UNDEFINED_ROW]
    assert np.ptp(found["ifd"][usual & (np.arange(35) != UNDEFINED_ROW)]) > 0.01
    assert read == [68]  # one forward pass with the prompt for both columns
    done, totals = zip(*steps, strict=True)
    assert list(done) == sorted(done) and {done[-1]} == set(totals)
    assert hashlib.sha256(made.read_bytes()).hexdigest() == before
    assert files(score_folder(store)) == ["ifd.npy", "perplexity.npy"] and score_folder(store).is_relative_to(cache)


def test_finished_scores_need_no_model(store, monkeypatch, read):
    assert set(score_columns(store)) == {"score", "prompt_tokens", "response_tokens", "tokens"}
    assert not score_folder(store).exists()
    found = compute_scores(store)
    monkeypatch.setattr(scores, "load_lm", lambda *a: pytest.fail("a model was loaded"))
    same(compute_scores(store), found)
    same(score_columns(store), found)
    assert len(read) == 1 and compute_scores(store, ["tokens"], model="elsewhere").keys() == {"tokens"}


def test_one_column_after_the_other(store, read):
    first = compute_scores(store, ["perplexity"])
    assert read == [34] and list(first) == ["perplexity"]
    second = compute_scores(store, ["ifd", "perplexity"])
    assert read == [34, 68] and list(second) == ["ifd", "perplexity"]
    assert second["perplexity"].tobytes() == first["perplexity"].tobytes()


def test_token_counts(store):
    columns, found = store.sample_columns(), score_columns(store)
    prompt, response, later = (columns[name] for name in COUNTS[:3])
    for name, own in (("prompt_tokens", prompt), ("response_tokens", response), ("tokens", prompt + response + later)):
        np.testing.assert_array_equal(found[name], own.astype(np.float64), strict=True)
    assert (columns["n_read_response"] == 0).nonzero()[0].tolist() == [UNDEFINED_ROW]


def test_columns_of_the_data_win(store, monkeypatch):
    compute_scores(store, ["perplexity"])
    own = {"perplexity": np.arange(35.0), "tokens": np.ones(35)}
    monkeypatch.setattr(store, "scores", lambda: own)
    found = score_columns(store)
    assert found["perplexity"] is own["perplexity"] and found["tokens"] is own["tokens"]
    assert compute_scores(store, ["perplexity"])["perplexity"][0] > 1


def test_unknown_names(store):
    with pytest.raises(SelectionError, match="no score 'length' to compute: use perplexity, ifd, prompt_tokens"):
        compute_scores(store, ["ifd", "length"])


def test_models_that_are_not_there_or_changed(store):
    with pytest.raises(ModelError, match="neither a folder"):
        compute_scores(store, model="/nowhere/model")
    store.meta["digests"]["model"] = "another"
    with pytest.raises(ModelError, match=r"has changed since .* extract again"):
        compute_scores(store)


@pytest.mark.parametrize("stop_at", [1, 4, 9])
def test_an_interrupted_run_goes_on_with_the_rest(store, monkeypatch, read, tmp_path, stop_at):
    monkeypatch.setattr(scores, "CHUNK", 8)
    whole, every = compute_scores(store), list(read)
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "other"))
    with pytest.raises(KeyboardInterrupt):
        compute_scores(store, on_progress=interrupt_after(stop_at))
    partial = np.load(score_folder(store) / "ifd.float32.partial.npy")
    written = int((~np.isnan(partial)).sum()) // 8
    assert (~np.isnan(partial[: 8 * written])).all() and np.isnan(partial[8 * written :]).all() and written < 5
    assert set(score_columns(store)) == {"score", "prompt_tokens", "response_tokens", "tokens"}
    read.clear()
    same(compute_scores(store), whole)
    assert read == every[written:] and files(score_folder(store)) == ["ifd.npy", "perplexity.npy"]


def test_a_column_never_mixes_dtypes(store, made, monkeypatch, tmp_path):
    """As when a run is stopped and goes on on a machine of another device, which chooses another dtype."""
    monkeypatch.setattr(scores, "CHUNK", 8)
    other = open_store(made)
    other.meta["config"]["dtype"] = "bfloat16"
    whole = {}
    for dtype, its in (("float32", store), ("bfloat16", other)):
        monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / dtype))
        whole[dtype] = compute_scores(its)
    assert (whole["float32"]["ifd"] != whole["bfloat16"]["ifd"])[:UNDEFINED_ROW].all()
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "both"))
    with pytest.raises(KeyboardInterrupt):
        compute_scores(store, on_progress=interrupt_after(2))
    same(compute_scores(other), whole["bfloat16"])
    assert files(score_folder(store)) == ["ifd.npy", "perplexity.npy"]
    same(compute_scores(store), whole["bfloat16"])  # a finished column is good for both


KILLED = """
import os, signal, sys
import numpy as np
from core.lm import chat
from core.scoring import columns as scores
from core.store import open_store
scores.CHUNK, rows = 8, []
chat.tokens_read = lambda segment, most: np.arange(min(len(segment), most))  # as of made
inner = scores.read_chunk
def chunk(scorer, samples, losses):
    rows.append(len(samples))
    return inner(scorer, samples, losses)
scores.read_chunk = chunk
def kill(*_progress):
    if len(rows) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
scores.compute_scores(open_store(sys.argv[1]), on_progress=kill)
"""


def test_a_kill_loses_the_chunk_under_way(store, made, monkeypatch, read, tmp_path):
    monkeypatch.setattr(scores, "CHUNK", 8)
    whole, every = compute_scores(store), list(read)
    environment = {**os.environ, "SAELECT_CACHE": str(tmp_path / "other")}
    done = subprocess.run([sys.executable, "-c", KILLED, str(made)], cwd=ROOT, env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    monkeypatch.setenv("SAELECT_CACHE", environment["SAELECT_CACHE"])
    read.clear()
    found = compute_scores(store)
    assert read == every[2:]
    for name in NAMES:
        np.testing.assert_allclose(found[name], whole[name], rtol=1e-6)


def test_batches_and_slices_change_nothing(store, monkeypatch, tmp_path):
    whole = compute_scores(store)
    store.meta["config"]["batch_tokens"] = 64
    monkeypatch.setattr(lm_losses, "LOGITS", 10 * 400)
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "other"))
    heads, inner = [], head_logits
    monkeypatch.setattr(
        lm_losses, "head_logits", lambda model, hidden: heads.append(len(hidden)) or inner(model, hidden)
    )
    for name, column in compute_scores(store).items():
        np.testing.assert_allclose(column, whole[name], rtol=1e-5)
    assert max(heads) == 4000 // load_lm(store.meta["config"]["model"]).model.config.vocab_size


def test_the_folder_is_named_by_what_decides_the_values(store, made):
    folder = score_folder(store)
    assert len(folder.name) == 12 and int(folder.name, 16) >= 0
    for part, changes in {
        "digests": {"data": "x", "model": "x", "template": "x"},
        "config": {"max_tokens": 9, "limit": 3, "skip_bad": True, "columns": {"prompt": "q"}},
    }.items():
        for name, value in changes.items():
            other = open_store(made)
            other.meta[part][name] = value
            assert score_folder(other) != folder, name
    store.meta["digests"] |= {"sae": "x", "encoder": "x", "topics": "x"}
    store.meta["config"] |= {"sae": "x", "floor": 1.0, "hook_point": "x", "data": "x", "batch_tokens": 1}
    assert score_folder(store) == folder


def test_another_model_has_columns_of_its_own(store, tokenizer, tmp_path, read):
    import torch
    from transformers import LlamaForCausalLM

    path, own = tmp_path / "other model", compute_scores(store)
    for seed in (1, 2):  # the second time, other weights are in the same folder
        torch.manual_seed(seed)
        config = load_lm(store.meta["config"]["model"]).model.config
        LlamaForCausalLM(config).save_pretrained(path)
        tokenizer.save_pretrained(path)
        found = compute_scores(store, ["perplexity", "tokens"], model=str(path))
        column, tokens = found
        assert column.startswith("perplexity@") and column.endswith("other-model") and tokens == "tokens"
        assert not np.isclose(found[column], own["perplexity"]).any()
        np.testing.assert_array_equal(score_columns(store)[column], found[column])
        assert read.pop() == 34
    compute_scores(store, ["perplexity"], model=str(path))
    assert read == [68]
    same(score_columns(store), own)
