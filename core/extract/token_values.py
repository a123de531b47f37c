"""Every feature at every token of one stored sample, by running model and SAE on it once more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.errors import ModelError
from core.lm.batches import padded
from core.lm.chat import template_digest, tokenize
from core.lm.language_model import residual, sinks
from core.sae.loading import at_hand, require_sae, sae_digest
from core.schema import ExtractConfig

if TYPE_CHECKING:
    from core.extract.pipeline import Pipeline
    from core.store.reader import FeatureStore


class TokenValues(NamedTuple):
    """token int32, feature int32, value float32 (M,): value > the store's floor at a content token, by token."""

    token: np.ndarray
    feature: np.ndarray
    value: np.ndarray


def pipeline_of(store: FeatureStore) -> Pipeline:
    """The model and SAE that a store was made with; ModelError if one is missing or was changed since."""
    from core.extract.pipeline import load

    config = ExtractConfig(**store.meta["config"])
    config = replace(config, model=at_hand(config.model), sae=at_hand(config.sae), device="auto")
    require_sae(config.sae)
    _require_same("SAE", config.sae, sae_digest(config.sae), store.meta["digests"].get("sae"))
    pipeline = load(config)
    _require_same("model", config.model, pipeline.lm.digest, store.meta["digests"].get("model"))
    template = template_digest(pipeline.lm.tokenizer)
    _require_same("chat template", config.model, template, store.meta["digests"].get("template"))
    return pipeline


def token_values(store: FeatureStore, row: int, pipeline: Pipeline) -> TokenValues:
    """The activations of a stored sample token by token; their maxima over a segment are the store's values.

    Exactly those in float32; in bf16 the sums of another batch shape may round differently. Raises what
    `FeatureStore.samples` does for a row that is not there.
    """
    import torch

    item = tokenize(store.samples([row]), pipeline.lm.tokenizer, pipeline.config.max_tokens)[0]
    with torch.inference_mode():
        hidden = residual(pipeline.lm, padded([item.ids], pipeline.lm.device), pipeline.n_blocks)[
            0
        ]  # (tokens, d_model)
        sink = sinks(hidden.float().norm(dim=-1)).cpu().numpy()
        content = np.flatnonzero((item.segment >= 0) & ~sink)
        token, feature, value = pipeline.triples(hidden[torch.from_numpy(content)])
    return TokenValues(content[token].astype(np.int32), feature.astype(np.int32), value)


def _require_same(what: str, source: str, digest: str, wanted: str | None) -> None:
    if wanted is not None and digest != wanted:  # stores of earlier versions do not say their template
        raise ModelError(f"The {what} at {source} is not the one that this store was made with: it has changed since.")
