"""Which topics come with the program for a model."""

import json

import pytest

from core.lm.names import known_as
from core.topics.shipped import shipped_topics

HOOK = "blocks.14.hook_resid_post"


def put(folder, name, hook=HOOK, d_in=576):
    folder.mkdir()
    config = {"d_in": d_in, "metadata": {"model_name": name, "hook_name": hook}}
    (folder / "cfg.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        "cache/models/SmolLM2-135M-Instruct.Q4_1-b6002e8fc587",
        "models/SmolLM2-135M-Instruct/",
        "SmolLM2-135M-Instruct-Q4_K_M.gguf",
        "SmolLM2-135M-Instruct.IQ3_XS.gguf",
        "SmolLM2-135M-Instruct-F16.gguf",
        "SmolLM2-135M-Instruct-bf16",
    ],
)
def test_names_of_the_same_model(name, tmp_path):
    topics = put(tmp_path / "topics-a", "SmolLM2-135M-Instruct.Q4_1.gguf")
    assert known_as(name) == "smollm2-135m-instruct"
    assert shipped_topics(name, HOOK, 576, tmp_path) == topics


@pytest.mark.parametrize("name", ["SmolLM2-360M-Instruct", "SmolLM2-135M", "SmolLM2-135M-Instruct-dpo", ""])
def test_names_of_other_models(name, tmp_path):
    put(tmp_path / "topics-a", "HuggingFaceTB/SmolLM2-135M-Instruct")
    assert shipped_topics(name, HOOK, 576, tmp_path) is None


def test_hook_point_and_width_must_be_the_same(tmp_path):
    put(tmp_path / "sae-a", "m")  # no topics
    put(tmp_path / "topics-a", "m", "blocks.3.hook_resid_post")
    fits = put(tmp_path / "topics-b", "m")
    put(tmp_path / "topics-c", "m")
    assert shipped_topics("m", HOOK, 576, tmp_path) == fits
    assert shipped_topics("m", "blocks.2.hook_resid_post", 576, tmp_path) is None
    assert shipped_topics("m", HOOK, 64, tmp_path) is None
    assert shipped_topics("m", HOOK, 576, tmp_path / "nowhere") is None
