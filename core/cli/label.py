"""The commands for labels: import, export, list; and labelling by a model."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.console import bar, machine, show, tell
from core.cli.options import AsJson, Asked, Options, Store, request, takes
from core.errors import SelectionError
from core.lm.endpoint import Endpoint, Prices
from core.schema import LENSES, NOUNS, SelectionSpec
from core.system.shown import many


@takes(spec=Options(SelectionSpec, "lens"))
def labels(
    store: Store,
    spec: Asked,
    import_: Annotated[Path | None, typer.Option("--import", help="Labels as JSON, or Neuronpedia's export.")] = None,
    export: Annotated[Path | None, typer.Option(help="Write the labels that are shown to this file.")] = None,
    skip_bad: Annotated[bool, typer.Option(help="Go on without entries that cannot be used.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import or export the labels of the features of a lens; without either, say how many there are of each source.

    Example: python -m core labels --store cache/0123456789abcdef.duckdb --import explanations/batch-0.jsonl.gz
    """
    from core.features.label_files import write_labels
    from core.features.shown_labels import labels_of
    from core.session.session import workspace_of
    from core.store.reader import open_store

    opened = open_store(store)
    lens = spec["lens"] or (opened.lenses or LENSES)[-1]
    opened.require(lens)
    found: dict[str, Any] = import_labels(opened, lens, import_, skip_bad) if import_ else {}
    shown = labels_of(opened, workspace_of(opened).state(), lens)
    if export:
        found |= {"exported": write_labels(export, shown.values(), lens), "file": str(export)}
    if not found:
        found = {
            "features": opened.size_of(lens),
            "labelled": len(shown),
            **Counter(la.source for la in shown.values()),
        }
        found |= shipped_problems(opened, lens)
    found = {"lens": lens, **found}
    machine(found) if as_json else show([{"": name, " ": value} for name, value in found.items()])


def import_labels(store: Any, lens: str, path: Path, skip_bad: bool) -> dict[str, Any]:
    """Keep the labels of a file for the SAE of a lens; says how many, and which entries were left out."""
    from core.features.label_files import neuronpedia_id, read_labels
    from core.features.labels import book_of

    known = neuronpedia_id(store.meta["config"].get("sae") or "") if lens == "tokens" else None
    file = read_labels(path, store.size_of(lens), skip_bad=skip_bad, neuronpedia=known, lens=lens)
    book_of(store, lens).add(file.labels)
    return {"imported": len(file.labels), "skipped": len(file.bad)} | ({"first": str(file.bad[0])} if file.bad else {})


def shipped_problems(store: Any, lens: str) -> dict[str, Any]:
    """The first entry of the SAE folder's labels.json that cannot be used, and how many; empty if all can be."""
    from core.errors import DataError
    from core.features.label_files import read_labels
    from core.features.shown_labels import shipped_file

    path = shipped_file(store, lens)
    try:
        if path:
            read_labels(path, store.size_of(lens), origin="shipped", lens=lens)
    except DataError as error:
        return {"problem": str(error)}
    return {}


@takes(asked=Options(Endpoint), price=Options(Prices), spec=Options(SelectionSpec, "lens"))
def label(
    store: Store,
    asked: Asked,
    price: Asked,
    spec: Asked,
    features: Annotated[str, typer.Option(help="Feature numbers, separated by commas.")] = "",
    credited: Annotated[int, typer.Option(help="Else so many of those credited most by greedy picks.")] = 100,
    again: Annotated[bool, typer.Option(help="Also features that this model has labelled.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before sending.")] = False,
    seed: Annotated[int, typer.Option(help="For methods that draw at random.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Label features by a model behind an OpenAI-compatible endpoint, and score each label by detection. Resumable.

    Example: python -m core label --store cache/KEY.duckdb --base-url http://127.0.0.1:8000/v1 --model MODEL
    """
    from core.features.label_examples import example_maker
    from core.features.labeller import estimate, unlabelled
    from core.features.labels import book_of
    from core.session.to_label import wanted_features

    endpoint = Endpoint.given(**asked)
    session, _, task = request(store, budget="1", **spec)
    book, wanted = book_of(session.store, task.lens), wanted_features(session, task, features, credited)
    todo = wanted if again else unlabelled(wanted, book, endpoint.model)
    before = len(wanted) - len(todo)
    tell(f"{many(len(wanted), NOUNS[task.lens])}, {before:,} of them labelled by this model before.")
    make = example_maker(session.store, session.raw_matrix("all", task.lens), task.lens, seed)
    examples = [one for one in map(make, todo) if one.shown]
    if examples and not confirmed(estimate(examples, endpoint, **price), endpoint, yes):
        raise SelectionError("Nothing was sent: answer y, or give --yes.")
    outcomes = run(examples, endpoint, book)
    report(task.lens, outcomes, sorted(set(todo) - {one.feature for one in examples}), as_json)


def confirmed(cost: Any, endpoint: Any, yes: bool) -> bool:
    """Say what will be sent where, and what it costs; ask unless `yes`."""
    tell(cost.told(endpoint))
    return yes or typer.confirm("Send them?", err=True)


def run(examples: list[Any], endpoint: Any, book: Any) -> list[Any]:
    """Label with a progress bar; the outcomes by feature."""
    from core.features.labeller import label_features

    outcomes, started = [], time.time()
    with bar() as progress:
        task = progress.add_task("Labelling", total=len(examples), rate="")
        for outcome in label_features(examples, endpoint, book):
            outcomes.append(outcome)
            rate = f"{60 * len(outcomes) / max(time.time() - started, 1e-9):,.0f} features/min"
            progress.update(task, completed=len(outcomes), rate=rate)
    return sorted(outcomes, key=lambda outcome: outcome.feature)


def report(lens: str, outcomes: list[Any], silent: list[int], as_json: bool) -> None:
    """The labels with their scores, and every feature that has none, with the reason."""
    made = [outcome.label for outcome in outcomes if outcome.label]
    rows = [{"feature": la.feature, "label": la.text, "score": la.score} for la in made]
    problems = [{"feature": o.feature, "problem": o.problem} for o in outcomes if o.problem]
    problems += [{"feature": feature, "problem": "never active in this data set"} for feature in silent]
    scores = [la.score for la in made if la.score is not None]
    mean = sum(scores) / len(scores) if scores else None
    if as_json:
        machine({"lens": lens, "labelled": len(made), "mean score": mean, "labels": rows, "problems": problems})
        return
    show([row | {"score": "—" if row["score"] is None else f"{row['score']:.2f}"} for row in rows])
    show(problems, "Problems")
    average = "" if mean is None else f"; mean score {mean:.2f}"
    print(f"{many(len(made), NOUNS[lens])} labelled, {many(len(problems), 'problem')}{average}")
