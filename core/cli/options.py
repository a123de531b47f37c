"""Options: those that several commands share, those made of settings, and the request they amount to."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields, replace
from pathlib import Path
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

import typer

from core.errors import SelectionError
from core.schema import SelectionSpec
from core.settings import Setting, settings_of, words
from core.system.files import store_at

if TYPE_CHECKING:
    from core.session.session import Session
    from core.workspace.log import Workspace

Store = Annotated[
    Path,
    typer.Option(
        "--store", parser=store_at, metavar="STORE", help="A feature store: its path, or its key in the cache."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
Force = Annotated[bool, typer.Option("--force", help="Replace or remove files of another export.")]
Budgets = Annotated[
    str, typer.Option("--budget", "--budgets", help="Numbers or shares such as 5%, separated by commas.")
]
Asked = dict[str, Any]  # what was typed for the settings of a class, by the names of its fields


# --- options made of settings


class Options:
    """The settings of a class as options of a command: those named, else all, some with a default of their own."""

    def __init__(self, declared: type, *names: str, without: Sequence[str] = (), **defaults: Any) -> None:
        known = settings_of(declared)
        self.settings = {name: known[name] for name in names or known if name not in without}
        self.hints = get_type_hints(declared)
        self.defaults = {f.name: f.default for f in fields(declared)}
        self.own = defaults

    def is_tuple(self, name: str) -> bool:
        """Whether a setting is several values."""
        return get_origin(self.hints[name]) is tuple

    def parameters(self) -> list[inspect.Parameter]:
        """The options as parameters that typer understands."""
        return [self.parameter(name, one) for name, one in self.settings.items()]

    def parameter(self, name: str, one: Setting) -> inspect.Parameter:
        """One setting as a parameter."""
        hint, default = self.hints[name], self.defaults[name]
        if isinstance(one.typed, tuple) or (self.is_tuple(name) and one.typed is ...):  # an option to repeat
            item = get_args(hint)[0] if one.typed is ... else str
            hint = GenericAlias(list, (item,))
            if not (default is MISSING and one.typed is ...):  # one that may stay away
                hint, default = hint | None, None
        elif isinstance(one.typed, str):
            hint, default = str, one.typed
        elif one.typed is None:
            hint, default = hint | None, None
        default = self.own.get(name, ... if default is MISSING else default)  # ...: typer asks for it
        found = " Default: chosen from the store." if one.typed is None else ""
        option = typer.Option(default, *one.option.split(), help=one.sentence + found)
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=hint)

    def values(self, given: dict[str, Any]) -> Asked:
        """Take the settings out of `given`; raises SelectionError for one that is not allowed."""
        found = {}
        for name, one in self.settings.items():
            value = given.pop(name)
            if one.parse:
                value = one.parse(value or one.typed)
            elif self.is_tuple(name):
                value = tuple(value or ())
            if value is not None:
                one.check(name, value)
            found[name] = value
        return found


def takes(**parts: Options) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of settings: each part is one of its parameters, and gets what was typed (Asked)."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        def run(**given: Any) -> None:
            asked = {part: options.values(given) for part, options in parts.items()}
            command(**given, **asked)

        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(command, eval_str=True).parameters.values():
            own = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            parameters += parts[parameter.name].parameters() if parameter.name in parts else [own]
        run.__name__, run.__doc__, run.__module__ = command.__name__, command.__doc__, command.__module__
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # typer reads it
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return decorate


# --- the request


def request(store: Path, **asked: Any) -> tuple[Session, Workspace, SelectionSpec]:
    """The opened store, its workspace, and the spec that the options and the workspace's decisions amount to.

    `asked` are fields of SelectionSpec as they are typed: a budget of 5%, no θ for the store's own, no lens for that of
    the papers where the store has it. Raises StoreError and SelectionError.
    """
    from core.selection.checks import parsed_options
    from core.session.decided import decided
    from core.session.session import open_session, workspace_of

    session = open_session(store)
    workspace = workspace_of(session.store)
    state, lens = workspace.state(), asked.get("lens") or session.lens
    spec = SelectionSpec(**{**asked, "theta": 0.0, "budget": 1, "options": {}, "lens": lens})
    known_method(spec.method)
    theta, total = asked.get("theta"), session.total(spec.unit)
    spec = replace(
        spec,
        budget=parsed_budget(asked.get("budget", "100"), total),
        theta=session.default_theta(spec.scope, spec.lens)[0] if theta is None else theta,
        options=parsed_options(spec.method, asked.get("options", {})),
    )
    return session, workspace, decided(spec, state)


def parsed_budget(text: str, total: int) -> int:
    """A whole number, or a share of `total`: 5% is at least 1; raises SelectionError."""
    try:
        return max(1, round(parsed_share(text) * total)) if text.endswith("%") else int(text)
    except (ValueError, OverflowError):
        raise SelectionError(f"The budget must be a whole number or a share such as 5%, got {text!r}.") from None


def parsed_share(text: str) -> float:
    """A percentage as a share in (0, 1]; raises ValueError."""
    share = float(text.removesuffix("%")) / 100
    if not 0 < share <= 1:
        raise ValueError(text)
    return share


def parsed_methods(text: str) -> list[str]:
    """Methods separated by commas; raises SelectionError for one that is not there."""
    return [known_method(name) for name in words(text)]


def known_method(name: str) -> str:
    """The name itself; raises SelectionError if it is no method."""
    from core.selection.registry import METHODS

    if name not in METHODS:
        raise SelectionError(f"Unknown method {name!r}: it must be one of {', '.join(METHODS)}.")
    return name
