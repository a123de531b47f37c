"""What would make an SAE's features wrong without a word: refused before it is used, or noted with its store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ModelError
from core.sae.encoders import ENCODERS

if TYPE_CHECKING:
    from sae_lens import SAE


UNFOLDED = {  # input normalisations that sae-lens leaves to whoever trains, and that its encode ignores
    "expected_average_only_in": "input scaling (expected_average_only_in) was never folded into the weights, and its "
    "encode would ignore it: save it again after fold_activation_norm_scaling_factor.",
    "covariance_whitening": "input whitening (covariance_whitening) was never folded into the weights, and its encode "
    "would ignore it: save it again after fold_activation_whitening.",
}
ABSTOPK = "The SAE is an AbsTopK one: where a feature fires below zero it is left out; only values above zero count."
CENTRED = (
    "The SAE was trained on a model with centred weights (center_writing_weights). This model was run as it is, "
    "so the values may differ from those that the SAE was trained on."
)


def check_folder(folder: Path) -> None:
    """Raise ModelError if cfg.json and the weights of a sae-lens folder contradict each other.

    cfg.json may be of any version of sae-lens: before 6 the architecture followed from the activation function.
    """
    config = json.loads((folder / "cfg.json").read_text())
    activation = config.get("activation_fn") or config.get("activation_fn_str") or "relu"
    architecture = config.get("architecture") or "standard"
    if architecture == "standard" and activation == "topk" and (config.get("activation_fn_kwargs") or {}).get("k"):
        architecture = "topk"
    elif architecture == "standard" and activation != "relu":
        raise ModelError(f"{folder} cannot be loaded as an SAE: its activation function is {activation!r}, not relu.")
    check_architecture(str(folder), architecture)
    _check_weights(folder, architecture)


def _check_weights(folder: Path, architecture: str) -> None:
    from safetensors import safe_open

    with safe_open(folder / "sae_weights.safetensors", "pt") as weights:
        names = set(weights.keys())
        scaled = "scaling_factor" in names and bool((weights.get_tensor("scaling_factor") != 1).any())
    if architecture == "jumprelu" and "threshold" not in names:
        raise ModelError(
            f"{folder} cannot be loaded as an SAE: it is called jumprelu but its weights have no threshold."
        )
    if architecture != "jumprelu" and names & {"threshold", "topk_threshold"}:
        raise ModelError(
            f"{folder} cannot be loaded as an SAE: it is called {architecture} but its weights have a threshold. "
            "A BatchTopK SAE is used as jumprelu: save it with save_inference_model."
        )
    if scaled:
        raise ModelError(
            f"{folder} cannot be loaded as an SAE: its weights have a scaling_factor (fine-tuning by an old sae-lens) "
            "that sae-lens no longer applies; fold it into W_dec and leave it out."
        )


def check_architecture(source: str, architecture: str) -> None:
    """Raise ModelError unless ENCODERS has the architecture."""
    if architecture in ENCODERS:
        return
    raise ModelError(
        f"{source} cannot be loaded as an SAE: its architecture {architecture!r} is none of {', '.join(ENCODERS)}."
        + (" Save it with save_inference_model." if architecture.endswith("batchtopk") else "")
    )


def check_loaded(source: str, sae: SAE[Any]) -> None:
    """Raise ModelError if the loaded SAE's `encode` gives something else than what it was trained to give."""
    check_architecture(source, sae.cfg.architecture())
    if sae.cfg.normalize_activations in UNFOLDED:
        raise ModelError(f"{source}: its {UNFOLDED[sae.cfg.normalize_activations]}")


def notes(sae: SAE[Any]) -> tuple[str, ...]:
    """One sentence for each thing that whoever reads the features should know."""
    kwargs = sae.cfg.metadata.model_from_pretrained_kwargs or {}
    found = {ABSTOPK: sae.cfg.architecture() == "abstopk", CENTRED: bool(kwargs.get("center_writing_weights"))}
    return tuple(text for text, holds in found.items() if holds)
