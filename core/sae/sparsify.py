"""SAEs in the folder layout of EleutherAI's sparsify (cfg.json, sae.safetensors), as TopK SAEs of sae-lens.

sae-lens has a converter of its own. It is not used: it turns W_dec, which sparsify writes as (d_sae, d_in), so that
loading fails; and where `normalize_decoder` is set, sparsify's default, it does not take b_dec away from the input,
as sparsify does for every SAE.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ModelError

if TYPE_CHECKING:
    import torch


WEIGHTS = "sae.safetensors"
MODULE = re.compile(r"^(?:\w+\.)*(?:layers|h)\.\d+")  # folders are named for the module whose output was read
OTHER = {"transcode": True, "skip_connection": True, "signed": True, "activation": "groupmax"}


def sparsify_parts(
    path: str | Path, device: str = "cpu", cfg_overrides: dict[str, Any] | None = None
) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """The `converter` of SAE.load_from_disk: config and weights as sae-lens has them, W_enc (d_in, d_sae).

    Raises ModelError for transcoders and for activations other than the k largest.
    """
    from safetensors.torch import load_file

    folder = Path(path)
    given = json.loads((folder / "cfg.json").read_text())
    for name, value in OTHER.items():
        if given.get(name) == value:
            raise ModelError(f"{folder} is not a plain TopK SAE: {name} is {json.dumps(value)} in its cfg.json.")
    weights = load_file(folder / WEIGHTS, device=device)
    dtype = (cfg_overrides or {}).get("dtype") or str(weights["W_dec"].dtype)
    state = {
        "W_enc": weights["encoder.weight"].T.contiguous(),  # (d_sae, d_in) → (d_in, d_sae)
        "b_enc": weights["encoder.bias"],
        "W_dec": weights["W_dec"],  # (d_sae, d_in)
        "b_dec": weights["b_dec"],
    }
    return config(folder, given, state["W_dec"].shape) | {"dtype": dtype, "device": device}, state


def config(folder: Path, given: dict[str, Any], shape: tuple[int, ...]) -> dict[str, Any]:
    """sae-lens's config of a sparsify folder whose decoder has this shape (d_sae, d_in)."""
    from sae_lens import __version__

    return {
        "architecture": "topk",
        "k": given["k"],
        "d_sae": shape[0],
        "d_in": shape[1],
        "apply_b_dec_to_input": True,
        "metadata": {"hook_name": hook_point_of(folder), "sae_lens_version": __version__},
    }


def hook_point_of(folder: Path) -> str:
    """The hook point that a folder is named for; empty if it is named for none."""
    return "hook_embed" if folder.name == "embed_tokens" else folder.name if MODULE.match(folder.name) else ""
