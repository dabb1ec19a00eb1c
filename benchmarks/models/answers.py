"""Answers in one form, so that those of different programs can be compared, and what a run takes: CPU and memory.

Standard library only, and Python 3.9, because the original's process imports it too.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from os import sysconf
from pathlib import Path
from typing import Any

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Answer:
    """The columns of an answer, those that name a row first, and its rows in the form of :func:`plain`."""

    columns: tuple[str, ...]
    rows: list[Row]


def answer(columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> Answer:
    """Return an answer of any values."""
    return Answer(tuple(columns), [tuple(map(plain, row)) for row in rows])


def plain(value: Any) -> Any:
    """Return None, a truth value, an int, a float or a text. Durations are microseconds, whole numbers are ints."""
    if isinstance(value, str) or value is None:
        return value
    try:
        if operator.ne(value, value):  # NaN and NaT
            return None
    except TypeError:  # the truth of pandas.NA is an error
        return None
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return value
    if hasattr(value, "is_integer") or hasattr(value, "as_integer_ratio"):
        return int(value) if value == int(value) else float(value)
    return str(value)


def differences(one: Answer, other: Answer, keys: int, tolerance: float) -> list[str]:
    """Return what differs between two answers: rows are found by their first ``keys`` columns, columns by their names."""
    if sorted(one.columns) != sorted(other.columns):
        return [f"columns {one.columns} and {other.columns}"]
    positions = [other.columns.index(name) for name in one.columns]
    left = {row[:keys]: row[keys:] for row in one.rows}
    right = {}
    for row in other.rows:
        ordered = tuple(row[position] for position in positions)
        right[ordered[:keys]] = ordered[keys:]
    found = []
    if not len(left) == len(one.rows) == len(other.rows) == len(right):
        found.append(f"rows {len(one.rows)} and {len(other.rows)}, different keys {len(left)} and {len(right)}")
    for key in left.keys() | right.keys():
        values, others = left.get(key), right.get(key)
        if values is None or others is None or not all(
                _same(a, b, tolerance) for a, b in zip(values, others)):  # noqa: B905 - Python 3.9
            found.append(f"{key}: {values} and {others}")
    return found


def _same(one: Any, other: Any, tolerance: float) -> bool:
    numbers = (int, float)
    if isinstance(one, numbers) and isinstance(other, numbers):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=tolerance)
    return bool(one == other)


def server_cpu(backend: int) -> float:
    """Return the CPU seconds that a Postgres server has spent for all its clients so far, by the process of one of them."""
    server = int(_stat(backend)[1])
    # Of a process: its own time, and that of its children that have ended.
    total = sum(map(int, _stat(server)[11:15]))
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                fields = _stat(int(path.name))
            except OSError:  # it has ended
                continue
            if int(fields[1]) == server:
                total += int(fields[11]) + int(fields[12])
    return total / sysconf("SC_CLK_TCK")


def memory(field: str, process: str = "self") -> float:
    """Return a figure of a process in MB: VmRSS, the memory that it holds, or VmHWM, the most that it held."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise LookupError(field)


def _stat(process: int) -> list[str]:
    """Return the fields of a process behind its name: its state, its parent, and so on."""
    return Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
