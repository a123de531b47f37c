"""One function an SAE architecture: residual vectors → (token, feature, value) triples.

A new architecture is added by one function and one entry in ENCODERS, under the name that sae-lens gives it
(`cfg.architecture()`). Where sae-lens's own `encode` is fast enough the function is `dense_triples`. An architecture
without an entry is refused when it is loaded: its `encode` may want more than single tokens (temporal SAEs do).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.lm.quick import k_largest, reads

if TYPE_CHECKING:
    import torch
    from sae_lens import SAE, JumpReLUSAE, StandardSAE, TopKSAE

    Triples = tuple[torch.Tensor, torch.Tensor, torch.Tensor]

NORM = "decoder_norm"  # an attribute of an SAE: all that encoding by the k largest wants of the decoder


def pre_activations(sae: TopKSAE | StandardSAE | JumpReLUSAE, x: torch.Tensor) -> torch.Tensor:
    """x (T, d_in) → (T, d_sae), in the dtype of the SAE's weights."""
    import torch

    x = x.to(sae.W_enc.dtype)
    if sae.cfg.apply_b_dec_to_input:
        x = x - sae.b_dec
    return torch.addmm(sae.b_enc, x, sae.W_enc)  # (T, d_in) @ (d_in, d_sae)


def decoder_norm(sae: SAE) -> torch.Tensor:
    """The lengths of the decoder's rows (d_sae,): known since the SAE was loaded (`loading.place`), or computed."""
    known = getattr(sae, NORM, None)
    return sae.W_dec.norm(dim=-1) if known is None else known


def topk_triples(sae: TopKSAE, x: torch.Tensor, floor: float) -> Triples:
    """TopK (Gao et al. 2024, arXiv 2406.04093): the k largest pre-activations of each token, where positive."""
    pre = pre_activations(sae, x)  # (T, d_sae)
    scale = decoder_norm(sae) if sae.cfg.rescale_acts_by_decoder_norm else None  # (d_sae,)
    if reads(pre):
        value, feature = k_largest(pre, pre.new_ones(pre.shape[1]) if scale is None else scale, sae.cfg.k, floor)
    else:
        pre = pre if scale is None else pre * scale
        value, feature = pre.topk(sae.cfg.k, dim=-1, sorted=False)  # (T, k) each
    token, column = (value > floor).nonzero(as_tuple=True)  # (M,) each
    return token, feature[token, column], value[token, column]


def threshold_triples(sae: StandardSAE | JumpReLUSAE, x: torch.Tensor, floor: float) -> Triples:
    """Standard (ReLU), and JumpReLU (Rajamanoharan et al. 2024, arXiv 2407.14435): above the feature's threshold."""
    pre = pre_activations(sae, x)  # (T, d_sae)
    threshold = sae.threshold.clamp(min=floor) if hasattr(sae, "threshold") else floor  # (d_sae,) or one for all
    token, feature = (pre > threshold).nonzero(as_tuple=True)  # (M,) each
    return token, feature, pre[token, feature]


def dense_triples(sae: SAE, x: torch.Tensor, floor: float) -> Triples:
    """Any other architecture or input normalisation: sae-lens's own dense encode; negative activations are left out."""
    acts = sae.encode(x.to(sae.W_enc.dtype))  # (T, d_sae)
    token, feature = (acts > floor).nonzero(as_tuple=True)  # (M,) each
    return token, feature, acts[token, feature]


ENCODERS: dict[str, Callable[..., Triples]] = {
    "topk": topk_triples,
    "standard": threshold_triples,
    "jumprelu": threshold_triples,
    "gated": dense_triples,
    "abstopk": dense_triples,
    "matching_pursuit": dense_triples,
}


def encoder_of(sae: SAE) -> Callable[..., Triples]:
    """Its architecture's function, unless its input is normalised or reshaped first: sae-lens's encode does that."""
    plain = sae.cfg.normalize_activations == "none" and sae.cfg.reshape_activations == "none"
    return ENCODERS[sae.cfg.architecture()] if plain else dense_triples


def reads_decoder(sae: SAE) -> bool:
    """Whether encoding may read W_dec; with a threshold, or the k largest, it does not (but for its norm)."""
    return encoder_of(sae) not in (topk_triples, threshold_triples)
