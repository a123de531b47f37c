"""Score columns: one number a sample, some of a language model's reading of it, kept beside the store.

Shapes: N samples, S sequences, M scored tokens, d the width of the model, V its vocabulary.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ModelError, SelectionError
from core.lm.chat import template_digest
from core.lm.language_model import LanguageModel
from core.lm.sources import DTYPES, load_lm, resolve_device
from core.sae.loading import at_hand
from core.scoring.sample_scores import FORMS, SCORES, Scorer, read_chunk
from core.scoring.taught import taught_columns
from core.store.reader import FeatureStore
from core.system.files import cache_dir, cache_path, replacing
from core.system.kept import damaged, read_array, write_array

VERSION = 2  # of the definitions below: a change of what a score means needs another
CHUNK = 256  # samples written at once: what a crash can cost
AGAIN = "and `python -m core score` computes what is missing"
UNDEFINED = -np.inf  # computed, and there is no value; NaN in a file is not yet computed

OnProgress = Callable[[int, int], None]  # content tokens read, of how many


def score_columns(store: FeatureStore) -> dict[str, np.ndarray]:
    """Every score column at hand, float64 (N,): those of the data, which win over others of their name, the finished
    computed ones (`<column>@<model>` by another model than the store's), those of concepts taught by examples
    (`concept:<name>`) and the token counts. Loads no model.
    """
    return count_columns(store) | finished_columns(store) | taught_columns(store) | store.scores()


def compute_scores(
    store: FeatureStore,
    names: Sequence[str] = ("perplexity", "ifd"),
    model: str = "",
    on_progress: OnProgress = lambda done, total: None,
) -> dict[str, np.ndarray]:
    """The columns `names` of SCORES, float64 (N,), NaN where undefined; what is not there yet is computed and kept.

    `model`: a hub id, a folder or a GGUF file; its columns are called `<column>@<model>`. Empty: the store's own.
    Raises SelectionError for an unknown name, ModelError as `load_lm` does and if the store's model has changed.
    """
    unknown = [name for name in names if name not in SCORES]
    if unknown:
        raise SelectionError(f"There is no score {unknown[0]!r} to compute: use {', '.join(SCORES)}.")
    read, folder, suffix = [name for name in names if SCORES[name].forms], score_folder(store), ""
    own = model in ("", store.meta["config"].get("model"))
    if read and not (own and all((folder / f"{name}.npy").exists() for name in read)):
        scorer = load_scorer(store, model)
        suffix = "" if own else model_suffix(scorer.lm, folder)
        fill(store, scorer, {name: folder / f"{name}{suffix}.npy" for name in read}, on_progress)
    have = count_columns(store) | finished_columns(store)
    columns = [name + suffix if name in read else name for name in names]
    return {column: have[column] for column in columns}


def missing_columns(store: FeatureStore) -> list[str]:
    """The scores by the store's own model that are not computed yet."""
    folder = score_folder(store)
    return [name for name, score in SCORES.items() if score.forms and not (folder / f"{name}.npy").exists()]


def to_read(store: FeatureStore, names: Sequence[str]) -> int:
    """How many content tokens a model reads for the columns `names`, what other columns share counted once."""
    columns, forms = store.sample_columns(), {form for name in names for form in SCORES[name].forms}
    return int(sum(columns[part].sum() for form in forms for part in FORMS[form].counts))


def count_columns(store: FeatureStore) -> dict[str, np.ndarray]:
    """The columns of SCORES that need no model, float64 (N,)."""
    columns = store.sample_columns(*{c for s in SCORES.values() if not s.forms for c in s.inputs})
    return {name: s.value(*(columns[c] for c in s.inputs)) for name, s in SCORES.items() if not s.forms}


def finished_columns(store: FeatureStore) -> dict[str, np.ndarray]:
    """The computed columns that are complete, float64 (N,), NaN where undefined.

    Raises DamagedError for one that is damaged, once.
    """
    paths = sorted(p for p in score_folder(store).glob("*.npy") if not p.name.endswith(".partial.npy"))
    return {path.name.removesuffix(".npy"): read_array(path, (store.n_samples,), AGAIN) for path in paths}


def score_folder(store: FeatureStore) -> Path:
    """Where the store's scores are kept, whether it is there or not: named by what decides their values, so stores of
    the same samples and model share them, whatever their features.

    The dtype is not in the name, so that finished columns stay valid, whichever it was. Within a column none are
    mixed: see `partial_of`.
    """
    own = store.meta["digests"]
    digests = {name: own[name] for name in ("data", "model", "template") if name in own}
    config = {name: store.meta["config"].get(name) for name in ("max_tokens", "limit", "skip_bad", "columns")}
    text = json.dumps([VERSION, store.n_samples, digests, config], sort_keys=True)
    return cache_dir() / "scores" / hashlib.sha256(text.encode()).hexdigest()[:12]


def columns_version() -> tuple[tuple[str, int], ...]:
    """Changes whenever a score column is begun, finished or removed, of whatever store: a key for caches."""
    folders = (path for kind in ("scores", "concepts") for path in cache_path(kind).glob("*") if path.is_dir())
    return tuple(sorted((path.name, path.stat().st_mtime_ns) for path in folders))


def load_scorer(store: FeatureStore, model: str) -> Scorer:
    """Load a model as the store's extraction did, or the store's own if `model` is empty.

    Raises ModelError as `load_lm` does, and if the store's own model is no longer the one that the store was made with.
    """
    config, own, device = store.meta["config"], store.meta["digests"], resolve_device("auto")
    dtype = config["dtype"] if config["device"] == device else "auto"
    lm = load_lm(model or at_hand(config["model"]), device, dtype)
    found = {"model": lm.digest, "template": template_digest(lm.tokenizer)}
    if model in ("", config["model"]) and any(own.get(name, digest) != digest for name, digest in found.items()):
        raise ModelError(f"{config['model']} has changed since {store.path.name} was extracted with it: extract again.")
    return Scorer(lm, config["max_tokens"], config["batch_tokens"])


def model_suffix(lm: LanguageModel, folder: Path) -> str:
    """`@` and the model's name, fit for a file name; what another model of that name left in the folder is deleted."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", lm.name).strip("-.")[-100:]
    note, digest = folder / f"{name}.digest", f"{lm.digest} {template_digest(lm.tokenizer)}"
    if not note.exists() or note.read_text(encoding="utf-8") != digest:
        folder.mkdir(parents=True, exist_ok=True)
        for score in SCORES:
            remove_partials(column := folder / f"{score}@{name}.npy")
            column.unlink(missing_ok=True)
        with replacing(note) as temporary:
            temporary.write_text(digest, encoding="utf-8")
    return f"@{name}"


def fill(store: FeatureStore, scorer: Scorer, paths: Mapping[str, Path], on_progress: OnProgress) -> None:
    """Compute what the columns still miss, chunk by chunk; each goes to its path when it is complete.

    Until then it is in `<column>.<dtype>.partial.npy`, so that a run that was killed is continued after its last chunk.
    """
    partials = {name: partial_of(p, scorer.lm.dtype) for name, p in paths.items() if not p.exists()}
    columns = {name: open_partial(path, store.n_samples) for name, path in partials.items()}
    counts, todo = store.sample_columns(), list(missing(columns))
    size: dict[str, np.ndarray] = {f: np.sum([counts[c] for c in FORMS[f].counts], 0) for f in forms_of(columns)}
    left = [int(sum(size[form][rows].sum() for form in forms_of(names))) for rows, names in todo]
    whole = int(sum(map(np.sum, size.values())))
    done = whole - sum(left)
    for (rows, names), cost in zip(todo, left, strict=True):
        losses = {form: np.full(len(rows), np.nan) for form in forms_of(names)}
        for share in read_chunk(scorer, store.samples(rows), losses):
            on_progress(done + int(share * cost), whole)
        for name in names:
            value = SCORES[name].value(*(losses[form] for form in SCORES[name].inputs))
            columns[name][rows] = np.where(np.isfinite(value), value, UNDEFINED)
            columns[name].flush()
        done += cost
        on_progress(done, whole)
    for name in list(columns):
        finish(np.array(columns.pop(name)), paths[name])


def partial_of(path: Path, dtype: str) -> Path:
    """Where a column is kept while it is computed: by the model's dtype, since another machine may choose another.

    A column is then of one dtype throughout. Its final name leaves it out: columns that are there stay valid.
    """
    return path.with_name(f"{path.stem}.{dtype}.partial.npy")


def remove_partials(path: Path) -> None:
    """Remove what is under way of a column, in whatever dtype, and what earlier versions left without one."""
    for partial in [path.with_name(f"{path.stem}.partial.npy"), *(partial_of(path, dtype) for dtype in DTYPES)]:
        partial.unlink(missing_ok=True)  # missing: another process was faster


def open_partial(path: Path, n_samples: int) -> np.memmap:
    """The memory map float64 (N,) of a column under way; a new one holds NaN from its first moment on.

    Raises DamagedError if an earlier run's is damaged, once: it is set aside.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, temporary.open("wb") as out:
            np.save(out, np.full(n_samples, np.nan))
    try:
        np.load(path, mmap_mode="r")  # to write, numpy would fill up a file that was cut short, and zeros are scores
        column = np.load(path, mmap_mode="r+")
    except (ValueError, EOFError, SyntaxError) as error:
        raise damaged(path, AGAIN) from error
    if column.shape != (n_samples,) or column.dtype != np.float64:
        raise damaged(path, AGAIN)
    return column


def finish(values: np.ndarray, path: Path) -> None:
    """Give a complete column its final name, with NaN for what is undefined; its partial files go."""
    write_array(path, np.where(values == UNDEFINED, np.nan, values))
    remove_partials(path)


def missing(columns: Mapping[str, np.ndarray]) -> Iterator[tuple[np.ndarray, list[str]]]:
    """Of each chunk the rows, int64, that a column misses, and the names of the columns that miss any."""
    for start in range(0, max(map(len, columns.values()), default=0), CHUNK):
        absent = {name: np.isnan(column[start : start + CHUNK]) for name, column in columns.items()}
        names = [name for name in absent if absent[name].any()]
        if names:
            yield start + np.flatnonzero(np.any([absent[name] for name in names], axis=0)), names


def forms_of(names: Sequence[str] | Mapping[str, Any]) -> list[str]:
    """The forms that the columns need, each once."""
    return sorted({form for name in names for form in SCORES[name].forms})
