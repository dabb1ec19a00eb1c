"""Every name of Bach: its example gives the same answer on every engine, and a test that proves the answer is named.

The table is docs/bach.md; `OBJECTIV_UPDATE_NAMES=1` writes it again, for review.
"""

from __future__ import annotations

import ast
import contextlib
import datetime  # noqa: F401 - for the examples
import io
import os
import re
import tempfile  # noqa: F401 - for the examples
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl  # noqa: F401 - for the examples
import psycopg
import pyarrow as pa  # noqa: F401 - for the examples
import pytest
from frame.frames import ENGINES

# What the examples use.
from objectiv_local import DataFrame, concat, connect, display_sql_as_markdown, from_model, from_pandas, from_table, to_datetime  # noqa: F401
from objectiv_local.errors import ObjectivError
from objectiv_local.frame.functions import FUNCTIONS
from objectiv_local.frame.series import Series

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "docs" / "bach.md"
ROWS = (
    (
        "(1, 'a', 1, 0.5, 'x-1', '2022-01-01 10:30', '2022-01-01', '00000000-0000-0000-0000-000000000001', "
        '\'{"a": 1, "b": ["x"]}\')'
    ),
    "(2, 'b', 2, NULL, 'y', '2022-01-02 09:00:01.5', '2022-01-01', NULL, '{\"b\": [\"y\", \"x\"]}')",
    "(3, 'a', 3, 2.25, 'Z-2', NULL, NULL, '00000000-0000-0000-0000-000000000002', NULL)",
)


def names(file: str) -> list[tuple[str, str]]:
    lines = (HERE / file).read_text("utf-8").splitlines()
    return [tuple(line.split(" | ", 1)) for line in lines if line and not line.startswith("#")]


def of_aggregates(known: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return an example for each aggregate without one of its own: of frames, and of series."""
    shown = {name.rpartition(".")[2] for name, _ in known}
    return [
        example
        for name in FUNCTIONS
        if name not in shown and hasattr(DataFrame, name)
        for example in ((f"DataFrame.{name}", f"df[['v', 'x']].{name}()"), (f"Series.{name}", f"df.v.{name}()"))
    ]


BACH = names("names.txt")
MORE = names("more.txt")
NAMES = [*BACH, *MORE, *of_aggregates(BACH + MORE)]
EXAMPLES = [(name, example) for name, example in NAMES if not example.startswith("- ")]


def differences() -> list[list[str]]:
    """Return the differences that stay: what, in Bach, here and why, an example and its answer; and titles alone."""
    lines = (HERE / "differences.txt").read_text("utf-8").splitlines()[1:]
    return [[line.removeprefix("# ")] if line.startswith("# ") else line.split(" | ") for line in lines]


@cache
def engine(name):
    """Return a connection for writing to an engine with the table of the examples."""
    types = "k int, g varchar, v bigint, x float8, s varchar, t timestamp, d date, u uuid, raw json"
    statements = [
        "DROP TABLE IF EXISTS bach_names",
        f"CREATE TABLE bach_names ({types})",
        f"INSERT INTO bach_names VALUES {', '.join(ROWS)}",
    ]
    if name == "duckdb":
        connection = duckdb.connect()
        for statement in statements:
            connection.execute(statement)
        return connect(connection, read_only=False)
    import postgres_server

    url = postgres_server.session_url(int(name.removeprefix("postgres")))
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
    return connect(url, read_only=False)


def frame(name):
    df = DataFrame.from_table(engine(name), "bach_names", index="k")
    df["j"] = df.raw
    return df[["g", "v", "x", "s", "t", "d", "u", "j"]].sort_index()


def without(df, column):
    df = df.copy()
    del df[column]
    return df


def with_loc(df, rows, column, value):
    df = df.copy()
    df.loc[rows, column] = value
    return df


def saved(df):
    df = DataFrame.from_table(df.engine, "bach_names", index="k")[["v"]]
    df.set_savepoint("some", "table")
    return df.savepoints


def written(df):
    points = saved(df)
    points.write_to_db(overwrite=True)
    return points


@cache
def answer(name, example):
    """Return the answer of an example on an engine, as plain text with types."""
    scope = globals() | {"df": frame(name), "engine": engine(name)}
    with contextlib.redirect_stdout(io.StringIO()):
        found = eval(example, scope)
    if hasattr(found, "to_pandas"):
        found = found.to_pandas()
    if isinstance(found, pd.Series):
        found = found.to_frame()
    if isinstance(found, pd.DataFrame):
        index = [list(level) if isinstance(level, tuple) else [level] for level in found.index.tolist()]
        cells = [[shown(value) for value in row] for row in found.values.tolist()]
        labels = [[shown(value) for value in row] for row in index]
        return list(found.columns), found.dtypes.astype(str).tolist(), labels, cells
    return shown(found) if isinstance(found, float) else found


def shown(value):
    return f"{value:.9g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize("name", ENGINES[1:])
@pytest.mark.parametrize(("which", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_the_example_has_one_answer(which, example, name):
    assert answer(name, example) == answer("duckdb", example)


SHOWN = [line for line in differences() if len(line) > 1 and line[3] != "-"]


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("line", SHOWN, ids=[line[0] for line in SHOWN])
def test_a_difference_is_as_the_page_says(line, name):
    *_, example, wanted = line
    found = eval(example, globals() | {"df": frame(name), "engine": engine(name)})
    assert repr(found.to_arrow().to_pylist() if isinstance(found, Series) else found) == wanted


def error(function):
    """Return the class of the error that a function raises, with the builtin class that it also is."""
    with pytest.raises(ObjectivError) as caught:
        function()
    class_ = caught.type
    return f"{class_.__name__} ({class_.__bases__[1].__name__})"


def test_no_name_is_there_twice():
    every = [name for name, _ in NAMES]
    assert sorted(every) == sorted(set(every))


# ---- the table


def proofs() -> dict[str, str]:
    """Return, for each attribute that a test of frames or the hub uses, the first such test."""
    found: dict[str, str] = {}
    paths = [*HERE.parent.glob("frame/test_*.py"), *HERE.parent.glob("hub/**/test_*.py")]
    # A test of bad input proves an error, and one of signatures no answer, so they come last; so do those of charts, which name
    # parts of specifications that are also names of methods.
    last = ("test_bad_input", "test_errors", "test_methods", "test_charts", "test_plot")
    for path in sorted(paths, key=lambda path: (path.stem in last, len(path.parts), path)):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for part in ast.walk(node):
                    for used in _used(part):
                        found.setdefault(used, f"{path.name}::{node.name}")
    return found


OPERATORS = {
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.Mult: "__mul__",
    ast.Div: "__truediv__",
    ast.BitAnd: "__and__",
    ast.BitOr: "__or__",
    ast.BitXor: "__xor__",
    ast.LShift: "__lshift__",
    ast.RShift: "__rshift__",
    ast.Invert: "__invert__",
}


def _used(part):
    if isinstance(part, ast.Attribute):
        return [part.attr, "__getattr__"]
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
        return [part.func.id]
    if isinstance(part, ast.BinOp | ast.UnaryOp):
        return [OPERATORS[type(part.op)]] if type(part.op) in OPERATORS else []
    if isinstance(part, ast.Subscript):
        return ["__setitem__" if isinstance(part.ctx, ast.Store) else "__getitem__"]
    if isinstance(part, ast.Constant) and isinstance(part.value, str):
        return [part.value]
    return []


def table() -> str:
    """Return the page: each name with its example, the engines on which it works, and the test that proves it."""
    known = proofs()
    lines = [
        "# Coming from Bach",
        "",
        (
            "Every public name of Bach 0.0.28 that belongs to frames and series. An example was run on DuckDB and Postgres "
            "and gave equal answers, types included; the test named beside it checks such an answer against pandas or values "
            "worked out by hand. `tests/names/test_names.py` writes this page."
        ),
        "",
        "## Differences",
        "",
        (
            "The known differences from Bach 0.0.28 on Postgres, each with its reason. Examples are over the frame of the "
            "names below; each was run on DuckDB and on Postgres and gave the answer that is shown."
        ),
        "",
    ]
    for line in differences():
        if len(line) == 1:
            lines += [f"### {line[0]}", "", "| what | in Bach | here, and why | example | answer |", "|---|---|---|---|---|"]
            continue
        what, bach, here, example, found = (cell.replace("|", "\\|") for cell in line)
        shown = "- | -" if example == "-" else f"`{example}` | `{found}`"
        lines += [f"| {what} | {bach} | {here} | {shown} |"]
    lines = [f"\n{line}" if line.startswith("### ") and lines[position - 1] else line for position, line in enumerate(lines)]
    lines += ["", "## Names", "", "| name | example | DuckDB | Postgres | test |", "|---|---|---|---|---|"]
    for name, example in BACH:
        if example.startswith("- "):
            reason = example.removeprefix("- ").replace("|", "\\|")
            lines.append(f"| `{name}` | {reason} | - | - | - |")
            continue
        member = name.rpartition(".")[2]
        proof = known.get(member) or f"test_names.py::test_the_example_has_one_answer[{name}]"
        code = example.replace("|", "\\|")
        lines.append(f"| `{name}` | `{code}` | yes | yes | `{proof}` |")
    return "\n".join(lines) + "\n"


def test_the_table_is_up_to_date():
    text = table()
    assert not re.search(r"\| *\|", text), "no cell is empty"
    if os.environ.get("OBJECTIV_UPDATE_NAMES"):
        TABLE.write_text(text, encoding="utf-8")
    assert TABLE.read_text("utf-8") == text


def test_names_of_older_releases_warn_or_say_what_to_use():
    df = DataFrame.from_schema({"k": "int64", "x": "float64", "u": "uuid"}, index=["k"]).sort_index()
    with pytest.warns(DeprecationWarning, match="use Series.from_value"):
        assert type(df.x).from_const(df, 1, "one").dtype == "float64"
    with pytest.warns(DeprecationWarning, match=r"Series\.order_by"):
        assert df.x.index_sorting == [True]
    with pytest.warns(DeprecationWarning, match=r"Series\.order_by"):
        assert df.x.sorted_ascending is True
    for series in (df.x, df.u):
        with pytest.raises(NotImplementedError, match="get_sample"):
            type(series).random(df)
