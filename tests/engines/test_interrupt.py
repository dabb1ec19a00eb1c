"""Ctrl-C and other signals, sent to a real process: they stop the query on the engine, and the connection still works."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import postgres_server
import pytest

from objectiv_local.engines.waiting import raised_by_signal

ROOT = Path(__file__).parents[2]

SCRIPT = """
import faulthandler, sys, time
faulthandler.dump_traceback_later(25, exit=True)
sys.path.insert(0, {root!r})
import pyarrow as pa
from objectiv_local.engines import connect
from objectiv_local.types import INT64

one = (("n", INT64),)
target = {target!r}
if target is None:
    target = pa.table({{"x": [1]}})
import signal

def alarm(*_):
    raise {error}("the alarm")

signal.signal(signal.SIGALRM, alarm)
engine = connect(target)
engine.arrow("SELECT 1::bigint", one)
stream = engine.batches({stream!r}, one, batch_rows=10) if {stream!r} else None
if stream is not None:
    next(stream)
print("ready", flush=True)
started = time.monotonic()
try:
    {action}
except {error} as interrupt:
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert {error!r} == "KeyboardInterrupt" or str(interrupt) == "the alarm", interrupt
    if {lost!r}:
        try:
            next(stream)
        except Exception as error:
            print(type(error).__name__, flush=True)
    print("interrupted", time.monotonic() - started < 8, flush=True)
    print(engine.arrow("SELECT 41::bigint + 1::bigint", one)["n"].to_pylist(), flush=True)
    print(engine.create_table("after", "SELECT 1 AS x").relation.parts, flush=True)
"""

ENDLESS = "SELECT count(*) FROM generate_series(1, 1000000) AS t(a), generate_series(1, 1000000) AS u(b) WHERE a * b % 7 = 9"
# The engines of these tests; Spark has its own test in tests/spark.
# The first rows come immediately, and then none ever. Postgres sends rows in batches of some kilobytes.
STALLED = {
    "postgres": f"SELECT a::bigint FROM generate_series(1, 20000) AS s(a) UNION ALL {ENDLESS}",
    "duckdb": "SELECT a::bigint FROM generate_series(1, 1000000) AS t(a), generate_series(1, 100000) AS u(b) "
    "WHERE a < 3 OR a * b % 7 = 9",
}
ACTIONS = {
    "arrow": ("", f"engine.arrow({ENDLESS!r}, one)"),
    "batches": ("", f"next(engine.batches({ENDLESS!r}, one))"),
    "next": ("stalled", "list(stream)"),
    "settle": ("stalled", "engine.arrow('SELECT 1::bigint', one)"),
    "create_table": ("", f"engine.create_table('pinned', {ENDLESS!r})"),
    "execute": ("", f"engine.execute({ENDLESS!r})"),
    "load": ("", "while True: engine.load('rows', pa.table({'n': list(range(100000))}), one)"),
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("kind", STALLED)
def test_interrupt(kind: str, action: str) -> None:
    stopped(kind, action, "KeyboardInterrupt")


# TimeoutError is an OSError, like errors of files; SystemExit is not an Exception.
@pytest.mark.parametrize(
    ("error", "action"),
    [
        *(("TimeoutError", action) for action in ACTIONS),
        ("SystemExit", "arrow"),
        ("SystemExit", "load"),
        ("RuntimeError", "settle"),
        ("RuntimeError", "create_table"),
    ],
)
@pytest.mark.parametrize("kind", STALLED)
def test_exception_of_a_signal_handler(kind: str, error: str, action: str) -> None:
    stopped(kind, action, error)


@pytest.mark.parametrize("action", ["arrow", "settle", "create_table"])
@pytest.mark.parametrize("kind", STALLED)
def test_signals_that_go_on_while_a_query_is_stopped(kind: str, action: str) -> None:
    stopped(kind, action, "TimeoutError", every=0.12)


def stopped(kind: str, action: str, error: str, every: float = 0) -> None:
    stalled, statement = ACTIONS[action]
    stream = STALLED[kind] if stalled else ""
    target = None if kind == "duckdb" else postgres_server.session_url()
    if error != "KeyboardInterrupt":
        statement = f"signal.setitimer(signal.ITIMER_REAL, 0.4, {every}); {statement}"
        if "while" in statement:
            statement = statement.replace("; while", "\n    while")
    script = SCRIPT.format(
        root=str(ROOT), target=target, stream=stream, action=statement, lost=action == "settle" and not every, error=error
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            if error == "KeyboardInterrupt":
                time.sleep(0.4)
                process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    # A reader whose rows were interrupted by another query must not treat the rows so far as complete.
    lost = ["QueryFailed"] if action == "settle" and not every else []
    assert output.splitlines() == [*lost, "interrupted True", "[42]", "('after',)"], errors
    assert process.returncode == 0


def test_an_exception_in_the_middle_of_a_wait_is_the_one_that_is_raised() -> None:
    alarm = TimeoutError("the alarm")
    # The kind of lock that threads and events wait on.
    waiting = threading.Condition(threading.Lock())

    def wait() -> None:
        with waiting:
            waiting._release_save()  # type: ignore[attr-defined]
            raise alarm

    with pytest.raises(RuntimeError, match="release unlocked lock") as found:
        wait()
    assert raised_by_signal(found.value) is alarm
    assert raised_by_signal(alarm) is alarm
    assert raised_by_signal(other := RuntimeError("another")) is other
