"""The available engines: those of this package, and those that other packages provide.

An engine is a :class:`~objectiv_local.dialects.dialect.Dialect`, which writes SQL, and a
:class:`~objectiv_local.engines.base.Backend`, which connects and runs it. Both are loaded on first use. Another
package adds an engine with two entry points of the same name, in the groups ``objectiv_local.dialects`` and
``objectiv_local.engines``; see docs/architecture.md.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from objectiv_local.errors import DataInvalid, InvalidValue, near

#: The parts of an engine: the entry point group, and the attribute of the module for the engines of this package.
_PARTS = {"dialects": "DIALECT", "engines": "BACKEND"}

#: The engine whose SQL is written by default.
DEFAULT = "duckdb"

#: The engines of this package.
_OWN = (DEFAULT, "postgres", "spark")


@cache
def names() -> tuple[str, ...]:
    """Return the names of all engines, those of this package first; other engines need entry points in both groups."""
    found = [{point.name for point in entry_points(group=f"objectiv_local.{part}")} for part in _PARTS]
    others = found[0].intersection(*found[1:]) - set(_OWN)
    return (*_OWN, *sorted(others))


@cache
def load(part: str, name: str) -> object:
    """Return the dialect (``dialects``) or the backend (``engines``) of the named engine.

    Raises InvalidValue for an unknown name.
    """
    if name in _OWN:
        return getattr(import_module(f"objectiv_local.{part}.{name}"), _PARTS[part])
    found: EntryPoint | None = next(iter(entry_points(group=f"objectiv_local.{part}", name=name)), None)
    if found is None or name not in names():
        missing = "dialect" if part == "dialects" else "engine"
        raise InvalidValue(f"there is no {missing} {name!r}", hint=near(str(name), names()))
    try:
        return found.load()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    raise DataInvalid(
        f"the engine {name!r} of another package cannot be loaded: {reason}",
        hint=f"fix or uninstall the package that provides the entry point {found.value!r}",
    )
