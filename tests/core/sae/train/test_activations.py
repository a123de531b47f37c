"""Collecting activations: which exchanges, which tokens, and that they are the model's."""

import random
from dataclasses import replace

import numpy as np
import pytest

from core.lm.batches import pack
from core.lm.language_model import residual
from core.sae.train.activations import collect, exchanges, mix, split
from core.sae.train.evaluation import dead_share, evaluate
from core.schema import Message, Sample
from tests.tiny import WORDS


def test_exchanges_and_the_held_out_rows():
    turns = [("system", "s"), ("user", "a"), ("assistant", "b"), ("assistant", "c"), ("user", "d"), ("assistant", " ")]
    sample = Sample(0, tuple(Message(*t) for t in turns), None)
    assert [[m.content for m in e.messages] for e in exchanges(sample)] == [["a", "b"]]
    pair = (Message("user", "a"), Message("assistant", "b"))
    rows = [Sample(i, pair, None) for i in range(100)]
    assert (len(split(rows, held_out=False)), len(split(rows, held_out=True))) == (96, 4)


def test_mix_takes_the_same_from_each_source(tokenizer):
    long, short = [[(Message("user", "sort"), Message("assistant", word * 9))] * 200 for word in ("code ", "sky ")]
    items = mix([long, short], tokenizer, 1000, 48, seed=0)
    tokens = sum(int((i.segment >= 0).sum()) for i in items)
    assert 1000 <= tokens < 4000
    assert {("sky" in i.text) for i in items} == {True, False}
    assert [i.text for i in mix([long, short], tokenizer, 1000, 48, seed=0)] == [i.text for i in items]


def test_pack_fills_batches_longest_first():
    lengths = np.random.default_rng(0).integers(0, 40, 100)
    packed = pack(lengths, 64)
    assert sorted(np.concatenate(packed).tolist()) == list(range(100))
    assert all(len(batch) == 1 or lengths[batch].max() * len(batch) <= 64 for batch in packed)
    assert [b.tolist() for b in pack(np.array([500]), 64)] == [[0]]


def test_collected_activations(lm_and_items, tmp_path, monkeypatch):
    import torch
    from safetensors.torch import load_file

    lm, items = lm_and_items
    monkeypatch.setattr("core.sae.train.activations.SHARD_TOKENS", 40)
    told = []
    paths = collect(lm, items, "blocks.1.hook_resid_post", tmp_path, 64, told.append)
    found = torch.cat([load_file(p)["activations"] for p in paths])
    assert len(paths) > 1 and sum(told) == len(found) == sum(int((i.segment >= 0).sum()) for i in items)
    expected = []
    for item in items:
        states = lm.model(input_ids=torch.from_numpy(item.ids.astype(np.int64))[None], output_hidden_states=True)
        expected.append(states.hidden_states[2][0, item.segment >= 0].bfloat16())
    total = torch.cat(expected).float().sum(0)
    torch.testing.assert_close(found.float().sum(0), total, rtol=0.01, atol=0.5)
    times = [p.stat().st_mtime_ns for p in paths]
    paths[0].unlink()
    assert collect(lm, items, "blocks.1.hook_resid_post", tmp_path, 64) == paths
    assert [p.stat().st_mtime_ns for p in paths][1:] == times[1:] and paths[0].exists()


@pytest.fixture(scope="module")
def lm_with_sinks(lm_and_items, tokenizer):
    """A model whose most frequent content token comes out ten times as long as the rest, and exchanges with it.

    So that in some sequences it is an attention sink and in others it just is not.
    """
    import copy

    import torch

    rng, lm = random.Random(3), lm_and_items[0]
    turns = [(" ".join(rng.choices(WORDS, k=9)), " ".join(rng.choices(WORDS, k=rng.randint(2, 25)))) for _ in range(30)]
    items = mix([[(Message("user", q), Message("assistant", a)) for q, a in turns]], tokenizer, 10_000, 48, seed=0)
    lm = replace(lm, model=copy.deepcopy(lm.model))
    content = np.concatenate([item.ids[item.segment >= 0] for item in items])
    often = int(np.bincount(content).argmax())
    with torch.no_grad():
        row = lm.model.get_input_embeddings().weight[often]
        norms = [residual(lm, torch.from_numpy(i.ids.astype(np.int64))[None], 2)[0].norm(dim=-1) for i in items]
        row.mul_(10 * float(torch.cat(norms).median()) / float(row.norm()))
    return lm, items


def test_sinks_are_told_from_whole_sequences_in_training_evaluation_and_extraction(lm_with_sinks, tmp_path, tiny_saes):
    import torch
    from safetensors.torch import load_file

    from core.extract.pipeline import Pipeline
    from core.extract.run import run_batches
    from core.sae.loading import load_sae
    from core.schema import ExtractConfig

    lm, items = lm_with_sinks
    rows, means, content_only = [], [], 0
    with torch.inference_mode():
        for item in items:
            hidden = residual(lm, torch.from_numpy(item.ids.astype(np.int64))[None], 2)[0]  # no padding
            norm, content = hidden.norm(dim=-1), torch.from_numpy(item.segment >= 0)
            keep = content & (norm <= 10 * torch.quantile(norm, 0.5, interpolation="lower"))
            rows.append(hidden[keep].bfloat16().float())
            means.append(hidden[keep].mean(0).numpy().astype(np.float16))
            content_only += int((content & (norm <= 10 * norm[content].median())).sum())
    kept, n_content = sum(map(len, rows)), sum(int((i.segment >= 0).sum()) for i in items)
    assert n_content > kept != content_only  # there are sinks, and the population matters
    [path] = collect(lm, items, "blocks.1.hook_resid_post", tmp_path)
    shard = load_file(path)["activations"].float()
    assert len(shard) == kept
    torch.testing.assert_close(shard.sum(0), torch.cat(rows).sum(0), rtol=0.01, atol=0.5)
    sae = load_sae(str(tiny_saes["topk"]))
    assert evaluate(lm, sae.sae, items, 2)["tokens"] == kept
    assert dead_share(lm, sae, items, 2)["dead_tokens"] == kept
    config = ExtractConfig("", "", "", batch_tokens=500)
    thresholds = (np.full(sae.d_sae, np.inf, np.float32), np.full(sae.d_sae, np.inf, np.float32))
    for batch, part in run_batches(Pipeline(lm, sae, 2, config), [], items, 0, thresholds):
        np.testing.assert_allclose(part["embedding"], np.stack([means[i] for i in batch]), rtol=0.01, atol=0.01)


def test_a_shard_with_sinks_of_earlier_versions_is_not_used_again(lm_and_items):
    import hashlib

    from core.sae.train.pipeline import plan_digest
    from core.sae.train.trainer import SaeTrainingConfig

    (lm, items), cfg = lm_and_items, SaeTrainingConfig()
    before = hashlib.sha256(f"{lm.digest} {cfg.hook_point}".encode())
    for item in items:
        before.update(item.ids.tobytes() + item.segment.tobytes())
    assert plan_digest(lm, cfg, items) != before.hexdigest()[:12]
