"""Train a TopK SAE with sae-lens's trainer on collected activations."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.settings import check, setting
from core.system.files import new_folder
from core.system.kept import write_json

if TYPE_CHECKING:
    import torch
    from sae_lens import TrainingSAE
    from sae_lens.training.sae_trainer import SAETrainer

    from core.sae.train.fast_topk import FastTopKTrainingSAE

SHARDS_IN_MEMORY = 4
NORM_BATCHES = 20  # read before the first step, to estimate the input scale
MONITOR_EVERY = 25


@dataclass(frozen=True)
class SaeTrainingConfig:
    """tokens: how many distinct tokens to collect; steps × batch: how many are shown to the SAE."""

    hook_point: str = setting("blocks.14.hook_resid_post", "Where in the model it reads.")
    d_sae: int = setting(8192, "Latents of the SAE.", low=1)
    k: int = setting(32, "Latents that are active for a token.", low=1)
    tokens: int = setting(10_100_000, "Distinct content tokens to collect.", low=1)
    steps: int = setting(2600, "Training steps of 4,096 tokens.", low=1)
    batch: int = 4096
    max_tokens: int = 512
    lr: float = 3e-3
    warm_up_steps: int = 100
    decay_steps: int = 1600
    dead_window: int = 100
    seed: int = setting(0, "Of the weights at first, and of the order of tokens.")

    def __post_init__(self) -> None:
        check(self)


def batches(paths: list[Path], size: int, seed: int) -> Iterator[torch.Tensor]:
    """Endless shuffled float32 batches (size, d_in): a few shards at a time are mixed."""
    import torch
    from safetensors.torch import load_file

    left = None
    for epoch in itertools.count():
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(paths))
        for start in range(0, len(order), SHARDS_IN_MEMORY):
            group = [load_file(paths[i])["activations"] for i in order[start : start + SHARDS_IN_MEMORY]]
            pool = torch.cat(group if left is None else [left, *group])  # (T, d_in), bf16
            pool = pool[torch.from_numpy(rng.permutation(len(pool)))]
            for chunk in pool.split(size):
                if len(chunk) == size:
                    yield chunk.float()
            left = pool[len(pool) - len(pool) % size :]


def explained_variance(x: torch.Tensor, reconstruction: torch.Tensor) -> float:
    """1 − residual sum of squares / sum of squares around the mean, over all tokens (T, d_in)."""
    residual, total = (x - reconstruction).pow(2).sum(), (x - x.mean(0)).pow(2).sum()
    return float(1 - residual / total)


def fresh_sae(cfg: SaeTrainingConfig, d_in: int, lm_name: str, first: torch.Tensor) -> FastTopKTrainingSAE:
    """An untrained SAE: unit-norm decoder rows, encoder their transpose, decoder bias at the mean of `first`.

    `first` (B, d_in) is a batch as it was collected; the bias is of the scale that training brings it to: norm √d_in.
    """
    import torch
    from sae_lens import TopKTrainingSAEConfig
    from sae_lens.saes.sae import SAEMetadata

    from core.lm.sources import resolve_dtype
    from core.sae.train.fast_topk import training_sae

    torch.manual_seed(cfg.seed)
    metadata = SAEMetadata(model_name=lm_name, hook_name=cfg.hook_point, context_size=cfg.max_tokens)
    sae_cfg = TopKTrainingSAEConfig(
        d_in=d_in,
        d_sae=cfg.d_sae,
        k=cfg.k,
        decoder_init_norm=1.0,
        aux_loss_coefficient=1 / 32,
        normalize_activations="expected_average_only_in",
        metadata=metadata,
    )
    sae = training_sae(sae_cfg, getattr(torch, resolve_dtype("auto", "cpu")))
    with torch.no_grad():
        sae.b_dec.copy_(first.mean(0) * d_in**0.5 / first.norm(dim=1).mean())
    return sae


def last_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint (its scaler file is written last), or None."""
    from sae_lens.constants import ACTIVATION_SCALER_CFG_FILENAME

    done = [p.parent for p in folder.glob(f"*/{ACTIVATION_SCALER_CFG_FILENAME}") if p.parent.name.isdigit()]
    return max(done, key=lambda p: int(p.name), default=None)


def train(
    cfg: SaeTrainingConfig, shards: list[Path], lm_name: str, folder: Path
) -> tuple[TrainingSAE[Any], list[dict[str, Any]]]:
    """Train, or go on from the newest checkpoint in `folder`; returns the SAE and its history of held-in metrics.

    A TopK SAE with an auxiliary loss on dead latents (Gao et al. 2024, arXiv 2406.04093).
    """
    from sae_lens.config import SAETrainerConfig
    from sae_lens.training.sae_trainer import SAETrainer
    from safetensors.torch import load_file

    stream = batches(shards, cfg.batch, cfg.seed)
    first = next(stream)
    sae = fresh_sae(cfg, first.shape[1], lm_name, first)
    trainer_cfg = SAETrainerConfig(
        total_training_samples=cfg.steps * cfg.batch,
        train_batch_size_samples=cfg.batch,
        lr=cfg.lr,
        lr_end=cfg.lr / 100,
        lr_warm_up_steps=cfg.warm_up_steps,
        lr_decay_steps=cfg.decay_steps,
        dead_feature_window=cfg.dead_window,
        n_checkpoints=10,
        checkpoint_path=str(folder),
        n_batches_for_norm_estimate=NORM_BATCHES,
    )
    history: list[dict[str, Any]] = []
    trainer = SAETrainer(trainer_cfg, sae, monitored(stream, lambda: trainer, history))
    checkpoint = last_checkpoint(folder)
    if checkpoint:
        sae.load_state_dict(load_file(checkpoint / "sae_weights.safetensors"))
        trainer.load_trainer_state(checkpoint)
        trainer.n_training_steps = trainer.n_training_samples // cfg.batch  # saved before the trainer counted the step
        history += earlier_history(folder, trainer.n_training_steps)
        next(itertools.islice(stream, NORM_BATCHES + trainer.n_training_steps - 1, None))
    trainer.save_checkpoint_fn = lambda checkpoint_path: write_json(folder / "history.json", history, indent=1)
    return trainer.fit(), history


def earlier_history(folder: Path, n_steps: int) -> list[dict[str, Any]]:
    """What was noted in the first `n_steps` steps; the file is written after its checkpoint and may be missing."""
    path = folder / "history.json"
    return [h for h in json.loads(path.read_text()) if h["step"] < n_steps] if path.exists() else []


def monitored(
    stream: Iterator[torch.Tensor], trainer: Callable[[], SAETrainer[Any, Any]], history: list[dict[str, Any]]
) -> Iterator[torch.Tensor]:
    """Pass the batches on; every MONITOR_EVERY steps note what the SAE makes of one before it trains on it."""
    import torch

    for batch in stream:
        now = trainer()
        if now.n_training_steps % MONITOR_EVERY == 0 and now.activation_scaler.scaling_factor is not None:
            with torch.no_grad():
                x = now.activation_scaler(batch)
                ev = explained_variance(x, now.sae(x))
            dead = int(now.dead_neurons.sum())
            history.append({"step": now.n_training_steps, "explained_variance": round(ev, 4), "dead": dead})
        yield batch


def save(sae: TrainingSAE[Any], cfg: SaeTrainingConfig, history: list[dict[str, Any]], out: Path, **facts: Any) -> None:
    """Make the folder `out`: the SAE as bf16 safetensors that `sae_lens.SAE.load_from_disk` reads, and training.json.

    Everything is written beside it and renamed in one step; OSError if `out` is there and holds something.
    """
    import torch
    from safetensors.torch import load_file, save_file

    with new_folder(out) as folder:
        sae.save_inference_model(folder)
        weights = folder / "sae_weights.safetensors"
        save_file({k: v.to(torch.bfloat16).contiguous() for k, v in load_file(weights).items()}, weights)
        config = json.loads((folder / "cfg.json").read_text())
        write_json(folder / "cfg.json", {**config, "dtype": "bfloat16", "device": "cpu"}, indent=1)
        write_json(folder / "training.json", {"config": asdict(cfg), **facts, "history": history}, indent=1)
