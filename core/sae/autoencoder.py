"""A sparse autoencoder that gives (token, feature, value) triples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ModelError
from core.lm.language_model import EMBEDDING, LanguageModel, layers_needed, only_token_embeddings
from core.sae.encoders import encoder_of

if TYPE_CHECKING:
    import torch
    from sae_lens import SAE


# Tokens encoded at once, which bounds the dense (tokens, d_sae) pre-activations: few on a processor, whose caches hold
# them then; on another device by numbers.
BLOCK_TOKENS, BLOCK_NUMBERS, MOST_TOKENS = 512, 1 << 28, 1 << 16


def block_tokens(d_sae: int, device: str) -> int:
    """How many tokens are encoded at once on a type of device."""
    return BLOCK_TOKENS if device == "cpu" else min(max(BLOCK_NUMBERS // d_sae, BLOCK_TOKENS), MOST_TOKENS)


@dataclass(frozen=True)
class SparseAutoencoder:
    """A sae-lens SAE; `encode_sparse` gives what `sae.encode` gives, without a dense (tokens, d_sae) result.

    On another device than the processor its decoder may have stayed in main memory (`loading.place`).
    """

    name: str
    sae: SAE[Any]
    digest: str
    hook_point: str
    folder: Path | None
    notes: tuple[str, ...] = ()

    @property
    def d_in(self) -> int:
        """Width of the vectors it reads."""
        return self.sae.cfg.d_in

    @property
    def d_sae(self) -> int:
        """Number of features F."""
        return self.sae.cfg.d_sae

    def encode_sparse(self, x: torch.Tensor, floor: float = 0.0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """x (T, d_in) → token, feature int64 (M,), value float32 (M,): those with value > floor, ordered by token."""
        import torch

        encode, parts, size = encoder_of(self.sae), [], block_tokens(self.d_sae, x.device.type)
        for start in range(0, len(x), size):
            token, feature, value = encode(self.sae, x[start : start + size], floor)
            parts.append((token + start, feature, value.float()))
        if not parts:
            empty = torch.zeros(0, dtype=torch.int64)
            return empty, empty, empty.float()
        token, feature, value = (torch.cat(column) for column in zip(*parts, strict=True))
        return token, feature, value


def check_fit(lm: LanguageModel, sae: SparseAutoencoder, hook_point: str) -> int:
    """How many blocks to run; raises ModelError unless the SAE reads what the model has at the hook point."""
    if not hook_point:
        raise ModelError(f"{sae.name} does not say which hook point it was trained on: give --hook-point.")
    n_blocks = layers_needed(hook_point, lm.n_layers)
    check_width(sae.d_in, lm.d_model, lm.name)
    if hook_point == EMBEDDING and not only_token_embeddings(lm.model):
        raise ModelError(
            f"{sae.name} reads hook_embed, the token embeddings alone, to which {lm.name} adds others (positions) "
            "before its first block: only an SAE of blocks.0.hook_resid_pre fits there."
        )
    return n_blocks


def check_width(d_in: int, d_model: int, model: str) -> None:
    """Raise ModelError unless an SAE's vectors are as wide as the model's residual stream."""
    if d_in != d_model:
        raise ModelError(
            f"The SAE reads vectors of width {d_in}, the residual stream of {model} is {d_model} wide: "
            "they do not belong together."
        )
