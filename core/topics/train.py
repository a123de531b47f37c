"""Train a topic SAE with sae-lens's trainer on the mean-pooled vectors of samples, and measure it on held-out ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from math import ceil, log2
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import SaelectError
from core.settings import check, setting
from core.system.files import new_folder
from core.system.kept import write_json
from core.topics.model import CENTRING, CONFIG, WEIGHTS, TopicSAE, load_topics, prepared

if TYPE_CHECKING:
    import torch

    from core.sae.train.fast_topk import FastTopKTrainingSAE

LEAST_SAMPLES = 64
HELD_OUT = 25  # one sample in so many is not trained on
FEWEST, MOST = 64, 8192  # topics, unless asked for


@dataclass(frozen=True)
class TopicConfig:
    """n_topics 0: by the number of samples. Steps: `passes` over the samples, within bounds."""

    n_topics: int = setting(0, "Topics; 0: about one for 16 samples, a power of two from 64 to 8,192.", low=0)
    k: int = setting(8, "The most topics that a sample has.", low=1)
    passes: int = setting(15, "How often each sample is shown.", low=1)
    most_samples: int = setting(65_536, "Trained on at most so many samples, drawn at random.", low=LEAST_SAMPLES)
    batch: int = 512
    least_steps: int = 400
    most_steps: int = 1000  # what 50,000 samples take in about two minutes of two cores
    lr: float = 2e-3
    dead_loss: float = 0.5
    seed: int = setting(0, "Of the topics at first, and of the order of samples.", low=0)

    def __post_init__(self) -> None:
        check(self)


def train_topics(
    vectors: np.ndarray,
    config: TopicConfig,
    out: Path,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    model_name: str = "",
    hook_point: str = "",
    **facts: Any,
) -> Path:
    """Train topics on vectors (N, d_in), float16 or float32, and make the folder `out`, which `load_topics` reads.

    Every 25th sample is held out, and vectors of zeros (samples without tokens) are left out. `on_progress` gets steps
    done and steps in all; `facts` go into training.json beside the settings, what `measure` finds into metrics.json.
    Raises SaelectError for fewer than 64 samples or a vector that is not finite, OSError if `out` holds something.
    """
    shown, held_out = split(vectors, config)
    n_topics = config.n_topics or width(len(vectors))
    if config.k >= n_topics:
        raise SaelectError(f"k must be smaller than the number of topics, got {config.k} of {n_topics}.")
    mean, mean_direction = centring(vectors[shown])
    x = prepared(vectors[shown].astype(np.float32), mean, mean_direction)
    sae = fit(untrained(x, n_topics, config, model_name, hook_point), x, config, on_progress)
    with new_folder(out) as folder:
        _save(sae, folder, {"mean": mean, "mean_direction": mean_direction})
        facts = {"config": asdict(config), "samples": len(vectors), "trained_on": len(shown), **facts}
        write_json(folder / "training.json", facts, indent=1)
        write_json(folder / "metrics.json", measure(load_topics(folder), vectors[shown], vectors[held_out]), indent=1)
    return out


def width(n_samples: int) -> int:
    """The number of topics for so many samples: about one for 16, a power of two from 64 to 8,192."""
    return int(min(max(2 ** round(log2(max(n_samples, 1) / 16)), FEWEST), MOST))


def split(vectors: np.ndarray, config: TopicConfig) -> tuple[np.ndarray, np.ndarray]:
    """Which rows of vectors (N, d_in) are trained on and which are held out, int64, ascending; raises SaelectError."""
    finite = np.isfinite(vectors).all(1)
    if not finite.all():
        raise SaelectError(
            f"The vector of sample {int(finite.argmin())} is not finite: topics cannot be trained on it."
        )
    usable, held_out = vectors.any(1), np.arange(len(vectors)) % HELD_OUT == HELD_OUT - 1
    if usable.sum() < LEAST_SAMPLES:
        raise SaelectError(f"Topics need at least {LEAST_SAMPLES} samples with tokens, got {int(usable.sum())}.")
    shown = np.flatnonzero(usable & ~held_out)
    if len(shown) > config.most_samples:
        shown = np.sort(np.random.default_rng(config.seed).choice(shown, config.most_samples, replace=False))
    return shown, np.flatnonzero(usable & held_out)


def centring(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of vectors (N, d_in), and the mean of what `prepared` has before its last step; float32 (d_in,)."""
    mean = vectors.mean(0, dtype=np.float64).astype(np.float32)
    directions = prepared(vectors.astype(np.float32), mean, np.zeros_like(mean))
    return mean, directions.mean(0, dtype=np.float64).astype(np.float32)


def untrained(
    x: np.ndarray, n_topics: int, config: TopicConfig, model_name: str, hook_point: str
) -> FastTopKTrainingSAE:
    """An SAE for prepared vectors x float32 (n, d_in): decoder rows are vectors drawn at random, encoder the same.

    That leaves few topics dead: each begins at some sample. The first eighth and the first half of the topics must
    explain the vectors without the others too, so that common subjects come first and are not split up among rare ones
    (Matryoshka SAEs, arXiv 2503.17547).
    """
    import torch
    from sae_lens import TopKTrainingSAEConfig
    from sae_lens.saes.sae import SAEMetadata

    from core.sae.train.fast_topk import training_sae

    sae_config = TopKTrainingSAEConfig(
        d_in=x.shape[1],
        d_sae=n_topics,
        k=config.k,
        decoder_init_norm=1.0,
        aux_loss_coefficient=config.dead_loss,
        metadata=SAEMetadata(model_name=model_name, hook_name=hook_point),
    )
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(config.seed)
        sae = training_sae(sae_config, torch.float32)
    rows = np.random.default_rng(config.seed).permutation(len(x))[:n_topics]
    first = torch.nn.functional.normalize(torch.from_numpy(x[rows]))  # (n_topics, or n if there are fewer; d_in)
    with torch.no_grad():
        sae.W_dec[: len(rows)] = first
        sae.W_enc[:, : len(rows)] = first.T
    sae.prefixes = (n_topics // 8, n_topics // 2)
    return sae


def fit(
    sae: FastTopKTrainingSAE, x: np.ndarray, config: TopicConfig, on_progress: Callable[[int, int], None]
) -> FastTopKTrainingSAE:
    """Train on x float32 (n, d_in), scaled to length √d_in meanwhile, by the steps of sae-lens's trainer."""
    import torch
    from sae_lens.config import SAETrainerConfig
    from sae_lens.training.sae_trainer import SAETrainer

    size = min(config.batch, len(x))
    steps = min(max(ceil(config.passes * len(x) / size), config.least_steps), config.most_steps)
    trainer_config = SAETrainerConfig(
        total_training_samples=steps * size,
        train_batch_size_samples=size,
        lr=config.lr,
        lr_end=config.lr / 100,
        lr_warm_up_steps=steps // 20,
        lr_decay_steps=steps // 2,
        dead_feature_window=50,
    )
    trainer = SAETrainer(trainer_config, sae, iter(()))  # fed by hand: fit() has a bar of its own, and no callback
    scale = x.shape[1] ** 0.5
    stream = batches(torch.from_numpy(x * np.float32(scale)), size, config.seed)
    for step in range(steps):
        trainer.step(next(stream))
        trainer.n_training_steps += 1
        on_progress(step + 1, steps)
    trainer.set_final_sae_metadata()
    sae.fold_activation_norm_scaling_factor(scale)
    return sae


def batches(x: torch.Tensor, size: int, seed: int) -> Iterator[torch.Tensor]:
    """Endless batches (size, d_in) of x (n, d_in), n ≥ size: every row once before any comes again."""
    rng, order = np.random.default_rng(seed), np.zeros(0, np.int64)
    while True:
        if len(order) < size:
            order = np.concatenate([order, rng.permutation(len(x))])
        yield x[order[:size]]
        order = order[size:]


def _save(sae: FastTopKTrainingSAE, folder: Path, centre: dict[str, np.ndarray]) -> None:
    """The SAE as float16 safetensors that `sae_lens.SAE.load_from_disk` reads, and the centring, float32."""
    from safetensors.numpy import load_file, save_file

    sae.save_inference_model(folder)
    halves = {name: np.ascontiguousarray(w.astype(np.float16)) for name, w in load_file(folder / WEIGHTS).items()}
    save_file(halves, folder / WEIGHTS)
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    write_json(folder / CONFIG, {**config, "dtype": "float16", "device": "cpu"}, indent=1)
    save_file(centre, folder / CENTRING)


def measure(topics: TopicSAE, shown: np.ndarray, held_out: np.ndarray) -> dict[str, Any]:
    """What the topics explain of held-out vectors, and the share of them that no vector has; (·, d_in) each."""
    found = topics.encode(held_out)
    alive = np.union1d(found.feature, topics.encode(shown).feature)
    return {
        "n_topics": topics.n_features,
        "k": topics.k,
        "held_out": len(held_out),
        "explained_variance": round(explained_variance(topics, held_out), 4),
        "dead_share": round(1 - len(alive) / topics.n_features, 4),
    }


def explained_variance(topics: TopicSAE, vectors: np.ndarray) -> float:
    """1 − residual sum of squares / sum of squares around the mean, of prepared vectors (N, d_in); NaN for none."""
    if not len(vectors):
        return float("nan")
    x = prepared(vectors.astype(np.float32), topics.mean, topics.mean_direction)
    residual, total = x - topics.decode(topics.encode(vectors)), x - x.mean(0)
    return float(1 - (residual**2).sum(dtype=np.float64) / (total**2).sum(dtype=np.float64))
