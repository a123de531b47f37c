"""The command that trains topics on the samples of feature stores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.console import stages, tell
from core.cli.options import Asked, Options, takes
from core.errors import StoreError
from core.system.files import store_at
from core.system.shown import shown_path
from core.topics.train import TopicConfig

if TYPE_CHECKING:
    from core.store.reader import FeatureStore

Stores = Annotated[
    list[Path],
    typer.Option("--store", parser=store_at, metavar="STORE", help="A feature store; repeat it, all of one model."),
]


@takes(config=Options(TopicConfig))
def train_topics(
    stores: Stores, config: Asked, out: Annotated[Path, typer.Option(help="New folder for the topics.")]
) -> None:
    """Train topics on the mean vectors of the samples of feature stores, then measure them on held-out samples.

    Example: python -m core train-topics --store 0123456789abcdef --store fedcba9876543210 --out my-topics
    """
    import numpy as np

    from core.store.meta import data_named
    from core.store.reader import open_store
    from core.system.kept import write_json
    from core.topics.coherence import coherence
    from core.topics.model import load_topics
    from core.topics.train import train_topics as train

    opened = [open_store(path) for path in stores]
    model_name, hook_point = alike(opened)
    vectors = np.concatenate([store.embeddings() for store in opened])
    data = [{"data": data_named(s.meta), "samples": s.n_samples} for s in opened]
    settings = TopicConfig(**config)
    with stages() as told:
        train(vectors, settings, out, lambda *n: told("Training topics", *n), model_name, hook_point, data=data)
        told("Measuring", 0, 1)
        texts = [f"{sample.prompt}\n\n{sample.response}" for store in opened for sample in store.samples()]
        found = coherence(load_topics(out).encode(vectors), texts, np.random.default_rng(settings.seed))
    metrics = {**json.loads((out / "metrics.json").read_text(encoding="utf-8")), **found.summary()}
    write_json(out / "metrics.json", metrics, indent=1)
    tell(f"The topics → {shown_path(out)}")
    print(json.dumps(metrics, indent=1))


def alike(stores: list[FeatureStore]) -> tuple[str, str]:
    """The model's name and the hook point of the stores; raises StoreError unless all have the same vectors."""
    first = stores[0]
    for store in stores[1:]:
        for part in ("model", "encoder"):
            if store.meta["digests"].get(part) != first.meta["digests"].get(part):
                raise StoreError(f"{store.path.name} was made with another {part} than {first.path.name}.")
        own, other = (s.meta["config"]["hook_point"] for s in (store, first))
        if own != other:
            raise StoreError(f"{store.path.name} has hook_point {own}, {first.path.name} has {other}.")
    return Path(first.meta["config"]["model"]).name, first.meta["config"]["hook_point"]
