"""The workloads of product analytics over raw events, and who answers them."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.engines import NEEDS_POSTGRES, NEEDS_SPARK
from benchmarks.measuring import Contender, Family, Question
from benchmarks.workloads.data import prepare

QUESTIONS = {
    "W0": Question("sessions and hit numbers of all events"),
    "W1": Question("users and sessions per day"),
    # The mean is rounded to a microsecond.
    "W2": Question("mean session duration of new users per day", absolute=1),
    "W3": Question("new and converted users, and new ones with two conversions, per day"),
    "W4": Question("product features by their number of users", keys=3),
    "W5": Question("monthly retention"),
    "W6": Question("the 20 most frequent paths of 3 steps", keys=3),
    "W7": Question("events of each user by root location, as a matrix"),
    "W8": Question("8 columns of all events, to pandas"),
}
_SNAPSHOT = (("snapshot", "this version has no snapshots"),)
_HERE = "benchmarks.workloads"
RAW, TYPED, POSTGRES, SPARK = (
    f"SQL by hand, {layout}" for layout in ("raw Parquet", "typed Parquet", "Postgres", "Spark on raw Parquet")
)


def family(options: Any) -> Family:
    """Return the family, with the original release if its interpreter is given."""
    contenders = (
        Contender(RAW, f"{_HERE}.by_hand:raw"),
        Contender(TYPED, f"{_HERE}.by_hand:typed"),
        Contender(POSTGRES, f"{_HERE}.by_hand:postgres", needs=NEEDS_POSTGRES),
        Contender(SPARK, f"{_HERE}.by_hand:spark", needs=NEEDS_SPARK),
        Contender("objectiv_local, raw Parquet", f"{_HERE}.ours:raw", RAW),
        Contender("objectiv_local, snapshot", f"{_HERE}.ours:snapshot", TYPED, _SNAPSHOT),
        Contender("objectiv_local, Postgres", f"{_HERE}.ours:postgres", POSTGRES, NEEDS_POSTGRES),
        Contender("objectiv_local, Spark", f"{_HERE}.ours:spark", SPARK, NEEDS_SPARK),
        Contender("its SQL, raw Parquet", f"{_HERE}.ours:raw_sql", RAW),
        Contender("its SQL, snapshot", f"{_HERE}.ours:snapshot_sql", TYPED, _SNAPSHOT),
        Contender("its SQL, Postgres", f"{_HERE}.ours:postgres_sql", POSTGRES, NEEDS_POSTGRES),
        Contender("its SQL, Spark", f"{_HERE}.ours:spark_sql", SPARK, NEEDS_SPARK),
        Contender("Polars, typed Parquet", f"{_HERE}.in_polars:typed", TYPED),
        Contender("pandas, typed Parquet", f"{_HERE}.in_pandas:typed", TYPED),
        Contender("Ibis, typed Parquet", f"{_HERE}.in_ibis:typed", TYPED, python=options.ibis),
        Contender(
            "original, Postgres",
            f"{_HERE}.original_release:postgres",
            POSTGRES,
            (("original", "its interpreter is not given: --original PYTHON"),),
            options.original or sys.executable,
        ),
    )
    return Family("Product analytics over raw events", QUESTIONS, contenders, prepare, (100_000, 1_000_000))
