"""What a page looks at, as its address says it: the data set, the lens, θ, the method, the budget and what they need.

One request, one query: `from_query(request.to_query(session), session)` gives the request again.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import SelectionError
from core.schema import SCOPES, UNITS, WEIGHTS, SelectionSpec
from core.selection.method import Option
from core.selection.registry import METHODS
from core.session.lasso import lasso_of
from core.session.listed import LISTED, listed
from core.session.session import Session
from core.settings import whole_number

BUDGETS = {"samples": "budget", "tokens": "token_budget"}  # the parameter of the budget by its unit
WHOLE = {"multiplicity": (1, 20), "seed": (0, 10_000)}  # bounds on the pages
SHOWN = 60  # characters of a value that a sentence repeats


@dataclass(frozen=True)
class Request:
    """What is asked of a store. options: those of the method that are not their defaults."""

    store: str
    lens: str
    scope: str
    theta: float
    method: str
    unit: str
    budget: int
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: str = "uniform"
    multiplicity: int = 1
    seed: int = 0

    def to_query(self, session: Session) -> dict[str, str]:
        """The parameters of the address: the store, and what differs from that store's defaults."""
        usual = default_request(session, self.lens, self.scope, self.unit)
        plain = ("lens", "scope", "theta", "method", "unit", "weights", "multiplicity", "seed")
        first = default_request(session)
        usual = replace(usual, lens=first.lens, scope=first.scope, unit=first.unit)
        found = {name: str(getattr(self, name)) for name in plain if getattr(self, name) != getattr(usual, name)}
        if self.budget != usual.budget:
            found[BUDGETS[self.unit]] = str(self.budget)
        return {"store": self.store} | found | {f"{self.method}_{n}": str(value) for n, value in self.options.items()}


def request_of(spec: SelectionSpec, store: str) -> Request:
    """The request that a specification amounts to, its decisions left aside."""
    return Request(
        store, spec.lens, spec.scope, spec.theta, spec.method, spec.unit, spec.budget, dict(spec.options),
        spec.weights, spec.multiplicity, spec.seed,
    )  # fmt: skip


def default_request(session: Session, lens: str = "", scope: str = "", unit: str = "samples") -> Request:
    """What is looked at when nothing is asked: of the store, or of one of its lenses, scopes and units."""
    lens = lens or session.store.lenses[0]
    scope = scope or scopes(session, lens)[0]
    least, most = budgets(session, unit)
    theta = session.default_theta(scope, lens)[0]
    return Request(session.store.key, lens, scope, theta, next(iter(METHODS)), unit, max(least, most // 10))


def scopes(session: Session, lens: str) -> tuple[str, ...]:
    """The scopes of a lens: in stores of an earlier version topics are those of whole samples alone."""
    return SCOPES if lens == "tokens" else tuple(session.store.meta["topics"]["thetas"])


def weights(session: Session, lens: str) -> list[str]:
    """The weights that can be given to the features of a lens: content only where their kinds are known."""
    known = lens == "tokens" and session.remember("kinds", session.store.kinds)
    return [name for name in WEIGHTS if known or name != "content"]


def budgets(session: Session, unit: str) -> tuple[int, int]:
    """The smallest and the largest budget in a unit: in tokens, the shortest sample fits."""
    least = session.remember(("least", unit), lambda: int(session.info.costs(unit).min()))
    return least, session.total(unit)


def from_query(query: Mapping[str, str], session: Session) -> tuple[Request, list[str]]:
    """The request that the parameters of an address amount to, and a sentence for each that cannot be had.

    What is not asked for is the store's own default; parameters of other things are left alone.
    """
    read = _Reading(query)
    lens = read.word("lens", session.store.lenses, session.store.lenses[0])
    scope = read.word("scope", scopes(session, lens), scopes(session, lens)[0])
    unit = read.word("unit", UNITS, UNITS[0])
    usual = default_request(session, lens, scope, unit)
    method = read.word("method", METHODS, usual.method)
    asked = Request(
        session.store.key,
        lens,
        scope,
        read.theta(usual.theta),
        method,
        unit,
        read.whole(BUDGETS[unit], *budgets(session, unit), usual.budget),
        {o.name: v for o in METHODS[method].options if (v := read.option(session, method, o)) is not None},
        read.word("weights", weights(session, lens), usual.weights),
        read.whole("multiplicity", *WHOLE["multiplicity"], usual.multiplicity),
        read.whole("seed", *WHOLE["seed"], usual.seed),
    )
    read.places(session, lens)
    return asked, read.complaints


class _Reading:
    """The parameters of an address, read one by one; `complaints` says what could not be had."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self.query, self.complaints = query, list[str]()

    def complain(self, name: str, must: str, used: object) -> None:
        value = self.query[name]
        shown = value if len(value) <= SHOWN else f"{value[:SHOWN]}…"
        then = "it is left out" if used == "" else f"{used} is used"
        self.complaints.append(f"The address says {name} = {shown}, but it must be {must}: {then}.")

    def word(self, name: str, allowed: Collection[str], usual: str) -> str:
        """One of some words."""
        found = self.query.get(name, usual)
        if found in allowed:
            return found
        self.complain(name, " or ".join(allowed) if len(allowed) <= 4 else "one that there is", usual)
        return usual

    def theta(self, usual: float) -> float:
        """A number that is not negative."""
        try:
            found = float(self.query.get("theta", usual))
        except ValueError:
            found = math.nan
        if math.isfinite(found) and found >= 0:
            return found
        self.complain("theta", "a number of at least 0", f"{usual:.4g}")
        return usual

    def whole(self, name: str, low: int, high: int, usual: int) -> int:
        """A whole number; one out of bounds becomes the nearest that is not."""
        text = self.query.get(name, str(usual))
        try:
            found = int(value := float(text))  # as the control reads it: 1e3 is 1000, and 7.5 is 7
        except (ValueError, OverflowError):
            self.complain(name, "a whole number", usual)
            return usual
        kept = min(max(found, low), high)
        if found != value:
            self.complain(name, "a whole number", f"{kept:,}")
        elif kept != found:
            self.complain(name, f"from {low:,} to {high:,}", f"{kept:,}")
        return kept

    def option(self, session: Session, method: str, option: Option) -> Any:
        """The value of an option of the method; None for its default."""
        name = f"{method}_{option.name}"
        if self.query.get(name, "") == "":
            return None
        known: Collection[str] | None = session.info.scores if option.kind == "score" else None
        if option.kind in LISTED:
            known = listed(session.store, option.kind)
        if known is not None and self.query[name] not in known:
            self.complain(name, "one that is listed here", option.default or "")
            return None
        try:
            value = option.checked(method, self.query[name])
            return None if value == option.default else value
        except SelectionError as error:
            self.complaints.append(f"{error} It is left out.")
            return None

    def places(self, session: Session, lens: str) -> None:
        """The sample and the feature that a page shows must be there, and a lasso have an area."""
        sizes = {"row": session.store.n_samples, "feature": session.store.size_of(lens)}
        for name, size in sizes.items():
            number = whole_number(text := self.query.get(name, ""))
            if text and (number is None or number >= size):
                self.complain(name, f"from 0 to {size - 1:,} in this data set", "")
        if self.query.get("lasso") and not len(lasso_of(self.query["lasso"])):
            self.complain("lasso", "three corners or more such as 100.-250, joined by _", "")
