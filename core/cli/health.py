"""The command that tells what is wrong with the data."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.console import machine, show, stages, tell
from core.cli.options import AsJson, Asked, Options, Store, request, takes
from core.schema import SelectionSpec

if TYPE_CHECKING:
    import numpy as np

    from core.studies.health import Finding


@takes(spec=Options(SelectionSpec, "method", "budget", "theta", "scope", "seed", "lens", budget="10%"))
def health(
    store: Store,
    spec: Asked,
    against: Annotated[str, typer.Option(help="A file of test questions that the samples must not hold.")] = "",
    check: Annotated[list[str] | None, typer.Option("--check", help="Only this check; repeat it for several.")] = None,
    as_json: AsJson = False,
) -> None:
    """What is wrong with the data: duplicates, broken answers, languages, content that should not be there.

    Each check counts the samples that it finds, and which share they are of those kept and of all. Results are kept.

    Example: python -m core health --store cache/0123456789abcdef.duckdb --check near-duplicates --json
    """
    from core.studies.health import health as run
    from core.studies.health import languages
    from core.studies.languages import told as told_of_languages

    session, _, wanted = request(store, **spec)
    with stages() as told:
        found = run(session.store, check or (), against, told)
        codes = languages(session.store, told) if as_json else {}
    kept = session.selection(wanted).rows
    rows = [told_of(finding, kept, session.store.n_samples) for finding in found.values()]
    if as_json:
        spoken = {part: dict(Counter(column.tolist()).most_common()) for part, column in codes.items()}
        machine({"checks": [row | listed(finding) for row, finding in zip(rows, found.values(), strict=True)],
                 "languages": spoken})  # fmt: skip
        return
    show([{**row, **{name: percent(row[name]) for name in ("of kept", "of all")}} for row in rows])
    for finding in found.values():
        if finding.note:
            tell(f"{finding.check}: {finding.note}")
    for said in () if check else told_of_languages(session, wanted):
        tell(said)


def told_of(finding: Finding, kept: np.ndarray, n: int) -> dict[str, Any]:
    """A finding as a row of the table: the shares of the kept samples and of all n, None where it did not run."""
    import numpy as np

    among = int(np.isin(kept, finding.rows).sum())
    shares = {"of kept": among / max(len(kept), 1), "of all": len(finding.rows) / max(n, 1)} if finding.ran else {}
    return {"check": finding.check, "samples": len(finding.rows) if finding.ran else None,
            "of kept": shares.get("of kept"), "of all": shares.get("of all")}  # fmt: skip


def percent(share: float | None) -> str:
    """A share as the table shows it."""
    return "—" if share is None else f"{share:.1%}"


def listed(finding: Finding) -> dict[str, Any]:
    """The samples of a finding: where in each, and which belong together. Stretches are places, not text."""
    return {
        "note": finding.note,
        "found": [
            {"row": row, "spans": [span._asdict() for span in seen.spans], "detail": seen.detail}
            for row, seen in zip(finding.rows.tolist(), finding.seen, strict=True)
        ],
        "groups": [group.tolist() for group in finding.groups()],
    }
