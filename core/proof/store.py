"""The results of a proof: one DuckDB file, a transaction a run, and what they amount to.

Opened only for as long as a statement takes: a dashboard reads between the runs of a process that adds to it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from core.errors import LockedError, StoreError
from core.proof.config import decisive
from core.store.tables import connect
from core.system.disk import writing
from core.system.kept import plain

TABLES = """
CREATE TABLE IF NOT EXISTS config(text VARCHAR);
CREATE TABLE IF NOT EXISTS held_out(place INTEGER, sample INTEGER, source VARCHAR);
CREATE TABLE IF NOT EXISTS runs(method VARCHAR, budget INTEGER, seed INTEGER, picks INTEGER[], tokens BIGINT,
    trained_tokens BIGINT, seconds DOUBLE, training_loss DOUBLE, losses DOUBLE[], scores VARCHAR, refined VARCHAR);
CREATE TABLE IF NOT EXISTS chosen(method VARCHAR, budget INTEGER, seed INTEGER, picks INTEGER[]);
"""
PATIENCE = 10.0  # seconds to wait for another process's statement


@dataclass(frozen=True)
class Run:
    """One fine-tuned model. rows int64: what it was trained on; tokens read, and those with loss; seconds; losses
    float64 (H,): on each held-out sample, in nats a token; scores: of other tasks by name; refined: the run of
    refinement behind it, if any.
    """

    method: str
    budget: int
    seed: int
    rows: np.ndarray
    tokens: int
    trained_tokens: int
    seconds: float
    training_loss: float
    losses: np.ndarray
    scores: dict[str, float] = field(default_factory=dict)
    refined: str = ""


@dataclass(frozen=True)
class Choice:
    """What a run is to train on, selected ahead of it. rows int64, in the order of the picks."""

    method: str
    budget: int
    seed: int
    rows: np.ndarray


class ProofStore:
    """A proof's database."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def opened(self, read_only: bool = True) -> Iterator[Any]:
        """A connection for one statement or transaction, after up to PATIENCE seconds of waiting for other processes;
        raises StoreError if there is no proof, LockedError if one still holds the file."""
        if read_only and not self.path.exists():
            raise StoreError(f"There is no proof at {self.path}: run `python -m core prove` first.")
        if not read_only:
            with writing(self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True)
        db, until = None, time.monotonic() + PATIENCE
        while db is None:
            try:
                db = connect(self.path, read_only)
            except LockedError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        try:
            yield db
        finally:
            db.close()

    def begin(self, config: dict[str, Any], rows: np.ndarray, source: np.ndarray) -> None:
        """Write what all runs share, unless it is there."""
        with self.opened(read_only=False) as db:
            db.execute(TABLES)
            if not db.execute("SELECT count(*) FROM config").fetchone()[0]:
                db.execute("BEGIN")
                db.execute("INSERT INTO config VALUES (?)", [json.dumps(config)])
                pairs = [(i, row, str(s)) for i, (row, s) in enumerate(zip(rows.tolist(), source, strict=True))]
                db.executemany("INSERT INTO held_out VALUES (?, ?, ?)", pairs)
                db.execute("COMMIT")

    def has(self, method: str, budget: int, seed: int) -> bool:
        """Whether a run is finished."""
        with self.opened() as db:
            return self._has(db, method, budget, seed)

    @staticmethod
    def _has(db: Any, *key: str | int) -> bool:
        return bool(db.execute("SELECT 1 FROM runs WHERE method = ? AND budget = ? AND seed = ?", key).fetchone())

    def add(self, run: Run) -> None:
        """Keep a finished run, unless another process was faster with the same."""
        values = [
            run.method, run.budget, run.seed, run.rows.tolist(), run.tokens, run.trained_tokens, run.seconds,
            run.training_loss, run.losses.tolist(), json.dumps(run.scores), run.refined,
        ]  # fmt: skip
        with self.opened(read_only=False) as db:
            if not self._has(db, run.method, run.budget, run.seed):
                db.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def choose(self, choice: Choice) -> None:
        """Keep what a run is to train on, unless that is known."""
        key = (choice.method, choice.budget, choice.seed)
        if not self.has(*key) and self.choice(*key) is None:
            with self.opened(read_only=False) as db:
                db.execute("INSERT INTO chosen VALUES (?, ?, ?, ?)", [*key, choice.rows.tolist()])

    def choice(self, method: str, budget: int, seed: int) -> np.ndarray | None:
        """The rows that were selected ahead of a run, int64; None if none were."""
        sql = "SELECT picks FROM chosen WHERE method = ? AND budget = ? AND seed = ?"
        with self.opened() as db:
            found = db.execute(sql, [method, budget, seed]).fetchone()
        return None if found is None else np.array(found[0], np.int64)

    def choices(self) -> list[Choice]:
        """What was selected ahead of runs that are not there yet, by seed, budget and method."""
        left = "SELECT * FROM chosen ANTI JOIN runs USING (method, budget, seed) ORDER BY seed, budget, method"
        with self.opened() as db:
            found = db.execute(left).fetchall()
        return [Choice(method, budget, seed, np.array(rows, np.int64)) for method, budget, seed, rows in found]

    def held_out(self) -> np.ndarray:
        """The rows that are measured on, int64 (H,)."""
        with self.opened() as db:
            return db.execute("SELECT sample FROM held_out ORDER BY place").fetchnumpy()["sample"].astype(np.int64)

    def config(self) -> dict[str, Any]:
        """What all runs share."""
        with self.opened() as db:
            return json.loads(db.execute("SELECT text FROM config").fetchone()[0])

    def sources(self) -> np.ndarray:
        """The source of each held-out sample, text (H,)."""
        with self.opened() as db:
            return db.execute("SELECT source FROM held_out ORDER BY place").fetchnumpy()["source"].astype(str)

    def runs(self) -> list[Run]:
        """The finished runs, by budget, method and seed."""
        with self.opened() as db:
            found = db.execute("SELECT * FROM runs ORDER BY budget, method, seed").fetchall()
        return [
            Run(
                m,
                b,
                s,
                np.array(rows, np.int64),
                read,
                trained,
                seconds,
                loss,
                np.array(losses, np.float64),
                json.loads(scores),
                refined,
            )
            for m, b, s, rows, read, trained, seconds, loss, losses, scores, refined in found
        ]


def proofs_of(folder: Path) -> list[ProofStore]:
    """The proofs in a folder, the newest first; a file that is none is passed over."""
    found = []
    for path in sorted(folder.glob("*.duckdb"), key=lambda p: p.stat().st_mtime, reverse=True):
        try:
            ProofStore(path).config()
        except (StoreError, duckdb.Error, TypeError):
            continue
        found.append(ProofStore(path))
    return found


def shared(store: ProofStore) -> dict[str, Any]:
    """What all runs share, as JSON has it; of the model its name, as its path is another one on another machine."""
    config = store.config()
    return plain(decisive(config) | {"model": Path(str(config.get("model", ""))).name})


def take_over(store: ProofStore, path: Path) -> None:
    """Keep the runs and choices of a file by `write_results` that the store does not have: a grid goes on where its
    cache is not.

    Raises StoreError if the file holds something else, or the runs of a proof with other settings.
    """
    try:
        content = json.loads(path.read_text())
        runs = [Run(**run | {"rows": np.array(run["rows"], np.int64), **numbers(run)}) for run in content["runs"]]
        choices = [Choice(**c | {"rows": np.array(c["rows"], np.int64)}) for c in content.get("chosen", ())]
        theirs, own = decisive(content["shared"]), shared(store)
        other = sorted(name for name in {*theirs, *own} if theirs.get(name) != own.get(name))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{path} holds no results of a proof: move it away, or write to another file.") from error
    if other:
        raise StoreError(f"{path} holds a proof with another {', '.join(other)}: write to another file.")
    for run in runs:
        store.add(run)
    for choice in choices:
        store.choose(choice)


def numbers(run: dict[str, Any]) -> dict[str, Any]:
    """The fields of a run in JSON in which null stands for NaN."""
    losses, loss = np.array(run["losses"], np.float64), run["training_loss"]
    return {"losses": losses, "training_loss": float("nan") if loss is None else loss}
