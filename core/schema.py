"""The types that the rooms hand to each other.

Shapes: N samples, F features, K picks, nnz stored (sample, feature) entries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import (  # noqa: F401  scripts import the errors from here too
    DataError,
    LockedError,
    ModelError,
    SaelectError,
    SelectionError,
    StoreError,
    UnscoredError,
)
from core.settings import check, pairs, setting, words

SCOPES = ("all", "prompt", "response")
SEGMENTS = ("prompt", "response", "later")  # later: what follows the first answer and is not trained on
LENSES = ("topics", "tokens")  # features of whole samples, or of single tokens
NOUNS = {"topics": "topic", "tokens": "feature"}  # what a feature of each lens is called
UNITS = ("samples", "tokens")  # of a budget
WEIGHTS = ("uniform", "idf", "mass", "content")  # of features
EQUAL = ("uniform", "content")  # those that give 1 to every feature that can earn credit
KINDS = (  # of token features, see core.features.kinds
    "position or template", "punctuation and layout", "digits", "function word", "sub-word piece", "code",
    "content word", "contextual",
)  # fmt: skip
MEANING = KINDS[-2:]  # the kinds that stand for something one would curate by
VETOES = ("ignore", "block")
LARGEST_SEED = 2**32 - 1  # what scikit-learn takes
LARGEST_BOOST = 10.0  # what the weight of a feature can be multiplied by
LONG = ("cut", "windows")  # how a sample is read that has more tokens than the model reads at a time


@dataclass(frozen=True)
class Message:
    """One turn: `role` is system, user, assistant or tool; an answer of weight 0 is not trained on, so no response."""

    role: str
    content: str
    weight: int = 1

    @property
    def trained(self) -> bool:
        """Whether it is an answer that is trained on: all of the response consists of such."""
        return self.role == "assistant" and self.weight != 0

    def stored(self) -> list:
        """Role, content and, unless it is 1, the weight: the arguments of Message as a store keeps them."""
        return [self.role, self.content, *([self.weight] if self.weight != 1 else [])]


@dataclass(frozen=True)
class Sample:
    """One training example. `raw` is the input record as Python has it, in its order of keys.

    original: what export writes, see `core.datasets.originals`; None for a sample that was not read from data.
    """

    row: int
    messages: tuple[Message, ...]
    raw: Any
    source: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    id: str = ""
    original: Any = field(default=None, compare=False, repr=False)

    @property
    def prompt(self) -> str:
        """The turns before the first assistant turn, joined by blank lines."""
        turns = []
        for message in self.messages:
            if message.role == "assistant":
                break
            turns.append(message.content)
        return "\n\n".join(turns)

    @property
    def response(self) -> str:
        """All assistant turns that are trained on, joined by blank lines."""
        return "\n\n".join(m.content for m in self.messages if m.trained)


def named(sources: str | Path | Sequence[str | Path]) -> tuple[str, ...]:
    """One source of data, or several, by their names: a tuple in any case."""
    return (str(sources),) if isinstance(sources, str | Path) else tuple(map(str, sources))


@dataclass(frozen=True)
class ExtractConfig:
    """What to extract and how; `key()` names the store and depends only on what changes its content."""

    data: tuple[str, ...] = setting(
        sentence="Data: a file, a folder of files, an archive, a pattern such as 'data/*.jsonl', an address such as "
        "s3://bucket/data, a hub id, or - for standard input; repeat it for several, which become one store."
    )
    model: str = setting(sentence="Hub id, folder or GGUF file of a causal language model.")
    sae: str = setting("", "Folder of an SAE, or release/sae_id of sae-lens; without one the store has topics alone.")
    hook_point: str = setting("", "Default: the one that the SAE was trained on; without one, the middle of the model.")
    max_tokens: int = setting(1024, "How many tokens the model reads at a time.", low=8)
    floor: float = setting(0.0, "Keep only activations above this.", low=0)
    dtype: str = setting("auto", "Of the model: auto, bfloat16, float16 or float32.")
    device: str = setting("auto", "Where the model runs: auto, cpu, cuda or mps.")
    batch_tokens: int = setting(2048, "Tokens that go through the model at a time; on a card more.")
    limit: int | None = setting(None, "Only the first so many samples.")
    skip_bad: bool = setting(False, "Go on without rows that cannot be read.")
    columns: Mapping[str, str] | None = setting(
        None,
        "Which columns to read: prompt=question,response=answer",
        typed="",
        parse=lambda text: pairs(words(text)) or None,
    )
    vectors: str = setting(
        "", "Sentence encoder for the topics: a folder or hub id; default: the model's own mean-pooled residual stream."
    )
    topics: str = setting(
        "", "Folder of an SAE of topics; default: the one that comes with SAElect for the model, else one of this data."
    )
    n_topics: int = setting(0, "Topics to learn from this data; 0: about one for 16 samples.", low=0)
    topics_k: int = setting(8, "The most topics that a sample has, where they are learnt from this data.", low=1)
    long: str = setting(
        "cut",
        "What is longer: cut reads the head and the tail of the prompt and of the answer as much as then fits; windows "
        "reads everything, in windows that overlap by half.",
        choices=LONG,
    )

    def __post_init__(self) -> None:
        check(self)
        object.__setattr__(self, "data", named(self.data))
        if self.batch_tokens < self.max_tokens:
            object.__setattr__(self, "batch_tokens", self.max_tokens)

    @property
    def most_read(self) -> int | None:
        """How many tokens of a sample are read at most; None for all."""
        return self.max_tokens if self.long == "cut" else None

    def key(self, *digests: str) -> str:
        """16 hex digits over `digests` (of Pipeline, and of the data) and the fields that change the result."""
        ignored = {"data", "model", "sae", "vectors", "topics", "device", "batch_tokens"}
        later = {"n_topics": 0, "topics_k": 8, "long": "cut"}  # as before there were these, so that a store stays found
        kept = {k: v for k, v in asdict(self).items() if k not in ignored and later.get(k, ...) != v}
        text = json.dumps([kept, *digests], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class FeatureMatrix:
    """Which features each sample activates, in CSR form, rows sorted by feature, arrays read-only.

    indptr int64 (N+1,), feature int32 (nnz,), value float32 (nnz,): the largest activation over the scope's tokens.
    content bool (F,): the features of a kind in MEANING; None where the kinds are not known.
    """

    indptr: np.ndarray
    feature: np.ndarray
    value: np.ndarray
    n_features: int
    content: np.ndarray | None = field(default=None, compare=False)
    kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)  # see matrix.postings

    def __post_init__(self) -> None:
        for name, dtype in (("indptr", np.int64), ("feature", np.int32), ("value", np.float32)):
            array = np.ascontiguousarray(getattr(self, name), dtype=dtype).view()  # the caller's own stays writable
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if len(self.feature) != len(self.value) or len(self.indptr) == 0 or self.indptr[-1] != len(self.feature):
            raise SelectionError("A FeatureMatrix needs indptr[-1] == len(feature) == len(value).")
        if len(self.feature) and not (self.feature.min() >= 0 and self.feature.max() < self.n_features):
            raise SelectionError(f"A FeatureMatrix names a feature outside 0..{self.n_features - 1}.")

    @property
    def n_samples(self) -> int:
        """Number of samples N."""
        return len(self.indptr) - 1

    @property
    def counts(self) -> np.ndarray:
        """Active features of each sample, int64 (N,)."""
        return np.diff(self.indptr)

    def row(self, sample: int) -> np.ndarray:
        """The active features of one sample, int32, ascending."""
        return self.feature[self.indptr[sample] : self.indptr[sample + 1]]

    def density(self) -> np.ndarray:
        """Share of samples in which each feature is active, float64 (F,)."""
        return np.bincount(self.feature, minlength=self.n_features) / max(self.n_samples, 1)

    def at(self, theta: float) -> FeatureMatrix:
        """The same matrix with only the entries whose value is greater than `theta` (JumpReLU threshold)."""
        kept = np.flatnonzero(self.value > theta)
        return replace(
            self, indptr=np.searchsorted(kept, self.indptr), feature=self.feature[kept], value=self.value[kept]
        )

    @classmethod
    def from_sets(cls, sets: Iterable[Iterable[int]], n_features: int) -> FeatureMatrix:
        """Build one from a list of feature sets, every value 1."""
        rows = [sorted(set(s)) for s in sets]
        indptr = np.concatenate([[0], np.cumsum([len(r) for r in rows])]).astype(np.int64)
        feature = np.array([f for r in rows for f in r], dtype=np.int32)
        return cls(indptr, feature, np.ones(len(feature), np.float32), n_features)

    @classmethod
    def from_scipy(cls, csr: Any) -> FeatureMatrix:
        """Build one from a scipy.sparse matrix of shape (N, F); the input is not changed."""
        csr = csr.tocsr(copy=True)
        csr.sum_duplicates()
        csr.sort_indices()
        return cls(csr.indptr, csr.indices, csr.data, csr.shape[1])


@dataclass(frozen=True)
class SelectionSpec:
    """What to select. `vetoes` maps a feature to 'ignore' (no credit) or 'block' (its samples are out), `boosts` to
    what its weight is multiplied by. `sets`: the rows of the groups that quotas and options name, such as set:maths."""

    method: str = setting("sae-greedy", "The method; `methods` lists them with their options.")
    budget: int = setting(100, "A number, or a share such as 5%.", typed="100")
    unit: str = setting("samples", "Of the budget: samples or tokens.", choices=UNITS)
    theta: float = setting(
        0.0,
        "A feature is active in a sample when its largest value is above θ, the JumpReLU threshold.",
        low=0,
        typed=None,
    )
    scope: str = setting("all", "Tokens whose features count: all, prompt or response.", choices=SCOPES)
    multiplicity: int = setting(
        1,
        "r: a feature counts as covered once it is active in this many picks of a round.",
        low=1,
        option="-r --multiplicity",
    )
    weights: str = setting(
        "uniform",
        "uniform: every feature counts 1; idf: rare ones more; mass: strong and frequent ones more; "
        "content: content words and contextual features 1, those of wording and format nothing.",
        choices=WEIGHTS,
    )
    vetoes: Mapping[int, str] = field(default_factory=dict)
    pins: tuple[int, ...] = ()
    bans: tuple[int, ...] = ()
    seed: int = setting(0, "For methods that draw at random.", low=0, high=LARGEST_SEED)
    options: Mapping[str, Any] = setting(
        sentence="NAME=VALUE of the method; repeat it.", factory=dict, option="--option -o", typed=(), parse=pairs
    )
    lens: str = setting(
        "tokens",
        "What counts as a feature: topics (of whole samples) or tokens (the papers' features).",
        choices=LENSES,
        typed=None,
    )
    boosts: Mapping[int, float] = field(default_factory=dict)
    quotas: tuple[str, ...] = setting(
        (), "Bounds on a group: source:code<=10%, source:*>=5 or source=equal; repeat it.", option="--quota", typed=()
    )
    sets: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def counts_alike(self) -> bool:
        """Whether every feature that can earn credit counts 1."""
        return self.weights in EQUAL and not self.boosts


@dataclass(frozen=True)
class Selection:
    """Picks in order. rows int64 (K,), gains float64 (K,), round int32 (K,), covered_after int64 (K,).

    weight float64 (F,): the w_f that gains are counted in, None for those of the spec. details: what the method found
    out on its way, such as clusters.
    """

    spec: SelectionSpec
    rows: np.ndarray
    gains: np.ndarray
    round: np.ndarray
    covered_after: np.ndarray
    store_key: str = ""
    weight: np.ndarray | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def prefix(self, k: int) -> Selection:
        """The first `k` picks: for a nested method, the selection at budget `k`."""
        parts = {name: getattr(self, name)[:k] for name in ("rows", "gains", "round", "covered_after")}
        return replace(self, **parts)
