"""The exceptions of the package and the format of their messages.

A message says what was wrong with the value, where, and what to do about it. Each class is also a subclass of the builtin
exception that a caller would expect.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable


class ObjectivError(Exception):
    """The base class of every error that this package raises deliberately."""

    def __init__(self, what: str, *, hint: str | None = None) -> None:
        self.what = what
        self.hint = hint
        super().__init__(what if hint is None else f"{what}\nhint: {hint}")

    def __str__(self) -> str:
        # KeyError prints the repr of its argument, which would show the newline before the hint as \n.
        return str(self.args[0])


class ColumnNotFound(ObjectivError, KeyError):
    """A column, index level, table or conversion name that does not exist."""


class AttributeNotFound(ObjectivError, AttributeError):
    """An attribute that is neither a member nor a column."""


class InvalidValue(ObjectivError, ValueError):
    """A value that a parameter does not accept."""


class InvalidType(ObjectivError, TypeError):
    """A value of a type that an operation does not accept."""


class NotSupported(ObjectivError, NotImplementedError):
    """A feature that is deliberately not supported; the message gives the reason."""


class RowNotFound(ObjectivError, IndexError):
    """The value of a series was requested, but the series is empty."""


class TableNotFound(ObjectivError, LookupError):
    """A table, file or directory that does not exist."""


class ConnectionFailed(ObjectivError, ConnectionError):
    """A database or file that cannot be opened. The message never contains a password."""


class TooLarge(ObjectivError, MemoryError):
    """A result larger than the limit in bytes that the caller set; nothing was fetched."""


class QueryFailed(ObjectivError, RuntimeError):
    """A statement that failed while the engine was running it."""


class DataInvalid(ObjectivError, ValueError):
    """Stored data that cannot be read as its declared type or format."""


class ReadOnly(ObjectivError, PermissionError):
    """A write on a connection that was opened for reading."""


def deprecated(name: str, successor: str) -> None:
    """Warn about the use of a deprecated name, and name its replacement."""
    import warnings

    warnings.warn(f"{name} is deprecated: use {successor}", DeprecationWarning, stacklevel=caller_level())


def caller_level() -> int:
    """Return the ``stacklevel`` at which a warning points to the first line outside of the package."""
    frame, level = sys._getframe(1), 1  # noqa: SLF001 - the only way to inspect the callers' frames
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __name__.partition(".")[0]:
        frame, level = frame.f_back, level + 1
    return level


def near(name: str, known: Iterable[str]) -> str:
    """Return a hint that lists the names most similar to ``name``, or all names if none is similar."""
    names = list(known)
    matches = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    folded = [other for other in names if other.casefold() == name.casefold() and other not in matches]
    matches = folded + matches
    if matches:
        return "did you mean " + " or ".join(repr(match) for match in matches) + "?"
    if not names:
        return "there are no names to choose from"
    listed = ", ".join(repr(other) for other in names[:20])
    return f"known names are {listed}" + (f" and {len(names) - 20} more" if len(names) > 20 else "")
