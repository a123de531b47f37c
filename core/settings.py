"""A setting is declared once: a field of a dataclass, with its sentence and what is allowed.

The command line (cli/options), the forms of the pages and the checks are made from it:

    @dataclass(frozen=True)
    class TrainConfig:
        epochs: int = setting(1, "Passes over the samples.", low=1)

        def __post_init__(self) -> None:
            check(self)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from numbers import Integral, Real
from typing import Any

from core.errors import SelectionError


@dataclass(frozen=True)
class Setting:
    """What a field says of itself. low, high: bounds of a number, both included unless `between`; whole: no fractions;
    choices: allowed words, beside the bounds if there are any.

    The command line has the field's own name, type and default, unless these say otherwise: option: the names, such as
    "-r --multiplicity"; typed: what stands there when nothing was typed, and by its type what can be typed (None: a
    default that only the store knows); parse: makes the value of a typed text.
    """

    sentence: str
    low: float | None = None
    high: float | None = None
    between: bool = False
    whole: bool = False
    choices: tuple[str, ...] = ()
    option: str = ""
    typed: Any = ...
    parse: Callable[[str], Any] | None = None

    @property
    def allowed(self) -> str:
        """What the value must be, as the end of a sentence; only for those that have bounds or choices."""
        kind = "a whole number" if self.whole else "a number"
        if self.low is None:
            number = ""
        elif self.high is None:
            number = f"{kind} {'above' if self.between else 'of at least'} {self.low:g}"
        else:
            number = f"{kind} {'between' if self.between else 'from'} {self.low:g} {'and' if self.between else 'to'} "
            number += f"{self.high:,.12g}"
        *first, last = filter(None, [number, *self.choices])
        return f"{', '.join(first)} or {last}" if first else last

    def allows(self, value: Any) -> bool:
        """Whether the value may stand in the field; NaN and infinity never may where there are bounds."""
        if self.low is None or (isinstance(value, str) and self.choices):
            return value in self.choices or not self.choices
        if not isinstance(value, Integral if self.whole else Real) or not math.isfinite(value):
            return False
        high = math.inf if self.high is None else self.high
        number = float(value)
        return self.low < number < high if self.between else self.low <= number <= high

    def check(self, name: str, value: Any) -> None:
        """Raise SelectionError, with the name, the value and what is allowed, if the value may not stand here."""
        if self.allows(value):
            return
        if self.low is None:
            raise SelectionError(f"Unknown {name} {value!r}: it must be one of {', '.join(self.choices)}.")
        raise SelectionError(f"{name} must be {self.allowed}, got {value!r}.")


def setting(default: Any = MISSING, sentence: str = "", *, factory: Any = MISSING, **about: Any) -> Any:
    """A dataclass field that is a setting; `about` are the further fields of Setting."""
    whole = isinstance(default, int) and not isinstance(default, bool)
    metadata = {"setting": Setting(sentence, **{"whole": whole, **about})}
    return field(default=default, default_factory=factory, metadata=metadata)


def like(declared: type, name: str) -> Any:
    """A dataclass field with the default and the setting of another class's field."""
    other = next(f for f in fields(declared) if f.name == name)
    return field(default=other.default, metadata=other.metadata)


def settings_of(declared: type) -> dict[str, Setting]:
    """The settings among the fields of a dataclass, by name, in their order."""
    return {f.name: f.metadata["setting"] for f in fields(declared) if "setting" in f.metadata}


def sentence(declared: type, name: str) -> str:
    """What a setting means, as the command line and the pages say it."""
    return settings_of(declared)[name].sentence


def check(settings: Any) -> None:
    """Raise SelectionError for the first setting of an instance whose value is not allowed."""
    for name, one in settings_of(type(settings)).items():
        one.check(name, getattr(settings, name))


def without_default_lens(request: dict[str, Any]) -> dict[str, Any]:
    """The request; without its lens if that is tokens, as requests were before there were lenses: digests stay."""
    return {name: value for name, value in request.items() if (name, value) != ("lens", "tokens")}


# --- what people type


def arguments(settings: Any) -> list[str]:
    """The options of the command line that make an instance equal to this one: those that are not the defaults, and
    those whose default only the store knows.
    """
    return typed(type(settings), {name: getattr(settings, name) for name in settings_of(type(settings))})


def typed(declared: type, given: Mapping[str, Any]) -> list[str]:
    """What a command is told of some settings of a class: --held-out 40. Defaults and None are left out.

    Where only the store knows the default, as of θ, that of the field is told: the command may start from another.
    """
    known, found = settings_of(declared), []
    for f in fields(declared):
        default = f.default if f.default_factory is MISSING else f.default_factory()
        value = given.get(f.name)
        if value is None:
            continue
        one = known[f.name]
        if one.typed is None or value not in (default, one.typed):
            found += option(f.name, one, value)
    return found


def option(name: str, one: Setting, value: Any) -> list[str]:
    """The option of a setting with its value; of one that is repeated, with each."""
    called = max(one.option.split() or [f"--{name.replace('_', '-')}"], key=len)
    if isinstance(value, bool):
        return [called if value else f"--no-{called.removeprefix('--')}"]
    texts = [f"{k}={v}" for k, v in value.items()] if isinstance(value, Mapping) else value
    texts = [str(text) for text in texts] if isinstance(texts, list | tuple) else [str(texts)]
    if isinstance(one.typed, str):  # several in one text
        texts = [",".join(texts)]
    return [part for text in texts for part in (called, text)]


def words(text: str) -> tuple[str, ...]:
    """What stands between the commas, each once."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def pairs(texts: Iterable[str]) -> dict[str, str]:
    """NAME=VALUE texts as a dictionary; raises SelectionError for one without a name or without =."""
    found = [text.partition("=") for text in texts]
    for name, equals, value in found:
        if not (name.strip() and equals):
            raise SelectionError(f"An option is written NAME=VALUE, got {name + equals + value!r}.")
    return {name.strip(): value.strip() for name, _, value in found}


def whole_number(text: str) -> int | None:
    """The whole number that a text of digits, at most 18, writes; None for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def number_or_word(text: str) -> int | str:
    """A whole number if the text is one, else the text."""
    number = whole_number(text)
    return text if number is None else number
