"""Instruction data in, a trained and measured SAE out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.datasets.samples import read_samples
from core.errors import SaelectError
from core.lm.chat import TokenizedSample
from core.lm.language_model import LanguageModel, layers_needed
from core.lm.sources import load_lm
from core.sae.loading import load_sae
from core.sae.train.activations import collect, mix, split
from core.sae.train.evaluation import dead_share, evaluate
from core.sae.train.trainer import SaeTrainingConfig, save, train
from core.system.files import cache_dir
from core.system.kept import write_json

EVALUATION_TOKENS = 60_000
SINK_RULE = "sinks by sequence"  # shards of earlier versions hold sinks
DEAD_TOKENS = 800_000  # rare features need more text to show that they are alive


def run(
    cfg: SaeTrainingConfig,
    data: list[str],
    model: str,
    out: Path | None,
    work: Path | None,
    on_tokens: Callable[[int], None] = lambda n: None,
    on_collected: Callable[[], None] = lambda: None,
) -> tuple[Path, dict[str, float]]:
    """Collect, train, save to `out` and measure; every step goes on where an earlier run was interrupted.

    Returns the SAE's folder (without `out`: `saes/` of the cache, named by the plan) and what `measure` found, which
    is also written to the folder's metrics.json.
    Raises SaelectError, before anything is collected, if `out` holds something else than this SAE.
    """
    lm = load_lm(model)
    work = work or cache_dir("sae-training")
    sources = [split(read_samples(source, skip_bad=True), held_out=False) for source in data]
    items = mix(sources, lm.tokenizer, cfg.tokens, cfg.max_tokens, cfg.seed)
    plan = plan_digest(lm, cfg, items)
    name = f"{plan}-{config_digest(cfg)}"
    out = out or cache_dir("saes") / name
    if not holds(out, name):
        shards = collect(lm, items, cfg.hook_point, work / plan / "activations", on_tokens=on_tokens)
        on_collected()
        sae, history = train(cfg, shards, Path(lm.name).name, work / plan / f"checkpoints-{config_digest(cfg)}")
        tokens = int(sum((i.segment >= 0).sum() for i in items))
        names = [Path(d).name for d in data]
        save(sae, cfg, history, out, plan=name, data=names, tokens=tokens, sequences=len(items))
    metrics = measure(out, data, model)
    write_json(out / "metrics.json", metrics, indent=1)
    return out, metrics


def holds(folder: Path, plan: str) -> bool:
    """Whether `folder` holds the SAE of this plan; SaelectError if it holds anything else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    record = folder / "training.json"
    if record.is_file() and json.loads(record.read_text()).get("plan") == plan:
        return True
    raise SaelectError(f"{folder} holds another SAE or other files, which stay as they are: give --out a new folder.")


def plan_digest(lm: LanguageModel, cfg: SaeTrainingConfig, items: list[TokenizedSample]) -> str:
    """12 hex digits over what decides the activations: model, hook point and every token. Other plans never mix."""
    digest = hashlib.sha256(f"{lm.digest} {cfg.hook_point} {SINK_RULE}".encode())
    for item in items:
        digest.update(item.ids.tobytes() + item.segment.tobytes())
    return digest.hexdigest()[:12]


def config_digest(cfg: SaeTrainingConfig) -> str:
    """12 hex digits over the training's settings: a changed one starts anew instead of going on."""
    return hashlib.sha256(json.dumps(asdict(cfg), sort_keys=True).encode()).hexdigest()[:12]


def measure(folder: Path, data: list[str], model: str, tokens: int = EVALUATION_TOKENS) -> dict[str, Any]:
    """What `evaluate` and `dead_share` find on the held-out rows of `data`, rounded to 4 places.

    Raises ModelError if model or SAE cannot be loaded, SaelectError if `train-sae` did not write the folder.
    """
    lm = load_lm(model)
    if not (folder / "training.json").is_file():
        raise SaelectError(f"{folder} has no training.json: only an SAE that train-sae wrote can be measured.")
    training = json.loads((folder / "training.json").read_text())["config"]
    sources = [split(read_samples(source, skip_bad=True), held_out=True) for source in data]
    items = mix(sources, lm.tokenizer, tokens, training["max_tokens"], training["seed"])
    loaded = load_sae(str(folder), dtype="float32")
    loaded.sae.to(device=lm.device)  # its decoder too
    n_blocks = layers_needed(loaded.hook_point, lm.n_layers)
    metrics = evaluate(lm, loaded.sae, items, n_blocks)
    more = mix(sources, lm.tokenizer, DEAD_TOKENS, training["max_tokens"], training["seed"])
    metrics |= dead_share(lm, loaded, more, n_blocks)
    return {k: round(v, 4) for k, v in metrics.items()}
