"""Where SAEs come from: a folder or sae-lens's registry; and their digests and decoders."""

from __future__ import annotations

import json
import sysconfig
import warnings
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ModelError
from core.lm.sources import LOAD_ERRORS, one_line
from core.sae import sparsify
from core.sae.autoencoder import SparseAutoencoder
from core.sae.checks import check_folder, check_loaded, notes
from core.sae.encoders import NORM, reads_decoder
from core.system.files import PROJECT, sampled_digest
from core.system.hub import hub_reachable, models_in_hub_cache, offline

if TYPE_CHECKING:
    from sae_lens import SAE

WEIGHTS = ("sae_weights.safetensors", sparsify.WEIGHTS)  # what sae-lens and sparsify call them
ADVICE = "connect to the network once, or give a local folder with cfg.json and sae_weights.safetensors."
DECODER_TYPES = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}


def require_sae(source: str) -> None:
    """Raise ModelError, within two seconds, if files are missing, or the hub is needed and out of reach."""
    folder = Path(source)
    if not folder.is_dir():
        if not models_in_hub_cache() and not hub_reachable():
            raise ModelError(f"{source} is not a folder and the Hugging Face hub cannot be reached: {ADVICE}")
        return
    require_files(folder)


def require_files(folder: Path) -> None:
    """Raise ModelError if files of an SAE are missing in a folder."""
    missing = "cfg.json" if not (folder / "cfg.json").exists() else WEIGHTS[0] if not weights_file(folder) else ""
    if missing:
        raise ModelError(f"{folder} holds no SAE: {missing} is missing (a sae-lens folder has it).")


def weights_file(folder: Path) -> Path | None:
    """The weights in a folder, as sae-lens or as sparsify names them."""
    return next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)


def load_sae(source: str, device: str = "cpu", dtype: str | None = None) -> SparseAutoencoder:
    """Load a folder of sae-lens or sparsify, or a `release/sae_id` of sae-lens's registry, for encoding on `device`.

    Raises ModelError as `require_sae` does, when sae-lens cannot load it, and when its encode would be wrong.
    """
    require_sae(source)
    folder = Path(source)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\s*This SAE has non-empty model_from_pretrained")  # see notes
        sae = from_folder(folder, "cpu", dtype) if folder.is_dir() else from_registry(source, "cpu", dtype)
    check_loaded(source, sae)
    place(sae, device)
    hook_point = sae.cfg.metadata.hook_name or ""
    return SparseAutoencoder(
        source, sae, sae_digest(source), hook_point, folder if folder.is_dir() else None, notes(sae)
    )


def place(sae: SAE[Any], device: str) -> None:
    """Move to `device` what encoding reads; the decoder, half of the weights, otherwise stays in main memory, and of it
    the norm alone goes along where activations are scaled by it."""
    import torch

    if reads_decoder(sae):
        sae.to(device=device)
    elif getattr(sae.cfg, "rescale_acts_by_decoder_norm", False):
        setattr(sae, NORM, sae.W_dec.detach().norm(dim=-1).to(device))
    for name, weight in list(sae.named_parameters()):
        there = weight.data if name == "W_dec" else weight.data.to(device)
        setattr(sae, name, torch.nn.Parameter(there, requires_grad=False))


def sae_digest(source: str) -> str:
    """What tells an SAE from others: a digest of the folder's files, or the registry's name."""
    folder = Path(source)
    return sampled_digest([*sorted(folder.glob("*.safetensors")), folder / "cfg.json"]) if folder.is_dir() else source


def decoder_directions(source: str, digest: str) -> np.ndarray | None:
    """The decoder's rows, float32 (d_sae, d_in); None if `source` is not the SAE of `digest`.

    Read without torch and without the encoder, by safetensors's layout: 8 bytes that give the header's length, a JSON
    header with each array's type, shape and place, the arrays. safe_open would do, but numpy has no bfloat16.
    """
    path = weights_file(Path(source))
    if path is None or sae_digest(source) != digest:
        return None
    with path.open("rb") as file:
        entry = json.loads(file.read(int.from_bytes(file.read(8), "little"))).get("W_dec")
        if entry is None or entry["dtype"] not in DECODER_TYPES:
            return None
        count, offset = prod(entry["shape"]), entry["data_offsets"][0]
        numbers = np.fromfile(file, DECODER_TYPES[entry["dtype"]], count, offset=offset)  # from here, not the beginning
    if entry["dtype"] == "BF16":  # the upper half of a float32
        numbers = np.left_shift(numbers, 16, dtype=np.uint32).view(np.float32)
    return numbers.astype(np.float32, copy=False).reshape(entry["shape"])


def from_folder(folder: Path, device: str, dtype: str | None) -> SAE[Any]:
    """sae-lens's load_from_disk with its failures turned into one sentence (ModelError)."""
    from sae_lens import SAE

    try:
        if weights_file(folder) == folder / sparsify.WEIGHTS:
            return SAE.load_from_disk(folder, device=device, dtype=dtype, converter=sparsify.sparsify_parts)
        check_folder(folder)
        return SAE.load_from_disk(folder, device=device, dtype=dtype)
    except (*LOAD_ERRORS, AttributeError) as error:
        raise ModelError(f"{folder} cannot be loaded as an SAE: {one_line(error)}") from error


def from_registry(source: str, device: str, dtype: str | None) -> SAE[Any]:
    """`release/sae_id` from sae-lens's registry; the id may hold slashes itself. Raises ModelError."""
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
    """A path as it was given, or the same below the project, in this environment's packages, or among what the project
    ships, if it was moved; a hub id or registry name as it is. Whoever uses it compares digests.
    """
    packaged = Path(sysconfig.get_path("purelib")) / source.rpartition("/site-packages/")[2]
    places = (Path(source), PROJECT / source, packaged, PROJECT / "assets" / Path(source).name)
    found = next((place for place in places if place.exists()), None) if source else None
    return source if found in (None, Path(source)) else str(found)
