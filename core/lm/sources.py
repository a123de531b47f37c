"""Where language models come from: a folder, a GGUF file or the hub; and on which device they run."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from core.errors import ModelError
from core.lm.language_model import LanguageModel
from core.system.files import cache_dir, cache_path, sampled_digest
from core.system.hub import hub_reachable

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

DTYPES = ("float32", "bfloat16", "float16")
LOAD_ERRORS = (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, SafetensorError)


def resolve_device(device: str) -> str:
    """`auto` becomes cuda, mps or cpu, whichever is there; ModelError for a device that is not."""
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
    """`auto` becomes bfloat16 where the hardware multiplies it natively, else float32 (on older GPUs float16).

    Raises ModelError for a dtype that is not in DTYPES.
    """
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


def require_path(source: str) -> None:
    """Raise ModelError if a model was named by a whole path at which there is nothing now; asks no hub."""
    if Path(source).is_absolute() and not Path(source).exists():
        raise ModelError(f"The model {source} is not on this machine any more: name another place of it.")


def load_lm(source: str, device: str = "auto", dtype: str = "auto") -> LanguageModel:
    """Load a hub id, a folder or a GGUF file. Only safetensors or GGUF weights; no remote code.

    Raises ModelError with one sentence if there is nothing to load or the hub cannot be reached.
    """
    path = Path(source)
    folder = converted_gguf(path) if path.suffix == ".gguf" and path.is_file() else locate(source)
    return load_folder(folder, source, resolve_device(device), dtype)


def load_folder(folder: Path, name: str, device: str, dtype: str) -> LanguageModel:
    """Load config, safetensors and tokenizer of a local folder; ModelError if one is missing or cannot be loaded."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    weights = weights_in(folder, name)
    dtype_of = getattr(torch, resolve_dtype(dtype, device))
    model = pretrained(AutoModelForCausalLM, folder, name, dtype=dtype_of, use_safetensors=True)
    tokenizer = pretrained(AutoTokenizer, folder, name)
    if not tokenizer.is_fast:
        raise ModelError(f"{name} has no fast tokenizer (tokenizer.json), which alone tells where each token begins.")
    return LanguageModel(name, model.to(device).eval(), tokenizer, sampled_digest([folder / "config.json", *weights]))


def tokenizer_at_hand(source: str) -> PreTrainedTokenizerFast | None:
    """The tokenizer of a model that is on this machine, without its weights; None if it is not. Asks no hub."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    from transformers import AutoTokenizer

    path = Path(source)
    try:
        if path.suffix == ".gguf" and path.is_file():
            folder = converted_gguf(path)
        else:
            folder = path if path.is_dir() else Path(snapshot_download(source, local_files_only=True))
        return pretrained(AutoTokenizer, folder, source)
    except (HFValidationError, LocalEntryNotFoundError, ModelError):
        return None


def weights_in(folder: Path, name: str) -> list[Path]:
    """The safetensors files of a model's folder, in order; ModelError if there is none."""
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise ModelError(
            f"{name}: no .safetensors weights there; pickled .bin weights are not loaded, convert them first."
        )
    return weights


def pretrained(auto: Any, folder: Path, name: str, **options: Any) -> Any:
    """What one of transformers' Auto classes makes of a local folder, without its remote code; else ModelError."""
    try:
        return auto.from_pretrained(folder, local_files_only=True, trust_remote_code=False, **options)
    except LOAD_ERRORS as error:
        raise ModelError(f"Transformers cannot load {name}: {one_line(error)}") from error


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


def gguf_folder(path: Path) -> Path:
    """Where a GGUF file lies once it is converted."""
    return cache_path("models", f"{path.stem}-{sampled_digest([path])[:12]}")


def converted_gguf(path: Path) -> Path:
    """Convert a GGUF file to a safetensors folder in the cache, once: dequantising takes 15 s at every load.

    Raises ModelError if transformers cannot load it.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # ours is on the screen

    folder = gguf_folder(path)
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
    with tempfile.TemporaryDirectory(dir=cache_dir("models"), prefix=f"{folder.name}.partial.") as temporary:
        fresh.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        config = json.loads((Path(temporary) / "config.json").read_text(encoding="utf-8"))
        config.pop("quantization_config", None)
        (Path(temporary) / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
        try:
            Path(temporary).rename(folder)
        except OSError:
            if not (folder / "config.json").exists():  # else another process was faster
                raise
    return folder
