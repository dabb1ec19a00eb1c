"""Bad input has a right answer or an error of the package, the same on DuckDB and on Postgres.

``OBJECTIV_FUZZ_EXAMPLES=20000`` tries that many inputs of each kind, and other ones each time; a failure names the number that
makes the input again.
"""

from __future__ import annotations

import datetime
import math
import random
import warnings
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from frame.frames import opened
from fuzz.bad_input import CALLS, EXAMPLES, command, hub_call, source

from objectiv_local import DataFrame, ModelHub, Series
from objectiv_local.errors import ObjectivError
from objectiv_local.hub.analyses.base.analysis import Analysis

pytestmark = pytest.mark.usefixtures("unparsed")

TEXTS = ["a", "", None, "A b", "1.5", "2024-01-01", "é\n%_\\", "😀", '{"a": 1}', "true"]
NUMBERS = [1, -1, 0, None, 2**62, 7, 10, -(2**62), 3, 4]
MOMENTS = [
    datetime.datetime(2024, 1, 1),
    None,
    datetime.datetime(1, 1, 1),
    datetime.datetime(9999, 12, 31, 23, 59, 59, 999_999),
]
JSON = ['{"a": 1, "b": "x"}', "[1, 2]", '"a"', "null", "1e400", None, '{"": "é"}', "[]", "{}", "true"]


def numbers(kind: str, count: int) -> list[int]:
    """Return the numbers of the inputs of a kind: the same ones each time, or as many others as are asked for."""
    if not EXAMPLES:
        return list(range(count))
    first = random.SystemRandom().randrange(10**9)
    print(f"{kind}: inputs from {first}")
    return list(range(first, first + EXAMPLES))


def rows(engine: str) -> DataFrame:
    """Return ten rows of awkward values."""
    table = pd.DataFrame(
        {"i": range(10), "s": pd.array(TEXTS, dtype="string"), "n": pd.array(NUMBERS, dtype="Int64"), "j": JSON}
    )
    table["t"] = pd.Series([MOMENTS[place % 4] for place in range(10)], dtype="datetime64[us]")
    loaded = DataFrame.from_pandas(opened(engine), table.set_index("i"))
    return loaded.assign(j=loaded.j.astype("json")).sort_index()


def fetched(found: object) -> object:
    """Return the rows of an answer, in an order."""
    if isinstance(found, DataFrame | Analysis):
        table = (found.frame if isinstance(found, Analysis) else found).to_arrow()
        return [table.column_names, sorted((list(map(plain, row.values())) for row in table.to_pylist()), key=repr)]
    if isinstance(found, Series):
        return fetched(found.to_frame()) if found.group_by is None else None
    return None


def plain(value: object) -> object:
    """Return a value in a form in which equal ones are the same."""
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else float(f"{value:.9g}")
    return str(value) if isinstance(value, Decimal) else value


def outcome(ask: Callable[[], Any]) -> tuple[str, object]:
    """Return the rows of an answer, or the error of the package; any other error is raised."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return "rows", fetched(ask())
    except ObjectivError as error:
        str(error).encode()  # the message can be shown
        return "error", type(error).__name__


@pytest.mark.hypothesis
@pytest.mark.parametrize("kind", CALLS)
def test_series_and_frames(kind, postgres_url):
    frames = {engine: rows(engine) for engine in ("duckdb", "postgres18")}
    for number in numbers(kind, 12):
        found = {
            engine: outcome(lambda frame=frame, number=number: CALLS[kind](frame.copy(), random.Random(f"{kind} {number}")))
            for engine, frame in frames.items()
        }
        assert found["duckdb"] == found["postgres18"], f"{kind} {number}"


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """Return the current directory, with a file of events that has no fault."""
    events = "".join(f"u{day % 3},2024-01-0{day} 10:00,{'ab'[day % 2]},{day}\n" for day in range(1, 10))
    (tmp_path / "good.csv").write_text("user_id,moment,event_type,amount\n" + events)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DSN", raising=False)
    return tmp_path


@pytest.mark.hypothesis
def test_questions_of_the_hub(directory):
    events = ModelHub().events(str(directory / "good.csv"))
    found = [outcome(lambda number=number: hub_call(events, random.Random(f"hub {number}"))) for number in numbers("hub", 60)]
    assert {kind for kind, _ in found} == {"rows", "error"}


@pytest.mark.hypothesis
def test_files_and_addresses(directory):
    found = [
        outcome(lambda number=number: source(random.Random(f"source {number}"), directory)) for number in numbers("file", 80)
    ]
    assert {kind for kind, _ in found} == {"rows", "error"}


@pytest.mark.hypothesis
def test_the_command_line(directory):
    for number in numbers("command", 40):
        found, written = command(random.Random(f"command {number}"), directory)
        assert found in (0, 1, 2), f"command {number}: {written}"
        assert "This is a bug" not in written, f"command {number}: {written}"
