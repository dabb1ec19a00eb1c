"""Facts about the engines that the dialects rely on: SQL for each engine, and the one result that it returns.

`cases.csv` has the SQL of a case for each engine, and the result as Python writes it. If a new version of an engine returns
something else, it is noticed here, before a generated program runs into it.
"""

from __future__ import annotations

import csv
import datetime
import decimal
import json
import math
import uuid
from functools import cache
from pathlib import Path

import duckdb
import postgres_server
import psycopg
import pytest
import spark_server

from objectiv_local import connect

with (Path(__file__).parent / "cases.csv").open(encoding="utf-8", newline="") as file:
    CASES = list(csv.DictReader(file))
NAMES = {"datetime": datetime, "Decimal": decimal.Decimal, "UUID": uuid.UUID, "inf": math.inf, "nan": math.nan}
ENGINES = ("duckdb", "spark", *(f"postgres{version}" for version in postgres_server.default_versions()))


@cache
def connection(engine):
    if engine == "duckdb":
        made = duckdb.connect()
        made.execute("SET TimeZone = 'UTC'")
        made.execute("SET default_null_order = 'postgres'")
        return made
    if engine == "spark":
        return connect(spark_server.session_url(), new=True)
    version = int(engine.removeprefix("postgres"))
    made = psycopg.connect(postgres_server.session_url(version), autocommit=True)
    made.execute("SET TimeZone = 'UTC'; SET extra_float_digits = 1; SET DateStyle = 'ISO, YMD'")
    return made


def fetched(engine, case):
    sql = case[engine.rstrip("0123456789") + "_sql"]
    if engine == "spark":
        return [tuple(row) for row in connection(engine)._session.sql(sql).collect()]
    statement = sql if sql.lstrip().lower().startswith(("select", "with")) else f"select {sql}"
    return connection(engine).execute(statement).fetchall()


def plain(value):
    """Return a value in a form that every engine can return: JSON parsed, NaN equal to itself, numbers by value."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return plain(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value


def as_spark_holds(value):
    """Return a value as Spark returns it: ids as text, durations as microseconds."""
    if isinstance(value, datetime.timedelta):
        return value // datetime.timedelta(microseconds=1)
    return str(value) if isinstance(value, uuid.UUID) else value


def same(found, wanted):
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(found, float) and isinstance(wanted, float):
        return math.isclose(found, wanted, rel_tol=1e-12) or found == wanted
    return found == wanted


@pytest.mark.parametrize(
    ("case", "engine"),
    [
        pytest.param(case, engine, id=f"{case['id']}-{engine}")
        for case in CASES
        for engine in ENGINES
        if case[engine.rstrip("0123456789") + "_sql"]
    ],
)
def test_engines_answer_as_the_dialects_rely_on(case, engine):
    wanted = eval(case["expected"], NAMES)
    if isinstance(wanted, tuple) and wanted[:1] == ("JSON",):
        wanted = [(wanted[1],)]
    elif not (isinstance(wanted, list) and wanted and isinstance(wanted[0], tuple)):
        wanted = [(wanted,)]
    if engine == "spark":
        wanted = [tuple(map(as_spark_holds, row)) for row in wanted]
    found = plain(fetched(engine, case))
    assert same(found, plain(wanted)), found


def test_there_are_cases_of_every_topic():
    assert len(CASES) == 140
    assert len({case["id"] for case in CASES}) == 140
    assert {case["topic"] for case in CASES} >= {"json", "agg", "text", "time", "null", "cast", "regex", "arith", "window"}
