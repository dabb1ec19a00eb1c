"""Models as methods: classes of the hub expose functions under their own names, signatures and docstrings.

A model is a function over frames. ``frequency = method(frequency)`` in a class body makes it a method. If its first parameter
is ``settings``, the method passes those of its object, and its signature omits the parameter.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, signature
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar, overload

from objectiv_local.errors import AttributeNotFound, near
from objectiv_local.hub.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")


class Offers:
    """An object whose methods are models. Unknown attribute names raise an error that suggests the nearest model.

    ``_place`` is the expression with which users access it.
    """

    _place: ClassVar[str] = "hub"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeNotFound(f"{type(self).__name__} has no attribute {name!r}")
        own = _names(type(self))
        others = {
            f"{each._place}.{other}": other  # noqa: SLF001 - of the same family
            for each in _places()
            if each is not type(self)
            for other in _names(each)
        }
        elsewhere = [path for path, other in others.items() if other == name]
        nearest = get_close_matches(name, [*own, *others.values()], n=1)
        if not elsewhere and nearest and nearest[0] not in own:
            elsewhere = [path for path, each in others.items() if each == nearest[0]]
        hint = f"it is {' or '.join(elsewhere)}" if elsewhere else near(name, own)
        raise AttributeNotFound(f"{self._place} has no model or attribute {name!r}", hint=hint)


def _names(class_: type) -> list[str]:
    return [name for name in dir(class_) if not name.startswith("_")]


def _places() -> list[type[Offers]]:
    """Return the classes of a hub that offer models: all subclasses with a place of their own."""
    found: list[type[Offers]] = []
    pending = [Offers]
    while pending:
        class_ = pending.pop()
        pending += class_.__subclasses__()
        found += [class_] if _names(class_) else []
    return found


class WithSettings(Offers):
    """An object whose models use the settings of a hub."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings


@overload
def method(function: Callable[Concatenate[Settings, P], R]) -> Callable[Concatenate[Any, P], R]: ...
@overload
def method(function: Callable[P, R]) -> Callable[Concatenate[Any, P], R]: ...
def method(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a model as a method of a subclass of :class:`WithSettings`, with the signature and docstring of the function."""
    own = signature(function)
    parameters = list(own.parameters.values())
    takes_settings = bool(parameters) and parameters[0].name == "settings"

    @wraps(function)
    def call(self: WithSettings, *args: Any, **kwargs: Any) -> Any:
        return function(self._settings, *args, **kwargs) if takes_settings else function(*args, **kwargs)

    shown = [Parameter("self", Parameter.POSITIONAL_OR_KEYWORD), *parameters[takes_settings:]]
    call.__signature__ = own.replace(parameters=shown)  # type: ignore[attr-defined]
    return call
