"""What a model's files say of it: read in milliseconds from config.json or the head of a GGUF file, without torch."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import ModelError
from core.lm.sources import gguf_folder, weights_in
from core.system.hub import hub_reachable

SIZES = {  # what configurations call the number of blocks, the width of the residual stream, the longest context
    "n_layers": ("num_hidden_layers", "n_layer", "num_layers", "block_count"),
    "d_model": ("hidden_size", "n_embd", "d_model", "embedding_length"),
    "context": ("max_position_embeddings", "n_positions", "n_ctx", "context_length"),
}
NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
STRING, ARRAY = 8, 9  # GGUF's other types of a value
LONGEST = 1 << 20  # bytes of a text


@dataclass(frozen=True)
class ModelFacts:
    """A model as far as its files tell; 0 and None: not told. problem: why it cannot be loaded; note: what to know."""

    name: str
    n_layers: int = 0
    d_model: int = 0
    context: int = 0
    n_bytes: int = 0  # of the weights as they lie on the disk
    tokenizer: Path | None = None  # a tokenizer.json
    problem: str = ""
    note: str = ""


def model_facts(source: str) -> ModelFacts:
    """What is known of a hub id, a folder or a GGUF file without loading it; asks the hub for nothing but an answer."""
    path = Path(source)
    try:
        if path.is_file():
            return of_gguf(path)
        if path.is_dir():
            return of_folder(path, source)
        return of_hub(source)
    except ModelError as error:
        return ModelFacts(source, problem=str(error))
    except (OSError, ValueError) as error:
        return ModelFacts(source, problem=f"{source} cannot be read: {error}.")


def of_folder(folder: Path, name: str) -> ModelFacts:
    """A folder with config.json and safetensors; raises ModelError if one is missing."""
    config = folder / "config.json"
    if not config.is_file():
        raise ModelError(f"{name} holds no model: config.json is missing there.")
    n_bytes = sum(path.stat().st_size for path in weights_in(folder, name))
    given = json.loads(config.read_text(encoding="utf-8"))
    tokenizer = folder / "tokenizer.json"
    return ModelFacts(
        name, **sizes(given | (given.get("text_config") or {})), n_bytes=n_bytes,
        tokenizer=tokenizer if tokenizer.is_file() else None,
    )  # fmt: skip


def of_gguf(path: Path) -> ModelFacts:
    """A GGUF file; raises ModelError if it is none."""
    known = sizes({key.rpartition(".")[2]: value for key, value in gguf_head(path)})
    folder = gguf_folder(path)
    tokenizer = folder / "tokenizer.json"
    made = tokenizer.is_file()
    note = "" if made else "It is converted once before it is first used, which takes a minute and four times its size."
    return ModelFacts(str(path), **known, n_bytes=path.stat().st_size, tokenizer=tokenizer if made else None, note=note)


def of_hub(name: str) -> ModelFacts:
    """A hub id: out of the hub's cache if it is there."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        config = try_to_load_from_cache(name, "config.json")
    except HFValidationError as error:
        raise ModelError(f"{name} is neither a folder, a GGUF file nor a hub id.") from error
    if isinstance(config, str):
        return of_folder(Path(config).parent, name)
    if not hub_reachable():
        raise ModelError(f"{name} is not on this machine, and the Hugging Face hub cannot be reached.")
    return ModelFacts(name, note="It is fetched from the Hugging Face hub before it is first used.")


def sizes(given: dict[str, Any]) -> dict[str, Any]:
    """The sizes that a configuration names, in whatever words."""
    found = {size: next((given[name] for name in names if given.get(name)), 0) for size, names in SIZES.items()}
    return {size: int(value) for size, value in found.items()}


def gguf_head(path: Path) -> Iterator[tuple[str, Any]]:
    """Keys, numbers and texts at the head of a GGUF file, up to its tokenizer; lists are left out.

    Raises ModelError if it is no such file. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
    """
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ModelError(f"{path.name} is no GGUF file: give the model's folder, or a hub id.")
        with suppress(struct.error, KeyError, UnicodeDecodeError):  # cut short: what was read stands
            _, _, n = unpacked(file, "<IQQ")
            for _ in range(n):
                key, (kind,) = text(file), unpacked(file, "<I")
                if key.startswith("tokenizer."):
                    return
                yield key, value(file, kind)


def value(file: BinaryIO, kind: int) -> Any:
    """A value of one of GGUF's types; None for a list, which is passed over."""
    if kind == STRING:
        return text(file)
    if kind != ARRAY:
        return unpacked(file, NUMBERS[kind])[0]
    of, n = unpacked(file, "<IQ")
    for _ in range(n):
        value(file, of)
    return None


def text(file: BinaryIO) -> str:
    """GGUF's text: its length, then UTF-8."""
    (length,) = unpacked(file, "<Q")
    return file.read(min(length, LONGEST)).decode("utf-8")


def unpacked(file: BinaryIO, form: str) -> tuple:
    """The next values of a file, in a form of the module struct; raises struct.error where it ends before."""
    return struct.unpack(form, file.read(struct.calcsize(form)))
