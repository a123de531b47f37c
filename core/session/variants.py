"""A method with settings of its own, as a text: sae-gain:lens=topics+exponent=0.3+quota=source=equal.

After the method's name come a colon and NAME=VALUE parts joined by +: settings of a request, or options of the method.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.errors import SelectionError
from core.schema import SelectionSpec
from core.selection.checks import parsed_options
from core.selection.quotas import MARKED, parsed
from core.selection.registry import METHODS
from core.session.groups import with_sets
from core.session.session import Session, workspace_of
from core.settings import check, pairs, settings_of

JOINT = re.compile(r"\+(?=\s*[\w-]+=)")  # a + that a name follows: a group may be called c++
NUMBERS = {"theta": float, "multiplicity": int}
OWN = ("lens", "theta", "scope", "multiplicity", "weights")  # settings of a request that a variant may have
SHARED = {  # of a quota that gives out the budget to all groups
    "equal": "equal shares of every {}",
    "data": "every {} as in the data",
    "root": "every {} by the root of its share",
}
QUOTA = "quota"  # another one, which may come several times


def method_of(variant: str) -> str:
    """The name of a variant's method."""
    return variant.partition(":")[0].strip()


def through(method: str, lens: str, usual: str) -> str:
    """A method through a lens, as a variant where `usual` is the lens of all others."""
    return method if lens == usual else f"{method}:lens={lens}"


def without_usual(variant: str, lens: str) -> str:
    """The variant without a lens that is the usual one of all: two names of one thing become one."""
    return written(method_of(variant), [part for part in parts_of(variant) if part != ("lens", lens)])


def parts_of(variant: str) -> list[tuple[str, str]]:
    """NAME and VALUE of each part; raises SelectionError for one without a name or without =."""
    text = variant.partition(":")[2]
    return [pair for part in JOINT.split(text) for pair in pairs([part]).items()] if text else []


def known_variant(variant: str, others: Sequence[str] = ()) -> str:
    """The variant without needless spaces; raises SelectionError for a method that is neither known nor one of
    `others`, which take no settings, and for a setting or a value that there is not.
    """
    name, parts = method_of(variant), parts_of(variant)
    if name not in METHODS and (name not in others or parts):
        raise SelectionError(f"Unknown method {name!r}: it must be one of {', '.join([*METHODS, *others])}.")
    if name in METHODS:
        own_settings(SelectionSpec(name), parts)
    return written(name, parts)


def written(method: str, parts: Sequence[tuple[str, str]]) -> str:
    """The text of a variant."""
    return ":".join(filter(None, (method, "+".join(f"{name}={value}" for name, value in parts))))


def told(variant: str) -> str:
    """A variant as a person says it: sae-gain through topics, exponent 0.3, equal shares of every source."""
    name, parts = method_of(variant), parts_of(variant)
    lens = [f"{name} through {value}" for setting, value in parts if setting == "lens"]
    return ", ".join([*(lens or [name]), *(told_setting(*part) for part in parts if part[0] != "lens")])


def told_setting(name: str, value: str) -> str:
    """One setting of a variant in words."""
    if name != QUOTA:
        return f"towards {value.removeprefix('set:')}" if name == "reference" else f"{name} {value}"
    quota = parsed(value)
    if quota.sign == "=":
        return SHARED[quota.unit].format(quota.by)
    return f"without {quota.group}" if quota.by in MARKED and quota.rule == "none" else quota.told()


def own_settings(spec: SelectionSpec, parts: Sequence[tuple[str, str]]) -> SelectionSpec:
    """`spec`, whose method they are for, with the settings and options of a variant; raises SelectionError."""
    given = dict(parts)
    settings: dict[str, Any] = {name: number(name, given.pop(name)) for name in OWN if name in given}
    quotas = tuple(value for name, value in parts if name == QUOTA)
    given.pop(QUOTA, None)
    found = replace(spec, **settings, quotas=(*spec.quotas, *quotas), options=parsed_options(spec.method, given))
    check(found)
    return found


def number(name: str, text: str) -> Any:
    """The value of a setting as its field has it; raises SelectionError for a text that is no number where it must."""
    try:
        return NUMBERS.get(name, str)(text)
    except ValueError:
        settings_of(SelectionSpec)[name].check(name, text)
        raise


def varied(session: Session, spec: SelectionSpec, variant: str) -> SelectionSpec:
    """The task of `spec` for a variant: with its settings, and θ the default of its lens and scope where they are not
    those of `spec` and no θ is named. Boosts and vetoes of `spec` count only through its own lens.

    Its quotas may name sets and tags of the workspace. Raises SelectionError, and StoreError for a lens that the store
    has not.
    """
    parts = parts_of(variant)
    found = own_settings(replace(spec, method=method_of(variant), options={}), parts)
    if (found.lens, found.scope) != (spec.lens, spec.scope) and "theta" not in dict(parts):
        found = replace(found, theta=session.default_theta(found.scope, found.lens)[0])
    if found.lens != spec.lens:
        found = replace(found, vetoes={}, boosts={})
    return with_sets(found, workspace_of(session.store).state())
