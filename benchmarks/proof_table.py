"""The tables of a file of results, as docs/evidence.md has them: python -m benchmarks.proof_table docs/proof.json

The results, compared by the held-out loss on all sources or on those of --measured alone; where the file knows it, what
the picks consist of. --into writes them to a text in place of its tables with the same columns.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from core.proof.results import Result, results
from core.proof.store import ProofStore, take_over
from core.proof.view import MARKS, mark, sources
from core.settings import words

COLUMNS = ("method", "samples", "seeds", "tokens", "minutes", "loss", "spread", "of full's gain",
           "better than random (95 %)", "p, Holm")  # fmt: skip
NOTHING = "—"


def stored(path: Path, folder: Path) -> ProofStore:
    """The runs of a file in a database in a folder."""
    content = json.loads(path.read_text(encoding="utf-8"))
    store, source = ProofStore(folder / "proof.duckdb"), np.array(content["sources"])
    store.begin(content["shared"], np.array(content.get("held_out", range(len(source))), np.int64), source)
    take_over(store, path)
    return store


def read_results(path: Path, measured: Sequence[str] = ()) -> list[Result]:
    """The results of a file, on all sources or those `measured`."""
    with TemporaryDirectory() as folder:
        return results(stored(path, Path(folder)), measured)


def in_order(rows: Sequence[Result]) -> list[Result]:
    """The model as it came, then by budget and loss, then full."""
    return sorted(rows, key=lambda r: (r.method == "full", r.budget, r.loss, r.method))


def signed(value: float) -> str:
    """A difference with its sign."""
    return f"{value:+.3f}".replace("-", "−")


def told(result: Result, base: Result | None, full: Result | None) -> list[str]:
    """A row of the table, without the losses by source."""
    known, p = np.isfinite(result.low), result.p_holm
    gain = (base.loss - result.loss) / (base.loss - full.loss) if base and full else float("nan")
    return [
        result.method,
        f"{result.samples:,.0f}",
        f"{result.seeds}",
        f"{result.tokens:,.0f}",
        f"{result.seconds / 60:.1f}",
        f"{result.loss:.3f}",
        f"{result.spread:.4f}" if np.isfinite(result.spread) else NOTHING,
        f"{gain:.0%}" if np.isfinite(gain) else NOTHING,
        f"{signed(result.better)} ({signed(result.low)} to {signed(result.high)})" if known else
        signed(result.better) if np.isfinite(result.better) else NOTHING,
        NOTHING if not np.isfinite(p) else "< 0.005" if p < 0.005 else f"{p:.2f}",
    ]  # fmt: skip


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are numbers."""
    lines = [" | ".join(row) for row in (head, *rows)]
    rule = "---|" + "--:|" * (len(head) - 1)
    return "\n".join([f"| {lines[0]} |", f"|{rule}", *(f"| {line} |" for line in lines[1:])])


def results_table(rows: Sequence[Result]) -> str:
    """All results, with the loss on each source and, where there are any, the scores of what the models wrote."""
    base, full, names = mark(rows, "base"), mark(rows, "full"), sources(rows)
    scores = sorted({name for r in rows for name in r.scores})
    found = [
        [*told(r, base, full), *(f"{r.by_source[name]:.3f}" for name in names),
         *(f"{r.scores[name]:.1%}" if name in r.scores else NOTHING for name in scores)]
        for r in in_order(rows)
    ]  # fmt: skip
    return markdown([*COLUMNS, *names, *scores], found)


def picks_table(picks: Sequence[Mapping[str, Any]]) -> str:
    """Which share of each method's picks has which label: of spoiled ones and the like, then of each source."""
    parts = sorted({(by == "source", by, name) for row in picks for by, shares in row.items()
                    if isinstance(shares, Mapping) for name in shares})  # fmt: skip
    head = [name if by == "source" else f"{by}: {name}" for _, by, name in parts]
    rows = [
        [row["method"], f"{row['budget']:,}" if row["budget"] else NOTHING,
         *(f"{row.get(by, {}).get(name, 0):.1%}" for _, by, name in parts)]
        for row in sorted(picks, key=lambda row: (row["budget"], row["method"])) if row["method"] not in MARKS
    ]  # fmt: skip
    return markdown(["method", "samples", *head], rows)


def tables(path: Path, measured: Sequence[str] = ()) -> str:
    """The tables of a file."""
    rows = read_results(path, measured)
    picks = json.loads(path.read_text(encoding="utf-8")).get("picks")
    return "\n\n".join([results_table(rows), *([picks_table(picks)] if picks else [])])


def put_into(path: Path, own: str) -> None:
    """Write tables to a text, each in place of the one of its head; raises SystemExit where a table has no place."""
    text = path.read_text(encoding="utf-8")
    for table in own.split("\n\n"):
        place = re.compile(re.escape(table.splitlines()[0]) + r"\n(\|.*\n)*")
        if not place.search(text):
            raise SystemExit(f"{path} has no table that begins {table.splitlines()[0]}")
        text = place.sub(lambda _, table=table: f"{table}\n", text, count=1)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--measured", default="", help="Sources, separated by commas. Default: all.")
    parser.add_argument("--into", type=Path, help="A text with tables of the same columns.")
    asked = parser.parse_args()
    found = tables(asked.file, words(asked.measured))
    put_into(asked.into, found) if asked.into else print(found)
