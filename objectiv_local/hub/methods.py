"""Models as methods: classes of the hub offer functions under the functions' own names, signatures and docstrings.

A model is a function over frames. ``frequency = method(frequency)`` in a class makes it a method. If its first parameter is
``settings``, the method passes those of its object, and its signature is without it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Any, Concatenate, ParamSpec, TypeVar, overload

from objectiv_local.hub.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")


class WithSettings:
    """An object whose methods are models."""

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
