"""A topic SAE: the few topics of each sample, from its mean-pooled vector. numpy alone, so pages can encode too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ModelError
from core.sae.loading import sae_digest
from core.schema import FeatureMatrix

WEIGHTS, CENTRING, CONFIG = "sae_weights.safetensors", "centring.safetensors", "cfg.json"
BLOCK_NUMBERS = 1 << 24  # pre-activations held at once: 64 MB, twice


@dataclass(frozen=True)
class TopicSAE:
    """A TopK SAE (arXiv 2406.04093) over vectors that were centred, brought to length 1 and centred again.

    encoder float32 (d_in, F), bias (F,): decoder norms and input bias are folded in. decoder float32 (F, d_in),
    decoder_bias (d_in,). mean (d_in,): of vectors; mean_direction (d_in,): of vectors after the first centring and
    scaling. config: cfg.json as sae-lens wrote it.
    """

    folder: Path
    digest: str
    config: dict[str, Any]
    encoder: np.ndarray
    bias: np.ndarray
    decoder: np.ndarray
    decoder_bias: np.ndarray
    mean: np.ndarray
    mean_direction: np.ndarray

    @property
    def n_features(self) -> int:
        """Number of topics F."""
        return len(self.decoder)

    @property
    def d_in(self) -> int:
        """Width of the vectors it reads."""
        return self.decoder.shape[1]

    @property
    def k(self) -> int:
        """The most topics that a sample has."""
        return self.config["k"]

    @property
    def model_name(self) -> str:
        """The language model whose vectors it was trained on."""
        return self.config["metadata"].get("model_name") or ""

    @property
    def hook_point(self) -> str:
        """Where in that model the vectors come from."""
        return self.config["metadata"].get("hook_name") or ""

    def encode(self, vectors: np.ndarray) -> FeatureMatrix:
        """vectors (N, d_in), float16 or float32 → the k largest positive topics of each, the lowest first among equals.

        A vector of zeros (a sample without tokens) has no topic. Raises ModelError for vectors of another width, and
        for one that is not finite.
        """
        from core.matrix.largest import k_largest  # numba: commands that encode nothing start without it

        if vectors.ndim != 2 or vectors.shape[1] != self.d_in:
            raise ModelError(f"The topics read vectors of width {self.d_in}, these have shape {vectors.shape}.")
        counts, features, values = [np.zeros(1, np.int64)], list[np.ndarray](), list[np.ndarray]()
        for block in self._blocks(vectors):
            pre = prepared(block, self.mean, self.mean_direction) @ self.encoder + self.bias  # (B, F)
            pre[~np.any(block, axis=1)] = 0
            for parts, found in zip((counts, features, values), k_largest(pre, self.k), strict=True):
                parts.append(found)
        indptr = np.cumsum(np.concatenate(counts))
        feature, value = (np.concatenate(parts or [np.zeros(0)]) for parts in (features, values))
        return FeatureMatrix(indptr, feature, value, self.n_features)

    def _blocks(self, vectors: np.ndarray) -> Iterator[np.ndarray]:
        """The vectors, some rows at a time, as float32; ModelError names the first row that is not finite."""
        size = max(1, BLOCK_NUMBERS // self.n_features)
        for start in range(0, len(vectors), size):
            block = vectors[start : start + size].astype(np.float32)
            bad = ~np.isfinite(block).all(1)
            if bad.any():
                raise ModelError(f"The vector of sample {start + int(bad.argmax())} is not finite: it has no topics.")
            yield block

    def decode(self, topics: FeatureMatrix) -> np.ndarray:
        """What the topics of each sample say of its prepared vector, float32 (N, d_in)."""
        from scipy.sparse import csr_matrix

        shape = topics.n_samples, topics.n_features
        return csr_matrix((topics.value, topics.feature, topics.indptr), shape) @ self.decoder + self.decoder_bias


def prepared(vectors: np.ndarray, mean: np.ndarray, mean_direction: np.ndarray) -> np.ndarray:
    """vectors float32 (N, d_in) as the SAE reads them: centred, brought to length 1, centred again; float32."""
    x = vectors - mean
    norm = np.linalg.norm(x, axis=1, keepdims=True)
    return np.divide(x, norm, out=np.zeros_like(x), where=norm > 0) - mean_direction


def load_topics(folder: str | Path) -> TopicSAE:
    """A folder that `train_topics` wrote; raises ModelError if it is missing, incomplete or of another kind."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    folder = Path(folder)
    missing = next((name for name in (CONFIG, WEIGHTS, CENTRING) if not (folder / name).is_file()), None)
    if missing:
        raise ModelError(f"{folder} holds no topics: {missing} is missing (train-topics writes it).")
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        parts = load_file(folder / WEIGHTS) | load_file(folder / CENTRING)
        return _folded(folder, config, {name: part.astype(np.float32) for name, part in parts.items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise ModelError(f"{folder} cannot be loaded as topics: {type(error).__name__}: {error}") from error


def _folded(folder: Path, config: dict[str, Any], parts: dict[str, np.ndarray]) -> TopicSAE:
    """The SAE of sae-lens's weights, folded so that encoding is one product; raises ModelError for another kind."""
    if config.get("architecture") != "topk" or config.get("normalize_activations", "none") != "none":
        raise ModelError(f"{folder} cannot be loaded as topics: its architecture must be topk without normalisation.")
    w_enc, b_enc, w_dec, b_dec = (parts[name] for name in ("W_enc", "b_enc", "W_dec", "b_dec"))
    d_in, n_features = w_enc.shape
    fits = w_dec.shape == (n_features, d_in) and b_enc.shape == (n_features,) and b_dec.shape == (d_in,)
    if not (fits and parts["mean"].shape == parts["mean_direction"].shape == (d_in,)):
        raise ModelError(f"{folder} cannot be loaded as topics: its arrays do not fit together.")
    if not 1 <= config["k"] <= n_features:
        raise ModelError(f"{folder} cannot be loaded as topics: k must be from 1 to {n_features}, got {config['k']}.")
    bias = b_enc - b_dec @ w_enc if config["apply_b_dec_to_input"] else b_enc
    scale = np.ones(n_features, np.float32)
    if config["rescale_acts_by_decoder_norm"]:
        scale = np.linalg.norm(w_dec, axis=1)
    decoder = w_dec / np.maximum(scale, np.finfo(np.float32).tiny)[:, None]
    encoder, bias, digest = w_enc * scale, bias * scale, sae_digest(str(folder))
    return TopicSAE(folder, digest, config, encoder, bias, decoder, b_dec, parts["mean"], parts["mean_direction"])
