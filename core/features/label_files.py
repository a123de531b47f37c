"""Files of labels: SAElect's own, and Neuronpedia's export of explanations; JSON or JSON Lines, gzip of either.

Own: objects with `feature`, `label`, `source`, `date`, `score`, `author`, `lens` (the last five may be missing).
Neuronpedia (v1/MODEL/SOURCE/explanations/batch-N.jsonl.gz of its exports, or /api/explanation/export): objects with
`index` (text or number), `description`, `modelId`, `layer` (the source), `explanationModelName`, and maybe `scores`.

And where Neuronpedia shows a feature, by the table of pretrained SAEs that sae-lens carries; nothing is fetched.
"""

from __future__ import annotations

import importlib.util
import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from core.datasets.containers import RecordFile
from core.datasets.readers import READERS
from core.datasets.rows import BadRow, Record, shorten
from core.errors import DataError
from core.features.labels import SOURCES, Label, cleaned
from core.settings import whole_number
from core.system.files import replacing


@dataclass(frozen=True)
class LabelFile:
    """What a file holds: the labels, and the entries that cannot be used."""

    labels: list[Label]
    bad: list[BadRow]


class _EntryError(Exception):
    """An entry that cannot be used: (reason, field, value)."""


def read_labels(
    path: Path,
    n_features: int,
    *,
    skip_bad: bool = False,
    origin: str = "imported",
    neuronpedia: str | None = None,
    lens: str = "tokens",
) -> LabelFile:
    """The labels of a file for features of a lens; of several for one by one author, the one with the best score.

    Their source is `origin`, but a model's own stay `auto`, and in an SAE's folder (origin `shipped`) a person's stay
    `manual`. `neuronpedia`: model/source that its explanations must belong to. Raises DataError, which counts the bad
    entries and names the first with its field and value, unless `skip_bad` and some entries are good.
    """
    good, bad = [], []
    for where, entry, _ in _entries(Path(path)):
        try:
            good.append(_label(entry, n_features, origin, neuronpedia, lens))
        except _EntryError as error:
            bad.append(BadRow(where, error.args[0], error.args[1], shorten(error.args[2])))
    if bad and not (skip_bad and good):
        first = f"{bad[0].field}: {bad[0]}" if bad[0].field else str(bad[0])
        raise DataError(f"{path}: {len(bad):,} of {len(bad) + len(good):,} entries cannot be used; first: {first}.")
    return LabelFile(_one_an_author(good), bad)


def _entries(path: Path) -> Iterator[Record]:
    """The objects of a file, gzip or not; raises DataError unless they are JSON, whole, and at least one."""
    if not path.is_file():
        raise DataError(f"There is no file of labels at {path}.")
    file, n = RecordFile(path), 0
    if file.format not in ("JSON array", "JSON Lines", "JSON object"):
        raise DataError(f"{path} is {file.format}: labels are read from JSON or JSON Lines.")
    file.format = "JSON array" if file.format == "JSON array" else "JSON Lines"  # an explanation may hold lists
    for n, record in enumerate(READERS[file.format](file), 1):  # noqa: B007
        yield record
    if file.truncated_at or not n:
        raise DataError(f"{path} " + (f"breaks off in {file.truncated_at}." if file.truncated_at else "has no labels."))


def _label(entry: Any, n_features: int, origin: str, neuronpedia: str | None, lens: str) -> Label:
    if isinstance(entry, BadRow):
        raise _EntryError(entry.reason, "", entry.value)
    if not isinstance(entry, dict):
        raise _EntryError("is not an object", "", entry)
    if entry.get("lens", lens) != lens:
        raise _EntryError(f"is not {lens}", "lens", entry["lens"])
    feature = _feature(entry, n_features)
    if "description" in entry:
        _check_sae(entry, neuronpedia)
        author = cleaned(str(entry.get("explanationModelName") or ""))
        text, date = _text(entry, "description"), _date(entry, "createdAt")
        return Label(feature, text, origin, date, _neuronpedia_score(entry), author)
    source = entry.get("source") or origin
    if source not in SOURCES:
        raise _EntryError(f"is none of {', '.join(SOURCES)}", "source", source)
    source = source if source == "auto" or (source == "manual" and origin == "shipped") else origin
    author = cleaned(str(entry.get("author") or ""))
    return Label(feature, _text(entry, "label"), source, _date(entry, "date"), _score(entry.get("score")), author)


def _feature(entry: dict[str, Any], n_features: int) -> int:
    name = "feature" if "feature" in entry else "index"
    value = entry.get(name)
    number = whole_number(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < n_features:
        raise _EntryError(f"is no feature of this SAE, 0 to {n_features - 1}", name, value)
    return number


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not cleaned(value):
        raise _EntryError("is blank or no text", name, value)
    return cleaned(value)


def _date(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name) or ""
    if not isinstance(value, str):
        raise _EntryError("is no text", name, value)
    return cleaned(value, 40)


def _score(value: Any, name: str = "score") -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise _EntryError("is no number from 0 to 1", name, value)
    return float(value)


def _neuronpedia_score(entry: dict[str, Any]) -> float | None:
    """The best of its scores; those outside [0, 1] (correlations) are not comparable and are left out."""
    scores = entry.get("scores") or []
    if not isinstance(scores, list):
        raise _EntryError("is no list", "scores", scores)
    values = [score.get("value") for score in scores if isinstance(score, dict)]
    known = [float(v) for v in values if isinstance(v, int | float) and math.isfinite(v) and 0 <= v <= 1]
    return max(known, default=None)


def _check_sae(entry: dict[str, Any], neuronpedia: str | None) -> None:
    """Refuse the explanations of another SAE, where it is known which is meant."""
    if neuronpedia and entry.get("modelId") and entry.get("layer"):
        found = f"{entry['modelId']}/{entry['layer']}"
        if found != neuronpedia:
            raise _EntryError(f"is not this store's SAE, {neuronpedia}", "modelId/layer", found)


def _one_an_author(labels: list[Label]) -> list[Label]:
    kept: dict[tuple[int, str, str], Label] = {}
    for label in labels:
        key = (label.feature, label.source, label.author)
        if key not in kept or (label.score or 0) > (kept[key].score or 0):
            kept[key] = label
    return list(kept.values())


def write_labels(path: Path, labels: Iterable[Label], lens: str = "tokens") -> int:
    """Write labels of a lens in SAElect's format, by feature; their number. Raises DataError if the file cannot be."""
    rows = []
    for label in sorted(labels, key=lambda la: la.feature):
        entry = asdict(replace(label, text=cleaned(label.text)))
        rows.append({"feature": entry.pop("feature"), "label": entry.pop("text"), **entry, "lens": lens})
    try:
        with replacing(Path(path)) as temporary:
            temporary.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error
    return len(rows)


SITE = "https://www.neuronpedia.org"
TABLE = "pretrained_saes.yaml"


@cache
def neuronpedia_id(sae_source: str) -> str | None:
    """model/source of a `release/sae_id` of sae-lens's table, None if it has none.

    Only the release's part of the table is parsed, and sae-lens is not imported: that would bring torch into a page.
    """
    import yaml

    release, _, sae_id = sae_source.partition("/")
    package = importlib.util.find_spec("sae_lens")
    table = Path(package.origin).with_name(TABLE) if package and package.origin else None
    if not sae_id or table is None or not table.is_file():
        return None
    block = re.search(rf"^{re.escape(release)}:\n(?:[ -].*\n|\n)*", table.read_text(encoding="utf-8"), re.MULTILINE)
    entries = yaml.safe_load(block[0])[release]["saes"] if block else []
    return next((entry.get("neuronpedia") for entry in entries if entry["id"] == sae_id), None)


def neuronpedia_url(sae_source: str, feature: int) -> str | None:
    """The page of a feature on neuronpedia.org; None for an SAE that is not there."""
    found = neuronpedia_id(sae_source)
    return f"{SITE}/{found}/{int(feature)}" if found else None
