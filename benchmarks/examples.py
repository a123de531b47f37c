r"""The finished examples that the pages Refinement and Proof open on where there is no run: made of runs on the demo.

    make demo
    python -m core refine --store KEY --lens topics --rounds 3 --budget 90 --new-tokens 64
    python -m core prove --store KEY --lens topics --budgets 30,90 --held-out 60 --max-tokens 256 --seeds 2 \
        --out proof.json
    python -m benchmarks.examples --store KEY --proof proof.json

On two cores that takes about an hour. Only rows, scores and names of topics are kept, no text of the data.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from core.explain.cluster_names import name_clusters
from core.features.shown_labels import labels_of
from core.proof import example as proof
from core.refine import example as refinement
from core.refine.runs import RefineRun, runs_of
from core.refine.view import clusters_of
from core.session.session import Session, open_session, workspace_of
from core.studies.refinement_rivals import rivals
from core.system.files import store_at

TOLD = ("title", "method", "covered", "tokens", "why")  # of a rival


def names_of(session: Session, run: RefineRun) -> dict[int, tuple[str, ...]]:
    """What each cluster is about, by the labels of the topics that are enriched in it."""
    labels = labels_of(session.store, workspace_of(session.store).state(), "topics")
    matrix, faces = session.matrix("all", session.default_theta("all", "topics")[0], "topics"), session.faces("topics")

    def called(topic: int) -> str:
        return labels[topic].text if topic in labels else faces.get(topic, "")

    return {card.cluster: card.names for card in name_clusters(matrix, clusters_of(run), run.rows, called, 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", required=True, help="The demo's store.")
    parser.add_argument("--proof", type=Path, required=True, help="What prove --out wrote.")
    given = parser.parse_args()
    session = open_session(store_at(given.store))
    run = next(run for run in runs_of(session.store.key) if run.finished)
    ways = tuple({name: getattr(way, name) for name in TOLD} for way in rivals(session, run))
    refinement.write_example(refinement.Example(run, names_of(session, run), ways))
    proof.write_example(given.proof, session.store.n_samples)
    for path in (refinement.FILE, proof.FILE):
        print(f"{path.stat().st_size:,} bytes → {path}")


if __name__ == "__main__":
    main()
