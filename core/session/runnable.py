"""The selection that a request asks for, or the nearest that can be made."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.errors import SaelectError, UnscoredError
from core.schema import Selection, SelectionSpec
from core.selection.registry import METHODS
from core.session.listed import LISTED
from core.session.session import Session


@dataclass(frozen=True)
class Runnable:
    """order: the first picks in the method's order, the selection's and a few more; selection: at the budget. error:
    what kept the request itself from running, None where it runs; told: that, and what is shown in its place, in a
    sentence or two.
    """

    order: Selection
    selection: Selection
    error: SaelectError | None = None
    told: str = ""


def runnable(session: Session, spec: SelectionSpec) -> Runnable:
    """The selection of a request; where it cannot be made, that without the files and runs it names, else sae-greedy's,
    else that without quotas.

    Raises SaelectError where none of these can, as the other decisions or the budget are what is wrong.
    """
    try:
        return made(session, spec)
    except SaelectError as error:
        for other, told in instead(spec, error):
            try:
                found = made(session, other)
            except SaelectError:
                continue
            return replace(found, error=error, told=f"{error} {told}")
        raise


def made(session: Session, spec: SelectionSpec) -> Runnable:
    """The selection of a request; raises SaelectError."""
    return Runnable(session.order(spec, spec.budget + 1), session.selection(spec))


def instead(spec: SelectionSpec, error: SaelectError) -> list[tuple[SelectionSpec, str]]:
    """What may stand in the place of a request that cannot run, the nearest first, each with how that is told."""
    files = {option.name for option in METHODS[spec.method].options if option.kind in LISTED}
    without = replace(spec, options={name: v for name, v in spec.options.items() if name not in files})
    greedy = replace(spec, method="sae-greedy", options={}, weights="uniform", multiplicity=1)
    found = [(greedy, "Until then what follows is by sae-greedy.")] if greedy != spec else []
    if without != spec and not isinstance(error, UnscoredError):
        found.insert(0, (without, "What follows is without it."))
    if spec.quotas:
        free = replace(spec, quotas=())
        found.append((free, "What follows is without the quotas."))
        found += [(other, f"{told} Nor are the quotas in it.") for other, told in instead(free, error)]
    return found
