"""The command that teaches a concept by examples, lists those that were taught, and deletes one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.console import machine, show, stages, tell
from core.cli.options import AsJson, Asked, Options, Store, request, takes
from core.errors import SelectionError
from core.schema import NOUNS, SelectionSpec

if TYPE_CHECKING:
    import numpy as np

    from core.scoring.taught import Taught
    from core.session.session import Session
    from core.workspace.decisions import WorkspaceState

BINS = 10  # of the histogram
WORTH = {"features": "L1 over features", "vectors": "dense, over vectors"}


@takes(spec=Options(SelectionSpec, "method", "budget", "theta", "scope", "seed", "lens", budget="10%"))
def concept(
    store: Store,
    spec: Asked,
    name: Annotated[str, typer.Argument(help="What it is called; none: list the concepts.")] = "",
    positive: Annotated[list[str] | None, typer.Option(help="Examples: a group, or a file of texts.")] = None,
    negative: Annotated[list[str] | None, typer.Option(help="Counterexamples; default: random others.")] = None,
    by: Annotated[str, typer.Option(help="What scores: features or vectors; default: the better one.")] = "",
    list_: Annotated[bool, typer.Option("--list", help="List the concepts, or tell all of the one named.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Delete the concept and its score column.")] = False,
    as_json: AsJson = False,
) -> None:
    """Teach a concept by ten samples or more of it: every sample gets a score, as the column concept:NAME.

    Groups: set:NAME, tag:NAME, source:NAME, text:WORDS, search:NAME, feature:NUMBER, score:COLUMN>=NUMBER, rows:1,2,3,
    and what `diff` takes; files, which the model reads: a text a line (.txt), or data in any layout.

    Example: python -m core concept "asks for code" --positive text:python --store cache/0123456789abcdef.duckdb
    """
    from core.scoring.taught import all_of, forget, one_of, taught_columns

    session, workspace, wanted = request(store, **spec)
    state = workspace.state()
    if delete:
        forget(session.store, name)
        tell(f"The concept “{name}” and its scores are deleted.")
    elif not name or (list_ and not positive):
        known = [one_of(session.store, name)] if name else list(all_of(session.store).values())
        machine({one.name: vars(one) for one in known}) if as_json else listed(known)
    else:
        taught = taught_now(session, wanted, state, name, positive or [], negative or [], by)
        score = taught_columns(session.store)[taught.column]
        if as_json:
            machine(vars(taught) | {"column": taught.column, "histogram": parts_of(score)})
        else:
            report(session, state, taught, score)


def taught_now(
    session: Session, spec: SelectionSpec, state: WorkspaceState, name: str, positive: list[str], negative: list[str],
    by: str,
) -> Taught:  # fmt: skip
    """Teach it from groups and files, with a bar; the model is loaded if there are texts."""
    from core.concepts.examples import given
    from core.concepts.teach import teach
    from core.extract.token_values import pipeline_of

    if not positive:
        raise SelectionError(f"Say what is an example of “{name}”: --positive set:NAME, text:WORDS, or a file.")
    sides = [given(session, spec, state, names) for names in (positive, negative)]
    pipeline = pipeline_of(session.store) if any(side.texts for side in sides) else None
    with stages() as told:
        return teach(session, spec, name, sides[0], sides[1], by, pipeline, told)


def listed(known: list[Taught]) -> None:
    """The concepts as a table."""
    if not known:
        tell("No concept was taught on this store.")
    show([
        {"name": one.name, "examples": one.positive, "n": one.n_positive, "against": one.negative,
         **{WORTH[kind]: interval(found) for kind, found in one.auc.items()}, "scores by": one.by}
        for one in known
    ])  # fmt: skip


def interval(found: Any) -> str:
    """An AUC with its interval."""
    value, low, high = found
    return f"{value:.2f} ({low:.2f}–{high:.2f})"


def report(session: Session, state: WorkspaceState, taught: Taught, score: np.ndarray) -> None:
    """How good it is, which features it uses, and how the samples score."""
    from core.concepts.told import reliable, verdict
    from core.features.shown_labels import called_of

    show([{"probe": WORTH[kind], "AUC, 95 %": interval(found), "scores": "yes" if kind == taught.by else ""}
          for kind, found in taught.auc.items()],
         f"{taught.name}: {taught.n_positive} examples, {taught.n_negative} counterexamples")  # fmt: skip
    names, noun = called_of(session.store, state, taught.lens), NOUNS[taught.lens]
    show([{noun: f, "name": names.get(f, ""), "weight": f"{weight:+.2f}"} for f, weight in taught.features[:20]],
         f"{noun.capitalize()}s that it uses: {len(taught.features)}")  # fmt: skip
    show([{"score from": edge, "samples": count} for edge, count in parts_of(score).items()])
    for said in (*taught.notes, verdict(taught)):
        tell(said)
    high = int((score >= 0.5).sum())
    then = f' To never keep them: `ban --group "score:{taught.column}>=0.5"`.' if reliable(taught) else ""
    tell(f"{high:,} of {len(score):,} samples score 0.5 or more, in the column {taught.column}.{then}")


def parts_of(score: np.ndarray) -> dict[str, int]:
    """How many of the scores float (N,) lie in each of ten equal parts of [0, 1], by where it begins."""
    from core.concepts.told import histogram

    edges, counts = histogram(score, BINS)
    return {f"{edge:.1f}": count for edge, count in zip(edges[:-1].tolist(), counts.tolist(), strict=True)}
