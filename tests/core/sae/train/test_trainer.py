"""Training an SAE on small synthetic activations, and saving it."""

import pytest

from core.sae.loading import load_sae
from core.sae.train import trainer
from core.sae.train.trainer import (
    SaeTrainingConfig,
    batches,
    explained_variance,
    last_checkpoint,
    monitored,
    save,
    train,
)

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


@pytest.mark.parametrize("after", ["weights", "cfg.json", "training.json"])
def test_an_sae_is_saved_whole_or_not_at_all(trained, tmp_path, monkeypatch, after):
    from safetensors import torch as safetensors

    def killed(*arguments, **options):
        if after == "weights" or arguments[0].name == after:
            raise KeyboardInterrupt
        return write(*arguments, **options)

    write = trainer.write_json
    monkeypatch.setattr(*((safetensors, "save_file") if after == "weights" else (trainer, "write_json")), killed)
    with pytest.raises(KeyboardInterrupt):
        save(*trained[:1], CONFIG, trained[1], tmp_path / "sae")
    assert not list(tmp_path.iterdir())


def test_saving_overwrites_nothing(trained, tmp_path):
    (tmp_path / "sae").mkdir()
    (tmp_path / "sae" / "labels.json").write_text("{}")
    with pytest.raises(OSError, match="sae"):
        save(*trained[:1], CONFIG, trained[1], tmp_path / "sae")
    assert [p.name for p in tmp_path.rglob("*")] == ["sae", "labels.json"]
