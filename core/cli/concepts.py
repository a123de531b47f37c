"""The command that looks up a concept."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.console import machine, show, tell
from core.cli.options import AsJson, Store, request
from core.schema import NOUNS


def concepts(
    store: Store,
    text: Annotated[str, typer.Argument(help="Words or a sentence.")],
    as_json: AsJson = False,
) -> None:
    """Which topics and token features some words activate, which are named for them, and the samples nearest to them.

    Example: python -m core concepts "an apology" --store cache/0123456789abcdef.duckdb
    """
    from core.extract.token_values import pipeline_of
    from core.features.shown_labels import called_of
    from core.session.concepts import concept

    session, workspace, _ = request(store)
    state = workspace.state()
    names = {lens: called_of(session.store, state, lens) for lens in session.store.lenses}
    found = concept(session, pipeline_of(session.store), text, names)
    if as_json:
        machine({"activated": found.activated, "named": found.named, "rows": found.rows, "likeness": found.likeness})
        return
    for lens in session.store.lenses:
        show(
            [{NOUNS[lens]: f, "name": names[lens][f]} for f in found.named[lens]],
            f"{NOUNS[lens].capitalize()}s named for it",
        )
        rows = [{NOUNS[lens]: f, "name": names[lens][f], "value": v} for f, v in found.activated.get(lens, [])]
        show(rows, f"{NOUNS[lens].capitalize()}s that it activates")
    samples = session.store.samples(found.rows.tolist())
    likeness = found.likeness.tolist()
    show([{"row": s.row, "likeness": n, "prompt": s.prompt[:160]} for s, n in zip(samples, likeness, strict=True)])
    tell(f"Looked through: {', '.join(session.store.lenses)}.")
