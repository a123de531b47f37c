"""A language model, and how to run it up to a hook point and no further."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import ModelError

if TYPE_CHECKING:
    import torch


SINK_NORM = 10  # a token this many times longer than the median is an attention sink
HOOK_POINT = re.compile(r"^(?:blocks\.(\d+)\.hook_resid_(pre|post)|(?:model\.)?layers\.(\d+))$")


class _Reached(Exception):  # noqa: N818  (a signal, not an error)
    """Raised by the hook to leave the forward pass: the layers above are not run."""


@dataclass(frozen=True)
class LanguageModel:
    """A causal LM with its tokenizer. `digest` identifies its weights."""

    name: str
    model: Any
    tokenizer: Any
    digest: str

    @property
    def n_layers(self) -> int:
        """Number of transformer blocks of the whole model."""
        return self.model.config.get_text_config().num_hidden_layers

    @property
    def d_model(self) -> int:
        """Width of the residual stream."""
        return self.model.config.get_text_config().hidden_size

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return next(self.model.parameters()).device

    @property
    def dtype(self) -> str:
        """The weights' dtype as a word: float32, bfloat16, float16."""
        return str(next(self.model.parameters()).dtype).removeprefix("torch.")


def layers_needed(hook_point: str, n_layers: int) -> int:
    """How many blocks to run to reach a residual-stream hook point: blocks.L.hook_resid_pre/post, model.layers.L.

    Raises ModelError if the hook point is of another kind or beyond the model.
    """
    match = HOOK_POINT.match(hook_point)
    if not match:
        raise ModelError(
            f"Hook point {hook_point!r} is not on the residual stream: "
            "use blocks.L.hook_resid_pre, blocks.L.hook_resid_post or model.layers.L."
        )
    pre_or_post, layer = match[2], int(match[1] or match[3])
    count = layer if pre_or_post == "pre" else layer + 1
    if not 1 <= count <= n_layers:
        raise ModelError(
            f"Hook point {hook_point!r} is not in this model: it has {n_layers} blocks, 0 to {n_layers - 1}."
        )
    return count


def block_list(model: Any, n_layers: int) -> Any:
    """The torch ModuleList of transformer blocks, whatever the architecture calls it."""
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.ModuleList) and len(module) == n_layers:
            return module
    raise ModelError(f"{type(model).__name__} has no list of {n_layers} transformer blocks to hook.")


def residual(lm: LanguageModel, ids: torch.Tensor, n_blocks: int) -> torch.Tensor:
    """The residual stream after `n_blocks` blocks: (batch, tokens, d_model) for ids (batch, tokens).

    Pad on the right: with causal attention no token sees what follows it, so no mask is needed.
    """
    reached: list[torch.Tensor] = []

    def stop(_module: Any, _inputs: Any, output: Any) -> None:
        reached.append(output[0] if isinstance(output, tuple) else output)
        raise _Reached

    handle = block_list(lm.model, lm.n_layers)[n_blocks - 1].register_forward_hook(stop)
    try:
        lm.model.base_model(input_ids=ids, use_cache=False)
    except _Reached:
        pass
    finally:
        handle.remove()
    return reached[0]


def sinks(norm: torch.Tensor, real: torch.Tensor | None = None) -> torch.Tensor:
    """Which tokens are attention sinks (massive activations, arXiv 2402.17762): bool, like norm (..., tokens).

    Such a token's residual vector is over SINK_NORM times longer than the median of its sequence; it says nothing about
    the text and would drown every other value. `real` (bool, like norm) is False for padding.
    """
    import torch

    known = norm if real is None else norm.masked_fill(~real.to(norm.device), torch.nan)
    return norm > SINK_NORM * known.nanmedian(dim=-1, keepdim=True).values
