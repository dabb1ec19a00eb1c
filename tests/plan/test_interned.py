"""Equal plan values are one object, whoever makes them and from whichever thread."""

from __future__ import annotations

import gc
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread

import pytest

from objectiv_local.plan import interned
from objectiv_local.plan.expr import Column, call, literal
from objectiv_local.types import INT64

THREADS, ROUNDS = 8, 300


@pytest.fixture
def switching():
    """Let threads take turns as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_equal_values_are_one_object():
    assert call("add", Column("a", INT64), literal(1)) is call("add", Column("a", INT64), literal(1))


def test_a_value_that_nobody_holds_is_forgotten():
    name = "a column of this test alone"
    made = Column(name, INT64)
    assert any(value is made for value in interned._table.values())
    del made
    gc.collect()
    assert not any(isinstance(value, Column) and value.name == name for value in interned._table.values())


def test_threads_that_make_equal_values_get_one_object(switching):
    start = Barrier(THREADS)

    def made(number: int) -> list[object]:
        start.wait()
        return [Column(f"threads {number} {position}", INT64) for position in range(20)]

    with ThreadPoolExecutor(THREADS) as pool:
        for number in range(ROUNDS):
            answers = list(pool.map(made, [number] * THREADS))
            assert [len({id(value) for value in same}) for same in zip(*answers, strict=True)] == [1] * 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_process_that_is_forked_while_a_thread_adds_a_value_can_add_values():
    held, done = Event(), Event()

    def add() -> None:
        with interned._adding:
            held.set()
            done.wait()

    adding = Thread(target=add)
    adding.start()
    held.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        made = Column("a column of a forked process", INT64)
        os._exit(0 if made is Column("a column of a forked process", INT64) else 1)
    done.set()
    adding.join()
    assert os.waitpid(child, 0)[1] == 0
