"""Waiting for a connection in another thread, with a time limit, and so that signals are handled immediately."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

T = TypeVar("T")

#: Seconds before the time limit at which a query is stopped.
_STOPPING = 0.15
#: Seconds between two interrupts: one before the engine has started a statement has no effect.
_AGAIN = 0.05


class Unanswered(Exception):
    """A request to a connection was not run, for a reason that is not an error: no time, or other work."""


def briefly(
    action: Callable[[], T], hold: Callable[[], AbstractContextManager[None]], interrupt: Callable[[], None], seconds: float
) -> T:
    """Return the result of ``action`` if it takes less than ``seconds``. It runs in a separate thread.

    ``hold`` reserves the connection, and ``interrupt`` stops the running statement. The caller continues after ``seconds``, or
    immediately with the exception of a signal handler, even if a server does not respond. Errors of the action are raised here.

    Raises :class:`Unanswered`.
    """
    found: list[T] = []
    failures: list[BaseException] = []
    done, given_up = threading.Event(), threading.Event()
    # Held while the action is stopped, and when it starts and ends, so that no later statement is stopped instead.
    acting = threading.Lock()
    acts = False

    def work() -> None:
        nonlocal acts
        try:
            with hold():
                with acting:
                    acts = not given_up.is_set()
                try:
                    if acts:
                        found.append(action())
                finally:
                    with acting:
                        acts = False
        except BaseException as error:
            failures.append(error)
        finally:
            done.set()

    def stop() -> None:
        while not done.is_set():
            with acting:
                if acts:
                    interrupt()
            done.wait(_AGAIN)

    try:
        threading.Thread(target=work, name="objectiv_local preview", daemon=True).start()
        in_time = done.wait(seconds - _STOPPING)
        if not in_time:
            given_up.set()
            threading.Thread(target=stop, name="objectiv_local stop", daemon=True).start()
            done.wait(_STOPPING)
    except BaseException as error:
        if not given_up.is_set():
            given_up.set()
            threading.Thread(target=stop, name="objectiv_local stop", daemon=True).start()
        meant = raised_by_signal(error)
        if meant is not error:
            raise meant from meant.__cause__
        raise
    if found:
        return found.pop()
    if in_time and failures:
        raise failures.pop()
    raise Unanswered(f"stopped after {seconds:g} s")


def raised_by_signal(error: BaseException) -> BaseException:
    """Return the exception that a signal handler raised while this thread waited for another one.

    During a wait, threading has released a lock that it releases again on the way out, which raises a RuntimeError there.
    """
    hidden = error.__context__
    is_hidden = isinstance(error, RuntimeError) and str(error) == "release unlocked lock" and hidden is not None
    return hidden if is_hidden and hidden is not None else error
