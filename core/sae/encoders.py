"""One function an SAE architecture: residual vectors → (token, feature, value) triples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def pre_activations(sae: Any, x: torch.Tensor) -> torch.Tensor:
    """x (T, d_in) → (T, d_sae), in the dtype of the SAE's weights."""
    import torch

    x = x.to(sae.W_enc.dtype)
    if sae.cfg.apply_b_dec_to_input:
        x = x - sae.b_dec
    return torch.addmm(sae.b_enc, x, sae.W_enc)


def topk_triples(sae: Any, x: torch.Tensor, floor: float) -> tuple[torch.Tensor, ...]:
    """TopK: the k largest pre-activations of each token."""
    pre = pre_activations(sae, x)
    if sae.cfg.rescale_acts_by_decoder_norm:
        pre = pre * sae.W_dec.norm(dim=-1)
    value, feature = pre.topk(sae.cfg.k, dim=-1, sorted=False)
    token, column = (value > floor).nonzero(as_tuple=True)
    return token, feature[token, column], value[token, column]


def threshold_triples(sae: Any, x: torch.Tensor, floor: float) -> tuple[torch.Tensor, ...]:
    """Standard (ReLU) and JumpReLU: pre-activations above the feature's threshold."""
    pre = pre_activations(sae, x)
    threshold = sae.threshold.clamp(min=floor) if hasattr(sae, "threshold") else floor
    token, feature = (pre > threshold).nonzero(as_tuple=True)
    return token, feature, pre[token, feature]


def dense_triples(sae: Any, x: torch.Tensor, floor: float) -> tuple[torch.Tensor, ...]:
    """Any other architecture or input normalisation: sae-lens's own dense encode."""
    acts = sae.encode(x.to(sae.W_enc.dtype))
    token, feature = (acts > floor).nonzero(as_tuple=True)
    return token, feature, acts[token, feature]


ENCODERS = {"topk": topk_triples, "standard": threshold_triples, "jumprelu": threshold_triples}
