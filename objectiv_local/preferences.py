"""Display options: user preferences that never change a result."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from objectiv_local.errors import AttributeNotFound, InvalidType, near

_MEANINGS = {
    "preview": "show rows of frames: True, False, or None for sources on this machine only",
    "progress": "show progress of queries over 2 seconds: True, False, or None for terminals and notebooks only",
}
_temporary: ContextVar[Mapping[str, bool | None]] = ContextVar("objectiv_local_options", default={})  # noqa: B039 - never changed


class Options:
    """What is displayed automatically; ``objectiv_local.options`` holds the options of the process.

    ``preview``: whether a notebook shows the first rows of a frame, series or analysis. They come from a query that is stopped
    after one second. By default, None, sources on this machine are previewed (files, tables in memory, snapshots, database
    files), and servers and remote files are not.

    ``progress``: whether queries and snapshots that take more than two seconds show their progress on standard error. By
    default, None, they do so in terminals and notebooks. Queries that do not run in the main thread never show progress.

    Assign an option to set it for the process, or use ``with`` to set it in a block, for the current thread or task only.

    Raises AttributeNotFound for an unknown option, and InvalidType for a value other than True, False and None.

    >>> import objectiv_local as ol
    >>> with ol.options(preview=False):
    ...     print(ol.options.preview)
    False
    >>> print(ol.options.preview)
    None
    """

    __slots__ = ("_values",)
    _values: dict[str, bool | None]

    def __init__(self) -> None:
        object.__setattr__(self, "_values", dict.fromkeys(_MEANINGS))

    @contextmanager
    def __call__(self, **values: bool | None) -> Generator[Options]:
        """Set options in a ``with`` block."""
        given = {name: _checked(name, value) for name, value in values.items()}
        token = _temporary.set({**_temporary.get(), **given})
        try:
            yield self
        finally:
            _temporary.reset(token)

    def __getattr__(self, name: str) -> bool | None:
        if name not in _MEANINGS:
            raise _unknown(name)
        temporary = _temporary.get()
        return temporary[name] if name in temporary else self._values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        value = _checked(name, value)
        temporary = _temporary.get()
        if name in temporary:
            _temporary.set({**temporary, name: value})
        else:
            self._values[name] = value

    def __delattr__(self, name: str) -> None:
        setattr(self, name, None)

    def __dir__(self) -> list[str]:
        return sorted(_MEANINGS)

    def __repr__(self) -> str:
        width = max(map(len, _MEANINGS))
        return (
            "\n".join(
                [
                    "<options",
                    *(f"  {name:{width}} = {getattr(self, name)!s:5}  # {meaning}" for name, meaning in _MEANINGS.items()),
                ]
            )
            + ">"
        )


def _unknown(name: str) -> AttributeNotFound:
    return AttributeNotFound(f"there is no option {name!r}", hint=None if name.startswith("_") else near(name, _MEANINGS))


def _checked(name: str, value: object) -> bool | None:
    if name not in _MEANINGS:
        raise _unknown(name)
    if value is None or isinstance(value, bool):
        return value
    raise InvalidType(f"the option {name} has to be True, False or None, not {value!r}")


options = Options()
