"""Programs by what they have many of, and what builds them."""

from __future__ import annotations

from typing import Any

from benchmarks.compiling.data import prepare
from benchmarks.engines import NEEDS_POSTGRES
from benchmarks.measuring import Contender, Family, Question

NAMES = (
    "assignments",
    "filters",
    "assignments and filters",
    "pipeline steps",
    "merges",
    "appends",
    "frames in one append",
    "materialized steps",
    "groups of groups",
    "windows over windows",
    "columns",
    "columns described",
    "columns stacked",
    "group keys",
    "bins of cut",
    "bins of qcut",
    "numbers in isin",
    "strings in isin",
    "rows of constants",
    "values of a map",
    "nested conditions",
    "conditions with or",
    "terms of a sum",
    "strings joined",
    "steps into JSON",
)
_IN_IBIS = ("assignments", "columns", "filters", "pipeline steps", "merges")
_HERE = "benchmarks.compiling"


def family(options: Any) -> Family:
    """Return the family. The size is that of the programs; the time of a call has compiling in it twice, once to look at it."""
    contenders = (
        Contender("objectiv_local, DuckDB", f"{_HERE}.ours:duckdb"),
        Contender("objectiv_local, Postgres", f"{_HERE}.ours:postgres", needs=NEEDS_POSTGRES),
        Contender("Ibis, DuckDB", f"{_HERE}.in_ibis:duckdb", "objectiv_local, DuckDB", python=options.ibis, questions=_IN_IBIS),
    )
    questions = {name: Question(name, 0) for name in NAMES}
    return Family("Long and wide programs", questions, contenders, prepare, (10, 100, 1_000, 2_000), fresh=True)
