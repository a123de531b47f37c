"""A sae-lens folder of a TopK, JumpReLU or standard SAE without sae-lens: for machines that have torch alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from core.errors import ModelError
from core.sae.autoencoder import SparseAutoencoder
from core.sae.encoders import ENCODERS, threshold_triples, topk_triples
from core.sae.loading import WEIGHTS, place, require_files, sae_digest


@dataclass(frozen=True)
class PlainConfig:
    """What encoding reads of cfg.json."""

    d_in: int
    d_sae: int
    kind: str
    k: int
    apply_b_dec_to_input: bool
    rescale_acts_by_decoder_norm: bool
    metadata: SimpleNamespace
    normalize_activations: str = "none"
    reshape_activations: str = "none"

    def architecture(self) -> str:
        """The name in ENCODERS."""
        return self.kind


def plain_sae(folder: Path, device: str, dtype: str) -> SparseAutoencoder:
    """Load a folder with cfg.json and sae_weights.safetensors of sae-lens 6, for encoding on `device`.

    Raises ModelError for another architecture, and for one that normalises or reshapes its input.
    """
    import torch
    from safetensors.torch import load_file

    require_files(folder)
    given = json.loads((folder / "cfg.json").read_text(encoding="utf-8"))
    kind = given.get("architecture", "standard")
    as_it_is = all(given.get(name, "none") == "none" for name in ("normalize_activations", "reshape_activations"))
    weights = folder / WEIGHTS[0]
    if ENCODERS.get(kind) not in (topk_triples, threshold_triples) or not (as_it_is and weights.is_file()):
        raise ModelError(f"{folder} needs sae-lens: only plain topk, jumprelu and standard SAEs do without.")
    sae: Any = torch.nn.Module()
    for name, weight in load_file(weights).items():
        sae.register_parameter(name, torch.nn.Parameter(weight.to(getattr(torch, dtype)), requires_grad=False))
    sae.cfg = PlainConfig(
        given["d_in"], given["d_sae"], kind, given.get("k", 0), given.get("apply_b_dec_to_input", True),
        given.get("rescale_acts_by_decoder_norm", False), SimpleNamespace(**given.get("metadata", {})),
    )  # fmt: skip
    place(sae, device)
    hook_point = getattr(sae.cfg.metadata, "hook_name", "") or ""
    return SparseAutoencoder(str(folder), sae, sae_digest(str(folder)), hook_point, folder)
