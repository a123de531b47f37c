"""How good an SAE is on text it was not trained on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from core.lm.batches import pack, padded
from core.lm.chat import TokenizedSample
from core.lm.language_model import LanguageModel, block_list, sinks
from core.sae.autoencoder import SparseAutoencoder
from core.sae.train.activations import content_activations
from core.sae.train.trainer import explained_variance

MODES = ("clean", "sae", "zero")


class Patch:
    """A forward hook that leaves the content tokens of a hook point as they are, or puts `replacement` there."""

    def __init__(self) -> None:
        self.mask: Any = None  # bool (batch, tokens): where to patch
        self.real: Any = None  # bool (batch, tokens): False where a sequence is padded
        self.replacement: Any = None  # (tokens, d_model), or None to leave everything
        self.seen: Any = None  # what stood there, float32 (tokens, d_model)

    def __call__(self, _module: Any, _inputs: Any, output: Any) -> Any:
        hidden = output[0] if isinstance(output, tuple) else output
        if self.replacement is None:
            self.mask &= ~sinks(hidden.float().norm(dim=-1), self.real)
            self.seen = hidden[self.mask].float()
            return output
        hidden = hidden.clone()
        hidden[self.mask] = self.replacement.to(hidden.dtype)
        return (hidden, *output[1:]) if isinstance(output, tuple) else hidden


@contextmanager
def patching(lm: LanguageModel, n_blocks: int) -> Iterator[Patch]:
    """Install a Patch after `n_blocks` blocks for the length of the block."""
    patch = Patch()
    handle = block_list(lm.model, lm.n_layers)[n_blocks - 1].register_forward_hook(patch)
    try:
        yield patch
    finally:
        handle.remove()


def evaluate(
    lm: LanguageModel, sae: Any, items: list[TokenizedSample], n_blocks: int, batch_tokens: int = 2048
) -> dict[str, float]:
    """Explained variance, L0 and cross-entropy recovered over content tokens, attention sinks left out.

    Recovered = (CE with zeros − CE with the SAE) / (CE with zeros − CE clean), where zeros or the reconstruction stand
    at the content tokens of the hook point; cross-entropies are means in nats over those tokens.
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
            acts = sae.encode(patch.seen)
            out = sae.decode(acts)
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
    """The share of features that no content token activates, and over how many tokens that was."""
    import torch

    active, tokens = torch.zeros(sae.d_sae, dtype=torch.bool), 0
    for x in content_activations(lm, items, n_blocks, batch_tokens):
        with torch.inference_mode():
            x = x[~sinks(x.float().norm(dim=-1))]
            active[sae.encode_sparse(x)[1]] = True
        tokens += len(x)
    return {"dead_share": float((~active).float().mean()), "dead_tokens": tokens}


def cross_entropy(lm: LanguageModel, ids: Any, content: Any) -> float:
    """Summed next-token cross-entropy (nats) over the tokens that `content` marks; ids, content (batch, tokens)."""
    import torch.nn.functional as F

    logits, keep = lm.model(input_ids=ids, use_cache=False).logits, content[:, 1:]
    return float(F.cross_entropy(logits[:, :-1][keep].float(), ids[:, 1:][keep], reduction="sum"))
