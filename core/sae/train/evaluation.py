"""How good an SAE is on text it was not trained on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from core.lm.batches import pack, padded
from core.lm.chat import TokenizedSample
from core.lm.language_model import LanguageModel, on_residual, sinks
from core.sae.autoencoder import SparseAutoencoder
from core.sae.train.activations import content_activations
from core.sae.train.trainer import explained_variance

if TYPE_CHECKING:
    import torch
    from sae_lens import SAE

MODES = ("clean", "sae", "zero")


class Patch:
    """Leaves the content tokens of the residual stream as they are, or puts `replacement` there."""

    mask: torch.Tensor  # bool (batch, tokens): where to patch
    real: torch.Tensor  # bool (batch, tokens): False where a sequence is padded
    replacement: torch.Tensor | None = None  # (T, d_model), or None to leave everything
    seen: torch.Tensor  # what stood there, float32 (T, d_model)

    def __call__(self, stream: torch.Tensor) -> torch.Tensor | None:
        """The stream (batch, tokens, d_model) to go on with; None leaves it."""
        if self.replacement is None:
            self.mask &= ~sinks(stream.float().norm(dim=-1), self.real)
            self.seen = stream[self.mask].float()  # (batch, tokens, d_model) → (T, d_model)
            return None
        stream = stream.clone()
        stream[self.mask] = self.replacement.to(stream.dtype)
        return stream


@contextmanager
def patching(lm: LanguageModel, n_blocks: int) -> Iterator[Patch]:
    """Install a Patch after `n_blocks` blocks for the length of the block."""
    patch = Patch()
    handle = on_residual(lm, n_blocks, patch)
    try:
        yield patch
    finally:
        handle.remove()


def evaluate(
    lm: LanguageModel, sae: SAE, items: list[TokenizedSample], n_blocks: int, batch_tokens: int = 2048
) -> dict[str, float]:
    """Explained variance, L0 and cross-entropy recovered over content tokens, attention sinks left out.

    Recovered = (CE with zeros − CE with the SAE) / (CE with zeros − CE clean), where zeros or the reconstruction stand
    at the content tokens of the hook point; cross-entropies are means in nats over those tokens. `sae` is on the
    model's device, decoder included; l0 is the mean number of features above 0 a token.
    """
    import torch

    total, predicted, l0 = dict.fromkeys(MODES, 0.0), 0, 0
    xs, outs = [], []
    with torch.inference_mode(), patching(lm, n_blocks) as patch:
        for batch in pack(np.array([len(i.ids) for i in items]), batch_tokens):
            ids = padded([items[i].ids for i in batch], lm.device)
            content = padded([items[i].segment + 1 for i in batch], lm.device) > 0
            patch.real = padded([np.ones(len(items[i].ids)) for i in batch], lm.device) > 0
            patch.mask, patch.replacement = content.clone(), None
            total["clean"] += cross_entropy(lm, ids, content)
            acts = sae.encode(patch.seen)  # (T, d_model) → (T, d_sae)
            out = sae.decode(acts)  # (T, d_model)
            for mode, patch.replacement in (("sae", out), ("zero", torch.zeros_like(out))):
                total[mode] += cross_entropy(lm, ids, content)
            predicted += int(content[:, 1:].sum())
            l0 += int((acts > 0).sum())
            xs.append(patch.seen.cpu())
            outs.append(out.cpu())
    x, out = torch.cat(xs), torch.cat(outs)
    return {
        "tokens": len(x),
        "explained_variance": explained_variance(x, out),
        "l0": l0 / len(x),
        "ce_recovered": (total["zero"] - total["sae"]) / (total["zero"] - total["clean"]),
        **{f"ce_{mode}": total[mode] / predicted for mode in MODES},
    }


def dead_share(
    lm: LanguageModel, sae: SparseAutoencoder, items: list[TokenizedSample], n_blocks: int, batch_tokens: int = 2048
) -> dict[str, float]:
    """dead_share: the share of features that no content token activates, sinks left out; dead_tokens: of how many."""
    import torch

    active, tokens = torch.zeros(sae.d_sae, dtype=torch.bool), 0
    for x in content_activations(lm, items, n_blocks, batch_tokens):
        with torch.inference_mode():
            active[sae.encode_sparse(x.to(lm.device))[1].cpu()] = True
        tokens += len(x)
    return {"dead_share": float((~active).float().mean()), "dead_tokens": tokens}


def cross_entropy(lm: LanguageModel, ids: torch.Tensor, content: torch.Tensor) -> float:
    """Summed next-token cross-entropy (nats) over the tokens that `content` marks; ids, content (batch, tokens)."""
    import torch.nn.functional as F

    logits, keep = lm.model(input_ids=ids, use_cache=False).logits, content[:, 1:]
    return float(F.cross_entropy(logits[:, :-1][keep].float(), ids[:, 1:][keep], reduction="sum"))
