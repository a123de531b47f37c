"""What extraction works with: the data's size, the model, the SAE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from core.datasets.samples import read_samples
from core.errors import DataError
from core.lm.language_model import LanguageModel
from core.lm.sources import load_lm, resolve_device, resolve_dtype
from core.sae.autoencoder import SparseAutoencoder, check_fit
from core.sae.loading import load_sae
from core.schema import ExtractConfig, Sample


@dataclass(frozen=True)
class Progress:
    """How far a stage is: `done` of `total` units; tokens processed so far by this run."""

    stage: str
    done: float
    total: float
    tokens: int = 0


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class Scan:
    """What a first pass over the data found: the work ahead, and one sentence for each thing to know."""

    n_samples: int
    characters: int
    warnings: list[str]


@dataclass(frozen=True)
class Pipeline:
    """Everything a chunk needs: the model, the SAE, and how far up to run."""

    lm: LanguageModel
    sae: SparseAutoencoder
    n_blocks: int
    config: ExtractConfig


def cost(sample: Sample, max_tokens: int) -> int:
    """Characters of a sample up to the cut: a cheap stand-in for tokens in the progress bar."""
    return min(sum(len(m.content) for m in sample.messages) + 100, 4 * max_tokens)


def read(config: ExtractConfig) -> Any:
    """The sample reader of a configuration."""
    return read_samples(config.data, columns=config.columns, skip_bad=config.skip_bad, limit=config.limit)


def scan(config: ExtractConfig) -> Scan:
    """Read all the data once before any model is loaded; raises DataError as `read_samples` does."""
    reader = read(config)
    costs = [cost(s, config.max_tokens) for s in reader]
    if not costs:
        raise DataError(f"{config.data} holds no usable sample.")
    return Scan(len(costs), sum(costs), list(reader.report.warnings))


def load(config: ExtractConfig) -> Pipeline:
    """Load model and SAE and check that they fit together; raises ModelError otherwise."""
    device = resolve_device(config.device)
    dtype = resolve_dtype(config.dtype, device)
    sae = load_sae(config.sae, device, dtype)
    lm = load_lm(config.model, device, dtype)
    config = replace(config, dtype=dtype, device=device, hook_point=config.hook_point or sae.hook_point)
    return Pipeline(lm, sae, check_fit(lm, sae, config.hook_point), config)
