"""The tables of docs/data: which column of an export becomes which column of the event frame, from the schemas themselves.

A schema computes its columns as expressions. They are made here over a table without rows that has every column the schema
asks for, and written as text. `OBJECTIV_UPDATE_DOCS=1 pytest tests/docs/test_pages.py` writes them into the pages.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from objectiv_local import DataFrame
from objectiv_local.frame.authoring import expr_of
from objectiv_local.hub.events import roles
from objectiv_local.hub.events.objectiv import EVENT_COLUMNS
from objectiv_local.hub.schemas import SCHEMAS
from objectiv_local.hub.schemas.schema import COMMON, ROLES, Schema
from objectiv_local.plan.expr import Call, Case, Cast, Column, Expr, Literal

PAGES = Path(__file__).parents[2] / "docs" / "data"
#: The table of names that are guessed, in a page.
NAMES = re.compile(r"(<!-- names -->\n).*?(<!-- end -->)", re.DOTALL)
TABLE = re.compile(r"(<!-- columns: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
#: Operations that only change the form of their first argument, such as the unit of a time.
_PLAIN = {"from_microseconds", "mul", "round", "slice"}
#: Columns of GA4 that are records or lists of them.
_RECORDS = ("event_params", "device", "geo", "collected_traffic_source")
#: Members inside a parameter of GA4, which is named by its key.
_PARAMETER = re.compile(r"\.value\.\w+_value`$")


class _Noting(list[str]):
    """The columns of a table, which notes the names that are looked for."""

    def __init__(self, names: list[str], asked: set[str]) -> None:
        super().__init__(names)
        self.asked = asked

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)


def columns(schema: Schema) -> dict[str, str]:
    """Return the columns of the event frame that a schema computes, each with where its values come from."""
    every, asked = {*schema.columns}, set[str]()
    least = _origins(schema, every, asked)
    while True:
        found = _origins(schema, every, asked)
        if asked <= every:
            return {name: _either(text, least.get(name, "")) for name, text in found.items()}
        every |= asked


def _origins(schema: Schema, names: set[str], asked: set[str]) -> dict[str, str]:
    given = {name: f"`{name}`" for name in schema.columns if name in ("event_id", *EVENT_COLUMNS)} if schema.stacks else {}
    return given | {name: origin(expr_of(each)) for name, each in schema.events(_table(schema, names, asked), ()).items()}


def _either(text: str, least: str) -> str:
    """Return the origin in a table that has every column, and the one in a table that has only the required ones."""
    parts = text.split(", else ")
    if not least or all(part in parts for part in least.split(", else ")):
        return text
    return f"{text}; in a table without it, {least}"


def _table(schema: Schema, names: set[str], asked: set[str]) -> DataFrame:
    class Table(DataFrame):
        @property
        def data_columns(self) -> list[str]:
            return _Noting(super().data_columns, asked)

    types = {name: _type(schema, name) for name in sorted(names)}
    frame = DataFrame.from_schema({"row": "int64", **types}, index=["row"], dialect="duckdb")
    object.__setattr__(frame, "__class__", Table)
    return frame


def _type(schema: Schema, name: str) -> str:
    declared = schema.columns.get(name, ())
    if declared:
        return str(declared[0])
    if name.endswith(("tstamp", "timestamp", "_time")):
        return "int64" if schema.name == "ga4" else "timestamp"
    return "json" if name in {*schema.json, *(_RECORDS if schema.name == "ga4" else ())} else "string"


def origin(expr: Expr) -> str:
    """Return where the values of an expression come from, in words and names of columns."""
    match expr:
        case Column():
            return f"`{expr.name}`"
        case Literal():
            return f"the constant `{expr.value}`"
        case Cast():
            return origin(expr.arg)
        case Call(op="coalesce"):
            return ", else ".join(dict.fromkeys(origin(each) for each in expr.args if not isinstance(each, Literal)))
        case Call(op="concat" | "concat_text" | "add"):
            parts = [origin(each) for each in expr.args if not isinstance(each, Literal)]
            return " and ".join(dict.fromkeys(parts))
        case Call(op="json_get" | "json_get_text" | "json_get_value" | "json_member" | "json_member_text" | "json_index"):
            return _member(expr)
        case Call(op="re_extract"):
            return f"the path of {origin(expr.args[0]).replace(', else ', ' or ')}"
        case Call(op="json_filter"):
            return _parameter(expr)
        case Call() if expr.op in _PLAIN:
            return origin(expr.args[0])
        case Case():
            return _case(expr)
    raise NotImplementedError(f"say how {expr} is described in the tables of docs/data")


def _member(expr: Call) -> str:
    inside, key = origin(expr.args[0]), expr.args[1]
    assert isinstance(key, Literal)
    return _PARAMETER.sub("`", f"{inside[:-1]}.{key.value}`") if isinstance(key.value, str) else inside


def _parameter(expr: Call) -> str:
    """Return the parameter of GA4 that a filter by key keeps."""
    wanted = expr.args[1]
    assert isinstance(wanted, Literal)
    return f"{origin(expr.args[0])[:-1]}.{json.loads(str(wanted.value))['key']}`"


def _case(expr: Case) -> str:
    inner = [value for _, value in expr.whens] + [expr.default]
    texts = list(dict.fromkeys(origin(each) for each in inner if not (isinstance(each, Literal) and each.value is None)))
    return ", else ".join(texts)


def table(name: str) -> str:
    """Return the table of a schema as Markdown."""
    schema = next(each for each in SCHEMAS if each.name == name and each.stacks == (name == "objectiv"))
    found = columns(schema)
    order = [each for each in (*ROLES, *COMMON) if each in found]
    rows = [f"| `{each}` | {found[each]} |" for each in dict.fromkeys([*order, *found])]
    needed = ", ".join(f"`{each}`" for each in schema.columns)
    head = ["| column of the event frame | comes from |", "|---|---|"]
    return "\n".join([f"A table needs the columns {needed}.", "", *head, *rows]) + "\n"


def updated(page: str) -> str:
    """Return the text of a page with its tables as the schemas have them."""
    page = NAMES.sub(lambda found: found[1] + names() + found[2], page)
    return TABLE.sub(lambda found: found[1] + table(found[2]) + found[3], page)


def names() -> str:
    """Return the table of the column names that suggest a role, as Markdown."""
    rows = [f"| `{role}` | {', '.join(f'`{each}`' for each in found)} |" for role, found in roles._NAMES.items()]
    return "\n".join(["| argument | names |", "|---|---|", *rows]) + "\n"
