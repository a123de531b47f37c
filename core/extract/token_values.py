"""Every feature at every token of one stored sample, by running model and SAE on it once more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from core.errors import ModelError, StoreError
from core.lm.chat import TokenizedSample, template_digest, tokenize
from core.sae.loading import at_hand, require_sae, sae_digest
from core.schema import ExtractConfig, Sample

if TYPE_CHECKING:
    import torch

    from core.extract.pipeline import Pipeline
    from core.store.reader import FeatureStore


class TokenValues(NamedTuple):
    """token int32, feature int32, value float32 (M,): value > the store's floor at a content token, by token."""

    token: np.ndarray
    feature: np.ndarray
    value: np.ndarray


def pipeline_of(store: FeatureStore) -> Pipeline:
    """What a store was made with: the model, and the SAE and the encoder if it has them, but not its topics.

    Raises ModelError if one is missing or was changed since.
    """
    from core.extract.pipeline import load

    config, made = ExtractConfig(**store.meta["config"]), store.meta["digests"]
    here: dict[str, Any] = {name: at_hand(getattr(config, name)) for name in ("model", "sae", "vectors")}
    config = replace(config, **here, topics="", device="auto")
    if config.sae:
        require_sae(config.sae)
        _require_same("SAE", config.sae, sae_digest(config.sae), made.get("sae"))
    pipeline = load(config)
    _require_same("model", config.model, pipeline.lm.digest, made.get("model"))
    template = template_digest(pipeline.lm.tokenizer)
    _require_same("chat template", config.model, template, made.get("template"))
    if pipeline.encoder:
        _require_same("sentence encoder", config.vectors, pipeline.encoder.digest, made.get("encoder"))
    return pipeline


def token_values(store: FeatureStore, row: int, pipeline: Pipeline) -> TokenValues:
    """The activations of a stored sample token by token; their maxima over a segment are the store's values.

    Exactly those in float32; in bf16 the sums of another batch shape may round differently. Raises what
    `FeatureStore.samples` does for a row that is not there, and StoreError for a store without token features, or if
    the sample is read in another way now.
    """
    store.require("tokens")
    item = tokenized(store.samples([row])[0], pipeline)
    if item.pieces != store.pieces(row)[0]:
        raise StoreError(
            f"Row {row} of {store.path.name} was cut in another way by an earlier version: extract again to read it."
        )
    token, states = content_states(item, pipeline)
    entry, feature, value = pipeline.triples(states)
    return TokenValues(token[entry].astype(np.int32), feature.astype(np.int32), value)


def tokenized(sample: Sample, pipeline: Pipeline) -> TokenizedSample:
    """A sample's tokens as extraction reads them."""
    return tokenize([sample], pipeline.lm.tokenizer, pipeline.config.most_read)[0]


def content_states(item: TokenizedSample, pipeline: Pipeline) -> tuple[np.ndarray, torch.Tensor]:
    """A sample's content tokens, neither template nor attention sink: int64 (T,), and their vectors (T, d_model)."""
    from core.extract.states import content

    _, (_, token), states = content(pipeline, [item])
    return token, states


def _require_same(what: str, source: str, digest: str, wanted: str | None) -> None:
    if wanted is not None and digest != wanted:  # stores of earlier versions do not say their template
        raise ModelError(f"The {what} at {source} is not the one that this store was made with: it has changed since.")
