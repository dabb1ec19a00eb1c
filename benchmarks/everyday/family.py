"""Ten everyday programs, and who runs them."""

from __future__ import annotations

from typing import Any

from benchmarks.engines import NEEDS_POSTGRES
from benchmarks.everyday.data import prepare
from benchmarks.measuring import Contender, Family, Question

KEYS = {"filter and count": 0}
NAMES = (
    "filter and count",
    "sum and mean by city",
    "sum by day",
    "top three of each city",
    "merge and group",
    "ratio of groups",
    "users by city",
    "time since the last",
    "text that contains",
    "median and spread by city",
)
_HERE = "benchmarks.everyday"
PARQUET, POSTGRES = "SQL by hand, Parquet", "SQL by hand, Postgres"


def family(options: Any) -> Family:
    """Return the family."""
    contenders = (
        Contender(PARQUET, f"{_HERE}.by_hand:parquet"),
        Contender(POSTGRES, f"{_HERE}.by_hand:postgres", needs=NEEDS_POSTGRES),
        Contender("objectiv_local, Parquet", f"{_HERE}.ours:parquet", PARQUET),
        Contender("objectiv_local, snapshot", f"{_HERE}.ours:stored", PARQUET),
        Contender("objectiv_local, Postgres", f"{_HERE}.ours:postgres", POSTGRES, NEEDS_POSTGRES),
        Contender("its SQL, Parquet", f"{_HERE}.ours:parquet_sql", PARQUET),
        Contender("its SQL, Postgres", f"{_HERE}.ours:postgres_sql", POSTGRES, NEEDS_POSTGRES),
        Contender("Polars, Parquet", f"{_HERE}.in_polars:parquet", PARQUET),
        Contender("pandas, Parquet", f"{_HERE}.in_pandas:parquet", PARQUET),
        Contender("Ibis, Parquet", f"{_HERE}.in_ibis:parquet", PARQUET, python=options.ibis),
    )
    questions = {name: Question(name, KEYS.get(name, 1)) for name in NAMES}
    return Family("Everyday programs", questions, contenders, prepare, (100_000, 1_000_000))
