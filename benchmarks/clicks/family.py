"""Questions to clicks, and who answers them."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.clicks.data import prepare
from benchmarks.engines import NEEDS_POSTGRES
from benchmarks.measuring import Contender, Family, Question

_MODELS = (
    "daily users",
    "weekly retention",
    "sessions by device",
    "paths of two pages",
    "new users a day",
    "sessions that bought",
    "where users were last",
    "session duration a day",
    "frequency",
    "users by plan",
)
_IN_POLARS = ("trend", "active users", "stickiness", "lifecycle", "retention", "event types", "sessions", "attribution, last")
_ANALYSES = (
    *_IN_POLARS[:1],
    "trend by device",
    *_IN_POLARS[1:5],
    "funnel",
    *_IN_POLARS[5:],
    "attribution, linear",
    "paths",
    "drivers",
    "impact",
    "experiment",
    "cohort",
    "rfm",
)
#: What retentioneering has too; called with the rules that are its own.
_SHARED = ("transitions of users", "funnel of users", "number of sessions")
_OPENING = "daily users of a CSV file"
#: How many columns of an answer name a row, where it is not one.
_KEYS = {
    "paths of two pages": 2,
    "stickiness": 2,
    "retention": 2,
    "paths": 3,
    "drivers": 3,
    "transitions of users": 2,
    "number of sessions": 0,
}
_HERE = "benchmarks.clicks"
PARQUET, POSTGRES = "SQL by hand, Parquet", "SQL by hand, Postgres"


def family(options: Any) -> Family:
    """Return the family."""
    questions = {name: Question(name, _KEYS.get(name, 1)) for name in (*_MODELS, *_ANALYSES, _OPENING, *_SHARED)}
    # The mean is rounded to a microsecond.
    for name in ("session duration a day", "sessions"):
        questions[name] = Question(name, absolute=1)
    tables = _MODELS + _ANALYSES
    contenders = (
        Contender(PARQUET, f"{_HERE}.contenders:parquet_by_hand", questions=(*tables, _OPENING)),
        Contender(POSTGRES, f"{_HERE}.contenders:postgres_by_hand", needs=NEEDS_POSTGRES, questions=tables),
        Contender("objectiv_local, Parquet", f"{_HERE}.contenders:parquet", PARQUET),
        Contender("objectiv_local, Postgres", f"{_HERE}.contenders:postgres", POSTGRES, NEEDS_POSTGRES, questions=tables),
        Contender("Polars, Parquet", f"{_HERE}.in_polars:parquet", PARQUET, questions=_IN_POLARS),
        Contender(
            "retentioneering, Parquet",
            f"{_HERE}.in_retentioneering:parquet",
            "objectiv_local, Parquet",
            (("retentioneering", "its interpreter is not given: --retentioneering PYTHON"),),
            options.retentioneering or sys.executable,
            _SHARED,
        ),
    )
    return Family("Models and analyses over clicks", questions, contenders, prepare, (1_000_000,))
