"""Training an SAE on small synthetic activations; its fast step against sae-lens's; its evaluation."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.lm.batches import pack
from core.lm.sources import load_lm
from core.sae.loading import load_sae
from core.sae.train import trainer
from core.sae.train.activations import collect, exchanges, mix, split
from core.sae.train.evaluation import dead_share, evaluate
from core.sae.train.trainer import (
    SaeTrainingConfig,
    batches,
    explained_variance,
    last_checkpoint,
    monitored,
    save,
    train,
)
from core.schema import Message, Sample

D_IN, D_SAE, K = 16, 64, 4
CONFIG = SaeTrainingConfig(
    d_sae=D_SAE, k=K, steps=60, batch=64, lr=3e-3, warm_up_steps=5, decay_steps=20, dead_window=10, max_tokens=48
)


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """Two files of 1,500 sums of three of 40 directions each."""
    import torch
    from safetensors.torch import save_file

    generator = torch.Generator().manual_seed(0)
    directions = torch.randn(40, D_IN, generator=generator)
    paths = []
    for number in range(2):
        chosen = torch.randint(0, 40, (1500, 3), generator=generator)
        x = (directions[chosen] * torch.rand(1500, 3, 1, generator=generator)).sum(1) + 1
        paths.append(tmp_path_factory.getbasetemp() / f"activations-{number}.safetensors")
        save_file({"activations": x.bfloat16()}, paths[-1])
    return paths


@pytest.fixture(scope="module")
def trained(shards, tmp_path_factory):
    return train(CONFIG, shards, "tiny", tmp_path_factory.mktemp("uninterrupted"))


def test_training_explains_more_and_more(trained):
    _, history = trained
    assert [h["step"] for h in history] == [0, 25, 50]
    assert history[-1]["explained_variance"] > 0.5 > history[0]["explained_variance"]


@pytest.mark.parametrize("stop_after", [3, 37, 59])
def test_an_interrupted_training_ends_the_same(trained, shards, tmp_path, stop_after):
    import torch

    original, seen = monitored, []

    def stopping(stream, trainer, history):
        for batch in original(stream, trainer, history):
            seen.append(1)
            if trainer().n_training_steps == stop_after and trainer().activation_scaler.scaling_factor:
                raise KeyboardInterrupt
            yield batch

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "monitored", stopping)
        with pytest.raises(KeyboardInterrupt):
            train(CONFIG, shards, "tiny", tmp_path)
    checkpoint = last_checkpoint(tmp_path)
    assert (checkpoint is None) == (stop_after < 6)
    sae, history = train(CONFIG, shards, "tiny", tmp_path)
    assert history == trained[1]
    for name, weight in trained[0].state_dict().items():
        torch.testing.assert_close(sae.state_dict()[name], weight, msg=name)


def test_a_checkpoint_without_its_last_file_is_not_used(tmp_path):
    for name in ("100", "200", "final_300"):
        (tmp_path / name).mkdir()
    (tmp_path / "100" / "activation_scaler.json").touch()
    assert last_checkpoint(tmp_path) == tmp_path / "100"


def test_the_saved_folder_is_an_sae_lens_sae(trained, shards, tmp_path):
    import torch
    from sae_lens import SAE

    sae, history = trained
    save(sae, CONFIG, history, tmp_path / "sae", tokens=3000)
    loaded = SAE.load_from_disk(tmp_path / "sae", dtype="float32")
    x = next(batches(shards, 500, 3))
    with torch.no_grad():
        expected, found = sae.encode(x).to_dense(), loaded.encode(x)
    assert ((found > 0).sum(1) <= K).all() and loaded.cfg.architecture() == "topk"
    assert ((expected > 0) == (found > 0)).float().mean() > 0.999  # the weights are saved in bf16
    torch.testing.assert_close(
        found[(expected > 0) & (found > 0)], expected[(expected > 0) & (found > 0)], rtol=0.05, atol=0.05
    )
    with torch.no_grad():
        assert explained_variance(x, loaded.decode(found)) > 0.5
    ours = load_sae(str(tmp_path / "sae"))
    assert (ours.hook_point, ours.d_in, ours.d_sae) == (CONFIG.hook_point, D_IN, D_SAE)
    assert str(ours.sae.W_enc.dtype) == "torch.bfloat16"


def two_saes():
    """Ours and sae-lens's with the same weights, and a batch; decoder rows of any length."""
    import torch
    from sae_lens import TopKTrainingSAE, TopKTrainingSAEConfig

    from core.sae.train.fast_topk import training_sae

    cfg = TopKTrainingSAEConfig(d_in=D_IN, d_sae=D_SAE, k=K, aux_loss_coefficient=1 / 32)
    ours, theirs = training_sae(cfg, torch.float32), TopKTrainingSAE(cfg)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in ours.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.3)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs, torch.randn(50, D_IN, generator=generator)


def gradients(sae, step):
    output = sae.training_forward_pass(step)
    output.loss.backward()
    return output, {name: weight.grad for name, weight in sae.named_parameters()}


@pytest.mark.parametrize("n_dead", [0, 3, 20])
def test_the_fast_step_has_the_gradients_of_the_dense_one(n_dead):
    import torch
    from sae_lens.saes.sae import TrainStepInput

    ours, theirs, x = two_saes()
    dead = torch.arange(D_SAE) < n_dead
    step = TrainStepInput(x, {}, dead, 0, False)
    output, found = gradients(ours, step)
    reference, expected = gradients(theirs, step)
    for name, loss in reference.losses.items():
        torch.testing.assert_close(output.losses[name], loss)
    torch.testing.assert_close(output.feature_acts.to_dense(), reference.feature_acts.to_dense())
    for name in ("W_enc", "b_enc", "b_dec"):
        torch.testing.assert_close(found[name], expected[name], rtol=1e-4, atol=1e-5)


def test_the_decoder_norm_counts_as_a_constant_on_the_encoder_side():
    import torch
    from sae_lens.saes.sae import TrainStepInput

    ours, dense, x = two_saes()
    _, found = gradients(ours, TrainStepInput(x, {}, torch.zeros(D_SAE, dtype=torch.bool), 0, False))
    norm = dense.W_dec.norm(dim=-1)
    pre = ((x - dense.b_dec) @ dense.W_enc + dense.b_enc) * norm.detach()
    values, latents = pre.topk(K, dim=-1)
    acts = torch.zeros_like(pre).scatter(1, latents, values.relu())
    (acts @ (dense.W_dec / norm[:, None]) + dense.b_dec - x).pow(2).sum(-1).mean().backward()
    for name, weight in dense.named_parameters():
        torch.testing.assert_close(found[name], weight.grad, rtol=1e-4, atol=1e-5)


def test_batches_are_shuffled_repeatable_and_leave_nothing_out(shards):
    import torch
    from safetensors.torch import load_file

    every = torch.cat([load_file(p)["activations"].float() for p in shards])
    stream, again = batches(shards, 1000, 7), batches(shards, 1000, 7)
    drawn = [next(stream) for _ in range(3)]
    assert all(torch.equal(batch, next(again)) for batch in drawn)
    total = torch.cat(drawn)
    assert torch.equal(total.sum(1).sort().values, every.sum(1).sort().values) and not torch.equal(total, every)
    assert len(next(batches(shards[:1], 2000, 0))) == 2000  # more than there are: the next round fills it up


def test_sinks_are_no_training_data(tmp_path):
    import torch
    from safetensors.torch import save_file

    x = torch.ones(100, 4)
    x[7] *= 500
    save_file({"activations": x.bfloat16()}, tmp_path / "x.safetensors")
    assert float(next(batches([tmp_path / "x.safetensors"], 99, 0)).max()) == 1


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


@pytest.fixture(scope="module")
def lm_and_items(tiny_lm, tokenizer):
    texts = [("sort the list of numbers", "write a poem"), ("why", "sky is blue in python 🎉")] * 4
    sources = [[(Message("user", q), Message("assistant", a)) for q, a in texts]]
    return load_lm(str(tiny_lm), "cpu", "float32"), mix(sources, tokenizer, 10_000, 48, seed=0)


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


def perfect(d_sae):
    """An SAE that gives back what it reads; its features are the input, so half of them are negative."""
    return SimpleNamespace(cfg=SimpleNamespace(d_sae=d_sae), encode=lambda x: x, decode=lambda acts: acts)


def test_a_perfect_sae_recovers_everything(lm_and_items):
    lm, items = lm_and_items
    metrics = evaluate(lm, perfect(lm.d_model), items, 2, batch_tokens=64)
    assert metrics["ce_recovered"] == pytest.approx(1, abs=1e-5) and metrics["explained_variance"] == pytest.approx(1)
    assert metrics["ce_sae"] == pytest.approx(metrics["ce_clean"])
    assert 0 < metrics["l0"] < lm.d_model
    assert metrics["tokens"] <= sum(int((i.segment >= 0).sum()) for i in items)


def test_an_sae_of_zeros_recovers_nothing(lm_and_items):
    lm, items = lm_and_items
    sae = perfect(lm.d_model)
    sae.decode = lambda acts: 0 * acts
    metrics = evaluate(lm, sae, items, 2)
    assert metrics["ce_recovered"] == pytest.approx(0, abs=1e-6) and metrics["explained_variance"] < 0.1


def test_clean_cross_entropy_is_the_models_own(lm_and_items):
    import torch

    lm, items = lm_and_items
    losses = []
    for item in items:
        ids = torch.from_numpy(item.ids.astype(np.int64))
        logp = lm.model(input_ids=ids[None]).logits[0].log_softmax(-1)
        losses += [-float(logp[t - 1, ids[t]]) for t in np.flatnonzero(item.segment >= 0)]
    assert evaluate(lm, perfect(lm.d_model), items, 2)["ce_clean"] == pytest.approx(np.mean(losses), rel=1e-4)


def test_dead_share_counts_the_features_that_nothing_activates(lm_and_items, tiny_saes):
    import torch

    lm, items = lm_and_items
    sae = load_sae(str(tiny_saes["topk"]), dtype="float32")
    alive = torch.zeros(sae.d_sae, dtype=torch.bool)
    for item in items:
        states = lm.model(input_ids=torch.from_numpy(item.ids.astype(np.int64))[None], output_hidden_states=True)
        alive |= (sae.sae.encode(states.hidden_states[2][0, item.segment >= 0].bfloat16().float()) > 0).any(0)
    found = dead_share(lm, sae, items, 2, batch_tokens=64)
    assert found["dead_share"] == pytest.approx(1 - alive.float().mean().item())
    assert 0 < found["dead_share"] < 1
    assert found["dead_tokens"] == sum(int((i.segment >= 0).sum()) for i in items)
