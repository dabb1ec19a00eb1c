"""How snapshots store rows: repetitive JSON as ids of a dictionary, other JSON with some of its keys as columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from objectiv_local.engines.base import FileEngine, storage_names
from objectiv_local.plan.expr import Cast, Expr, Ordering, aggregation, call, cast, literal, over
from objectiv_local.plan.nodes import Aggregate, Filter, Join, JoinSide, Limit, Node, Select, Source, Union, Values
from objectiv_local.plan.relation import AS_DECLARED, StoredTable
from objectiv_local.snapshot import staging
from objectiv_local.snapshot.manifest import Dictionary, Member
from objectiv_local.snapshot.tables import fetched, kept
from objectiv_local.types import INT64, JSON, STRING, Type

#: Maximum number of values of a dictionary, and minimum average number of rows per value.
MOST_VALUES, LEAST_REPEATS = 65_536, 4
#: Number of rows searched for JSON keys to store, maximum number of such keys, and minimum share of rows that have the key.
_LOOKED_AT, _MOST_MEMBERS, _LEAST_SHARE = 5_000, 40, 0.01
#: The id of a missing value in every dictionary.
MISSING = 0
#: The columns of a dictionary while a version is written.
_ID, _TEXT = "id", "text"


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of the files of a version. ``physical`` maps the names in the frame to those in the files."""

    types: Mapping[str, Type]
    computed: frozenset[str]
    physical: Mapping[str, str]
    dictionaries: tuple[Dictionary, ...]
    members: tuple[Member, ...]

    @property
    def ids(self) -> dict[str, str]:
        """The columns with dictionary ids, by the column that they replace."""
        return {each.column: each.id for each in self.dictionaries}


def layout(
    types: Mapping[str, Type], computed: Sequence[str], dictionaries: Sequence[str], members: Sequence[Member]
) -> Layout:
    """Return the layout of rows in which the named JSON columns are dictionaries."""
    wanted: list[tuple[str, Type]] = [
        (f"{name}_id" if name in dictionaries else name, INT64 if name in dictionaries else type_)
        for name, type_ in types.items()
    ]
    wanted += [(each.name, STRING) for each in members]
    found = storage_names(tuple(wanted))
    physical = dict(zip(types, found, strict=False))
    named = tuple(
        Member(each.column, each.key, each.first, name) for each, name in zip(members, found[len(types) :], strict=True)
    )
    files = storage_names(tuple((name, JSON) for name in dictionaries))
    return Layout(
        types,
        frozenset(computed),
        physical,
        tuple(
            Dictionary(name, physical[name], f"{file_name(file)}.parquet", 0)
            for name, file in zip(dictionaries, files, strict=True)
        ),
        named,
    )


def file_name(name: str) -> str:
    """Return a column's name as a file name that is valid on every system.

    >>> file_name("a/b"), file_name("location_stack")
    ('a%2Fb', 'location_stack')
    """
    return "".join(
        letter if (letter.isalnum() and letter.isascii()) or letter in "_-" else f"%{ord(letter):02X}" for letter in name
    )


def repeating(rows: Node, types: Mapping[str, Type], names: Sequence[str], engine: FileEngine) -> list[str]:
    """Return the JSON columns of staged rows whose values repeat often enough for a dictionary."""
    if not names:
        return []
    columns = staging.names(types)
    counts = tuple((f"n{number}", aggregation("nunique", rows.column(columns[name][0]))) for number, name in enumerate(names))
    found = fetched(Aggregate(rows, (), (("rows", aggregation("size")), *counts), "repeats"), engine)[0]
    return [
        name for number, name in enumerate(names) if found[f"n{number}"] <= min(MOST_VALUES, found["rows"] // LEAST_REPEATS)
    ]


def members_of(rows: Node, types: Mapping[str, Type], names: Sequence[str], engine: FileEngine) -> list[Member]:
    """Return the keys to store beside JSON columns: those with scalar values that many of the first rows have.

    The choice does not affect results, because other keys are read from the JSON.
    """
    if not names:
        return []
    columns = staging.names(types)
    looked_at = Limit(Select(rows, tuple((name, rows.column(columns[name][0])) for name in names), "rows"), (), _LOOKED_AT)
    found: list[Member] = []
    sample = fetched(looked_at, engine)
    for name in names:
        texts = [row[name] for row in sample if row[name] is not None]
        counts: dict[tuple[str, bool], int] = {}
        for text in texts:
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                continue  # numbers too long for Python, arrays nested too deeply
            first = isinstance(value, list)
            one: Any = value[0] if first and value else value
            if isinstance(one, dict):
                for key, each in one.items():
                    if each is not None and not isinstance(each, dict | list):
                        counts[key, first] = counts.get((key, first), 0) + 1
        often = [
            each
            for each in sorted(counts, key=lambda each: (-counts[each], each))
            if counts[each] >= _LEAST_SHARE * len(texts) and "\x00" not in each[0]
        ]
        found += [Member(name, key, first, f"{name}.{key}") for key, first in often[:_MOST_MEMBERS]]
    return found


def member(column: Expr, each: Member) -> Expr:
    """Return the expression whose value a stored key has."""
    return call("json_get_text", call("json_index", column, literal(0)) if each.first else column, literal(each.key))


def dictionary(rows: Node, types: Mapping[str, Type], name: str, old: Node | None, engine: FileEngine) -> Source:
    """Return the values of a dictionary with their ids: the old values, and the new values of staged rows."""
    text = rows.column(staging.names(types)[name][0])
    values: Node = Aggregate(Filter(rows, call("not_null", text), "rows"), ((_TEXT, text),), (), "values_of_rows")
    if old is not None:
        columns: tuple[tuple[str, JoinSide, tuple[str, str]], ...] = (
            (_TEXT, "left", (_TEXT, _TEXT)),
            ("known", "right", (_ID, _ID)),
        )
        values = Join(values, old, "left", ((_TEXT, _TEXT),), columns, step="new_values", key=(_TEXT,))
        values = Filter(values, call("is_null", values.column("known")), "new_values")
        largest = Aggregate(old, (), (("largest", aggregation("max", old.column(_ID))),), "largest")
        offset: int = fetched(largest, engine)[0]["largest"]
    else:
        offset = MISSING
    number = call("add", over(aggregation("row_number"), [], [Ordering(values.column(_TEXT))]), literal(offset))
    values = Select(values, ((_ID, number), (_TEXT, values.column(_TEXT))), "numbered_values")
    first = (
        old
        if old is not None
        else Values(((_ID, INT64), (_TEXT, STRING)), ((literal(MISSING), literal(None, STRING)),), (_ID,), "missing_value")
    )
    return kept(Union((first, values), (_ID, _TEXT), "dictionary"), engine, f"dictionary_{name}")


def logical(rows: Node, types: Mapping[str, Type], wanted: Sequence[str]) -> Select:
    """Return columns of staged rows in the types of the frame."""
    columns = []
    for name in wanted:
        found = staging.restored(rows, name, types)
        columns.append((name, Cast(found, types[name]) if types[name].name == "json" else found))
    return Select(rows, tuple(columns), "rows")


def as_stored(
    rows: Node, types: Mapping[str, Type], made: Layout, dictionaries: Mapping[str, Source], time: str, sorted_by: Sequence[str]
) -> tuple[Node, dict[str, Expr]]:
    """Return staged rows with their dictionary ids, and the columns of the files except those computed from all rows.

    JSON is text in the rows; ``time`` and ``sorted_by`` are columns that the rows keep in addition to those of the frame.
    """
    own = [name for name in made.types if name not in made.computed]
    names = list(dict.fromkeys([*own, *sorted_by, *filter(None, [time])]))
    plan: Node = Select(rows, tuple((name, staging.restored(rows, name, types)) for name in names), "rows")
    for name, entries in dictionaries.items():
        id_ = f"{name}.id"
        columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(each, "left", (each, each)) for each in plan.types]
        plan = Join(plan, entries, "left", ((name, _TEXT),), (*columns, (id_, "right", (_ID, _ID))), True, "numbered")
    found: dict[str, Expr] = {}
    for name, type_ in made.types.items():
        if name in dictionaries:
            found[made.physical[name]] = plan.column(f"{name}.id")
        elif name not in made.computed:
            found[made.physical[name]] = cast(plan.column(name), JSON) if type_.name == "json" else plan.column(name)
    for each in made.members:
        found[each.name] = member(cast(plan.column(each.column), JSON), each)
    return plan, found


def of_file(entries: Source, made: Dictionary) -> Select:
    """Return a dictionary in the form of its file."""
    return Select(entries, ((made.id, entries.column(_ID)), (made.column, cast(entries.column(_TEXT), JSON))), "dictionary")


def texts_of_file(stored: StoredTable, engine: FileEngine, made: Dictionary) -> Source:
    """Return the values in the file of a dictionary as text, exactly as written, with their ids."""
    types = dict(stored.columns)
    # Uses the engine's cast, because `json_text` would normalize JSON, and the rows have it as it came.
    columns = ((_ID, made.id, types[made.id], INT64), (_TEXT, made.column, AS_DECLARED, STRING))
    return Source(stored.relation, columns, (_ID,), id(engine), "dictionary", stored.row_id)
