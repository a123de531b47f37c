"""Whether the parts fit, told before anything is loaded, against what loading them says."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from core.errors import ModelError
from core.extract.fit import fit, related
from core.extract.pipeline import load


def test_parts_that_fit_have_no_problem(tiny, tiny_jumprelu):
    for config in (tiny.config, tiny_jumprelu.config, replace(tiny.config, sae="")):
        found = fit(config)
        assert not found.problems and found.model.d_model == 32
        assert any("learnt from this data" in note for note in found.notes)
    assert (found.sae, fit(tiny.config).sae.d_sae) == (None, 96)


def altered(folder, target, **changes):
    shutil.copytree(folder, target)
    given = json.loads((target / "cfg.json").read_text())
    (target / "cfg.json").write_text(json.dumps(given | changes))
    return str(target)


@pytest.mark.parametrize(
    "changes",
    [
        {"d_in": 48},
        {"architecture": "temporal"},
        {"metadata": {"hook_name": "blocks.9.hook_resid_post"}},
        {"metadata": {"hook_name": "blocks.1.hook_mlp_out"}},
        {"metadata": {}},
        {"normalize_activations": "expected_average_only_in"},
    ],
)
def test_what_does_not_fit_is_said_without_loading_it(tiny, tmp_path, changes):
    config = replace(tiny.config, sae=altered(tiny.config.sae, tmp_path / "sae", **changes))
    (problem,) = fit(config).problems
    assert problem.endswith(".")
    with pytest.raises(ModelError):
        load(config)


def test_missing_files_and_unknown_names_are_said(tiny, tmp_path):
    (tmp_path / "cfg.json").touch()
    assert "sae_weights.safetensors is missing" in fit(replace(tiny.config, sae=str(tmp_path))).problems[0]
    assert "sae-lens's table has no" in fit(replace(tiny.config, sae="nobody/knows")).problems[0]
    found = fit(replace(tiny.config, model=str(tmp_path), sae="nobody/knows"))
    assert len(found.problems) == 2 and not found.notes


def test_an_sae_of_the_table_is_held_against_the_models_name_and_size(tiny):
    found = fit(replace(tiny.config, sae="gpt2-small-res-jb/blocks.2.hook_resid_pre"))
    assert not found.problems and any("trained on gpt2-small" in note for note in found.notes)
    assert "it has 4 blocks" in fit(replace(tiny.config, sae="llama_scope_lxr_8x/l16r_8x")).problems[0]


def test_a_model_and_its_base_are_related():
    assert related("gemma-2-2b", "google/gemma-2-2b-it") and related("google/gemma-3-4b-pt", "gemma-3-4b-it")
    assert not related("gemma-2-2b", "gpt2")


def test_a_context_that_is_too_short_is_noted(tiny):
    assert any("at most 512 tokens" in note for note in fit(replace(tiny.config, max_tokens=4096)).notes)


def test_nothing_heavy_is_imported():
    heavy = "{'torch', 'transformers', 'sae_lens'}"
    code = f"import sys; from core.extract.fit import fit; print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
