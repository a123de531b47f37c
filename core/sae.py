"""Load a sparse autoencoder and turn residual-stream vectors into (token, feature, value) triples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import deserialize

from core.errors import ModelError
from core.lm.language_model import LanguageModel, layers_needed
from core.lm.sources import LOAD_ERRORS, one_line
from core.system.files import sampled_digest
from core.system.hub import hub_reachable

if TYPE_CHECKING:
    import torch

ADVICE = "connect to the network once, or give a local folder with cfg.json and sae_weights.safetensors."
DECODER_TYPES = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}
BLOCK_TOKENS = 2048  # tokens encoded at once: bounds the dense (tokens, d_sae) pre-activations


@dataclass(frozen=True)
class SparseAutoencoder:
    """A sae-lens SAE; `encode_sparse` gives what `sae.encode` gives, without a dense (tokens, d_sae) result."""

    name: str
    sae: Any
    digest: str
    hook_point: str
    folder: Path | None

    @property
    def d_in(self) -> int:
        """Width of the vectors it reads."""
        return self.sae.cfg.d_in

    @property
    def d_sae(self) -> int:
        """Number of features F."""
        return self.sae.cfg.d_sae

    def encode_sparse(self, x: torch.Tensor, floor: float = 0.0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """x (T, d_in) → token, feature int64 (M,), value float32 (M,): those with value > floor, ordered by token."""
        import torch

        encode = ENCODERS.get(self.sae.cfg.architecture(), dense_triples)
        if self.sae.cfg.normalize_activations != "none" or self.sae.cfg.reshape_activations != "none":
            encode = dense_triples
        parts = []
        for start in range(0, len(x), BLOCK_TOKENS):
            token, feature, value = encode(self.sae, x[start : start + BLOCK_TOKENS], floor)
            parts.append((token + start, feature, value.float()))
        if not parts:
            empty = torch.zeros(0, dtype=torch.int64)
            return empty, empty, empty.float()
        return tuple(torch.cat(column) for column in zip(*parts, strict=True))


def pre_activations(sae: Any, x: torch.Tensor) -> torch.Tensor:
    """x (T, d_in) → (T, d_sae), in the dtype of the SAE's weights."""
    import torch

    x = x.to(sae.W_enc.dtype)
    if sae.cfg.apply_b_dec_to_input:
        x = x - sae.b_dec
    return torch.addmm(sae.b_enc, x, sae.W_enc)


def topk_triples(sae: Any, x: torch.Tensor, floor: float) -> tuple[torch.Tensor, ...]:
    """TopK: the k largest pre-activations of each token."""
    pre = pre_activations(sae, x)
    if sae.cfg.rescale_acts_by_decoder_norm:
        pre = pre * sae.W_dec.norm(dim=-1)
    value, feature = pre.topk(sae.cfg.k, dim=-1, sorted=False)
    token, column = (value > floor).nonzero(as_tuple=True)
    return token, feature[token, column], value[token, column]


def threshold_triples(sae: Any, x: torch.Tensor, floor: float) -> tuple[torch.Tensor, ...]:
    """Standard (ReLU) and JumpReLU: pre-activations above the feature's threshold."""
    pre = pre_activations(sae, x)
    threshold = sae.threshold.clamp(min=floor) if hasattr(sae, "threshold") else floor
    token, feature = (pre > threshold).nonzero(as_tuple=True)
    return token, feature, pre[token, feature]


def dense_triples(sae: Any, x: torch.Tensor, floor: float) -> tuple[torch.Tensor, ...]:
    """Any other architecture or input normalisation: sae-lens's own dense encode."""
    acts = sae.encode(x.to(sae.W_enc.dtype))
    token, feature = (acts > floor).nonzero(as_tuple=True)
    return token, feature, acts[token, feature]


ENCODERS = {"topk": topk_triples, "standard": threshold_triples, "jumprelu": threshold_triples}


def require_sae(source: str) -> None:
    """Raise ModelError, within two seconds, if files are missing, or the hub is needed and out of reach."""
    folder = Path(source)
    if not folder.is_dir():
        from huggingface_hub import constants

        if not any(Path(constants.HF_HUB_CACHE).glob("models--*")) and not hub_reachable():
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
    from huggingface_hub import constants
    from sae_lens import SAE
    from sae_lens.loading.pretrained_saes_directory import get_pretrained_saes_directory

    release, _, sae_id = source.partition("/")
    known = get_pretrained_saes_directory()
    if release not in known or sae_id not in known[release].saes_map:
        raise ModelError(f"{source} is neither a folder nor a release/sae_id of sae-lens's table of pretrained SAEs.")
    offline = not hub_reachable()
    constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE or offline  # else the client retries for 24 s
    try:
        return SAE.from_pretrained(release, sae_id, device=device, dtype=dtype)
    except Exception as error:  # sae-lens lets through whatever its many loaders raise
        reason = "the hub cannot be reached" if offline else one_line(error)
        raise ModelError(f"{source} could not be loaded ({reason}): {ADVICE}") from error


def check_fit(lm: LanguageModel, sae: SparseAutoencoder, hook_point: str) -> int:
    """How many blocks to run; raises ModelError unless the SAE reads what the model has at the hook point."""
    if not hook_point:
        raise ModelError(f"{sae.name} does not say which hook point it was trained on: give --hook-point.")
    n_blocks = layers_needed(hook_point, lm.n_layers)
    if sae.d_in != lm.d_model:
        raise ModelError(
            f"The SAE reads vectors of width {sae.d_in}, the residual stream of {lm.name} is {lm.d_model} wide: "
            "they do not belong together."
        )
    return n_blocks
