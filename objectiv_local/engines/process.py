"""Connections after ``os.fork()``: a child process abandons those of its parent without touching them.

If two processes use the same socket or in-process database, their rows get mixed up, and closing it in the child ends it for
the parent. So the child closes nothing: objects of the parent are kept forever, and sessions open their own connections.
"""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from objectiv_local.engines.session import Session

_sessions: weakref.WeakSet[Session] = weakref.WeakSet()


def watch(session: Session) -> None:
    """Make a session abandon its connection in every child process."""
    _sessions.add(session)


def keep(value: object) -> None:
    """Keep an object until the process ends, so that its destructor never runs."""
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))


def _forked() -> None:
    for session in list(_sessions):
        session.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
