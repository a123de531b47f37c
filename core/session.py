"""One opened store with what the command line and every page need of it: matrices, default θ, selections, decisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core import explain
from core.constraints import SampleInfo
from core.export import info_of
from core.files import cache_dir
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection import select
from core.store import FeatureStore, open_store
from core.workspace import Workspace

RANDOM_DRAWS = 20


def workspace_of(store: FeatureStore) -> Workspace:
    """The decisions taken on a store."""
    return Workspace(cache_dir() / "workspace.sqlite", store.key)


@dataclass
class Session:
    """A store and what has been computed from it. Nothing in it depends on a page or a user."""

    store: FeatureStore
    info: SampleInfo
    matrices: dict[str, FeatureMatrix] = field(default_factory=dict)
    thetas: dict[str, tuple[float, list[explain.ThetaRow]]] = field(default_factory=dict)
    memory: dict[Any, Any] = field(default_factory=dict)

    def raw_matrix(self, scope: str) -> FeatureMatrix:
        """The matrix of a scope, read from the store once."""
        if scope not in self.matrices:
            self.matrices[scope] = self.store.matrix(scope)
        return self.matrices[scope]

    def default_theta(self, scope: str = "all") -> tuple[float, list[explain.ThetaRow]]:
        """The default θ of a scope and the table it was chosen from."""
        if scope not in self.thetas:
            self.thetas[scope] = explain.default_theta(self.raw_matrix(scope))
        return self.thetas[scope]

    def matrix(self, scope: str, theta: float) -> FeatureMatrix:
        """The matrix at scope and θ."""
        return self.remember(("matrix", scope, theta), lambda: self.raw_matrix(scope).at(theta))

    def order(self, spec: SelectionSpec) -> Selection:
        """The full order of all samples by a method: every smaller budget is a prefix of it."""
        full = self.full(spec)
        matrix = self.matrix(full.scope, full.theta)
        return self.remember(("order", repr(full)), lambda: select(matrix, full, self.info))

    def curve(self, spec: SelectionSpec) -> np.ndarray:
        """Features covered after each pick of the full order, ignored ones not counted: int64 (K,)."""
        return self.order(spec).covered_after

    def coverable(self, spec: SelectionSpec) -> int:
        """How many features all samples together cover, ignored ones not counted."""
        active = self.matrix(spec.scope, spec.theta).density() > 0
        return int(active.sum() - sum(active[f] for f, mode in spec.vetoes.items() if mode == "ignore"))

    def random_band(self, spec: SelectionSpec) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Lowest, median and highest coverage of RANDOM_DRAWS random orders under the same vetoes, pins and bans."""
        draws = [SelectionSpec(**{**vars(spec), "method": "random", "seed": seed}) for seed in range(RANDOM_DRAWS)]

        def band() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            full = [select(self.matrix(d.scope, d.theta), self.full(d), self.info) for d in draws]
            curves = np.array([s.covered_after for s in full])
            return curves.min(0), np.median(curves, 0), curves.max(0)

        return self.remember(("band", repr(self.full(draws[0]))), band)

    def full(self, spec: SelectionSpec) -> SelectionSpec:
        """The same spec with a budget of all samples."""
        return SelectionSpec(**{**vars(spec), "budget": self.store.n_samples, "unit": "samples"})

    def remember(self, key: Any, compute: Any, keep: int = 64) -> Any:
        """The value of `compute()`, kept for the next call; the oldest of more than `keep` values is dropped."""
        if key not in self.memory:
            self.memory[key] = compute()
            while len(self.memory) > keep:
                self.memory.pop(next(iter(self.memory)))
        return self.memory[key]


def open_session(path: str | Path) -> Session:
    """Open a store; raises StoreError as `open_store` does."""
    store = open_store(path)
    return Session(store, info_of(store))


def comparison(store: FeatureStore, shares: list[float], theta: float | None = None, draws: int = 20) -> dict[str, Any]:
    """Coverage of greedy, longest response and random at shares of the samples, and the length effect; θ and r too."""
    session = Session(store, info_of(store))
    theta = session.default_theta()[0] if theta is None else theta
    matrix = session.matrix("all", theta)
    tokens = session.info.prompt_tokens + session.info.response_tokens
    length = explain.length_effect(matrix, tokens)
    spec = SelectionSpec(theta=theta, budget=store.n_samples)
    curves = {
        m: session.curve(SelectionSpec(m, store.n_samples, theta=theta)) for m in ("sae-greedy", "longest-response")
    }
    rng = np.random.default_rng(spec.seed)
    random = np.mean([explain.coverage_curve(matrix, rng.permutation(store.n_samples)) for _ in range(draws)], axis=0)
    rows = []
    for share in shares:
        k = max(1, round(share * store.n_samples))
        covered = {name: float(curve[k - 1]) for name, curve in curves.items()}
        coverable = int((matrix.density() > 0).sum())
        rows.append({"share": share, "samples": k, **covered, "random": float(random[k - 1]), "coverable": coverable})
    return {"theta": theta, "length": vars(length), "rows": rows}
