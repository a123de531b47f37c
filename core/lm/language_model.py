"""A language model, and how to run it up to a hook point and no further."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import ModelError

if TYPE_CHECKING:
    import torch
    from torch.utils.hooks import RemovableHandle
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


SINK_NORM = 10  # a token this many times longer than the median is an attention sink
# TransformerLens's names, and the modules' own: model.layers.14, layers.14, transformer.h.14.
HOOK_POINT = re.compile(r"^(?:blocks\.(\d+)\.hook_resid_(pre|post)|(?:\w+\.)*(?:layers|h)\.(\d+))$")
EMBEDDING = "hook_embed"


class _Reached(Exception):  # noqa: N818  (a signal, not an error)
    """Raised by the hook to leave the forward pass: the layers above are not run."""


@dataclass(frozen=True)
class LanguageModel:
    """A causal LM with its tokenizer. `digest` identifies its weights."""

    name: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
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
    """How many blocks to run to reach a residual-stream hook point; 0: what the first block reads.

    `model.layers.L` is the output of a module, as is `layers.L`: both are blocks.L.hook_resid_post.
    Raises ModelError if the hook point is of another kind or beyond the model.
    """
    if hook_point == EMBEDDING:
        return 0
    match = HOOK_POINT.match(hook_point)
    if not match:
        raise ModelError(
            f"Hook point {hook_point!r} is not on the residual stream: "
            "use blocks.L.hook_resid_pre, blocks.L.hook_resid_post, model.layers.L or hook_embed."
        )
    pre_or_post, layer = match[2], int(match[1] or match[3])
    if layer >= n_layers:
        raise ModelError(
            f"Hook point {hook_point!r} is not in this model: it has {n_layers} blocks, 0 to {n_layers - 1}."
        )
    return layer if pre_or_post == "pre" else layer + 1


def middle_hook_point(lm: LanguageModel) -> str:
    """The residual stream after half of the blocks: where samples are read if no SAE says where."""
    return middle_of(lm.n_layers)


def middle_of(n_layers: int) -> str:
    """The same, of a model of so many blocks."""
    return f"blocks.{max(n_layers // 2 - 1, 0)}.hook_resid_post"


def block_list(model: PreTrainedModel, n_layers: int) -> torch.nn.ModuleList:
    """The list of transformer blocks, whatever the architecture calls it; ModelError if there is none."""
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.ModuleList) and len(module) == n_layers:
            return module
    raise ModelError(f"{type(model).__name__} has no list of {n_layers} transformer blocks to hook.")


def only_token_embeddings(model: PreTrainedModel) -> bool:
    """Whether what the first block reads is the token embeddings alone: there are no learned positions beside them."""
    import torch

    return sum(isinstance(module, torch.nn.Embedding) for module in model.base_model.modules()) == 1


def on_residual(
    lm: LanguageModel, n_blocks: int, look: Callable[[torch.Tensor], torch.Tensor | None]
) -> RemovableHandle:
    """Call `look` with the residual stream (batch, tokens, d_model) after `n_blocks` blocks, at every forward pass.

    What it returns, if anything, takes the stream's place. After the last block it is the stream before the final norm.
    """
    blocks = block_list(lm.model, lm.n_layers)

    def after(_module: Any, _inputs: Any, output: Any) -> Any:
        stream, *others = output if isinstance(output, tuple) else (output,)
        new = look(stream)
        return new if new is None or not isinstance(output, tuple) else (new, *others)

    def before(_module: Any, inputs: tuple, named: dict[str, Any]) -> Any:
        new = look(inputs[0] if inputs else named["hidden_states"])
        if new is None:
            return None
        return ((new, *inputs[1:]), named) if inputs else (inputs, named | {"hidden_states": new})

    if n_blocks == 0:
        return blocks[0].register_forward_pre_hook(before, with_kwargs=True)
    return blocks[n_blocks - 1].register_forward_hook(after)


def residual(lm: LanguageModel, ids: torch.Tensor, n_blocks: int) -> torch.Tensor:
    """The residual stream after `n_blocks` blocks: (batch, tokens, d_model), the model's dtype; ids (batch, tokens).

    Pad on the right: with causal attention no token sees what follows it, so no mask is needed.
    """
    reached: list[torch.Tensor] = []

    def stop(stream: torch.Tensor) -> None:
        reached.append(stream)
        raise _Reached

    handle = on_residual(lm, n_blocks, stop)
    try:
        lm.model.base_model(input_ids=ids, use_cache=False)
    except _Reached:
        pass
    finally:
        handle.remove()
    return reached[0]


def sinks(norm: torch.Tensor, real: torch.Tensor | None = None) -> torch.Tensor:
    """Which tokens are attention sinks (massive activations, arXiv 2402.17762): bool, like norm (..., tokens).

    Such a token's residual vector is over SINK_NORM times longer than the median of its sequence: of all its real
    tokens, those of the template among them. It says nothing about the text and would drown every other value. `norm`
    holds whole sequences, before content tokens are picked out; `real` (bool, like norm) is False for padding.
    """
    import torch

    known = norm if real is None else norm.masked_fill(~real.to(norm.device), torch.nan)
    return norm > SINK_NORM * known.nanmedian(dim=-1, keepdim=True).values
