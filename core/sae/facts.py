"""What an SAE's files, or its entry in sae-lens's table, say of it: read in milliseconds, without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ModelError
from core.sae import sparsify
from core.sae.checks import UNFOLDED, check_architecture
from core.sae.loading import require_files, weights_file
from core.sae.releases import PretrainedSAE, pretrained_saes


@dataclass(frozen=True)
class SAEFacts:
    """An SAE as far as its files tell; 0 and empty: not told. problem: why it cannot be loaded."""

    source: str
    d_in: int = 0
    d_sae: int = 0
    hook_point: str = ""
    architecture: str = ""
    model: str = ""  # the one it was trained on
    problem: str = ""


def sae_facts(source: str) -> SAEFacts:
    """What is known of a folder or a release/sae_id of sae-lens without loading it."""
    folder = Path(source)
    try:
        return of_folder(folder) if folder.is_dir() else of_table(source)
    except ModelError as error:
        return SAEFacts(source, problem=str(error))
    except (OSError, ValueError, TypeError) as error:
        return SAEFacts(source, problem=f"{source} cannot be read: {error}.")


def of_folder(folder: Path) -> SAEFacts:
    """A folder of sae-lens or sparsify; raises ModelError as far as cfg.json alone tells that it cannot be loaded."""
    require_files(folder)
    given = json.loads((folder / "cfg.json").read_text(encoding="utf-8"))
    if weights_file(folder) == folder / sparsify.WEIGHTS:
        width = given.get("num_latents") or int(given.get("d_in", 0)) * int(given.get("expansion_factor", 0))
        return SAEFacts(str(folder), given.get("d_in", 0), width, sparsify.hook_point_of(folder), "topk")
    metadata: dict[str, Any] = {**given, **(given.get("metadata") or {})}
    architecture = given.get("architecture") or "standard"
    check_architecture(str(folder), architecture)
    if given.get("normalize_activations") in UNFOLDED:
        raise ModelError(f"{folder}: its {UNFOLDED[given['normalize_activations']]}")
    hook_point = metadata.get("hook_name") or metadata.get("hook_point") or ""
    model = metadata.get("model_name") or ""
    return SAEFacts(str(folder), int(given.get("d_in") or 0), int(given.get("d_sae") or 0), hook_point, architecture,
                    model)  # fmt: skip


def of_table(source: str) -> SAEFacts:
    """An entry of sae-lens's table; raises ModelError if it has none of the residual stream by that name."""
    found = next((sae for sae in pretrained_saes() if sae.source == source), None)
    if found is None:
        raise ModelError(f"{source} is no folder, and sae-lens's table has no SAE of the residual stream so named.")
    return SAEFacts(source, 0, found.width, hook_point_of(found), found.architecture, found.model)


def hook_point_of(sae: PretrainedSAE) -> str:
    """Where an SAE of the table reads, in TransformerLens's words."""
    return f"blocks.{sae.layer}.hook_resid_{'pre' if sae.before else 'post'}"
