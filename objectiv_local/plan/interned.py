"""One object per value: equal plan values are the same object, so equality tests and hashing are cheap.

A plan is a graph in which sub-plans repeat; comparing two of them recursively would take time proportional to the plan and
would overflow the stack for long ones. Every value is therefore looked up in a table when it is constructed. Programs may be
built by several threads at once, as in a web server, so only one thread at a time adds to the table.
"""

from __future__ import annotations

import os
from threading import RLock
from typing import Any, Self
from weakref import WeakValueDictionary

_table: WeakValueDictionary[tuple[object, ...], Any] = WeakValueDictionary()
#: Held while a value is added. Garbage collection may run meanwhile in the same thread, and finalizers may construct values.
_adding = RLock()


def _after_fork() -> None:
    """Replace the lock: a thread of the parent process may have held it, and does not exist here to release it."""
    global _adding  # noqa: PLW0603 - one lock for the table of the process
    _adding = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Interned(type):
    """The metaclass of plan values. A class lists the attributes of its identity in ``__match_args__``."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Return the value with these arguments, or the equal one that already exists."""
        new = super().__call__(*args, **kwargs)
        key = (cls, *new.identity())
        known = _table.get(key)
        if known is not None:
            return known
        with _adding:
            # Another thread may have added it since.
            known = _table.get(key)
            if known is None:
                known = _table[key] = new
        return known


class Value(metaclass=Interned):
    """An immutable value of the plan, equal to another one only if it is the same object."""

    __slots__ = ("__weakref__",)
    __match_args__: tuple[str, ...] = ()

    def identity(self) -> tuple[object, ...]:
        """Return the identity of this value within its class."""
        return tuple(getattr(self, name) for name in self.__match_args__)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), tuple(getattr(self, name) for name in self.__match_args__)

    def __repr__(self) -> str:
        shown = ", ".join(repr(getattr(self, name)) for name in self.__match_args__)
        return f"{type(self).__name__}({shown})"
