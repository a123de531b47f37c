"""Store files as another program sees them: their tables, and a process that has one open."""

import subprocess
import sys
from contextlib import contextmanager

import duckdb

from core.datasets.originals import Packed
from core.schema import SEGMENTS
from core.store.reader import open_store
from core.store.tables import COUNTS
from core.store.turns import STARTS


def rows(path, sql):
    with duckdb.connect(str(path), read_only=True) as db:
        return db.execute(sql).fetchall()


def content_of(path):
    """Every table of a store, row by row; of meta, what does not depend on the run; originals one by one, however they
    were packed.
    """
    tables = [name for (name,) in rows(path, "SELECT table_name FROM duckdb_tables() ORDER BY table_name")]
    found = {name: rows(path, f"SELECT * FROM {name}") for name in tables}
    if packs := found.get("originals"):
        found["originals"] = [str(one) for _, *packed in sorted(packs) for one in Packed(*packed).unpacked()]
    found["meta"] = [pair for pair in found["meta"] if pair[0] not in ("seconds", "interpret_seconds")]
    return found


def active_sets(path):
    matrix = open_store(path).matrix()
    return [matrix.row(i).tolist() for i in range(matrix.n_samples)]


def with_earlier_samples(db):
    """The samples of an open store as they were before version 4: they counted what was read, and what was cut."""
    db.execute("ALTER TABLE samples DROP COLUMN id")
    db.execute("DROP TABLE originals")
    parts = ", ".join(f"n_read_{name} AS n_{name}_tokens" for name in SEGMENTS)
    own = ", ".join((*COUNTS, *STARTS))
    db.execute(
        f"""CREATE OR REPLACE TABLE samples AS SELECT * EXCLUDE ({own}), {parts},
        n_tokens - n_read AS n_truncated FROM samples ORDER BY sample_id"""
    )


@contextmanager
def held(path, until="sys.stdin.read()"):
    """Another process has the file open for writing until it has run `until`: without, until the block ends."""
    code = f"import duckdb, sys, time; db = duckdb.connect(sys.argv[1]); print('held', flush=True); {until}"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield
        process.communicate("")
