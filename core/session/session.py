"""One opened store with what the command line and every page need of it: matrices, default θ, selections, decisions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import StoreError
from core.matrix.threshold import ThetaRow, chosen_theta, median_theta
from core.refine.view import runs_stamp
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.checks import check_spec
from core.selection.clustering import Clusters
from core.selection.constraints import ignored
from core.selection.inputs import SampleInfo
from core.selection.registry import METHODS
from core.selection.run import is_nested, select
from core.session.directions import topics_of
from core.session.memory import Memory
from core.session.sample_info import clusters_in, info_of, labels, raw_matrix, units, versions
from core.session.thetas import table_of
from core.store.reader import FeatureStore, open_store
from core.store.tables import COUNTS
from core.system.files import cache_dir
from core.topics.model import TopicSAE
from core.topics.train import LEAST_SAMPLES
from core.workspace.log import Workspace


def workspace_of(store: FeatureStore) -> Workspace:
    """The decisions taken on a store."""
    return Workspace(cache_dir() / "workspace.sqlite", store.key)


def by_method(spec: SelectionSpec, method: str) -> SelectionSpec:
    """The same task for another method, with that method's default options."""
    return spec if method == spec.method else replace(spec, method=method, options={})


COLUMNS = ("source_row", *COUNTS, "n_truncated", "source")
FIRST = 65_536  # picks of an order that are made at least, where a few are needed


def steps_to(n: int) -> Iterator[int]:
    """How many picks of an order are made: FIRST, twice as many, and so on, at last all n."""
    k = FIRST
    while k < n:
        yield k
        k *= 2
    yield n


@dataclass
class Session:
    """A store and what has been computed from it, for any number of threads. Nothing in it depends on a page or a user.

    memory: every value, by a key that names all it depends on besides the store.
    """

    store: FeatureStore
    info: SampleInfo
    memory: Memory

    def remember(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """The value of `compute()`, kept for the next call with that key as far as memory goes."""
        return self.memory.get(key, compute)

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """What the store knows of every sample (see `FeatureStore.sample_columns`) but its id, read once."""
        return self.remember("columns", lambda: self.store.sample_columns(*COLUMNS))

    def raw_matrix(self, scope: str, lens: str = "tokens") -> FeatureMatrix:
        """The matrix of a scope and a lens, read from the store once; raises StoreError where it has no such lens."""
        return raw_matrix(self.store, self.memory, scope, lens)

    def default_theta(self, scope: str = "all", lens: str = "tokens") -> tuple[float, list[ThetaRow]]:
        """The default θ of a scope and a lens, and the table it was chosen from, which extraction may have left."""

        def chosen() -> tuple[float, list[ThetaRow]]:
            table = table_of(self.store, scope, lens, lambda: self.raw_matrix(scope, lens))
            return (median_theta if lens == "topics" else chosen_theta)(table), table

        return self.remember(("theta", lens, scope), chosen)

    def share_below(self, scope: str, theta: float, lens: str = "tokens") -> float:
        """The share of the values of a scope and a lens that θ leaves out, from 0 to 1; 0 where there are none."""
        values = self.raw_matrix(scope, lens).value
        key = ("below", lens, scope, theta)
        return self.remember(key, lambda: float(np.count_nonzero(values <= theta) / max(len(values), 1)))

    def matrix(self, scope: str, theta: float, lens: str = "tokens") -> FeatureMatrix:
        """The matrix at scope, θ and lens; raises StoreError where the store has no such lens."""
        return self.remember(("matrix", lens, scope, theta), lambda: self.raw_matrix(scope, lens).at(theta))

    def matrix_of(self, spec: SelectionSpec) -> FeatureMatrix:
        """The matrix that a request is about."""
        return self.matrix(spec.scope, spec.theta, spec.lens)

    def faces(self, lens: str = "tokens") -> dict[int, str]:
        """What each feature of a lens is called until it has a label."""
        return self.remember(("faces", lens), lambda: self.store.faces(lens))

    def projection(self, lens: str = "tokens") -> dict[str, np.ndarray]:
        """Where each sample lies on the map of a lens: x, y float32 (N,)."""
        return self.remember(("projection", lens), lambda: self.store.projection(lens))

    @property
    def lens(self) -> str:
        """The lens of the papers where the store has it: tokens, else topics."""
        return self.store.lenses[-1]

    def order(self, spec: SelectionSpec, least: int | None = None) -> Selection:
        """All samples in a method's order; for a method that has none, or takes long over it, the selection itself.

        least: how many first picks are needed. A few more are made, or those that there are already: nothing orders a
        million samples to show ten thousand.
        """
        if not self.ordered(spec):
            return self._ordered(spec)
        n = self.store.n_samples
        needed = n if least is None else min(least, n)
        lengths = [replace(self.full(spec), budget=k) for k in steps_to(n) if k >= needed]
        made = (one for one in lengths if self._key(one) in self.memory)
        return self._ordered(next(made, lengths[0]))

    def ordered(self, spec: SelectionSpec) -> bool:
        """Whether a method has one order for all budgets, which is quickly made."""
        return METHODS[spec.method].quick and is_nested(spec)

    def _key(self, spec: SelectionSpec) -> tuple[Hashable, ...]:
        """What an order depends on."""
        files: tuple[Hashable, ...] = versions(spec.options.values())
        if any(option.kind == "run" for option in METHODS[spec.method].options):
            files += runs_stamp(self.store.key)
        return ("order", repr(spec), *files)

    def _ordered(self, spec: SelectionSpec) -> Selection:
        return self.remember(self._key(spec), lambda: self._select(spec))

    def _select(self, spec: SelectionSpec) -> Selection:
        """Select; what the greedy order before the latest veto or ban still has in common is not computed again."""
        key = ("latest", spec.method, spec.lens, spec.scope, spec.theta)
        found = select(self.matrix_of(spec), spec, self.info, previous=self.memory.latest(key))
        self.memory.put(key, found)
        return found

    def selection(self, spec: SelectionSpec) -> Selection:
        """The selection at the budget of `spec`."""
        check_spec(self.matrix_of(spec), spec)
        order = self.order(spec, spec.budget)
        return order if order.spec == spec else replace(order.prefix(spec.budget), spec=spec)

    def total(self, unit: str) -> int:
        """The budget that all samples take, in samples or tokens."""
        return self.remember(("total", unit), lambda: int(self.info.costs(unit).sum()))

    def coverable(self, spec: SelectionSpec) -> int:
        """How many features all samples together cover, those without credit not counted."""
        matrix = self.matrix_of(spec)
        key = ("active", spec.lens, spec.scope, spec.theta)
        active = self.remember(key, lambda: matrix.density() > 0)
        return int((active & ~ignored(matrix, spec)).sum())

    def decoder(self, lens: str = "tokens") -> np.ndarray | None:
        """The decoder directions of a lens's SAE, each of length 1, float32 (F, d_in); None where it is not at hand."""
        return self.info.directions(lens) if self.info.directions else None

    def topics(self) -> TopicSAE | None:
        """The SAE of the store's topics; None where it has none, or its folder is gone or holds another one."""
        return self.remember("topics", lambda: topics_of(self.store))

    def vectors(self, name: str = "residual") -> np.ndarray:
        """The vectors of the samples that `name` stands for (residual, or a .npy file), of length 1: float32 (N, d).

        Raises DataError for a file that cannot be read, SelectionError for vectors of another shape or not finite.
        """
        return units(self.store, self.memory, name)

    def labels(self, by: str) -> np.ndarray:
        """The group of each sample by source, language, cluster, topic or a column of the data, text (N,): see
        `labels_of`. Raises SelectionError where the store has no such thing."""
        return self.remember(("labels", by), lambda: labels(self.store, self.memory, by))

    def clusters(self, name: str, k: int) -> Clusters:
        """k-means of `vectors(name)` with `k` clusters; raises as `vectors`, and SelectionError for a k too large."""
        return clusters_in(self.store, self.memory, name, k)

    def full(self, spec: SelectionSpec) -> SelectionSpec:
        """The same spec with a budget of all samples, which leaves no room for quotas."""
        return replace(spec, budget=self.store.n_samples, unit="samples", quotas=())


def open_session(path: str | Path, memory: Memory | None = None) -> Session:
    """Open a store; raises StoreError as `open_store` does, and for one that can be looked at through no lens.

    memory: where its values are kept, by default one of its own.
    """
    store, memory = open_store(path), memory or Memory()
    if not store.lenses:
        raise StoreError(
            f"{store.path.name} has neither topics nor token features: topics are learnt from {LEAST_SAMPLES} samples "
            "or more, so join several such stores, or extract with an SAE."
        )
    return Session(store, info_of(store, memory), memory)
