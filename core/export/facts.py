"""What a data card says of a selection, gathered from the store, the session and the decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from core.explain.naming import Names
from core.export.settings import About
from core.features.shown_labels import called_of, labels_stamp, wording_of
from core.matrix.statistics import active_in
from core.schema import NOUNS, Sample, Selection, SelectionSpec
from core.selection.quotas import Quota, parsed
from core.selection.registry import METHODS
from core.session.budgets import random_coverage
from core.session.session import Session
from core.settings import whole_number
from core.store.meta import data_named
from core.system.shown import many, without_folders
from core.topics.stop_words import language_of
from core.topics.words import in_order
from core.workspace.decisions import WorkspaceState

LARGEST = 12  # topics and sources in a table
READ = 500  # kept records whose language is looked at
RARE = 0.05  # share of the records below which a language is not named
CODES = {
    "English": "en", "Spanish": "es", "French": "fr", "German": "de", "Portuguese": "pt", "Italian": "it",
    "Chinese": "zh",
}  # fmt: skip
EDGES = (0, 32, 64, 128, 256, 512, 1024, 2048, 4096)  # tokens of a record, of the length histogram


@dataclass(frozen=True)
class Facts:
    """What a card says. Tables are rows of (name, kept records, all records), the largest first.

    random: features that as many random records cover, or records of as many tokens: lowest, median and highest of the
    draws. checks: (what, records of the kept ones). decisions: (what, reason or note).
    """

    about: About
    title: str
    data: str
    digest: str
    model: str
    read: str  # how much of a record the model read
    languages: tuple[str, ...]
    records: tuple[int, int]  # kept, all
    tokens: tuple[int, int]
    spec: SelectionSpec
    method: str  # what it does, in a sentence
    covered: int
    coverable: int
    random: tuple[int, float, int]
    sources: list[tuple[str, int, int]] = field(default_factory=list)
    lengths: list[tuple[str, int, int]] = field(default_factory=list)
    lens: str = "topics"  # of the features below
    most_kept: list[tuple[str, int, int]] = field(default_factory=list)
    left_out: list[tuple[str, int, int]] = field(default_factory=list)
    n_left_out: int = 0
    decisions: list[tuple[str, str]] = field(default_factory=list)
    checks: list[tuple[str, int]] = field(default_factory=list)


def facts_of(session: Session, selection: Selection, state: WorkspaceState, about: About) -> Facts:
    """What the card of a selection says; reads the kept records, and no model."""
    store, spec, info = session.store, selection.spec, session.info
    samples, data = store.samples(selection.rows), data_named(store.meta)
    lens = "topics" if "topics" in store.lenses else spec.lens
    kept, every = features_table(session, selection, state, lens)
    missed = [row for row in every if not row[1]]
    return Facts(
        about,
        title=about.title or f"{data.split('.')[0]}, {many(len(selection.rows), 'record')} by {spec.method}",
        data=data,
        digest=store.meta["digests"]["data"],
        model=without_folders(str(store.meta["config"].get("model", ""))),
        read=read_of(store.meta["config"]),
        languages=tuple(filter(None, about.language.replace(" ", "").split(","))) or languages_of(samples),
        records=(len(selection.rows), store.n_samples),
        tokens=(int(info.tokens[selection.rows].sum()), int(info.tokens.sum())),
        spec=spec,
        method=(METHODS[spec.method].run.__doc__ or "").split("\n")[0],
        covered=int(selection.covered_after[-1]),
        coverable=session.coverable(spec),
        random=random_coverage(session, selection),
        sources=counted(store.sample_columns("source")["source"], selection.rows),
        lengths=length_table(info.tokens, selection.rows),
        lens=lens,
        most_kept=kept,
        left_out=missed[:LARGEST],
        n_left_out=len(missed),
        decisions=decisions_of(session, spec, state),
        checks=checks_of(session, selection, samples),
    )


def spoken(session: Session, state: WorkspaceState, lens: str) -> Names:
    """What the features of a lens are called in sentences, as `names_of` has it; remembered, as labels take a while."""
    key = ("called", lens, state.version, labels_stamp(session.store, lens))
    called = session.remember(key, lambda: called_of(session.store, state, lens))
    return Names(lambda f: called.get(f, ""), wording_of(session.store, lens))


def read_of(config: Mapping[str, Any]) -> str:
    """How much of a record the model read, as the end of a sentence."""
    window = many(int(config.get("max_tokens") or 0), "token")
    return f"all, in windows of {window}" if config.get("long") == "windows" else f"at most {window}"


def counted(names: np.ndarray, rows: np.ndarray) -> list[tuple[str, int, int]]:
    """(name, kept, all) of the values of a column (N,), most kept first, then by name."""
    kept, every = Counter(names[rows].tolist()), Counter(names.tolist())
    return sorted(((name, kept[name], n) for name, n in every.items()), key=lambda row: (-row[1], -row[2], row[0]))


def length_table(tokens: np.ndarray, rows: np.ndarray) -> list[tuple[str, int, int]]:
    """(range of tokens, kept, all) of token counts int (N,), without the empty ranges at both ends."""
    every, kept = (np.histogram(t, [*EDGES, np.iinfo(np.int64).max])[0] for t in (tokens, tokens[rows]))
    names = [f"{low:,} to {high - 1:,}" for low, high in pairwise(EDGES)]
    names.append(f"{EDGES[-1]:,} or more")
    there = np.flatnonzero(every)
    table = list(zip(names, kept.tolist(), every.tolist(), strict=True))
    return table[there[0] : there[-1] + 1] if len(there) else []


def features_table(
    session: Session, selection: Selection, state: WorkspaceState, lens: str
) -> tuple[list[tuple[str, int, int]], list[tuple[str, int, int]]]:
    """(name, kept records, records) of a lens's features: the most kept, and all from the largest down; without those
    that stand for wording and format.
    """
    spec = selection.spec
    theta = spec.theta if lens == spec.lens else session.default_theta(spec.scope, lens)[0]
    matrix = session.matrix(spec.scope, theta, lens)
    every = np.bincount(matrix.feature, minlength=matrix.n_features)
    kept, names = active_in(matrix, selection.rows), spoken(session, state, lens)
    named = [
        (names.name_of(f) or f"{NOUNS[lens]} {f}", int(kept[f]), int(every[f]))
        for f in np.argsort(-every, kind="stable").tolist()
        if every[f] and f not in names.wording
    ]
    return sorted(named, key=lambda row: -row[1])[:LARGEST], named


def languages_of(samples: Sequence[Sample]) -> tuple[str, ...]:
    """Codes of the languages that the records are in, the commonest first, those of few records left out."""
    texts = (f"{sample.prompt}\n\n{sample.response}"[:4000] for sample in samples[:READ])
    found = Counter(language_of({word.lower() for word in in_order(text)}) for text in texts)
    del found[""]
    return tuple(CODES[name] for name, n in found.most_common() if n >= RARE * found.total())


def checks_of(session: Session, selection: Selection, samples: Sequence[Sample]) -> list[tuple[str, int]]:
    """How many kept records repeat an earlier one, have a blank answer, or were not read to their end."""
    texts = Counter(" ".join(f"{s.prompt}\n\n{s.response}".split()).casefold() for s in samples)
    cut = session.columns["n_truncated"][selection.rows]
    unread = session.info.unread_response
    return [
        ("repeat another kept record, but for capitals and spaces", len(samples) - len(texts)),
        ("have a blank answer", sum(not sample.response.strip() for sample in samples)),
        ("were longer than the model's window: what it did not read did not count", int((cut > 0).sum())),
        ("have an answer of which nothing was read", 0 if unread is None else int(unread[selection.rows].sum())),
    ]


def decisions_of(session: Session, spec: SelectionSpec, state: WorkspaceState) -> list[tuple[str, str]]:
    """(what was decided, reason or note), of the vetoes, boosts, quotas, pins and bans that the selection obeys."""
    names = spoken(session, state, spec.lens)
    source = session.columns["source_row"]
    told = {"ignore": "counts for nothing", "block": "samples that have it are left out"}
    found = [
        (f"{names.numbered([feature], spec.lens)}: {told[mode]}", state.of(spec.lens).reasons.get(feature, ""))
        for feature, mode in spec.vetoes.items()
    ]
    found += [
        (f"{names.numbered([feature], spec.lens)}: its weight is multiplied by {factor:g}", "")
        for feature, factor in spec.boosts.items()
    ]
    found += [(quota.told(group_name(session, state, quota)), "quota") for quota in map(parsed, spec.quotas)]
    found += [(f"row {source[row]}: always kept", state.notes.get(row, "")) for row in spec.pins]
    return found + bans_of(spec, state, source)


def group_name(session: Session, state: WorkspaceState, quota: Quota) -> str:
    """The name of the topic whose samples a quota bounds; "" where it has none, or the quota is on something else."""
    topic = whole_number(quota.group) if quota.by == "topic" else None
    if topic is None:
        return ""
    name = spoken(session, state, "topics").quoted(topic, "topics")
    return name if name.startswith("“") else ""


def bans_of(spec: SelectionSpec, state: WorkspaceState, source: np.ndarray) -> list[tuple[str, str]]:
    """(what was decided, reason or note) of the bans: those of one reason together, such as all that a concept says."""
    by_reason: dict[str, int] = Counter(state.why_banned[row] for row in spec.bans if row in state.why_banned)
    single = [row for row in spec.bans if row not in state.why_banned]
    return [(f"{many(n, 'record')} never kept", reason) for reason, n in by_reason.items()] + [
        (f"row {source[row]}: never kept", state.notes.get(row, "")) for row in single
    ]
