"""The answers that the original release and ours are compared on: one CSV file per case, and how to write it.

Standard library only, and Python 3.9, because it is imported in both environments.
"""

from __future__ import annotations

import csv
import json
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

START_DATE = "2022-02-01"
END_DATE = "2022-03-15"

#: Conversions: presses of a link, all hits on it, and all presses.
CONVERSION = "quickstart_presses"
STACK_CONVERSION = "quickstart_hits"
TYPE_CONVERSION = "presses"
CONVERSION_LINK = {"id": "Quickstart Guide", "_type": "LinkContext"}

TIMINGS = "timings.json"
_STEP = "_first_conversion_step_number"
ERROR_LENGTH = 300

Row = dict[str, str]


@dataclass(frozen=True)
class Case:
    """One answer: its key columns, and every column with its kind (text, day, int, float, bool, timedelta or json).

    No keys are one row over all data. Without keys (None), rows are a bag: their number counts and not their order.
    A matrix has a row for each first key and a column for each second one, ``_0``, ``_1`` and so on.
    """

    keys: tuple[str, ...] | None
    columns: dict[str, str]
    matrix: bool = False


@dataclass(frozen=True)
class Intended:
    """A difference that is meant: the reason, and which rows of the original and of ours it explains.

    A row is None where a side has none. ``error`` is a part of the message that the original fails with, if it fails.
    """

    reason: str
    explains: Callable[[Row | None, Row | None], bool] = lambda original, ours: False
    error: str | None = None


def _label(name: str, kind: str) -> Case:
    return Case(("event_id",), {"event_id": "text", name: kind})


def _by(name: str, kind: str, *keys: str) -> Case:
    return Case(keys, {**dict.fromkeys(keys, "text"), name: kind})


def _per_day(name: str, kind: str) -> Case:
    return _by(name, kind, "time_aggregation")


def _features(column: str) -> Case:
    return _by(column, "int", "application", "feature_nice_name", "event_type")


def _retention(kind: str) -> Case:
    return Case(("first_cohort", "distance"), {"first_cohort": "text", "distance": "int", "users": kind}, matrix=True)


def _funnel(**groups: str) -> Case:
    counts = dict.fromkeys(("n_users", "n_users_completed_step"), "int")
    rates = dict.fromkeys(("step_conversion_rate", "full_conversion_rate", "dropoff_share"), "float")
    return Case((*groups, "location"), {**groups, "location": "text", **counts, **rates})


def _paths(steps: int, *, converts: bool = False, column: str = "location_stack", **groups: str) -> Case:
    columns = {**groups, **{f"{column}_step_{number}": "text" for number in range(1, steps + 1)}}
    return Case(None, {**columns, _STEP: "int"} if converts else columns)


_EVENTS = Case(("event_id",), {"event_id": "text", "session_id": "int", "session_hit_number": "int", "event_type": "text"})
_RAW = {"event_id": "text", "day": "day", "moment": "text", "user_id": "text", "location_stack": "json"}
_TYPES = {"event_type": "text", "stack_event_types": "json"}
_DURATION_GROUPS = ("event_type", "application_id")
_DURATION_OF_SESSION = {"session_id": "int", "session_duration": "timedelta"}
_FLOWS = Case(("source", "target"), {"source": "text", "target": "text", "value": "int"})

#: Bounds of slices of location stacks, by the name of their case.
SLICES: dict[str, slice] = {
    "slice_from_1": slice(1, None),
    "slice_to_2": slice(None, 2),
    "slice_1_3": slice(1, 3),
    "slice_last_2": slice(-2, None),
    "slice_but_last": slice(None, -1),
    "slice_negative_both": slice(-3, -1),
    "slice_empty": slice(3, 1),
    "slice_from_type": slice({"_type": "NavigationContext"}, None),
    "slice_to_type": slice(None, {"_type": "NavigationContext"}),
    "slice_between_types": slice({"_type": "NavigationContext"}, {"_type": "LinkContext"}),
    "slice_from_link": slice(CONVERSION_LINK, None),
    "slice_type_to_last": slice({"_type": "NavigationContext"}, -1),
    "slice_1_to_type": slice(1, {"_type": "LinkContext"}),
}

#: Places in location stacks, by the name of their case.
INDEXES = {"index_first": 0, "index_second": 1, "index_last": -1, "index_beyond": 9}

#: Formats of periods, by the name of their case: those that both releases document as portable.
FORMATS = {
    "time_agg": None,
    "time_agg_microseconds": "%Y-%m-%d %H:%M:%S.%f",
    "time_agg_week": "%V of %y, day %j",
    "time_agg_words": "%a %b %d, %I h %M, %%",
    "time_agg_short": "%F %T %R %m",
}

CASES: dict[str, Case] = {
    "events": _EVENTS,
    "events_all_dates": _EVENTS,
    "events_gap_600": _EVENTS,
    "events_columns": Case(
        ("event_id",), {**_RAW, **_TYPES, "session_id": "int", "session_hit_number": "int", "application": "json"}
    ),
    "events_without_sessions": Case(("event_id",), {**_RAW, **_TYPES, "application": "json"}),
    **dict.fromkeys(
        ("identified", "identified_others_kept"),
        Case(("event_id",), {"event_id": "text", "user_id": "text", "session_id": "int", "session_hit_number": "int"}),
    ),
    "identified_new_users": _label("is_new_user", "bool"),
    "identified_unique_users": _per_day("unique_users", "int"),
    "identified_unique_sessions": _per_day("unique_sessions", "int"),
    "identified_session_duration": _per_day("session_duration", "timedelta"),
    "identified_frequency": Case(("session_id_nunique",), {"session_id_nunique": "int", "user_id_nunique": "int"}),
    "identified_retention": _retention("int"),
    "identified_features": _features("user_id_nunique"),
    "nested_locations": _FLOWS,
    "nested_locations_home": _FLOWS,
    "application_id": _label("application_id", "text"),
    **{name: _label("time_aggregation", "text") for name in FORMATS},
    "is_new_user": _label("is_new_user", "bool"),
    "is_new_user_month": _label("is_new_user", "bool"),
    "is_first_session": _label("is_first_session", "bool"),
    "is_conversion_event": _label("is_conversion_event", "bool"),
    "is_conversion_event_stack": _label("is_conversion_event", "bool"),
    "is_conversion_event_type": _label("is_conversion_event", "bool"),
    "conversions_in_time": _label("conversions_in_time", "int"),
    "conversions_in_time_user": _label("conversions_in_time", "int"),
    "conversions_counter": _label("converted", "int"),
    "conversions_counter_user": _label("converted", "int"),
    "pre_conversion_hit_number": _label("pre_conversion_hit_number", "int"),
    "pre_conversion_hit_number_user": _label("pre_conversion_hit_number", "int"),
    "unique_users": _per_day("unique_users", "int"),
    "unique_users_converted": _per_day("unique_users", "int"),
    "unique_users_total": Case((), {"unique_users": "int"}),
    "unique_users_application": _by("unique_users", "int", "application_id"),
    "unique_users_list": _by("unique_users", "int", "event_type", "application_id"),
    "unique_sessions": _per_day("unique_sessions", "int"),
    "unique_sessions_total": Case((), {"unique_sessions": "int"}),
    "unique_sessions_event_type": _by("unique_sessions", "int", "event_type"),
    "unique_sessions_list": _by("unique_sessions", "int", "time_aggregation", "event_type"),
    "session_duration": _per_day("session_duration", "timedelta"),
    "session_duration_all_dates": _per_day("session_duration", "timedelta"),
    "session_duration_month": _per_day("session_duration", "timedelta"),
    "session_duration_list": _by("session_duration", "timedelta", *_DURATION_GROUPS),
    "session_duration_list_sum_bounces": _by("session_duration", "timedelta", *_DURATION_GROUPS),
    "session_duration_time_and_type": _by("session_duration", "timedelta", "time_aggregation", "event_type"),
    "session_duration_user": _by("session_duration", "timedelta", "user_id"),
    "session_duration_session": Case(("session_id",), _DURATION_OF_SESSION),
    "session_duration_session_bounces": Case(("session_id",), _DURATION_OF_SESSION),
    "session_duration_time_and_session": Case(
        ("time_aggregation", "session_id"), {"time_aggregation": "text", **_DURATION_OF_SESSION}
    ),
    "session_duration_type_and_session": Case(("event_type", "session_id"), {"event_type": "text", **_DURATION_OF_SESSION}),
    "session_duration_new_users": _per_day("session_duration", "timedelta"),
    "session_duration_new_users_sum": _per_day("session_duration", "timedelta"),
    "session_duration_new_users_bounces": _per_day("session_duration", "timedelta"),
    "session_duration_new_users_sum_bounces": _per_day("session_duration", "timedelta"),
    "session_duration_new_users_total": Case((), {"session_duration": "timedelta"}),
    # a day without new users is NULL, not 0
    "share_new_users": _per_day("share_new_users", "float"),
    # sessions that convert with their first press have no row
    "presses_before_conversion": Case(("session_id",), {"session_id": "int", "presses": "int"}),
    "frequency": Case(("session_id_nunique",), {"session_id_nunique": "int", "user_id_nunique": "int"}),
    "top_product_features": _features("user_id_nunique"),
    "top_product_features_press": _features("user_id_nunique"),
    "top_product_features_all_events": _features("user_id_nunique"),
    "top_product_features_slice": _features("user_id_nunique"),
    "top_product_features_before_conversion": _features("unique_users"),
    "top_product_features_before_conversion_press": _features("unique_users"),
    "top_product_features_before_conversion_slice": _features("unique_users"),
    "retention_daily": _retention("int"),
    "retention_weekly": _retention("int"),
    "retention_monthly": _retention("int"),
    "retention_yearly": _retention("int"),
    "retention_daily_percentage": _retention("float"),
    "retention_weekly_percentage": _retention("float"),
    "retention_monthly_percentage": _retention("float"),
    "retention_yearly_percentage": _retention("float"),
    "retention_event_type": _retention("int"),
    "retention_event_type_parent": _retention("int"),
    "retention_start_date": _retention("int"),
    "retention_end_date": _retention("int"),
    "retention_all_options": _retention("float"),
    "drop_off_user": _by("value_counts", "int", "location"),
    "drop_off_user_percentage": _by("percentage", "float", "location"),
    "drop_off_session": _by("value_counts", "int", "location"),
    "drop_off_session_percentage": _by("percentage", "float", "location"),
    "drop_off_slice": _by("value_counts", "int", "location"),
    "drop_off_series": _by("value_counts", "int", "location"),
    "drop_off_user_untied": _by("value_counts", "int", "location"),
    "drop_off_session_untied": _by("value_counts", "int", "location"),
    "drop_off_list_untied": _by("value_counts", "int", "location"),
    "drop_off_slice_untied": _by("percentage", "float", "location"),
    # of hits at one moment, the one with the greatest event id is the last
    "drop_off_user_ties": _by("value_counts", "int", "location"),
    "drop_off_session_ties": _by("value_counts", "int", "location"),
    "funnel": _funnel(),
    "funnel_slice": _funnel(),
    "funnel_column": _funnel(),
    "funnel_series": _funnel(),
    "funnel_session": _funnel(session_id="int"),
    "funnel_application": _funnel(application_id="text"),
    "funnel_list": _funnel(event_type="text", session_id="int"),
    "paths_2": _paths(2),
    "paths_3": _paths(3),
    "paths_4": _paths(4),
    "paths_by_none": _paths(3),
    "paths_user_2": _paths(2, user_id="text"),
    "paths_user_4": _paths(4, user_id="text"),
    "paths_session_3": _paths(3, session_id="int"),
    "paths_list_3": _paths(3, user_id="text", session_id="int"),
    "paths_column": _paths(3, column="feature", session_id="int"),
    "paths_series": _paths(3, session_id="int"),
    "paths_sort_by": _paths(3, session_id="int"),
    "paths_sort_by_user": _paths(4, user_id="text"),
    "paths_from_end": _paths(3, user_id="text"),
    "paths_from_end_none": _paths(4),
    "paths_examples": _paths(3, user_id="text"),
    "paths_examples_from_end": _paths(3, session_id="int"),
    "paths_conversion_step": _paths(4, converts=True, user_id="text"),
    "paths_conversion_step_session": _paths(2, converts=True, session_id="int"),
    "paths_conversion_step_from_end": _paths(4, converts=True, user_id="text"),
    "paths_converted": _paths(4, user_id="text"),
    "paths_converted_step": _paths(3, converts=True, session_id="int"),
    "paths_converted_examples": _paths(4, converts=True, user_id="text"),
    "paths_converted_from_end": _paths(4, converts=True, user_id="text"),
    "sankey_2": _FLOWS,
    "sankey_session_3": _FLOWS,
    "sankey_top": _FLOWS,
    "sankey_from_end": _FLOWS,
    "sankey_converted": _FLOWS,
    "nice_name": _label("location_stack", "text"),
    "feature_stack": _label("location_stack", "json"),
    "navigation_features": _label("location_stack", "json"),
    "feature_of_slice": _label("location_stack", "text"),
    "get_from_link_href": _label("location_stack", "text"),
    "get_from_root_id": _label("location_stack", "text"),
    "get_from_navigation_types": _label("location_stack", "json"),
    **{name: _label("location_stack", "json") for name in (*SLICES, *INDEXES)},
    "get_array_length": _label("length", "int"),
    "array_contains": _label("is_interactive", "bool"),
}

_COUNTS = ("n_users", "n_users_completed_step")
_RATES = ("step_conversion_rate", "full_conversion_rate", "dropoff_share")


def _null_and_empty(column: str) -> Callable[[Row | None, Row | None], bool]:
    return lambda original, ours: bool(original and ours and original[column] == "" and ours[column] == "[]")


def _rounded_otherwise(original: Row | None, ours: Row | None) -> bool:
    """Whether counts are equal, and rates differ by one in the last of their three digits at most."""
    if original is None or ours is None or any(original[count] != ours[count] for count in _COUNTS):
        return False
    return all(abs(float(original[rate]) - float(ours[rate])) < 0.001001 for rate in _RATES)


def _numbered_among_ties(original: Row | None, ours: Row | None) -> bool:
    column = "pre_conversion_hit_number"
    if original is None or ours is None or not ours[column]:
        return False
    return not original[column] or int(original[column]) < int(ours[column])


def _same_json(original: Row | None, ours: Row | None) -> bool:
    texts = [row["location_stack"] if row else "" for row in (original, ours)]
    return all(text.startswith(("[", "{")) for text in texts) and json.loads(texts[0]) == json.loads(texts[1])


def _converts_twice(original: Row | None, ours: Row | None) -> bool:
    """Whether a path has two steps at least that may convert, or is cut so that its last ones are not seen."""
    row = original or ours or {}
    steps = [value for column, value in row.items() if "_step_" in column and column != _STEP]
    return sum("Link: " + CONVERSION_LINK["id"] in step for step in steps) > 1 or (ours is not None and not steps[-1])


_TIES = Intended(
    "of several hits at the last moment, the original takes any one; the cases"
    " `untied` compare the rest, and `ties` give the original the one hit that is last here",
    lambda original, ours: True,
)
_HALVES = Intended(
    "a rate in the middle of two is rounded to the even digit, as pandas does; the original rounds it up", _rounded_otherwise
)
_LAST_CONVERSION = Intended(
    "from the end, the original gives the number of the last step that converts, not of the first", _converts_twice
)
_NO_CONTEXTS = Intended(
    "contexts of an event that has no global_contexts are an empty array; the original has NULL", _null_and_empty("application")
)
_HITS_AT_ONE_MOMENT = Intended(
    "hits are numbered back from the conversion by hit number; the original leaves out those before it at the same moment",
    _numbered_among_ties,
)


def _escaped(original: Row | None, ours: Row | None) -> bool:
    """Whether a name has a letter that JSON escapes, or that the case takes out of the original's names."""
    row = original or ours or {}
    return any(letter in f"{row['source']}{row['target']}" for letter in '"\\\t\n')


_JSON_NAMES = Intended("names are the texts of types and ids; the original's are JSON, with quotes and escapes", _escaped)
_NO_USERS = Intended(
    "sessions of nobody make no row; the original counts 0 users for them",
    lambda original, ours: ours is None and original is not None and original["user_id_nunique"] == "0",
)

#: Differences that are meant, by the case they are in.
INTENDED: dict[str, tuple[Intended, ...]] = {
    "events_columns": (_NO_CONTEXTS,),
    "events_without_sessions": (_NO_CONTEXTS,),
    "pre_conversion_hit_number": (_HITS_AT_ONE_MOMENT,),
    "pre_conversion_hit_number_user": (_HITS_AT_ONE_MOMENT,),
    "drop_off_session": (_TIES,),
    "drop_off_session_percentage": (_TIES,),
    **dict.fromkeys(("funnel", "funnel_slice", "funnel_column", "funnel_series"), (_HALVES,)),
    **dict.fromkeys(("funnel_session", "funnel_list"), (_HALVES,)),
    "funnel_application": (
        _HALVES,
        Intended(
            "a group without a value is a group; the original joins its steps by equality, and loses it",
            lambda original, ours: original is None and ours is not None and not ours["application_id"],
        ),
    ),
    "paths_series": (
        Intended("the original takes the name of a column only, not a series as it documents", error="UnboundLocalError"),
    ),
    "paths_conversion_step_from_end": (_LAST_CONVERSION,),
    "paths_converted_from_end": (_LAST_CONVERSION,),
    "identified_frequency": (_NO_USERS,),
    **dict.fromkeys(("nested_locations", "nested_locations_home"), (_JSON_NAMES,)),
    "feature_stack": (
        Intended("the features of an empty stack are an empty stack; the original has NULL", _null_and_empty("location_stack")),
    ),
    "get_from_link_href": (
        Intended(
            "a member that is an array becomes the text of the JSON, with the spaces that the engine puts there", _same_json
        ),
    ),
}


def write_case(directory: Path, name: str, fetched: Any) -> int:
    """Write what pandas holds for a case, a series or a frame, sorted; return the number of rows.

    Raises ValueError for a frame that has not the columns of the case, and for values that are not of their kind.
    """
    case = CASES[name]
    columns = list(case.columns)
    kinds = list(case.columns.values())
    lines = []
    for row in _rows(case, fetched):
        if len(row) != len(kinds):
            raise ValueError(f"a row of {len(row)} values, expected the columns {columns}")
        lines.append(list(map(_text, row, kinds)))
    positions = [columns.index(key) for key in columns if case.keys is None or key in case.keys]
    lines.sort(key=lambda line: [line[position] for position in positions])
    with (directory / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(lines)
    return len(lines)


def write_error(directory: Path, name: str, error: Exception) -> str:
    """Write why a case has no answer, and return it."""
    text = " ".join(f"{type(error).__name__}: {error}".split())[:ERROR_LENGTH]
    (directory / f"{name}.error").write_text(text + "\n", encoding="utf-8")
    return text


def write_timings(directory: Path, seconds: dict[str, float], **about: Any) -> None:
    """Write the wall seconds per case, with facts about the run beside them."""
    text = json.dumps({**about, "seconds": seconds}, indent=2)
    (directory / TIMINGS).write_text(text + "\n", encoding="utf-8")


def _rows(case: Case, fetched: Any) -> Iterator[Sequence[Any]]:
    """Return the rows of a pandas frame or series, its index first if it has names; a matrix in long form."""
    is_frame = hasattr(fetched, "columns")
    table = fetched if is_frame else fetched.to_frame()
    # An answer over all data has no index; pandas then numbers its rows.
    table = table.reset_index() if any(table.index.names) else table
    if is_frame and not case.matrix and list(table.columns) != list(case.columns):
        raise ValueError(f"columns {list(table.columns)}, expected {list(case.columns)}")
    # Values of pandas' own types become Python's: its duration counts nanoseconds, and its NA has no truth.
    for row in table.astype(object).itertuples(index=False, name=None):
        if case.matrix:
            for column, value in zip(table.columns[1:], row[1:]):  # noqa: B905 - Python 3.9 has no `strict`
                yield row[0], int(column[1:]), value
        else:
            yield row


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
    if kind == "json":
        return json.dumps(json.loads(value) if isinstance(value, str) else value, sort_keys=True)
    return str(value)[:10] if kind == "day" else str(value)


def _missing(value: Any) -> bool:
    """Whether the value is None, NaN, NaT or pandas.NA. No pandas here: the last three are not equal to themselves."""
    if value is None:
        return True
    try:
        return bool(operator.ne(value, value))
    except TypeError:  # the truth of pandas.NA is an error
        return True
