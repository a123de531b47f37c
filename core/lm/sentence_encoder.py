"""Sentence encoders: a vector for each text, by a model of transformers and the pooling that its folder asks for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ModelError
from core.lm.batches import pack, padded
from core.lm.chat import SURROGATE
from core.lm.sources import locate, pretrained, resolve_device, resolve_dtype, weights_in
from core.system.files import sampled_digest

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

POOLING = Path("1_Pooling") / "config.json"  # of a folder of sentence-transformers, as is LENGTH
LENGTH = Path("sentence_bert_config.json")
POOLINGS = ("mean", "cls")


@dataclass(frozen=True)
class SentenceEncoder:
    """A text encoder with its tokenizer; texts are cut at `max_tokens`. `digest` identifies what makes the vectors.

    pooling: mean, the mean of a text's token states, or cls, the state of its first token (sentence-transformers,
    arXiv 1908.10084). What may follow the pooling there is left out: a dense layer, and the scaling to length 1 of
    `2_Normalize`, since whoever compares the vectors scales them.
    """

    name: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    pooling: str
    max_tokens: int
    digest: str

    @property
    def d_model(self) -> int:
        """Width of the vectors."""
        return self.model.config.get_text_config().hidden_size

    def embed(self, texts: Sequence[str], batch_tokens: int = 4096) -> np.ndarray:
        """The vectors of the texts, float32 (N, d_model); zeros for a text that is empty or blank.

        At most `batch_tokens` tokens, with their padding, go through the model at a time.
        """
        import torch

        out = np.zeros((len(texts), self.d_model), np.float32)
        said = [i for i, text in enumerate(texts) if text.strip()]
        ids = self._tokenized([texts[i] for i in said])
        for batch in pack(np.array([len(i) for i in ids], np.int64), batch_tokens):
            chosen = [ids[i] for i in batch]
            tokens = padded(chosen, self.model.device)  # (batch, longest)
            mask = padded([np.ones(len(i)) for i in chosen], self.model.device)
            with torch.inference_mode():
                states = self.model(input_ids=tokens, attention_mask=mask).last_hidden_state
                out[np.array(said)[batch]] = self._pooled(states.float(), mask).cpu().numpy()
        return out

    def _tokenized(self, texts: list[str]) -> list[np.ndarray]:
        """Token ids int64 (T,) of each text, the tokenizer's special tokens included, cut at `max_tokens`."""
        if not texts:
            return []
        clean = [SURROGATE.sub("\ufffd", text) for text in texts]
        found = self.tokenizer(clean, truncation=True, max_length=self.max_tokens, padding=False)
        return [np.asarray(ids, np.int64) for ids in found["input_ids"]]

    def _pooled(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """One vector a text (batch, d_model) of the states (batch, longest, d_model) of its tokens."""
        if self.pooling == "cls":
            return states[:, 0]
        kept = mask[..., None].to(states.dtype)
        return (states * kept).sum(1) / kept.sum(1)


def find_encoder(source: str) -> Path:
    """The local folder of a sentence encoder, as `locate` finds it; ModelError within two seconds if there is none."""
    if Path(source).is_file():
        raise ModelError(f"{source} is a file: a sentence encoder is a folder with config.json, or a hub id.")
    return locate(source)


def load_encoder(source: str, device: str = "auto", dtype: str = "auto") -> SentenceEncoder:
    """Load a sentence encoder by its folder or hub id. Only safetensors; no remote code.

    Raises ModelError with one sentence if there is nothing to load, or no pooling of POOLINGS is asked for.
    """
    import torch
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    folder, device = find_encoder(source), resolve_device(device)
    weights, dtype_of = weights_in(folder, source), getattr(torch, resolve_dtype(dtype, device))
    pooling = pooling_of(_settings(folder / POOLING), source)
    tokenizer = pretrained(AutoTokenizer, folder, source)
    model = pretrained(AutoModel, folder, source, dtype=dtype_of, use_safetensors=True)
    if model.config.is_encoder_decoder:
        raise ModelError(f"{source} is a model of encoder and decoder: only models of one stack give a text's vector.")
    length = _settings(folder / LENGTH).get("max_seq_length") or longest(model, tokenizer)
    read = [*weights, *folder.glob("*.json"), *folder.glob(str(POOLING))]
    return SentenceEncoder(source, model.to(device).eval(), tokenizer, pooling, length, sampled_digest(read))


def pooling_of(settings: dict[str, Any], name: str) -> str:
    """The pooling that a `1_Pooling/config.json` asks for, mean without one; ModelError if it is none of POOLINGS."""
    switches = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
    on = [key for key, value in settings.items() if key.startswith("pooling_mode_") and value is True]
    asked = [settings["pooling_mode"]] if "pooling_mode" in settings else [switches.get(key, key) for key in on]
    asked = asked or ["mean"]
    if len(asked) != 1 or asked[0] not in POOLINGS:
        raise ModelError(
            f"{name} pools by {' and '.join(map(str, asked))}: only {' or '.join(POOLINGS)} is known here."
        )
    return asked[0]


def longest(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """How many tokens a model takes that does not say it in LENGTH, as sentence-transformers finds it."""
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return min(positions or 512, tokenizer.model_max_length)


def _settings(path: Path) -> dict[str, Any]:
    """The content of a small JSON file, nothing if it is not there; ModelError if it cannot be read."""
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} cannot be read as JSON: {error}.") from error
    return found if isinstance(found, dict) else {}
