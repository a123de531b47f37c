"""sae-lens's table of pretrained SAEs, read without sae-lens; against what its own loaders make of some names."""

import subprocess
import sys

import pytest

from core.sae.releases import PretrainedSAE, pretrained_saes, read_table, recommended, saes_for, told_width, why

LAYERS = {"gemma-2-2b": 26, "gpt2": 12, "Llama-3.1-8B": 32}


def of(source: str) -> PretrainedSAE:
    return next(sae for sae in pretrained_saes() if sae.source == source)


@pytest.mark.parametrize(
    ("source", "model", "layer", "width", "architecture"),
    [
        ("gemma-scope-2b-pt-res-canonical/layer_12/width_16k/canonical", "gemma-2-2b", 12, 16_000, "jumprelu"),
        ("gemma-scope-2-4b-it-res/layer_29_width_1m_l0_medium", "google/gemma-3-4b-it", 29, 1_000_000, "jumprelu"),
        ("llama_scope_lxr_8x/l16r_8x", "meta-llama/Llama-3.1-8B", 16, 32_000, "jumprelu"),
        ("gpt2-small-res-jb/blocks.6.hook_resid_pre", "gpt2-small", 6, 0, "standard"),
        ("gpt2-small-res-jb-feature-splitting/blocks.8.hook_resid_pre_12288", "gpt2-small", 8, 12_288, "standard"),
        ("qwen-scope-3-8b-base-w64k-l50/layer18", "Qwen/Qwen3-8B-Base", 18, 64_000, "topk"),
    ],
)
def test_names_tell_layer_width_and_architecture(source, model, layer, width, architecture):
    sae = of(source)
    assert (sae.model, sae.layer, sae.architecture) == (model, layer, architecture)
    assert abs(sae.width - width) <= 0.03 * width
    assert sae.before == ("resid_pre" in source)


def test_every_source_is_one_that_sae_lens_knows_and_reads_the_residual_stream():
    from sae_lens.loading.pretrained_saes_directory import get_pretrained_saes_directory

    known = get_pretrained_saes_directory()
    assert len(pretrained_saes()) > 4000
    for sae in pretrained_saes():
        assert sae.id in known[sae.release].saes_map and known[sae.release].model == sae.model
        place = known[sae.release].neuronpedia_id[sae.id] or "res"
        assert "hook_resid" in sae.id or "res" in place, sae.source
    missed = [r for r in known if "res" in r.split("-") and r not in {sae.release for sae in pretrained_saes()}]
    assert not [r for r in missed if "temporal" not in r]


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("google/gemma-2-2b", "gemma-scope-2b-pt-res-canonical/layer_12/width_16k/canonical"),
        ("/models/gemma-2-2b-it", "gemma-scope-2b-pt-res-canonical/layer_12/width_16k/canonical"),
        ("openai-community/gpt2", "gpt2-small-res-jb/blocks.6.hook_resid_pre"),
        ("meta-llama/Llama-3.1-8B", "llama_scope_lxr_8x/l15r_8x"),
        ("meta-llama/Meta-Llama-3-8B-Instruct", "llama-3-8b-it-res-jh/blocks.25.hook_resid_post"),
    ],
)
def test_common_models_have_a_recommendation_in_their_middle(model, found):
    n_layers = LAYERS.get(model.rpartition("/")[2], 0)
    sae = recommended(saes_for(model), n_layers)
    assert sae is not None and sae.source == found
    assert f"after {sae.layer + (not sae.before)}" in why(sae, n_layers)


def test_a_model_without_any_has_no_recommendation():
    assert saes_for("HuggingFaceTB/SmolLM2-135M-Instruct") == [] and recommended([]) is None


def test_what_is_no_sae_of_the_residual_stream_is_left_out():
    entry = "[{{id: {}, path: x}}]"
    table = "\n".join(
        f"{name}: {{model: m, repo_id: r, saes: {entry.format(id)}}}"
        for name, id in [
            ("m-res", "layer_3/width_1m/average_l0_5"),
            ("m-transcoders", "layer_3"),
            ("m-att", "layer_3"),
            ("m-mlp-all", "layer_3"),
            ("m-res-embedding", "embedding/width_4k"),
            ("m-attn-out", "blocks.3.hook_attn_out"),
        ]
    )
    assert [(sae.source, sae.width) for sae in read_table(table)] == [
        ("m-res/layer_3/width_1m/average_l0_5", 1_000_000)
    ]


def test_widths_are_told_as_names_have_them():
    assert [told_width(n) for n in (512, 4096, 16_384, 131_000, 1_000_000)] == ["512", "4k", "16k", "131k", "1m"]


def test_the_table_is_read_without_importing_sae_lens():
    code = "import sys; from core.sae.releases import *; assert pretrained_saes(); print('sae_lens' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
