"""The commands that write files for training, and write them again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.console import machine
from core.cli.options import AsJson, Asked, Force, Options, Store, request, takes
from core.errors import SelectionError
from core.schema import SelectionSpec
from core.system.files import store_at
from core.system.shown import many, shown_path

StoreOrNone = Annotated[
    Path | None,
    typer.Option("--store", parser=store_at, metavar="STORE", help="Default: beside the manifest, or in the cache."),
]


def replay(
    manifest: Path,
    out: Annotated[Path | None, typer.Option(help="Where to write the file.")] = None,
    store: StoreOrNone = None,
) -> None:
    """Reproduce an exported file from its manifest, and check that it is the same.

    Example: python -m core replay curated.manifest.json
    """
    from core.export.folder import replay as run

    print(run(manifest, out, store))


@takes(spec=Options(SelectionSpec))
def export(
    store: Store,
    out: Annotated[Path, typer.Option(help="The curated file; rejects and manifest are written beside it.")],
    spec: Asked,
    saved: Annotated[str, typer.Option(help="A selection saved under this name, instead of the options.")] = "",
    format: Annotated[str, typer.Option(help="jsonl, json, parquet or csv. Default: as the file's name ends.")] = "",
    order: Annotated[str, typer.Option(help="input or pick")] = "input",
    to: Annotated[str, typer.Option(help="original, messages, prompt-completion, alpaca or sharegpt")] = "original",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Select, then write the curated file, the rejects with reasons, and a manifest.

    Example: python -m core export --store cache/0123456789abcdef.duckdb --budget 500 --out curated.jsonl
    """
    from core.export.folder import export as write
    from core.export.formats import fields_of, format_of
    from core.export.snippets import snippets

    session, workspace, wanted = request(store, **spec)
    if saved:
        wanted = saved_spec(workspace.state().selections, saved)
    format, chosen = format or format_of(out), session.selection(wanted)
    manifest = write(chosen, session.store, out, format, order, to=to, force=force)
    if as_json:
        machine(manifest)
        return
    what = "" if format_of(out, "") == format else f" as {format}"
    print(f"{many(manifest['n_records'], 'record')}{what} → {shown_path(out)}")
    for each in snippets(str(out), format, to, fields_of(chosen, session.store, to)):
        print(f"\n{each.trainer}:\n\n{each.text.rstrip()}")


def saved_spec(known: dict[str, Any], name: str) -> SelectionSpec:
    """A selection of the workspace by name; raises SelectionError if none is saved under it."""
    from core.export.manifest import spec_from

    if name not in known:
        have = f"saved are {', '.join(known)}" if known else "none is saved"
        raise SelectionError(f"No selection is saved as {name!r}: {have}.")
    return spec_from(known[name])
