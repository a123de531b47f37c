"""The benchmark for a card: run on the processor with a small model, without what such a machine may lack."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import gpu

ROOT = Path(__file__).resolve().parents[1]
ALONE = """
import sys
for name in ("duckdb", "sae_lens", "numba", "pyarrow", "pandas", "scipy", "sklearn", "umap"):
    sys.modules[name] = None  # importing it raises ImportError
from benchmarks.gpu import main
main()
"""


def test_it_runs_with_torch_and_transformers_alone_and_its_last_line_is_json(tiny, tmp_path):
    parts = tmp_path / "parts"
    subprocess.run([sys.executable, "-c", ALONE, "split", tiny.config.model, str(parts)], cwd=ROOT, check=True)
    given = {"--model": str(parts), "--sae": tiny.config.sae, "--data": tiny.config.data[0], "--samples": "20"}
    command = [sys.executable, "-c", ALONE, *(word for pair in given.items() for word in pair), "--device", "cpu"]
    done = subprocess.run([*command, "--max-tokens", "64"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert "No card here: 20 samples on the processor" in done.stdout
    assert found["ours"]["tokens"] == found["usual"]["tokens"] > 400
    assert found["jaccard_with_processor"] == 1  # the same processor, in the same batches
    assert found["jaccard_with_usual"] > 0.9  # bfloat16 rounds by the shape of a batch
    assert all(found[way]["share_of_peak"] > 0 and found[way]["peak_mb"] > 0 for way in ("ours", "usual"))


def test_parts_joined_are_the_folder_that_was_split(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "PART", 1000)
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "weights").write_bytes(bytes(range(256)) * 47)  # 12,032 bytes: 13 parts
    gpu.split(folder, tmp_path / "parts")
    assert max(path.stat().st_size for path in (tmp_path / "parts").iterdir()) == 1000
    assert len(list((tmp_path / "parts").iterdir())) == 14
    again = gpu.joined(tmp_path / "parts", tmp_path / "again")
    assert {p.name: p.read_bytes() for p in again.iterdir()} == {p.name: p.read_bytes() for p in folder.iterdir()}
    assert gpu.joined(folder, tmp_path / "nowhere") == folder


@pytest.mark.parametrize(("free", "tokens"), [(0, 500), (1 << 40, 1 << 17), (4_096_000, 1000)])
def test_a_batch_takes_half_of_a_cards_free_memory(free, tokens, monkeypatch):
    from core.lm import batches
    from tests.tiny import random_lm

    monkeypatch.setattr(batches, "free_memory", lambda device: free)
    model = random_lm("llama", 50).bfloat16()  # 32 wide, 64 within: 24 · 32 + 4 · 64 numbers of 2 bytes
    assert batches.token_budget(model, 500) == tokens


def test_a_plain_sae_gives_what_sae_lens_gives(tmp_path):
    import torch

    from core.errors import ModelError
    from core.sae.loading import load_sae
    from core.sae.plain import plain_sae
    from tests.tiny import random_sae

    x = torch.randn(50, 32)
    for kind, options in (("topk", {}), ("topk", {"rescale_acts_by_decoder_norm": True}), ("jumprelu", {}),
                          ("standard", {"apply_b_dec_to_input": False})):  # fmt: skip
        folder = tmp_path / f"{kind} {len(options)}"
        random_sae(kind, **options).save_model(folder)
        own, plain = load_sae(str(folder)), plain_sae(folder, "cpu", "float32")
        assert (plain.digest, plain.hook_point, plain.d_sae) == (own.digest, own.hook_point, own.d_sae)
        for one, other in zip(plain.encode_sparse(x), own.encode_sparse(x), strict=True):
            assert torch.equal(one, other)
    random_sae("gated").save_model(tmp_path / "gated")
    with pytest.raises(ModelError, match="needs sae-lens"):
        plain_sae(tmp_path / "gated", "cpu", "float32")
