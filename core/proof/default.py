"""Which method and lens a dashboard should begin with, by a rule over the results of proofs.

A default gives a reason for every pick, as that is what a dashboard is for: it selects by features, and runs on every
store. Of such methods first those whose loss no other method's beats beyond chance, wherever both were run, be it one
that gives no reasons; of these, the ones with the fewest spoiled samples among their picks, where that is known; of
these, the one that explains its picks best; of equals the one with the lower loss. If every method is beaten somewhere,
the one that is least behind where it is.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import StoreError
from core.proof.config import LATER
from core.proof.intervals import LEVEL, difference, holm, macro_mean
from core.proof.view import MARKS
from core.selection.registry import METHODS
from core.session.variants import method_of, without_usual

CLEAN = "clean"  # what the label of a sample that was not spoiled says
SET = "=set:"  # in a method's settings: a group that a person named
SAME = 0.01  # shares of spoiled samples that differ by less are equal
EXPLAINS = (
    "the features that a pick brings say why it is in",
    "its picks are told by features, but not by those that they bring",
)


@dataclass(frozen=True)
class Proven:
    """What is known of one pool. losses: of a method at a budget, float64 (S, H), a row for each seed; source: of each
    held-out sample, text (H,); spoiled: the share of a method's picks at a budget that was spoiled, empty where none is
    known to be.
    """

    losses: Mapping[tuple[str, int], np.ndarray]
    source: np.ndarray
    spoiled: Mapping[tuple[str, int], float] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """What the rule finds of a method. worse: the method whose lower loss is furthest ahead beyond chance, and at which
    budget, or nothing; behind: how far, in nats; spoiled: its share of spoiled picks, NaN where unknown; explains: its
    place in EXPLAINS; loss: by macro mean, the mean over budgets and pools.
    """

    method: str
    worse: str
    behind: float
    spoiled: float
    explains: int
    loss: float


def read_proven(path: Path) -> Proven:
    """What a file that `prove --out` wrote tells; raises StoreError if it is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        named = partial(without_usual, lens=content["shared"].get("lens", LATER["lens"]))
        found: dict[tuple[str, int], list[Any]] = {}
        for run in content["runs"]:
            found.setdefault((named(run["method"]), run["budget"]), []).append(run["losses"])
        losses = {key: np.array(own, np.float64) for key, own in found.items()}
        known = [row for row in content.get("picks", ()) if "spoiled" in row]
        spoiled = {(named(row["method"]), row["budget"]): 1 - row["spoiled"].get(CLEAN, 0.0) for row in known}
        return Proven(losses, np.array(content["sources"]), spoiled)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{path} holds no results of a proof: give a file that `prove --out` wrote.") from error


def judged(pools: Sequence[Proven]) -> list[Judged]:
    """Every method that could be a default, the one that the rule chooses first: those that select by features, need
    nothing else and were run, with two seeds at least, at each budget of each pool."""
    worse = beaten(pools)
    found = [
        Judged(
            method, *worse.get(method, ("", 0.0)), spoiled_of(pools, method), explains(method), mean_loss(pools, method)
        )
        for method in eligible(pools)
    ]
    left = [one for one in found if not one.worse]
    fewest = min((one.spoiled for one in left if np.isfinite(one.spoiled)), default=np.nan)

    def order(one: Judged) -> tuple:
        return one.behind, one.spoiled >= fewest + SAME, one.explains, one.loss, one.method

    return sorted(found, key=order)


def eligible(pools: Sequence[Proven]) -> list[str]:
    """The methods, with their settings, that select by features, run on every store and were run everywhere."""
    everywhere = [
        {m for m, _ in pool.losses if all(len(pool.losses.get((m, b), ())) > 1 for b in budgets(pool))}
        for pool in pools
    ]
    known = sorted(set.intersection(*everywhere)) if everywhere else []
    able = {name for name, method in METHODS.items() if method.counts and method.needs == ("features",)}
    return [name for name in known if method_of(name) in able and SET not in name]


def budgets(pool: Proven) -> set[int]:
    """The budgets of a pool at which methods were compared, with two seeds at least."""
    ran = Counter(budget for (method, budget), own in pool.losses.items() if method not in MARKS and len(own) > 1)
    return {budget for budget, methods in ran.items() if methods > 1}


def beaten(pools: Sequence[Proven]) -> dict[str, tuple[str, float]]:
    """The methods that another one's loss beats beyond chance, each with the one that is furthest ahead, where, and by
    how much: chance is held to LEVEL over all comparisons of a pool (Holm)."""
    found: dict[str, tuple[str, float]] = {}
    for pool in pools:
        ran = sorted(key for key in pool.losses if key[0] not in MARKS)
        pairs = [(one, other) for one, other in combinations(ran, 2) if one[1] == other[1]]
        leads = [difference(pool.losses[one], pool.losses[other], pool.source) for one, other in pairs]
        corrected = holm([lead.p for lead in leads])
        for pair, lead, p in zip(pairs, leads, corrected, strict=True):
            better, behind = pair if lead.value > 0 else pair[::-1]
            if p <= LEVEL and abs(lead.value) > found.get(behind[0], ("", 0.0))[1]:
                found[behind[0]] = f"{better[0]} at {better[1]:,}", abs(lead.value)
    return found


def spoiled_of(pools: Sequence[Proven], method: str) -> float:
    """The mean share of spoiled picks over the budgets of the pools that know it; NaN without any."""
    cells = [(pool, (method, budget)) for pool in pools for budget in budgets(pool)]
    known = [pool.spoiled[cell] for pool, cell in cells if cell in pool.spoiled]
    return float(np.mean(known)) if known else float("nan")


def mean_loss(pools: Sequence[Proven], method: str) -> float:
    """The mean held-out loss over budgets and pools."""
    every = [(pool, pool.losses[method, budget]) for pool in pools for budget in sorted(budgets(pool))]
    return float(np.mean([macro_mean(own.mean(0), pool.source) for pool, own in every]))


def explains(method: str) -> int:
    """How well a method explains its picks: index into EXPLAINS."""
    return int(bool(METHODS[method_of(method)].takes))
