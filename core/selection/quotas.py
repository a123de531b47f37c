"""Quotas as a person types them: the least and the most that a selection has of a group of samples.

    source:code<=10%            at most 10 % of the budget
    source:*>=5                 of every source at least 5 samples; of one with fewer, all
    set:maths>=20000 tokens     at least so many tokens
    cluster=equal               as much of each cluster; =data: as in the data; =root: by the root of the share
    above:perplexity@20<=5%     of the samples with a score of 20 or more at most 5 % of the budget

A group is named by what the samples are told apart by, a colon, and its value; * stands for every value. A sample
without a value is in the group (none).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from core.errors import SelectionError
from core.system.shown import many
from core.topics.language import CALLED

EVERY, NONE = "*", "(none)"  # every group; the group of the samples that have no value
SHARES = ("equal", "data", "root")  # how a budget is given out to all groups
MARKED = ("set", "tag")  # what a person gave samples; a sample may have several
ABOVE = "above"  # a score column and a threshold: a sample may be above several
OVERLAPPING = (*MARKED, ABOVE)
TOLD_SHARES = {"equal": "equal shares", "data": "as in the data", "root": "square root of the share"}
UNIT_MARKS = {"percent": "%", "samples": "", "tokens": " tokens"}
BOUND = re.compile(r"([^:<>=]+):(.+?)(<=|>=)\s*(\d+\.?\d*|\.\d+)\s*(%|tokens?|samples?|)", re.DOTALL)
PRESET = re.compile(rf"([^:<>=]+)=\s*({'|'.join(SHARES)})")


@dataclass(frozen=True)
class Quota:
    """One bound on a group, or how the budget is given out to all groups of a grouping.

    by: what tells the groups apart; group: a value of it, or EVERY; sign: <= for at most, >= for at least, and = with
    one of SHARES as the unit; amount of a unit: samples, tokens, or percent of the budget.
    """

    by: str
    group: str
    sign: str
    amount: float
    unit: str

    def __str__(self) -> str:
        if self.sign == "=":
            return f"{self.by}={self.unit}"
        amount = np.format_float_positional(self.amount, trim="-")
        return f"{self.by}:{self.group}{self.sign}{amount}{UNIT_MARKS[self.unit]}"

    @property
    def place(self) -> tuple[str, str, str]:
        """What it bounds, and from which side: another quota of the same place comes instead of it."""
        return self.by, self.group, self.sign

    @property
    def rule(self) -> str:
        """What it asks of its group: at most 10 %, none, at least 5 samples, as in the data."""
        if self.sign == "=":
            return TOLD_SHARES[self.unit]
        if self.sign == "<=" and not self.amount:
            return "none"
        side = "at most" if self.sign == "<=" else "at least"
        amount = f"{self.amount:,.10g}"
        unit = self.unit.removesuffix("s") if self.amount == 1 else self.unit
        all_of_it = ", or all of it" if side == "at least" and self.group == EVERY else ""
        return f"{side} {amount} {'%' if unit == 'percent' else unit}{all_of_it}"

    def told(self, name: str = "") -> str:
        """The same with its group, which a page may call by a `name`: source code: at most 10 %."""
        return f"{group_told(self.by, name or self.group)}: {self.rule}"


def parsed(text: str) -> Quota:
    """The quota that a text says; `str` gives the text back, without needless spaces. Raises SelectionError."""
    if found := PRESET.fullmatch(text.strip()):
        by = found[1].strip()
        if by in OVERLAPPING:  # so no budget can be given out to them
            raise SelectionError(
                f"The quota {text.strip()} gives out the budget by {by}, and a sample may be of several: bound each, "
                f"such as {by}:NAME<=10%."
            )
        return Quota(by, EVERY, "=", 0.0, found[2])
    found = BOUND.fullmatch(text.strip())
    parts = [part.strip() for part in found.groups()] if found else [""]
    if not all(parts[:2]):
        raise SelectionError(
            f"A quota is written like source:code<=10%, source:*>=5, set:NAME>=9 tokens or source=equal, got {text!r}."
        )
    by, group, sign, amount, mark = parts
    unit = {"%": "percent", "t": "tokens"}.get(mark[:1], "samples")
    if unit == "percent" and float(amount) > 100:
        raise SelectionError(f"The quota {text.strip()} asks for more than 100 %.")
    return Quota(by, group, sign, float(amount), unit)


def named_groups(quotas: Sequence[str]) -> list[str]:
    """The sets and tags that quotas name, such as set:maths, or set:* for all of them; raises SelectionError."""
    found = [parsed(text) for text in quotas]
    return list(dict.fromkeys(f"{quota.by}:{quota.group}" for quota in found if quota.by in MARKED))


def added(quotas: Sequence[str], text: str) -> tuple[str, ...]:
    """Quotas with one more, in place of one that bounds the same group from the same side; raises SelectionError."""
    new = parsed(text)
    known = {parsed(one).place: one for one in quotas}
    return tuple((known | {new.place: str(new)}).values())


def group_told(by: str, group: str) -> str:
    """A group in words: source code, every source, prompt tokens from 20 on, English, strongest topic 7."""
    if group == EVERY:
        return f"every {by}"
    if by == ABOVE:
        column, _, least = group.rpartition("@")
        return f"{column.replace('_', ' ').replace(':', ' ')} from {least} on"
    if by == "language":
        return CALLED.get(group, f"language {group}")
    return f"strongest topic {group}" if by == "topic" else f"{by} {group}"


def threshold(group: str) -> tuple[str, float]:
    """The score column and the least value that a group of ABOVE stands for, such as ifd@0.5; raises SelectionError."""
    column, _, least = group.rpartition("@")
    try:
        value = float(least)
    except ValueError:
        value = nan
    if not column or not isfinite(value):
        raise SelectionError(f"A quota by a score is written like above:ifd@0.5<=10%, got the group {group!r}.")
    return column, value


def steered_by(quotas: Sequence[str], boosts: Mapping[int, float]) -> str:
    """How many quotas and boosts there are, for what must say that it goes without them; "" where there are none."""
    return " and ".join(many(len(some), what) for some, what in ((quotas, "quota"), (boosts, "boost")) if some)
