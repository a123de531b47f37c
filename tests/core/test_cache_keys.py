"""The names of what lies in caches, as version 0 of the settings gave them: a store or a run stays found."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from core.lm.fine_tuning import TrainConfig
from core.proof.config import ProofConfig
from core.refine.config import RefineConfig
from core.refine.runs import runs_of
from core.sae.train.pipeline import config_digest
from core.sae.train.trainer import SaeTrainingConfig
from core.schema import ExtractConfig, Selection, SelectionSpec
from core.selection.specs import spec_dict

KEY = "0123456789abcdef"
TRAIN = TrainConfig(4, 1e-3, 2, 4, 256, 3)
DECIDED: dict[str, Any] = {"vetoes": {3: "ignore"}, "pins": (1,), "bans": (2,)}
EXTRACT = ExtractConfig(
    "d.json", "m", "s", "blocks.3.hook_resid_post", 64, 0.25, "float32", "cpu", 999, 12, True,
    {"prompt": "q", "response": "a"},
)  # fmt: skip
REFINE = RefineConfig(
    KEY, 2, 90, "silhouette", "score", "judge", "gpt", "http://x/v1", "m", "previous", 64, 5,
    {3: "ignore", 12: "block"}, (1, 2), (7,), 0.5, "response", TRAIN,
)  # fmt: skip
PROOF = ProofConfig(
    KEY, "m", 20, 1, "tokens", 0.5, "prompt", "score", 99, 2, 64, train=TRAIN, tasks=("arc_easy", "sky"), **DECIDED
)
SAE = SaeTrainingConfig("blocks.3.hook_resid_post", 64, 4, 1000, 10, 32, 64, 1e-3, 2, 5, 3, 7)


@pytest.mark.parametrize(
    ("name", "recorded"),
    [
        (lambda: ExtractConfig("d.json", "m", "s", max_tokens=512).key("a", "b"), "e6f92797518f5625"),
        (lambda: EXTRACT.key("a", "b", "c"), "08ee34980f485f7e"),
        (lambda: RefineConfig(KEY).folder.name, "6c41cae0ed46"),
        (lambda: REFINE.folder.name, "3b8ec58b44b4"),
        (lambda: ProofConfig(KEY, "m").path.stem, "6315c6c8a69e"),
        (lambda: PROOF.path.stem, "b64a8a46a9a8"),
        (lambda: config_digest(SaeTrainingConfig()), "0bcfde53e635"),
        (lambda: config_digest(SAE), "feb523598266"),
    ],
)
def test_settings_keep_their_keys(name, recorded: str, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    assert name() == recorded


def test_a_spec_stands_in_a_manifest_as_before() -> None:
    spec = SelectionSpec("kmq", 7, "tokens", 0.5, "prompt", 2, "idf", **DECIDED, seed=4, options={"k": 3})
    nothing = np.zeros(0, np.int64)
    assert json.dumps(spec_dict(Selection(spec, nothing, nothing, nothing, nothing))) == (
        '{"method": "kmq", "budget": 7, "unit": "tokens", "theta": 0.5, "scope": "prompt", "multiplicity": 2, '
        '"weights": "idf", "vetoes": {"3": "ignore"}, "pins": [1], "bans": [2], "seed": 4, "options": {"k": 3}, '
        '"lens": "tokens"}'
    )


def test_where_a_run_or_proof_is_kept_is_told_without_making_a_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    places = RefineConfig("key").folder, ProofConfig("key", "model").path
    assert all(tmp_path in place.parents for place in places) and not (tmp_path / "cache").exists()
    assert runs_of("key") == [] and not (tmp_path / "cache").exists()
