"""The answers that the original release and ours are compared on: one CSV file per case, and how to write it.

Standard library only, and Python 3.9, because it is imported in both environments.
"""

from __future__ import annotations

import csv
import json
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

START_DATE = "2022-02-01"
END_DATE = "2022-03-15"
CONVERSION = "quickstart_presses"

TIMINGS = "timings.json"


@dataclass(frozen=True)
class Case:
    """One answer: its key columns, and every column with its kind (text, int, float, bool or timedelta)."""

    keys: tuple[str, ...]
    columns: dict[str, str]


def _label(name: str, kind: str) -> Case:
    return Case(("event_id",), {"event_id": "text", name: kind})


def _per_day(name: str, kind: str) -> Case:
    return Case(("time_aggregation",), {"time_aggregation": "text", name: kind})


_EVENTS = Case(
    ("event_id",),
    {"event_id": "text", "session_id": "int", "session_hit_number": "int", "event_type": "text"},
)

CASES: dict[str, Case] = {
    "events": _EVENTS,
    "events_all_dates": _EVENTS,
    "is_new_user": _label("is_new_user", "bool"),
    "is_new_user_month": _label("is_new_user", "bool"),
    "is_first_session": _label("is_first_session", "bool"),
    "is_conversion_event": _label("is_conversion_event", "bool"),
    "conversions_in_time": _label("conversions_in_time", "int"),
    "conversions_counter": _label("converted", "int"),
    "unique_users": _per_day("unique_users", "int"),
    "unique_users_converted": _per_day("unique_users", "int"),
    "unique_sessions": _per_day("unique_sessions", "int"),
    "session_duration_new_users": _per_day("session_duration", "timedelta"),
    "session_duration_new_users_sum": _per_day("session_duration", "timedelta"),
    "session_duration_new_users_bounces": _per_day("session_duration", "timedelta"),
    "session_duration_new_users_sum_bounces": _per_day("session_duration", "timedelta"),
    "session_duration_new_users_total": Case((), {"session_duration": "timedelta"}),
    # a day without new users is NULL, not 0
    "share_new_users": _per_day("share_new_users", "float"),
    # sessions that convert with their first press have no row
    "presses_before_conversion": Case(("session_id",), {"session_id": "int", "presses": "int"}),
    "unique_users_total": Case((), {"unique_users": "int"}),
    "unique_users_application": Case(("application_id",), {"application_id": "text", "unique_users": "int"}),
}


def write_case(directory: Path, name: str, rows: Iterable[Sequence[Any]]) -> int:
    """Write rows, whose values stand in the order of the case's columns, sorted by key; return their number."""
    case = CASES[name]
    columns = list(case.columns)
    positions = [columns.index(key) for key in case.keys]
    kinds = list(case.columns.values())
    lines = []
    for row in rows:
        if len(row) != len(kinds):
            raise ValueError(f"{name}: a row of {len(row)} values, expected the columns {columns}")
        lines.append(list(map(_text, row, kinds)))
    lines.sort(key=lambda line: [line[position] for position in positions])
    with (directory / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(lines)
    return len(lines)


def write_timings(directory: Path, seconds: dict[str, float], **about: Any) -> None:
    """Write the wall seconds per case, with facts about the run beside them."""
    text = json.dumps({**about, "seconds": seconds}, indent=2)
    (directory / TIMINGS).write_text(text + "\n", encoding="utf-8")


def _text(value: Any, kind: str) -> str:
    """Return the value as it stands in the CSV: empty for NULL, microseconds for a timedelta, true or false."""
    if _missing(value):
        return ""
    if kind == "timedelta":
        return str(value // timedelta(microseconds=1))
    if kind == "int":
        if value != int(value):
            raise ValueError(f"{value!r} is no whole number")
        return str(int(value))
    if kind == "float":
        return repr(float(value))
    if kind == "bool":
        if value not in (True, False):
            raise ValueError(f"{value!r} is no truth value")
        return "true" if value else "false"
    return str(value)


def _missing(value: Any) -> bool:
    """Whether the value is None, NaN, NaT or pandas.NA. No pandas here: the last three are not equal to themselves."""
    if value is None:
        return True
    try:
        return bool(operator.ne(value, value))
    except TypeError:  # the truth of pandas.NA is an error
        return True
