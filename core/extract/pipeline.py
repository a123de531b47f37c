"""What extraction works with: the data's size, the model, the SAE."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.datasets.samples import Start, read_samples
from core.errors import DataError, ModelError
from core.lm.batches import token_budget
from core.lm.chat import template_digest
from core.lm.language_model import LanguageModel, layers_needed, middle_hook_point
from core.lm.quick import quicken
from core.lm.sentence_encoder import SentenceEncoder, find_encoder, load_encoder
from core.lm.sources import load_lm, require_lm, resolve_device, resolve_dtype
from core.sae.autoencoder import SparseAutoencoder, check_fit
from core.sae.loading import load_sae, require_sae
from core.schema import ExtractConfig, Sample
from core.topics.model import TopicSAE, load_topics
from core.topics.shipped import shipped_topics

if TYPE_CHECKING:
    import torch


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
    """What a first pass over the data found: the work ahead, and one sentence for each thing to know.

    starts: where each file begins.
    """

    n_samples: int
    characters: int
    warnings: list[str]
    starts: Sequence[Start] = ()


@dataclass(frozen=True)
class Pipeline:
    """The model, how far up to run it, and, if any, the SAE, the sentence encoder, and topics trained before."""

    lm: LanguageModel
    sae: SparseAutoencoder | None
    n_blocks: int
    config: ExtractConfig
    encoder: SentenceEncoder | None = None
    topics: TopicSAE | None = None

    @property
    def n_features(self) -> int:
        """Number of features F of the SAE, 0 without one."""
        return self.sae.d_sae if self.sae else 0

    @property
    def reads_states(self) -> bool:
        """Whether anything reads the model's residual stream: the SAE, or the samples' vectors."""
        return self.sae is not None or self.encoder is None

    @property
    def digests(self) -> dict[str, str]:
        """What tells the parts from others: model, sae ("" for none) and template; encoder and topics if given."""
        found = {"model": self.lm.digest, "sae": self.sae.digest if self.sae else ""}
        found["template"] = template_digest(self.lm.tokenizer)
        given = {"encoder": self.encoder, "topics": self.topics}
        return found | {name: part.digest for name, part in given.items() if part}

    @property
    def decoder(self) -> np.ndarray:
        """The SAE's directions, float32 (F, d_model)."""
        if self.sae is None:
            return np.zeros((0, self.lm.d_model), np.float32)
        return self.sae.sae.W_dec.detach().float().cpu().numpy()

    def triples(self, x: torch.Tensor) -> list[np.ndarray]:
        """Of residual vectors x (T, d_model): token, feature int64, value float32 (M,) each; none without an SAE."""
        if self.sae is None:
            return [np.zeros(0, kind) for kind in (np.int64, np.int64, np.float32)]
        import torch

        with torch.inference_mode():
            return [t.cpu().numpy() for t in self.sae.encode_sparse(x, self.config.floor)]


def cost(sample: Sample, config: ExtractConfig) -> int:
    """Characters of what is read of a sample: a cheap stand-in for tokens in the progress bar."""
    whole = sum(len(m.content) for m in sample.messages) + 100
    return whole if config.most_read is None else min(whole, 4 * config.most_read)


def read(config: ExtractConfig) -> Any:
    """The sample reader of a configuration."""
    return read_samples(config.data, columns=config.columns, skip_bad=config.skip_bad, limit=config.limit)


def require_parts(config: ExtractConfig) -> None:
    """Raise DataError or ModelError, within seconds, if something that a request names is not there."""
    read(config)  # a missing file is said before anything else
    if config.sae:
        require_sae(config.sae)
    require_lm(config.model)
    if config.vectors:
        find_encoder(config.vectors)


def scan(config: ExtractConfig) -> Scan:
    """Read all the data once before any model is loaded; raises DataError as `read_samples` does."""
    reader = read(config)
    n = characters = 0
    for n, sample in enumerate(reader, 1):  # noqa: B007
        characters += cost(sample, config)
    if not n:
        raise DataError(f"{', '.join(config.data)} holds no usable sample.")
    return Scan(n, characters, list(reader.report.warnings), reader.starts)


def load(config: ExtractConfig) -> Pipeline:
    """Load model, SAE and encoder and check that they fit together; raises ModelError otherwise.

    A model that takes fewer tokens at a time than were asked for reads as many as it takes.
    """
    device = resolve_device(config.device)
    dtype = resolve_dtype(config.dtype, device)
    sae = load_sae(config.sae, device, dtype) if config.sae else None
    lm = load_lm(config.model, device, dtype)
    quicken(lm.model)
    hook_point = config.hook_point or (sae.hook_point if sae else middle_hook_point(lm))
    n_blocks = check_fit(lm, sae, hook_point) if sae else layers_needed(hook_point, lm.n_layers)
    encoder = load_encoder(config.vectors, device, dtype) if config.vectors else None
    longest = getattr(lm.model.config.get_text_config(), "max_position_embeddings", None) or config.max_tokens
    most = min(config.max_tokens, longest)
    budget = token_budget(lm.model, config.batch_tokens)
    config = replace(
        config, dtype=dtype, device=device, hook_point=hook_point, max_tokens=most, batch_tokens=budget
    )  # fmt: skip
    topics = given_topics(config, encoder.d_model if encoder else lm.d_model)
    return Pipeline(lm, sae, n_blocks, config, encoder, topics)


def given_topics(config: ExtractConfig, d_in: int) -> TopicSAE | None:
    """The SAE of topics that a request names, else the one that comes with this program for its model, if any.

    Raises ModelError if it cannot be loaded, or reads vectors of another width than `d_in`.
    """
    folder = Path(config.topics) if config.topics else None
    if not (folder or config.vectors):
        folder = shipped_topics(config.model, config.hook_point, d_in)
    topics = load_topics(folder) if folder else None
    if topics and topics.d_in != d_in:
        raise ModelError(f"The topics of {folder} read vectors of width {topics.d_in}, those here have {d_in}.")
    return topics
