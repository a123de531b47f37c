"""Small things that several tests need, built without any model."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from core.datasets.samples import file_digest, read_samples
from core.datasets.writers import write_records
from core.matrix.rows import rows_of
from core.matrix.threshold import theta_table
from core.schema import SCOPES, SEGMENTS, FeatureMatrix
from core.selection.inputs import SampleInfo
from core.store.contexts import lots
from core.store.originals import originals_table
from core.store.reader import open_store
from core.store.tables import COUNTS, VECTORS
from core.store.turns import starts
from core.store.writer import StoreWriter

KEY = "0123456789abcdef"
TOPICS = 8


def alpaca(n):
    """`n` Alpaca records whose order of keys and values are easy to spoil."""
    return [
        {"output": f"answer {i} ✓\n" * (i % 4 + 1), "instruction": f"question {i}", "id": i, "score": i / 3}
        for i in range(n)
    ]


def random_matrix(rng, n, f=12):
    dense = rng.random((n, f)) < rng.random(f)
    values = np.where(dense, rng.integers(1, 5, (n, f)), 0).astype(np.float32)
    indptr = np.concatenate([[0], dense.sum(1).cumsum()])
    return FeatureMatrix(indptr, np.nonzero(dense)[1], values[dense], f), values


def info_with(vectors, **scores):
    one = np.ones(len(vectors), int)
    return SampleInfo(one, one, scores, lambda _: vectors)


def tiny_store(
    folder, records, sets_or_values, *, n_features=16, key=KEY, scope="response", topics=None, data=None, **meta
) -> Path:
    """A finished store of `records`, written to `folder`/data.jsonl; of those that cannot be read none is stored.

    `sets_or_values` has, for each sample that can be read, its features, or its features with their values.
    `topics`: the same of the topics of each sample, of which there are TOPICS; without, the store has none. `data`: a
    file to read instead of `records`.
    """
    folder = Path(folder)
    if data is None:
        data = folder / "data.jsonl"
        write_records(records, data, "jsonl")
    samples = list(read_samples(data, skip_bad=True))
    values = [dict(v) if isinstance(v, Mapping) else dict.fromkeys(v, 1.0) for v in sets_or_values]
    assert len(samples) == len(values), f"{len(samples)} samples can be read, {len(values)} sets were given"
    writer = StoreWriter(folder / f"{key}.duckdb")
    entries = [(i, f, v) for i, row in enumerate(values) for f, v in sorted(row.items())]
    writer.write_chunk(
        _samples(samples), originals_table(samples, 0), _activations(entries, scope), _candidates(entries, samples)
    )
    writer.derive()
    angle = np.arange(len(samples), dtype=np.float32)
    writer.table("projection", pa.table({"sample_id": _ints(range(len(samples))), "x": angle, "y": -angle}))
    active = writer.active_features()
    tokens, logits = [["yes", "<b>no</b>"]] * len(active), [[2.0, 1.0]] * len(active)
    lens = {"promoted": tokens, "promoted_logits": logits, "suppressed": tokens, "suppressed_logits": logits}
    writer.table("logit_lens", pa.table({"feature_id": active, **lens}))
    writer.table("directions", pa.table({"feature_id": active, "x": active / 2, "y": -active / 3}))
    facts = {"n_samples": len(samples), "n_features": n_features, "n_blocks": 1, "warnings": [], "version": "0"}
    facts |= {"config": {"data": str(data)}, "digests": {"data": file_digest(data)}, "seconds": 1.0, "tokens": 1}
    if topics is not None:
        facts["topics"] = _write_topics(writer, topics, angle)
    return writer.finish(facts | meta)


def random_store(folder, more, f=16) -> Path:
    """A store of Alpaca records, each with `more` of its own, whose features and topics are drawn at random."""
    rng = np.random.default_rng(3)
    features, topics = ([np.flatnonzero(row) for row in rng.random((len(more), k)) < 0.3] for k in (f, TOPICS))
    records = [record | own for record, own in zip(alpaca(len(more)), more, strict=True)]
    return tiny_store(folder, records, features, n_features=f, topics=topics)


def with_counts(path, whole, read) -> Path:
    """The same store with other token counts: of each segment in the whole sample, and of what was read, int (N, 3)."""
    meta = {name: value for name, value in open_store(path).meta.items() if name != "schema_version"}
    path.rename(path.with_name(f"{path.stem}.partial.duckdb"))
    writer = StoreWriter(path)
    columns = {f"n_{s}_tokens": whole[:, i] for i, s in enumerate(SEGMENTS)}
    columns |= {f"n_read_{s}": read[:, i] for i, s in enumerate(SEGMENTS)}
    columns |= {"n_tokens": whole.sum(1), "n_read": read.sum(1), "sample_id": np.arange(len(whole))}
    writer.set_columns(pa.table({name: column.astype(np.int32) for name, column in columns.items()}))
    return writer.finish(meta)


def matrix_from(rows, n_features):
    """A matrix of features, or of features with their values, for each sample."""
    rows = [sorted((dict(v) if isinstance(v, Mapping) else dict.fromkeys(v, 1.0)).items()) for v in rows]
    indptr = np.cumsum([0, *map(len, rows)])
    feature, value = (np.array([pair[i] for row in rows for pair in row], float) for i in (0, 1))
    return FeatureMatrix(indptr, feature.astype(np.int32), value, n_features)


def _write_topics(writer, topics, angle):
    """Topics of the whole samples, the same of prompt and response; each is called 'topic i'."""
    matrix = matrix_from(topics, TOPICS)
    writer.write_topics(dict.fromkeys(SCOPES, matrix), [f"topic {f}" for f in range(TOPICS)])
    table = {"sample_id": np.arange(len(angle), dtype=np.int32), "x": -angle, "y": angle}
    writer.table("topic_projection", pa.table(table))
    thetas = [asdict(row) for row in theta_table(matrix)]
    return {"folder": "", "digest": "none", "n_features": TOPICS, "own": True, "thetas": dict.fromkeys(SCOPES, thetas)}


def _ints(numbers):
    return pa.array([int(n) for n in numbers], pa.int32())


def _words(sample):
    return sample.response.split() or ["∅"]


def _samples(samples):
    """Words stand for tokens; all pieces are those of the response."""
    counts = [len(_words(s)) for s in samples]
    return pa.table(
        {
            "sample_id": _ints(range(len(samples))),
            "source_row": _ints(s.row for s in samples),
            "raw": [json.dumps(s.raw, default=str) for s in samples],
            "messages": [json.dumps([[m.role, m.content] for m in s.messages]) for s in samples],
            **starts(samples),
            "id": [s.id for s in samples],
            "source": [s.source for s in samples],
            "scores": [json.dumps(dict(s.scores)) for s in samples],
            **_counts([len(s.prompt.split()) for s in samples], counts),
            "pieces": [json.dumps(_words(s)) for s in samples],
            "segments": [np.ones(n, np.int8).tobytes() for n in counts],
        }
        | {name: [np.array([s.row, at], np.float16).tobytes() for s in samples] for at, name in enumerate(VECTORS, 1)}
    )


def _counts(prompt, response):
    """Samples of so many words, all of which were read."""
    none, whole = [0] * len(prompt), [a + b for a, b in zip(prompt, response, strict=True)]
    columns = (prompt, response, none, whole, prompt, response, none, whole)
    return {name: _ints(column) for name, column in zip(COUNTS, columns, strict=True)}


def _activations(entries, scope):
    return pa.table(
        {
            "sample_id": _ints(e[0] for e in entries),
            "segment": pa.array([("prompt", "response").index(scope)] * len(entries), pa.uint8()),
            "feature_id": _ints(e[1] for e in entries),
            "value": pa.array([e[2] for e in entries], pa.float32()),
            "peak": _ints(0 for _ in entries),
        }
    )


def _candidates(entries, samples):
    return pa.table(
        {
            "feature_id": _ints(e[1] for e in entries),
            "value": pa.array([e[2] for e in entries], pa.float32()),
            "sample_id": _ints(e[0] for e in entries),
            "lot": pa.array(lots(*(np.array([e[i] for e in entries], np.int64) for i in (0, 1))), pa.float32()),
            "peak": _ints(0 for _ in entries),
            "start": _ints(0 for _ in entries),
            "token": pa.array([_words(samples[e[0]])[0] for e in entries], pa.string()),
            "values": pa.array([[e[2]] for e in entries], pa.list_(pa.float32())),
        }
    )


def shards_of(matrix, n):
    """A matrix as `n` shards of consecutive rows, or fewer if it has fewer rows: what is read anew at each call."""
    ends = np.linspace(0, matrix.n_samples, min(n, matrix.n_samples) + 1).astype(int).tolist()
    return lambda: (rows_of(matrix, np.arange(a, b)) for a, b in pairwise(ends))
