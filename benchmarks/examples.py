"""The finished examples that the pages Refinement and Proof open on where there is no run.

    make demo
    python -m core refine --store KEY --lens topics --rounds 3 --budget 90 --new-tokens 64
    python -m benchmarks.examples --store KEY
    python -m benchmarks.examples --proof docs/proof.json --samples 22263
    python -m benchmarks.examples --proof docs/proof-dirty.json --samples 21000

On two cores the run takes half an hour. Only rows, scores and names of topics are kept, no text of the data.
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


def write_refinement(store: str) -> None:
    """The example of the page Refinement, of the newest finished run on a store."""
    session = open_session(store_at(store))
    run = next(run for run in runs_of(session.store.key) if run.finished)
    ways = tuple({name: getattr(way, name) for name in TOLD} for way in rivals(session, run))
    refinement.write_example(refinement.Example(run, names_of(session, run), ways))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made = parser.add_mutually_exclusive_group(required=True)
    made.add_argument("--store", help="The demo's store, with a run of refinement.")
    made.add_argument("--proof", type=Path, help="What prove --out wrote.")
    parser.add_argument("--samples", type=int, default=0, help="Of the proof's pool.")
    given = parser.parse_args()
    if given.proof:
        path = proof.write_example(given.proof, given.samples)
    else:
        path = refinement.FILE
        write_refinement(given.store)
    print(f"{path.stat().st_size:,} bytes → {path}")


if __name__ == "__main__":
    main()
