"""Load a language model; run it up to a hook point and no further."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from core.errors import ModelError
from core.system.files import cache_dir, sampled_digest
from core.system.hub import hub_reachable

if TYPE_CHECKING:
    import torch

SINK_NORM = 10  # a token this many times longer than the median is an attention sink
HOOK_POINT = re.compile(r"^(?:blocks\.(\d+)\.hook_resid_(pre|post)|(?:model\.)?layers\.(\d+))$")


DTYPES = ("float32", "bfloat16", "float16")
LOAD_ERRORS = (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, SafetensorError)


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


def resolve_device(device: str) -> str:
    """`auto` becomes cuda, mps or cpu, whichever is there."""
    import torch

    if device != "auto":
        try:
            torch.empty(0, device=device)
        except (RuntimeError, AssertionError) as error:
            raise ModelError(f"There is no device {device!r} here: use auto, cpu, cuda or mps.") from error
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def resolve_dtype(dtype: str, device: str) -> str:
    """`auto` becomes bfloat16 where the hardware multiplies it natively, else float32."""
    import torch

    if dtype != "auto":
        if dtype not in DTYPES:
            raise ModelError(f"Unknown dtype {dtype!r}: use auto, {', '.join(DTYPES)}.")
        return dtype
    if device.startswith("cuda"):
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    native = device == "cpu" and (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return "bfloat16" if native else "float32"


def require_lm(source: str) -> None:
    """Raise ModelError, within two seconds, if there is no such model here and the hub is out of reach."""
    if not Path(source).is_file():
        locate(source)


def load_lm(source: str, device: str = "auto", dtype: str = "auto") -> LanguageModel:
    """Load a hub id, a folder or a GGUF file. Only safetensors or GGUF weights; no remote code.

    Raises ModelError with one sentence if there is nothing to load or the hub cannot be reached.
    """
    path = Path(source)
    folder = converted_gguf(path) if path.suffix == ".gguf" and path.is_file() else locate(source)
    return load_folder(folder, source, resolve_device(device), dtype)


def load_folder(folder: Path, name: str, device: str, dtype: str) -> LanguageModel:
    """Load config, safetensors and tokenizer of a local folder."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise ModelError(
            f"{name}: no .safetensors weights there; pickled .bin weights are not loaded, convert them first."
        )
    try:
        model = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=getattr(torch, resolve_dtype(dtype, device)),
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except LOAD_ERRORS as error:
        raise ModelError(f"Transformers cannot load {name}: {one_line(error)}") from error
    if not tokenizer.is_fast:
        raise ModelError(f"{name} has no fast tokenizer (tokenizer.json), which alone tells where each token begins.")
    return LanguageModel(name, model.to(device).eval(), tokenizer, sampled_digest([folder / "config.json", *weights]))


def one_line(error: Exception) -> str:
    """The message of a library's error without its line breaks, cut where it gets long."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= 300 else text[:299] + "…"


def locate(source: str) -> Path:
    """The local folder of a model: the folder itself, the hub's cache, or a fresh download.

    Raises ModelError within two seconds when the hub is needed and cannot be reached.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError

    if Path(source).is_dir():
        return Path(source)
    wanted = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt"]
    try:
        return Path(snapshot_download(source, allow_patterns=wanted, local_files_only=True))
    except HFValidationError as error:
        raise ModelError(f"{source} is neither a folder, a GGUF file nor a hub id.") from error
    except LocalEntryNotFoundError as error:
        if not hub_reachable():
            raise ModelError(
                f"{source} is not on this machine and the Hugging Face hub cannot be reached: "
                "connect to the network once, or give a local folder or GGUF file."
            ) from error
    try:
        return Path(snapshot_download(source, allow_patterns=wanted))
    except RepositoryNotFoundError as error:
        raise ModelError(
            f"The hub has no model {source}, or it is gated: check the name and your access token."
        ) from error


def converted_gguf(path: Path) -> Path:
    """Convert a GGUF file to a safetensors folder in the cache, once: dequantising takes 15 s at every load."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # ours is on the screen

    folder = cache_dir("models") / f"{path.stem}-{sampled_digest([path])[:12]}"
    if (folder / "config.json").exists():
        return folder
    try:
        loaded = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    except LOAD_ERRORS as error:
        raise ModelError(f"{path} cannot be loaded as a GGUF model: {one_line(error)}") from error
    # A model loaded from GGUF refuses save_pretrained: copy its weights into a fresh one.
    fresh = type(loaded)(loaded.config)
    fresh.load_state_dict(loaded.state_dict())
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}.partial.") as temporary:
        fresh.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        config = json.loads((Path(temporary) / "config.json").read_text())
        config.pop("quantization_config", None)
        (Path(temporary) / "config.json").write_text(json.dumps(config, indent=2))
        try:
            Path(temporary).rename(folder)
        except OSError:
            if not (folder / "config.json").exists():  # else another process was faster
                raise
    return folder
