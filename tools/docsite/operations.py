"""The page of operations: what each one means, with tables of the specifications in `tests/spec` as examples."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from objectiv_local.plan import nodes
from objectiv_local.plan.expr import Aggregation, Call, Column, Expr, Literal
from objectiv_local.plan.ops import aggregates, arithmetic, intervals, json, logic, text, time, windows

TESTS = Path(__file__).parents[2] / "tests"
#: How many rows of a specification are shown, and how long the text of a value may be.
ROWS, WIDTH = 6, 48
TOPICS = {
    "Arithmetic": arithmetic,
    "Logic and comparison": logic,
    "Strings": text,
    "Dates and times": time,
    "JSON": json,
    "Intervals": intervals,
    "Aggregates": aggregates,
    "Window functions": windows,
}
INTRODUCTION = " ".join(
    """\
Every method of frames and series is made of these operations. The types that an operation takes and returns, and its exact
meaning, hold on every engine. The tables are rows of the specifications: literal values with the expected result, which the
tests check on a reference engine in Python, on DuckDB, on Postgres and on Spark. `NULL` is a missing value.
In signatures, `number` is int64, float64 or decimal, `T` is any type with an order, `V` any type that can be compared, and
`any` any type. Equal letters stand for equal types, and `=1` for the type of the first argument. An argument with `!` is a
constant, and one with `?` can also be the constant NULL.
""".splitlines()
)


def page() -> str:
    """Return the page as Markdown."""
    examples = _examples()
    parts = [f"# Operations\n\n{INTRODUCTION}\n"]
    for title, topic in TOPICS.items():
        parts.append(f"## {title}\n")
        for op in topic.OPERATIONS:
            parts.append(f"### {op.name}\n")
            parts.append(f"{op.meaning.replace('``', '`')}\n")
            parts.append("Signatures: " + ", ".join(f"`{each}`" for each in op.signatures) + "\n")
            if op.name in examples:
                parts.append(examples[op.name] + "\n")
    return "\n".join(parts)


def _specs() -> list[Any]:
    sys.path.insert(0, str(TESTS))
    try:
        found: list[Any] = []
        for path in sorted((TESTS / "spec").glob("test_*.py")):
            spec = importlib.util.spec_from_file_location(f"site_{path.stem}", path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            found += getattr(module, "SPECS", [])
        return found
    finally:
        sys.path.remove(str(TESTS))


def _examples() -> dict[str, str]:
    """Return the first specification of each operation that reads as a small table."""
    found: dict[str, str] = {}
    for spec in _specs():
        plan = spec.plan
        columns = (
            plan.columns if isinstance(plan, nodes.Select) else plan.aggregates if isinstance(plan, nodes.Aggregate) else ()
        )
        if not isinstance(plan, nodes.Select | nodes.Aggregate):
            continue
        expr = dict(columns).get("answer")
        if not isinstance(expr, Call | Aggregation) or expr.op in found or not isinstance(spec.expected, tuple):
            continue
        if isinstance(plan.child, nodes.Values) and all(isinstance(arg, Column | Literal) for arg in expr.args):
            made = _rows(spec, expr) if isinstance(expr, Call) else _groups(spec, expr)
            if made:
                found[expr.op] = made
    return found


def _rows(spec: Any, expr: Call) -> str:
    names = [name for name, _ in spec.plan.child.columns if name != "k"]
    given = [[_shown(value) for value in row[1:]] for row in spec.plan.child.rows]
    if not names or len(spec.expected[0]) != 2:
        return ""
    rows = [[*values, _text(expected)] for values, (_, expected) in zip(given, spec.expected, strict=True)]
    return _table([*(f"`{name}`" for name in names), f"`{expr.op}({_arguments(expr)})`"], rows)


def _groups(spec: Any, expr: Aggregation) -> str:
    if not spec.plan.keys or expr.where is not None:
        return ""
    names = [name for name, _ in spec.plan.child.columns]
    used = [arg.name for arg in expr.args if isinstance(arg, Column)]
    if len(used) != 1 or expr.order:
        return ""
    at, key = names.index(used[0]), names.index("g")
    rows = []
    for g, expected in spec.expected:
        members = [row for row in spec.plan.child.rows if row[key].value == g]
        rows.append([", ".join(_shown(row[at]) for row in members), _text(expected)])
    return _table([f"values of `{used[0]}`", f"`{expr.op}({_arguments(expr)})`"], rows)


def _arguments(expr: Call | Aggregation) -> str:
    shown = (
        arg.name if isinstance(arg, Column) else _plain(arg.value) for arg in expr.args if isinstance(arg, Column | Literal)
    )
    return ", ".join(shown)


def _shown(expr: Expr) -> str:
    return _text(expr.value if isinstance(expr, Literal) else expr)


def _plain(value: object) -> str:
    return repr(value) if isinstance(value, str | dict | list) else "NULL" if value is None else str(value)


def _text(value: object) -> str:
    """Return a value as code; NULL for a missing one."""
    text = _plain(value)
    if text == "NULL":
        return text
    return "`" + (text if len(text) <= WIDTH else text[: WIDTH - 1] + "…").replace("|", "\\|").replace("`", "'") + "`"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows[:ROWS]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
