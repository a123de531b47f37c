"""Where SAEs come from: a folder or sae-lens's registry; and their digests and decoders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from safetensors import deserialize

from core.errors import ModelError
from core.lm.sources import LOAD_ERRORS, one_line
from core.sae.autoencoder import SparseAutoencoder
from core.system.files import PROJECT, sampled_digest
from core.system.hub import hub_reachable, models_in_hub_cache, offline

ADVICE = "connect to the network once, or give a local folder with cfg.json and sae_weights.safetensors."
DECODER_TYPES = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}


def require_sae(source: str) -> None:
    """Raise ModelError, within two seconds, if files are missing, or the hub is needed and out of reach."""
    folder = Path(source)
    if not folder.is_dir():
        if not models_in_hub_cache() and not hub_reachable():
            raise ModelError(f"{source} is not a folder and the Hugging Face hub cannot be reached: {ADVICE}")
        return
    for name in ("cfg.json", "sae_weights.safetensors"):
        if not (folder / name).exists():
            raise ModelError(f"{folder} holds no SAE: {name} is missing (a sae-lens folder has it).")


def load_sae(source: str, device: str = "cpu", dtype: str | None = None) -> SparseAutoencoder:
    """Load a folder (cfg.json and sae_weights.safetensors) or a `release/sae_id` of sae-lens's registry.

    Raises ModelError as `require_sae` does, and when sae-lens cannot load it.
    """
    require_sae(source)
    folder = Path(source)
    sae = from_folder(folder, device, dtype) if folder.is_dir() else from_registry(source, device, dtype)
    if sae.cfg.normalize_activations == "expected_average_only_in":
        raise ModelError(
            f"{source}: its input scaling (expected_average_only_in) was never folded into the weights, and its encode "
            "would ignore it: save it again after fold_activation_norm_scaling_factor."
        )
    hook_point = sae.cfg.metadata.hook_name or ""
    sae.requires_grad_(False)
    return SparseAutoencoder(source, sae, sae_digest(source), hook_point, folder if folder.is_dir() else None)


def sae_digest(source: str) -> str:
    """What tells an SAE from others: a digest of the folder's files, or the registry's name."""
    folder = Path(source)
    return sampled_digest([*sorted(folder.glob("*.safetensors")), folder / "cfg.json"]) if folder.is_dir() else source


def decoder_directions(source: str, digest: str) -> np.ndarray | None:
    """The decoder's rows, float32 (d_sae, d_in), read without torch; None if `source` is not the SAE of `digest`."""
    path = Path(source) / "sae_weights.safetensors"
    if not path.is_file() or sae_digest(source) != digest:
        return None
    found = dict(deserialize(path.read_bytes())).get("W_dec")
    if found is None or found["dtype"] not in DECODER_TYPES:
        return None
    numbers = np.frombuffer(found["data"], DECODER_TYPES[found["dtype"]])
    if found["dtype"] == "BF16":  # the upper half of a float32
        numbers = (numbers.astype(np.uint32) << 16).view(np.float32)
    return numbers.astype(np.float32).reshape(found["shape"])


def from_folder(folder: Path, device: str, dtype: str | None) -> Any:
    """sae-lens's load_from_disk with its failures turned into one sentence."""
    from sae_lens import SAE

    try:
        return SAE.load_from_disk(folder, device=device, dtype=dtype)
    except LOAD_ERRORS as error:
        raise ModelError(f"{folder} cannot be loaded as an SAE: {one_line(error)}") from error


def from_registry(source: str, device: str, dtype: str | None) -> Any:
    """`release/sae_id` from sae-lens's registry; the id may hold slashes itself."""
    from sae_lens import SAE
    from sae_lens.loading.pretrained_saes_directory import get_pretrained_saes_directory

    release, _, sae_id = source.partition("/")
    known = get_pretrained_saes_directory()
    if release not in known or sae_id not in known[release].saes_map:
        raise ModelError(f"{source} is neither a folder nor a release/sae_id of sae-lens's table of pretrained SAEs.")
    with offline() as alone:
        try:
            return SAE.from_pretrained(release, sae_id, device=device, dtype=dtype)
        except Exception as error:  # sae-lens lets through whatever its many loaders raise
            reason = "the hub cannot be reached" if alone else one_line(error)
            raise ModelError(f"{source} could not be loaded ({reason}): {ADVICE}") from error


def at_hand(source: str) -> str:
    """A path as it was given, or the same below the project; a hub id or registry name as it is."""
    return str(PROJECT / source) if not Path(source).exists() and (PROJECT / source).exists() else source
