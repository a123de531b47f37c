"""What steering brings: how many picks are of the kind that twenty examples are of, each way of asking for it.

python -m benchmarks.steering STORE [--words "sql|python|javascript"] [--budget 5%] [--lens tokens]

The kind: samples that say one of the words. Twenty of them, drawn with a seed, are the examples, and are barred from
the picks. A concept is taught by them for the time of the run.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from rich.console import Console
from rich.table import Table

from core.cli.options import parsed_budget
from core.concepts.examples import Examples
from core.concepts.teach import teach
from core.errors import SelectionError
from core.schema import SelectionSpec
from core.scoring.taught import forget
from core.session.search import Query, find
from core.session.session import Session, open_session
from core.session.steering import BY_EXAMPLES, set_apart
from core.system.files import store_at
from core.system.shown import many

EXAMPLES, SEED = 20, 0
NAME, SET = "benchmark of steering", "set:examples"
WORDS = r"(?i)\b(sql|python|javascript|java|html|css)\b"
LEAST = 20  # per cent of the budget that a quota asks for


def asked(session: Session, base: SelectionSpec, concept: str) -> Iterator[tuple[str, SelectionSpec]]:
    """What is asked for, each way as the table names it: nothing, boosts, a quota, targets, a concept."""
    boosts = set_apart(session.matrix_of(base), np.array(base.sets[SET]))
    for method in ("random", "sae-greedy", "sae-gain"):
        yield method, replace(base, method=method)
    for method in ("sae-greedy", "sae-gain"):
        yield f"{method}, {len(boosts)} boosts", replace(base, method=method, boosts=boosts)
    yield f"sae-greedy, quota {LEAST} % of the concept", replace(base, quotas=(f"above:{concept}@0.9>={LEAST}%",))
    for method in BY_EXAMPLES:
        yield method, replace(base, method=method, options={"reference": SET})
    yield "quality by the concept", replace(base, method="quality", options={"score": concept})


def rows(session: Session, base: SelectionSpec, concept: str, kind: np.ndarray) -> Iterator[tuple[str, ...]]:
    """A row of the table for each way. kind bool (N,): the samples that are wanted."""
    of_all = session.info.scores.get("ifd")
    for title, spec in asked(session, base, concept):
        try:
            found = session.selection(spec)
        except SelectionError:  # a quota for more than there is of the concept
            yield (title, *["—"] * 4)
            continue
        ifd = "—" if of_all is None else f"{np.nanmean(of_all[found.rows]):.2f}"
        tokens, wanted = session.info.tokens[found.rows].sum(), kind[found.rows].mean()
        yield title, f"{wanted:.0%}", f"{found.covered_after[-1]:,}", f"{tokens:,}", ifd


def examples_of(kind: np.ndarray) -> np.ndarray:
    """EXAMPLES of the wanted samples, bool (N,), drawn with a seed: their rows, int64 ascending."""
    found = np.flatnonzero(kind)
    if len(found) <= EXAMPLES:
        raise SystemExit(f"The words stand in {many(len(found), 'sample')}: take others with --words.")
    return np.sort(np.random.default_rng(SEED).choice(found, EXAMPLES, replace=False))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=store_at)
    parser.add_argument("--words", default=WORDS, help="A regular expression.")
    parser.add_argument("--budget", default="5%")
    parser.add_argument("--lens", default="tokens")
    given = parser.parse_args()
    session = open_session(given.store)
    n, theta = session.store.n_samples, session.default_theta(lens=given.lens)[0]
    matrix = session.matrix("all", theta, given.lens)
    kind = np.isin(np.arange(n), find(session, matrix, Query(text=given.words, regex=True)))
    examples = examples_of(kind)
    base = SelectionSpec(budget=parsed_budget(given.budget, n), theta=theta, lens=given.lens,
                         bans=tuple(examples.tolist()), sets={SET: tuple(examples.tolist())})  # fmt: skip
    taught = teach(session, base, NAME, Examples(examples, told=SET), Examples(np.zeros(0, np.int64)))
    table = Table("way", "of the kind", "covered", "tokens", "IFD")
    try:
        taught_session = open_session(given.store)  # which knows the score
        for row in rows(taught_session, base, taught.column, kind):
            table.add_row(*row)
    finally:
        forget(session.store, NAME)
    Console(width=110).print(table)
    print(f"{kind.sum() - EXAMPLES:,} of {n - EXAMPLES:,} samples are of the kind; {many(base.budget, 'pick')}; "
          f"the concept's AUC is {max(one[0] for one in taught.auc.values()):.2f} by {taught.by}.")  # fmt: skip


if __name__ == "__main__":
    main()
