"""The command that finds samples."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.console import machine, show, tell
from core.cli.options import AsJson, Asked, Options, Store, request, takes
from core.schema import SelectionSpec
from core.settings import setting
from core.system.shown import many

if TYPE_CHECKING:
    from core.session.search import Query


@dataclass(frozen=True)
class Conditions:
    """What a sample must be like, as it is typed; all conditions must hold."""

    text: str = setting("", "Part of any turn, whatever the case.")
    regex: bool = setting(False, "The text is a regular expression (RE2).", option="--regex")
    feature: tuple[int, ...] = setting((), "A feature that must be active; repeat it.")
    lacks: tuple[int, ...] = setting((), "A feature that must not be active; repeat it.")
    min_tokens: int | None = setting(None, "Shortest sample.")
    max_tokens: int | None = setting(None, "Longest sample.")
    source: str | None = setting(None, "The source of the sample, as in the data.")
    language: str | None = setting(None, "The language of the answer, a code such as en or de.")
    health: str = setting("", "A health check that found it, such as near-duplicates.")
    score: str = setting("", "Score column for the two bounds.")
    min_score: float | None = setting(None, "Lowest score.")
    max_score: float | None = setting(None, "Highest score.")
    status: str = setting("all", "all, picked or rejected, by the method and budget below")
    read: str = setting("all", "How it was read: whole, prompt cut, answer cut or answer not read; or all.")

    @property
    def query(self) -> Query:
        """The conditions as `find` takes them."""
        from core.session.search import Query

        tokens, bounds = (self.min_tokens, self.max_tokens), (self.min_score, self.max_score)
        return Query(
            text=self.text, regex=self.regex, has=tuple(self.feature), lacks=tuple(self.lacks), tokens=tokens,
            source=self.source, language=self.language, health=self.health, score_column=self.score, score=bounds,
            status=self.status, read=self.read,
        )  # fmt: skip


@takes(
    conditions=Options(Conditions),
    spec=Options(SelectionSpec, "method", "budget", "theta", "scope", "seed", "lens", budget="10%"),
)
def search(
    store: Store,
    conditions: Asked,
    spec: Asked,
    limit: Annotated[int, typer.Option(help="Samples listed; the count is of all.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Find samples by text, features, length, source, language, finding, score and status; all conditions must hold.

    Example: python -m core search --store cache/0123456789abcdef.duckdb --text python --feature 12 --status rejected
    """
    from core.session.search import find

    session, _, wanted = request(store, **spec)
    query = Conditions(**conditions).query
    picked = session.selection(wanted).rows if query.status != "all" else ()
    matrix, started = session.matrix_of(wanted), time.perf_counter()
    rows = find(session, matrix, query, picked)
    seconds = time.perf_counter() - started
    if as_json:
        machine({"count": len(rows), "theta": wanted.theta, "seconds": seconds, "rows": rows})
        return
    tokens, shown = session.info.tokens, session.store.samples(rows[:limit])
    show([{"row": s.row, "prompt": s.prompt[:160], "tokens": int(tokens[s.row])} for s in shown])
    tell(
        f"{len(rows):,} of {many(matrix.n_samples, 'sample')} in {seconds:.2f} s, "
        f"θ = {wanted.theta:.4g} (lens: {wanted.lens})"
    )
