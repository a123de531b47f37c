"""Quicker forms of what a model does beside its matrix products, in bfloat16 on a processor.

There the normalisations, rotations and gates of Transformers' models, two to ten passes over memory each, take as long
as the products. A part is replaced only where the quick form gives what its own gives, on random numbers.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

ROTATION = "apply_rotary_pos_emb"  # what Transformers' attention calls
LEAST_ROWS = 64  # of an array, for a thread to be worth it


def quicken(model: PreTrainedModel) -> int:
    """Replace what can be replaced in a model that reads; how many parts were. With gradients its own are used."""
    import torch

    parameter = next(model.parameters())
    with torch.inference_mode():
        if not reads(parameter):
            return 0
        return sum(quick_norm(m) + quick_rotation(m) + quick_gate(m) for m in model.modules())


def quick_norm(module: torch.nn.Module) -> bool:
    """Replace a module that normalises by the root mean square; whether it was one."""
    import torch

    eps = getattr(module, "variance_epsilon", getattr(module, "eps", None))
    if not type(module).__name__.endswith("RMSNorm") or eps is None:
        return False
    own: Any = module.forward
    weight: Any = module.weight

    def forward(x: torch.Tensor, *args: Any) -> torch.Tensor:
        return own(x, *args) if args or not reads(x) else rms_norm(x, weight, eps)

    x = torch.randn(16, len(weight), generator=torch.Generator().manual_seed(0)).bfloat16()
    if not torch.allclose(own(x), rms_norm(x, weight, eps), rtol=2**-6, atol=0):  # two roundings, by the order of a sum
        return False
    module.forward = forward
    return True


def quick_rotation(module: torch.nn.Module) -> bool:
    """Replace the rotation that an attention calls by the name ROTATION, for this module alone; whether it has one."""
    import torch

    own = type(module).forward
    names = getattr(own, "__globals__", {})
    if ROTATION not in names or ROTATION not in inspect.unwrap(own).__code__.co_names or hasattr(own, "__wrapped__"):
        return False
    rotation = names[ROTATION]

    def apply(q: torch.Tensor, k: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, *args: Any, **named: Any) -> Any:
        plain = not args and not named and len(cos) == 1 and cos.shape[-1] == q.shape[-1]
        if not (plain and reads(q)):
            return rotation(q, k, cos, sin, *args, **named)
        return rotate(q, cos, sin), rotate(k, cos, sin)

    rng, shapes = torch.Generator().manual_seed(0), [(2, 4, 5, 8), (2, 1, 5, 8), (1, 5, 8), (1, 5, 8)]
    q, k, cos, sin = (torch.randn(shape, generator=rng).bfloat16() for shape in shapes)
    if not all(map(torch.equal, rotation(q, k, cos, sin), (rotate(q, cos, sin), rotate(k, cos, sin)))):
        return False
    code = types.FunctionType(own.__code__, names | {ROTATION: apply}, own.__name__, own.__defaults__, own.__closure__)
    code.__kwdefaults__ = own.__kwdefaults__
    module.forward = types.MethodType(code, module)
    return True


def quick_gate(module: torch.nn.Module) -> bool:
    """Replace a gated feed-forward network, down(act(gate(x)) · up(x)); whether it was one."""
    import torch

    parts: list[Any] = [getattr(module, name, None) for name in ("gate_proj", "up_proj", "down_proj", "act_fn")]
    gate, up, down, act = parts
    if not all(isinstance(part, torch.nn.Linear) for part in (gate, up, down)) or act is None:
        return False
    own: Any = module.forward
    table = bits(act(torch.arange(1 << 16).to(torch.uint16).view(torch.bfloat16)))

    def forward(x: torch.Tensor) -> torch.Tensor:
        return down(multiplied(gate(x), up(x), table)) if reads(x) else own(x)

    x = torch.randn((2, 8, gate.in_features), generator=torch.Generator().manual_seed(0)).bfloat16()
    if not torch.equal(own(x), forward(x)):
        return False
    module.forward = forward
    return True


def reads(x: torch.Tensor) -> bool:
    """Whether the kernels take x: bfloat16 on the processor, without gradients."""
    import torch

    return x.dtype == torch.bfloat16 and x.device.type == "cpu" and not torch.is_grad_enabled() and compiles()


@cache
def compiles() -> bool:
    """Whether numba is here: a machine that is there for its card may do without."""
    try:
        import core.matrix.bf16  # noqa: F401
    except ImportError:
        return False
    return True


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """x (…, d) divided by its root mean square, times weight (d,); bfloat16."""
    import torch

    from core.matrix.bf16 import rms_normed

    x = x.contiguous()
    out, d = torch.empty_like(x), x.shape[-1]
    given, made, by = bits(x).reshape(-1, d), bits(out).reshape(-1, d), bits(weight)
    in_parts(lambda start, stop: rms_normed(given, by, np.float32(eps), made, start, stop), len(given))
    return out


def multiplied(gate: torch.Tensor, up: torch.Tensor, table: np.ndarray) -> torch.Tensor:
    """What `table` uint16 (65536,) has for the bits of gate (…, d), times up (…, d), in the place of gate; bfloat16."""
    from core.matrix.bf16 import gated

    gate = gate.contiguous()
    given, by = (bits(x.contiguous()).reshape(-1, x.shape[-1]) for x in (gate, up))
    in_parts(lambda start, stop: gated(given, by, table, start, stop), len(given))
    return gate


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """x (B, heads, T, D) rotated by cos, sin (1, T, D); bfloat16, laid out as (B, T, heads, D)."""
    import torch

    from core.matrix.bf16 import rotated

    x = x.transpose(1, 2).contiguous()  # (B, T, heads, D), as it came out of the product
    out = torch.empty_like(x)
    given, made = (bits(part).reshape(-1, *x.shape[2:]) for part in (x, out))
    c, s = bits(cos[0].contiguous()), bits(sin[0].contiguous())
    in_parts(lambda start, stop: rotated(given, c, s, made, start, stop), len(given))
    return out.transpose(1, 2)


def k_largest(pre: torch.Tensor, scale: torch.Tensor, k: int, floor: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The k largest of each row of pre (T, F) · scale (F,), bfloat16: values float32, columns int64, (T, k) each, in
    any order; −inf for those not above `floor`."""
    import torch

    from core.matrix.bf16 import k_largest_scaled

    value, column = torch.empty((len(pre), k)), torch.empty((len(pre), k), dtype=torch.int64)
    given, by, values, columns = bits(pre.contiguous()), bits(scale), value.numpy(), column.numpy()
    in_parts(lambda start, stop: k_largest_scaled(given, by, np.float32(floor), columns, values, start, stop), len(pre))
    return value, column


def bits(x: torch.Tensor) -> np.ndarray:
    """The bits of a bfloat16 tensor, uint16, in the same memory."""
    import torch

    return x.detach().view(torch.uint16).numpy()


def in_parts(kernel: Callable[[int, int], None], n: int) -> None:
    """Run a kernel that leaves the interpreter's lock over the rows 0 to n, in as many threads as torch uses."""
    import torch

    parts = min(torch.get_num_threads(), n // LEAST_ROWS)
    if parts <= 1:
        kernel(0, n)
        return
    bounds = [n * i // parts for i in range(parts + 1)]
    list(helpers().map(kernel, bounds[:-1], bounds[1:]))


@cache
def helpers() -> ThreadPoolExecutor:
    """The threads of `in_parts`."""
    return ThreadPoolExecutor(thread_name_prefix="quick")
