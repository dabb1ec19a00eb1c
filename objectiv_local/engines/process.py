"""Connections after ``os.fork()``: a child process lets go of those that its parent opened, without touching them.

A socket or an in-process database that two processes use mixes their rows, and closing it in the child ends it for the
parent. So the child closes nothing: what belongs to the parent is kept for ever, and sessions open connections of their own.
"""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from objectiv_local.engines.session import Session

_sessions: weakref.WeakSet[Session] = weakref.WeakSet()


def watch(session: Session) -> None:
    """Have a session let go of its connection in every child process."""
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
