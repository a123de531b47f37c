"""A finished feature store, read-only."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import StoreError
from core.schema import LENSES, SCOPES, SEGMENTS, FeatureMatrix, Sample
from core.store.arrays import read_matrix, read_topics, read_vectors, shared
from core.store.meta import check_version, meta_of
from core.store.tables import BEGUN, COUNTS, connect, explained, has_table, samples_of
from core.store.turns import STARTS, starts_of, turns

LACKS = {
    "topics": "has no topics: `python -m core upgrade` adds them without running the model again",
    "tokens": "has no token features: it was made without an SAE",
}
ALL_ALONE = "was made before prompt and response had topics of their own"


class FeatureStore:
    """A finished store, read-only; any number of processes may hold one. One cursor a call keeps threads apart."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = connect(path, read_only=True)
        try:
            self.meta = meta_of(path, self.db)
            check_version(path, self.meta)
        except StoreError:
            self.db.close()
            raise

    def __reduce__(self) -> tuple[Any, ...]:
        return FeatureStore, (self.path.absolute(),)  # another process opens the file for itself

    @property
    def key(self) -> str:
        """The key that names the store."""
        return self.path.stem

    @property
    def version(self) -> int:
        """The version of its tables."""
        return self.meta["schema_version"]

    @property
    def n_features(self) -> int:
        """Number of features F of the SAE."""
        return self.meta["n_features"]

    @property
    def n_samples(self) -> int:
        """Number of samples N."""
        return self.meta["n_samples"]

    @property
    def lenses(self) -> tuple[str, ...]:
        """The lenses that the store can be looked at through: topics, tokens or both."""
        return tuple(lens for lens in LENSES if self.size_of(lens))

    def size_of(self, lens: str) -> int:
        """Number of features F of a lens, 0 where the store does not have it."""
        return self.n_features if lens == "tokens" else (self.meta.get("topics") or {}).get("n_features", 0)

    def thetas(self, scope: str, lens: str) -> list[dict[str, Any]]:
        """The table that the default θ is chosen from, as extraction has left it; empty where it left none."""
        if lens == "topics":
            return self.meta["topics"]["thetas"][scope]
        if scope == "all":
            return self.meta.get("thetas") or []
        return self.meta.get("scope_thetas", {}).get(scope, [])

    def require(self, lens: str, scope: str = "all") -> None:
        """Raise StoreError unless the store has the lens, and topics of that scope."""
        if lens not in LENSES:
            raise StoreError(f"Unknown lens {lens!r}: use one of {', '.join(LENSES)}.")
        if scope not in SCOPES:
            raise StoreError(f"Unknown scope {scope!r}: use one of {', '.join(SCOPES)}.")
        if lens not in self.lenses:
            raise StoreError(f"{self.path.name} {LACKS[lens]}.")
        if lens == "topics" and scope not in self.meta["topics"]["thetas"]:
            raise StoreError(f"{self.path.name} {ALL_ALONE}: extract again, or use the scope all.")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of one statement, on a cursor of its own: a connection shared by threads gives wrong results.

        Raises DamagedError if what it reads was changed or cut off.
        """
        with explained(self.path):
            return self.db.cursor().execute(sql, parameters).fetchall()

    def columns(self, sql: str, parameters: Sequence[Any] = ()) -> dict[str, np.ndarray]:
        """The columns of one statement as arrays, by name; raises as `rows` does."""
        with explained(self.path):
            return self.db.cursor().execute(sql, parameters).fetchnumpy()

    def cursor(self) -> Any:
        """A cursor of its own on the open file, for the functions of this room."""
        return self.db.cursor()

    def close(self) -> None:
        """Close the file: nothing can be asked any more."""
        self.db.close()

    def no_sample(self, row: int) -> StoreError:
        """The error for a row that is not in the store."""
        return StoreError(f"{self.path.name} has no sample {row}: its rows are 0 to {self.n_samples - 1}.")

    def matrix(
        self, scope: str = "all", theta: float | None = None, lens: str = "tokens", rows: range | None = None
    ) -> FeatureMatrix:
        """Features with value > theta over a scope (all, prompt, response), of all samples or `rows`; or StoreError."""
        self.require(lens, scope)
        read = read_topics if lens == "topics" else read_matrix
        with explained(self.path):
            return read(self.db.cursor(), self.n_samples, self.size_of(lens), scope, float(theta or 0.0), rows)

    def samples(self, rows: Iterable[int] | None = None) -> list[Sample]:
        """The samples, or those of `rows` in the order given; Sample.row is the position in the store.

        Raises StoreError for a row that is not there.
        """
        return [
            Sample(row, turns(messages), json.loads(raw), source, json.loads(scores), name)
            for row, messages, raw, source, scores, name in self._picked("messages, raw, source, scores, id", rows)
        ]

    def _picked(self, columns: str, rows: Iterable[int] | None) -> list[tuple[Any, ...]]:
        """sample_id and columns of the samples, or of those of `rows` in the order given; raises StoreError."""
        sql = f"SELECT sample_id, {columns} FROM {samples_of(self.version)}"
        if rows is None:
            return self.rows(f"{sql} ORDER BY sample_id")
        wanted = [int(r) for r in rows]
        by_id = {r[0]: r for r in self.rows(f"{sql} WHERE sample_id IN (SELECT unnest(?::INTEGER[]))", [wanted])}
        missing = next((r for r in wanted if r not in by_id), None)
        if missing is not None:
            raise self.no_sample(missing)
        return [by_id[r] for r in wanted]

    def texts(self, rows: Iterable[int] | None = None) -> list[str]:
        """Prompt and response of the samples, or of those of `rows`, joined by a blank line; raises as `samples`."""
        return [f"{sample.prompt}\n\n{sample.response}" for sample in self.samples(rows)]

    def sample_columns(self, *names: str) -> dict[str, np.ndarray]:
        """Per sample, (N,) each: source_row, the columns of COUNTS, and n_truncated, the tokens that were not read,
        int32; source, id object. A store before version COUNTED counts what was cut as response, and has no ids. names:
        those that are read, all by default: a million ids take a tenth of a gigabyte.
        """
        asked = ", ".join(names or ("source_row", *COUNTS, "n_truncated", "source", "id"))
        table = f"(SELECT *, n_tokens - n_read AS n_truncated FROM {samples_of(self.version)})"
        found = self.columns(f"SELECT {asked} FROM {table} ORDER BY sample_id")
        return found | ({"source": shared(found["source"])} if "source" in found else {})

    def scores(self) -> dict[str, np.ndarray]:
        """Every score column of the data, float64 (N,), NaN where a sample has none."""
        columns: dict[str, np.ndarray] = defaultdict(lambda: np.full(self.n_samples, np.nan))
        for row, scores in self.rows("SELECT sample_id, scores FROM samples WHERE scores <> '{}'"):
            for name, value in json.loads(scores).items():
                columns[name][row] = np.nan if value is None else value
        return dict(sorted(columns.items()))

    def previews(self, rows: Iterable[int] | None = None) -> list[tuple[str, str]]:
        """How prompt and response begin, START characters of each, of the samples or of those of `rows` in that order.

        Raises StoreError for a row that is not there.
        """
        if self.version >= BEGUN:
            return [(prompt, response) for _, prompt, response in self._picked(", ".join(STARTS), rows)]
        begun = starts_of([messages for _, messages in self._picked("messages", rows)])
        return list(zip(*begun.values(), strict=True))

    def pieces(self, row: int) -> tuple[list[str], np.ndarray]:
        """The texts of a sample's tokens, in order, and the segment of each, int8 (T,), −1 for template tokens.

        Raises StoreError for a row that is not there.
        """
        found = self.rows("SELECT pieces, segments FROM samples WHERE sample_id = ?", [int(row)])
        if not found:
            raise self.no_sample(row)
        pieces, segments = found[0]
        return json.loads(pieces), np.frombuffer(segments, np.int8)

    def sample_features(self, row: int) -> dict[str, np.ndarray]:
        """One sample's entries, strongest first: (M,) segment uint8, feature_id int32, value float32, peak int32."""
        return self.columns(
            """SELECT segment, feature_id, value, peak FROM activations WHERE sample_id = ?
            ORDER BY value DESC, feature_id""",
            [int(row)],
        )

    def entries(self, row: int, lens: str, theta: float) -> tuple[np.ndarray, np.ndarray]:
        """One sample's features int32 over all its tokens with value float32 > theta, strongest first."""
        found = self.columns(
            "SELECT feature_id, value FROM topic_activations WHERE sample_id = ? AND scope = 0 AND value > ? "
            "ORDER BY value DESC, feature_id"
            if lens == "topics"
            else "SELECT feature_id, max(value) AS value FROM activations WHERE sample_id = ? AND value > ? "
            "GROUP BY feature_id ORDER BY value DESC, feature_id",
            [int(row), theta],
        )
        return found["feature_id"], found["value"]

    def features(self, lens: str = "tokens") -> dict[str, np.ndarray]:
        """Of every feature that was ever active, ascending: feature_id int32, n_samples int64, max_value float32."""
        table = "topics" if lens == "topics" else "features"
        return self.columns(f"SELECT feature_id, n_samples, max_value FROM {table} ORDER BY feature_id")

    def kinds(self) -> dict[int, str]:
        """The kind of each token feature (see features.kinds); nothing where they were not stored."""
        return dict(self.rows("SELECT feature_id, kind FROM kinds")) if self.has("kinds") else {}

    def has(self, table: str) -> bool:
        """Whether the store has a table."""
        with explained(self.path):
            return has_table(self.cursor(), table)

    def contexts(self, feature: int) -> list[dict[str, Any]]:
        """Where a feature fires: bin (0 the strongest, then from high to low), sample_id, peak, pieces, values, edge.

        The pieces are the texts of the tokens around the peak, the values the feature's there; `peak` counts in them.
        `edge`: whether the token before or after the peak's belongs to another segment or to the template.
        """
        found = self.rows(
            """SELECT c.bin, c.sample_id, c.peak, c.start, c."values", s.pieces, s.segments
            FROM contexts c JOIN samples s USING (sample_id) WHERE feature_id = ? ORDER BY rank""",
            [int(feature)],
        )
        out = []
        for place, sample_id, peak, start, values, pieces, segments in found:
            window = json.loads(pieces)[start : start + len(values)]
            around = segments[max(peak - 1, 0) : peak + 2]
            shown = {"peak": peak - start, "pieces": window, "values": list(values)}
            out.append({"bin": place, "sample_id": sample_id, **shown, "edge": len(around) < 3 or len(set(around)) > 1})
        return out

    def segment_shares(self, feature: int, theta: float) -> dict[str, float]:
        """In which share of all samples a feature exceeds θ, for each segment."""
        found = self.rows(
            "SELECT segment, count(*) FROM activations WHERE feature_id = ? AND value > ? GROUP BY segment",
            [int(feature), float(theta)],
        )
        counts = dict(found)
        return {name: counts.get(i, 0) / max(self.n_samples, 1) for i, name in enumerate(SEGMENTS)}

    def logit_lens(self, feature: int) -> dict[str, list[tuple[str, float]]]:
        """The tokens that a feature promotes and suppresses most, each with its logit per unit of activation."""
        found = self.rows(
            """SELECT promoted, promoted_logits, suppressed, suppressed_logits FROM logit_lens
            WHERE feature_id = ?""",
            [int(feature)],
        ) or [([], [], [], [])]
        promoted, suppressed = (list(zip(*found[0][i : i + 2], strict=True)) for i in (0, 2))
        return {"promoted": promoted, "suppressed": suppressed}

    def directions(self) -> dict[str, np.ndarray]:
        """UMAP coordinates of the decoder directions of the active features: feature_id int32, x, y float32."""
        return self.columns("SELECT feature_id, x, y FROM directions ORDER BY feature_id")

    def faces(self, lens: str = "tokens", tokens: int = 3) -> dict[int, str]:
        """What a feature is called until it has a label: a topic's name, or the commonest tokens at its peaks."""
        if lens == "topics":
            return dict(self.rows("SELECT feature_id, name FROM topics"))
        found = self.rows(
            "SELECT feature_id, list(token ORDER BY rank) FROM contexts WHERE bin = 0 GROUP BY feature_id"
        )
        return {f: " · ".join(commonest([t.strip() for t in peaks], tokens)) for f, peaks in found}

    def projection(self, lens: str = "tokens") -> dict[str, np.ndarray]:
        """UMAP coordinates of the samples by the features of a lens: x, y float32 (N,)."""
        table = "topic_projection" if lens == "topics" else "projection"
        return self.columns(f"SELECT x, y FROM {table} ORDER BY sample_id")

    def embeddings(self, scope: str = "all") -> np.ndarray:
        """Mean vectors of the samples over a scope, float32 (N, d); zeros for a sample without tokens there."""
        with explained(self.path):
            return read_vectors(self.db.cursor(), scope, np.float32)


def commonest(words: list[str], n: int) -> list[str]:
    """The `n` words that occur most often, the earliest first among equals; blanks are left out."""
    return [word for word, _ in Counter(w for w in words if w).most_common(n)]


def open_store(path: str | Path) -> FeatureStore:
    """Open a finished store; raises StoreError if there is none, or extraction has not finished."""
    path = Path(path)
    if path.name.endswith(".partial.duckdb"):
        raise StoreError(f"{path.name} is unfinished: run the same extract command again to complete it.")
    if not path.is_file():
        raise StoreError(f"There is no feature store at {path}: run `python -m core extract` first.")
    return FeatureStore(path)
