"""What each feature says to the model: the tokens its decoder direction promotes, and a map of all directions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from core.extract.projection import direction_map
from core.lm.chat import SURROGATE
from core.lm.language_model import LanguageModel

if TYPE_CHECKING:
    import torch


TOKENS = 10  # promoted, and suppressed, tokens of a feature
BLOCK_LOGITS = 25_000_000  # logits at once: 100 MB


def final_norm(lm: LanguageModel) -> Any:
    """The norm between the last block and the unembedding, whatever the architecture calls it; None if there is none.

    It is the last part of the model, on any level, that has a weight of d_model numbers and lies outside the blocks.
    """
    found = None
    for name, module in lm.model.base_model.named_modules():
        weight = getattr(module, "weight", None)
        inside = any(part.isdigit() for part in name.split("."))
        if weight is not None and tuple(weight.shape) == (lm.d_model,) and not inside:
            found = module
    return found


def fold_norm(directions: torch.Tensor, norm: Any) -> torch.Tensor:
    """Directions (F, d) as they reach the unembedding, up to a positive factor: scaled by the norm's weight.

    What the norm does is read off its answer to a vector of +1 and −1, so that RMSNorm, LayerNorm (which also takes
    the mean away) and Gemma's 1 + weight need no cases.
    """
    import torch

    if norm is None:
        return directions
    weight = norm.weight
    signs = torch.ones_like(weight)
    signs[1::2] = -1
    with torch.inference_mode():
        up, down, ones = norm(signs), norm(-signs), norm(torch.ones_like(weight))
    bias = (up + down).float() / 2
    if torch.allclose(ones.float(), bias, atol=1e-3):  # a constant vector is lost: the mean is taken away
        directions = directions - directions.mean(dim=1, keepdim=True)
    return directions * ((up - down).float() / 2 * signs.float())


def logit_lens(
    lm: LanguageModel, directions: np.ndarray, on_progress: Callable[[int], None] = lambda n: None
) -> dict[str, list[Any]]:
    """The tokens that each direction float32 (F, d) raises and lowers most (logit lens, nostalgebraist 2020).

    Lists of F: promoted, suppressed (texts of TOKENS tokens each, furthest first) and their logits per unit of
    activation, promoted_logits and suppressed_logits. `on_progress` gets the number of features done.
    """
    import torch

    unembed = lm.model.get_output_embeddings().weight[: len(lm.tokenizer)].float()
    folded = fold_norm(torch.from_numpy(directions).to(lm.device), final_norm(lm))
    texts = [SURROGATE.sub("\ufffd", text) for text in lm.tokenizer.batch_decode([[i] for i in range(len(unembed))])]
    out: dict[str, list[Any]] = {"promoted": [], "promoted_logits": [], "suppressed": [], "suppressed_logits": []}
    # Blocks of like size: products of a few rows are rounded otherwise, by the number of threads.
    n_blocks, done = -(-len(folded) * len(unembed) // BLOCK_LOGITS), 0
    for part in folded.tensor_split(max(1, n_blocks)):
        with torch.inference_mode():
            logits = part @ unembed.T
            for name, largest in (("promoted", True), ("suppressed", False)):
                value, token = logits.topk(min(TOKENS, len(unembed)), dim=1, largest=largest)
                out[name] += [[texts[t] for t in row] for row in token.tolist()]
                out[f"{name}_logits"] += value.tolist()
        done += len(part)
        on_progress(done)
    return out


def write_interpretation(
    writer: Any, lm: LanguageModel, decoder: np.ndarray, on_progress: Callable[[int, int], None] = lambda n, of: None
) -> None:
    """Write the tables `logit_lens` and `directions` (a map) of the features that are active in a store.

    Each table that is there already is left as it is: an interrupted run goes on where it stopped.
    """
    import pyarrow as pa

    features = writer.active_features()
    if not writer.has("logit_lens"):
        lens = logit_lens(lm, decoder[features], lambda n: on_progress(n, len(features)))
        texts, numbers = pa.list_(pa.string()), pa.list_(pa.float32())
        columns = {k: pa.array(v, numbers if k.endswith("logits") else texts) for k, v in lens.items()}
        writer.table("logit_lens", pa.table({"feature_id": features, **columns}))
    if not writer.has("directions"):
        x, y = direction_map(decoder[features]).T
        writer.table("directions", pa.table({"feature_id": features, "x": x, "y": y}))
