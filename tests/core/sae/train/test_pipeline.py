"""From instruction data to a measured SAE, on the tiny model."""

import inspect
import json
import shutil

import pytest

from core.cli.sae import train_sae
from core.errors import SaelectError
from core.sae.loading import load_sae, require_sae
from core.sae.train.pipeline import measure, run
from core.sae.train.trainer import SaeTrainingConfig
from core.system.files import sampled_digest
from tests.tiny import HIDDEN, write_data

CONFIG = SaeTrainingConfig(
    "blocks.1.hook_resid_post", 64, 4, tokens=2000, steps=30, batch=64, max_tokens=48, warm_up_steps=5, decay_steps=10
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return [str(write_data(tmp_path_factory.mktemp("data") / "data.jsonl", 120))]


def content(folder):
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()}


def test_without_out_an_sae_goes_to_the_cache_and_the_shipped_one_stays(data, tiny_lm, tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    assert inspect.signature(train_sae).parameters["out"].default is None
    folder, metrics = run(CONFIG, data, str(tiny_lm), None, None)
    assert folder.parent == tmp_path / "saes" and metrics == json.loads((folder / "metrics.json").read_text())
    sae = load_sae(str(folder))
    assert (sae.d_in, sae.d_sae, sae.hook_point) == (HIDDEN, 64, CONFIG.hook_point)
    before = content(folder)
    assert measure(folder, data, str(tiny_lm), 60_000) == metrics and content(folder) == before  # evaluate-sae reads
    again, same = run(CONFIG, data, str(tiny_lm), folder, None)
    after = content(folder)
    assert again == folder and same == metrics  # finished: only measured again
    assert all(after[name] == before[name] for name in before if name != "metrics.json")
    with pytest.raises(SaelectError, match="holds another SAE"):
        run(SaeTrainingConfig(**(vars(CONFIG) | {"seed": 1})), data, str(tiny_lm), folder, None)


def test_train_sae_overwrites_no_other_sae(data, tiny_lm, tiny_saes, tmp_path):
    out = shutil.copytree(tiny_saes["topk"], tmp_path / "sae")
    digest, told = sampled_digest(list(out.iterdir())), []
    with pytest.raises(SaelectError, match=r"holds another SAE or other files.*give --out a new folder"):
        run(CONFIG, data, str(tiny_lm), out, tmp_path / "work", told.append)
    assert not told and sampled_digest(list(out.iterdir())) == digest
    require_sae(str(out))


def test_an_sae_that_was_not_trained_here_cannot_be_measured(data, tiny_lm, tiny_saes):
    with pytest.raises(SaelectError, match=r"has no training\.json"):
        measure(tiny_saes["topk"], data, str(tiny_lm))
