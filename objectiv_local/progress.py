"""Progress of long operations: a line on standard error that appears after two seconds and disappears at the end."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from objectiv_local.preferences import options

#: Seconds of waiting before progress is shown.
DELAY = 2.0
#: Seconds between two updates of the progress.
INTERVAL = 0.2

#: The progress on display. A nested operation, such as a query of a snapshot, does not show its own.
_shown: list[Progress] = []


class Progress:
    """The progress of one operation: a count in ``unit``, out of ``total`` if known; a percentage if there is no unit.

    ``count`` returns how much is done; 0 or less if unknown.
    """

    def __init__(self, title: str = "query", total: float | None = None, unit: str = "") -> None:
        self.count: Callable[[], float] = lambda: 0
        self._title = title
        self._total = total
        self._unit = unit
        self._began = time.monotonic()
        self._waited = 0.0
        self._looked = 0.0
        self._bar: Any = None

    @contextmanager
    def watched(self, *, last: bool = True) -> Generator[Callable[[float], None] | None]:
        """Show progress while the block waits for the operation, and clear the line afterwards.

        The block receives a function to call with the seconds that it has just waited, or None if progress is not shown. Unless
        this is the ``last`` block that waits for the operation, :meth:`close` has to be called at the end.
        """
        if threading.current_thread() is not threading.main_thread() or not is_watched():
            yield None
        elif _shown:
            yield _shown[0].waited
        else:
            _shown.append(self)
            try:
                yield self.waited
            finally:
                _shown.clear()
                if last:
                    self.close()
                elif self._bar is not None:
                    with _undisturbed():
                        self._bar.clear()

    def close(self) -> None:
        """Remove the progress from the screen."""
        bar, self._bar = self._bar, None
        if bar is not None:
            with _undisturbed():
                # Ctrl-C during a refresh leaves a line whose length tqdm does not know.
                bar.refresh()
                bar.close()

    def waited(self, seconds: float) -> None:
        """Add seconds spent waiting. The time that the reader of a stream spends between two batches does not count."""
        # Nested operations may report the same seconds twice.
        self._waited = min(self._waited + seconds, time.monotonic() - self._began)
        if self._waited >= DELAY and time.monotonic() - self._looked >= INTERVAL:
            self._looked = time.monotonic()
            with _undisturbed():
                self._show()

    def _show(self) -> None:
        if self._bar is None:
            self._bar = _bar(self._title, self._total, time.time() - (time.monotonic() - self._began))
        done = max(self.count(), self._bar.n)
        if not self._unit and done > 0:
            self._bar.total, self._bar.bar_format = 100, "{desc}: {percentage:3.0f}%|{bar}| {elapsed}"
        elif self._total:
            self._bar.bar_format = f"{{l_bar}}{{bar}}| {{n:,}} of {{total:,}} {self._unit}, {{elapsed}}"
        elif done > 0:
            self._bar.bar_format = f"{{desc}}: {{n:,}} {self._unit}, {{elapsed}}"
        self._bar.n = done
        self._bar.refresh()


@contextmanager
def counting(title: str, total: int, unit: str) -> Generator[Callable[[int], None]]:
    """Show how many of ``total`` are done while the block runs; the block receives a function that adds to the count."""
    progress = Progress(title, total, unit)
    done, last = 0, time.monotonic()
    progress.count = lambda: done
    with progress.watched() as tick:

        def count(number: int) -> None:
            nonlocal done, last
            done += number
            now = time.monotonic()
            if tick is not None:
                tick(now - last)
            last = now

        yield count


@contextmanager
def _undisturbed() -> Generator[None]:
    """Ignore errors of the display, as in a terminal that was closed, so that the operation continues."""
    try:
        yield
    except TimeoutError:
        raise  # from a signal handler
    except (OSError, ValueError):
        pass


def is_watched() -> bool:
    """Return whether progress is shown: in terminals and notebooks, unless the option is set."""
    wanted = options.progress
    if wanted is not None:
        return wanted
    return _in_notebook() or (sys.stderr is not None and sys.stderr.isatty())


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"


def _bar(title: str, total: float | None, since: float) -> Any:
    from tqdm.std import tqdm

    # With a delay, tqdm shows nothing before the first refresh.
    place: dict[str, Any] = {"file": _Line(), "ncols": 60} if _in_notebook() else {}
    bar = tqdm(desc=title, total=total, bar_format="{desc}: {elapsed}", leave=False, delay=1e-9, **place)
    bar.start_t = since
    return bar


class _Line:
    """A line of notebook output that can be overwritten, as in a terminal; widgets would remain in saved notebooks."""

    def __init__(self) -> None:
        self._shown: Any = None

    def write(self, text: str) -> None:
        """Show the text after the last carriage return."""
        from IPython.display import display

        line = {"text/plain": text.rpartition("\r")[2].rstrip()}
        if self._shown is None:
            self._shown = display(line, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._shown.update(line, raw=True)

    def flush(self) -> None:
        """Do nothing: ``write`` displays its text at once."""
