"""Frames as dbt models: the SQL with its sources, and the properties file with descriptions and tests.

dbt reads SQL and YAML as Jinja templates. Names and constants of a program may contain anything, so every brace that would open
a Jinja tag is written as an expression that returns it, and so is a carriage return, which Jinja would turn into a line feed.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from objectiv_local.dialects import dialect_named
from objectiv_local.engines.base import safe_name, shown_name, split_name
from objectiv_local.errors import InvalidValue, NotSupported, TableNotFound, near
from objectiv_local.frame.export import replacing
from objectiv_local.frame.running import Running
from objectiv_local.frame.translate import translated
from objectiv_local.frame.unique import check_aligned, labelled, repeated_label
from objectiv_local.plan.expr import aggregation
from objectiv_local.plan.nodes import Aggregate, Node, Source, topological
from objectiv_local.plan.relation import Relation
from objectiv_local.plan.rewrite import rebuild

if TYPE_CHECKING:
    from objectiv_local.dialects import Dialect
    from objectiv_local.engines.base import Engine
    from objectiv_local.frame.frame import DataFrame

MATERIALIZED = ("view", "table", "ephemeral")
#: Names that Postgres does not truncate and every file system accepts.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
#: The schema of the placeholders for tables, until calls of dbt replace them.
_PLACE = "dbt_source"


@dataclass(frozen=True, slots=True)
class _Table:
    """A table that a model reads: another model of the project, or a source, which is a table or a set of files."""

    relation: Relation
    #: The dbt call that refers to it.
    call: str
    #: The name and the content of its file; empty for a model.
    file: str = ""
    text: str = ""


def to_dbt(
    self: DataFrame,
    path: str | os.PathLike[str],
    name: str,
    *,
    dialect: str | None = None,
    materialized: str = "view",
    table_name: str | Mapping[str, str] | None = None,
    refs: Sequence[str] = (),
    description: str = "",
    tests: bool = True,
    overwrite: bool = False,
) -> list[Path]:
    """Write the frame as a dbt model and return the files that were written.

    ``path`` is a directory of models in a dbt project, such as ``models/``. These files are written to it:

    - ``<name>.sql``: the SQL of the frame, in which each table is a ``source`` or a ``ref``; rows are not ordered
    - ``<name>.yml``: ``description``, the columns with their types, and tests of the index
    - ``source_<schema>__<table>.yml`` for each table that is a source; an existing file is kept unchanged

    ``dialect``, ``'duckdb'`` or ``'postgres'``, is the engine of the dbt target, by default that of the frame.
    ``materialized`` is ``'view'``, ``'table'`` or ``'ephemeral'``. ``table_name`` is the table, as ``schema.table``, that dbt
    reads in place of the one that the frame reads; for several, it is a mapping of the frame's tables to these. ``refs`` names
    the tables, without a schema, that are models of the project. Parquet files become sources of dbt-duckdb in their present
    location.

    With ``tests``, an index level is tested as ``not_null`` if it currently has no missing values, and the index as ``unique``
    if its labels are currently unique. This takes two queries. Without a connection, only properties that hold for any data are
    tested.

    Missing values remain NULL. Durations are in microseconds, as in every table that is written. Series of other frames are
    joined on the index, whose labels are checked for uniqueness now and not by dbt.

    Raises InvalidValue for a name with characters other than letters, digits and underscores, for files that exist unless
    ``overwrite``, for rows of temporary tables, which dbt cannot read, for a table whose schema is unknown, and for columns
    whose names the engine would change; TableNotFound for a directory that does not exist; DataInvalid for one that cannot be
    written to; NotSupported for other engines. In these cases nothing is written. Files are written one after the other, each
    atomically, the SQL last.

    >>> import tempfile
    >>> import objectiv_local as ol
    >>> types = {"day": "date", "visits": "int64"}
    >>> df = ol.DataFrame.from_schema(types, index=["day"], dialect="postgres", table_name="web.days")
    >>> files = df[df.visits > 10].to_dbt(tempfile.mkdtemp(), "busy_days")
    >>> [file.name for file in files]
    ['source_web__days.yml', 'busy_days.yml', 'busy_days.sql']
    >>> print(files[-1].read_text())
    {{ config(materialized='view') }}
    <BLANKLINE>
    SELECT day, visits
    FROM {{ source('web', 'days') }}
    WHERE visits > 10
    <BLANKLINE>
    """
    if not _NAME.fullmatch(name):
        raise InvalidValue(
            f"{name!r} cannot name a dbt model",
            hint="use at most 63 letters, digits and underscores, such as 'daily_users'; path is the directory",
        )
    if materialized not in MATERIALIZED:
        raise InvalidValue(f"materialized is {materialized!r}, which is unknown", hint=near(materialized, MATERIALIZED))
    directory = Path(os.path.expanduser(path))  # noqa: PTH111 - pathlib raises for an unknown user
    if not str(path) or "\0" in str(path) or not directory.is_dir():
        raise TableNotFound(f"there is no directory {str(path)!r}", hint="create it first")
    written = dialect_named(self._state.dialect if dialect is None else dialect)
    if not written.has_dbt_models:
        raise NotSupported(
            f"dbt models cannot be written for {written.name}",
            hint="give dialect='duckdb' or dialect='postgres', or use view_sql()",
        )
    if self.engine is not None:
        check_aligned(self._state.rows("to_dbt").plan, self._state.connected())
    sql, tables = _sql(self, written, table_name, refs)
    model, about = directory / f"{name}.sql", directory / f"{name}.yml"
    for file in (about, model):
        if file.exists() and not overwrite:
            raise InvalidValue(f"the file {str(file)!r} exists", hint="pass overwrite=True, or choose another name")
    texts = {directory / each.file: each.text for each in tables if each.file}
    texts = {file: text for file, text in texts.items() if overwrite or not file.exists()}
    texts[about] = _properties(self, name, description, written, tests=tests)
    texts[model] = f"{{{{ config(materialized='{materialized}') }}}}\n\n{sql}\n"
    for file, text in texts.items():
        with replacing(file) as out:
            out.write(text.encode())
    return list(texts)


# ---- the SQL


def _sql(
    frame: DataFrame, written: Dialect, table_name: str | Mapping[str, str] | None, refs: Sequence[str]
) -> tuple[str, list[_Table]]:
    """Return the SQL with dbt calls in place of tables, and these tables."""
    state = replace(frame._state.rows("to_dbt"), order=())
    moved = state.dialect != written.name
    sources = [node for node in topological(state.plan) if isinstance(node, Source) and node.relation.kind != "query"]
    relations = list(dict.fromkeys(node.relation for node in sources))
    given = _given(relations, table_name)
    tables = {
        relation: _table(relation, given.get(relation), state.engine, written, refs, moved=moved) for relation in relations
    }
    for each in refs:
        if all(table.call != f"ref({_text(each)})" for table in tables.values()):
            raise InvalidValue(
                f"refs: the frame reads no table {each!r}",
                hint="refs names tables of the frame that are models of the dbt project, without a schema",
            )
    token = f"t_{uuid.uuid4().hex}"
    names = {relation: f"{token}_{number}_" for number, relation in enumerate(relations)}

    def stand_in(_: Node, node: Node) -> Node:
        if not isinstance(node, Source) or node.relation.kind == "query":
            return node
        # The key of a table need not be a key of a view.
        return node.over(Relation("table", (_PLACE, names[node.relation])), node.columns, node.key, ())

    plan = rebuild(state.plan, stand_in)
    if moved:
        plan = translated(plan, state.dialect, written.name)
    columns = [*frame.index_columns, *frame.data_columns]
    # Only the time zones of the engine matter, and only if it is the engine of the target.
    statement = replace(state, plan=plan, engine=None if moved else state.engine, dialect=written.name).statement(columns)
    for column, alias in zip(columns, statement.names, strict=True):
        if column != alias:
            raise InvalidValue(
                f"column {column!r} would be named {alias!r} in the table of a dbt model",
                hint="rename it: at most 63 bytes, and not equal to another column but for case",
            )
    sql = escaped(statement.sql)
    for relation, table in tables.items():
        place = f"{_PLACE}.{names[relation]}"
        # In a comment it is plain text: a call for files could break the line.
        sql = "\n".join(
            line.replace(place, table.call if line.lstrip().startswith("--") else f"{{{{ {table.call} }}}}")
            for line in sql.split("\n")
        )
    return sql, list(tables.values())


def _given(relations: Sequence[Relation], table_name: str | Mapping[str, str] | None) -> dict[Relation, tuple[str, ...]]:
    """Return which tables dbt reads in place of others. Raises InvalidValue for one that the frame does not read."""
    if table_name is None:
        return {}
    if not table_name:
        raise InvalidValue("table_name is empty", hint="for instance 'web.clicks'")
    titles = {relation.title: relation for relation in relations}
    if isinstance(table_name, str):
        if len(titles) != 1:
            raise InvalidValue(
                f"table_name is a single table, but the frame reads {len(titles)}",
                hint="give a mapping: table_name={" + ", ".join(f"{each!r}: ..." for each in titles) + "}",
            )
        table_name = dict.fromkeys(titles, table_name)
    for title, name in table_name.items():
        if title not in titles:
            raise InvalidValue(f"table_name: the frame reads no table {title!r}", hint=near(title, titles))
        if not name or not all(split_name(name)):
            raise InvalidValue(f"table_name has an empty name for {title!r}", hint="for instance 'web.clicks'")
    return {titles[title]: split_name(name) for title, name in table_name.items()}


def _table(
    relation: Relation,
    given: tuple[str, ...] | None,
    engine: Engine | None,
    written: Dialect,
    refs: Sequence[str],
    *,
    moved: bool,
) -> _Table:
    """Return how dbt refers to a table. Raises InvalidValue if it cannot."""
    parts = given or relation.parts
    is_table = given is not None or relation.kind == "table"
    if is_table and parts[-1] in refs:
        return _Table(relation, f"ref({_text(parts[-1])})")
    if not is_table:
        if written.files is None:
            raise InvalidValue(
                f"{relation.title!r} is not a table of {written.name}", hint="give the table there: table_name='schema.table'"
            )
        return _files(relation, written)
    if given is None and relation.temporary:
        raise InvalidValue(
            "the frame reads a temporary table, which dbt cannot read",
            hint="write it first with database_create_table, or name the table to read instead: "
            f"table_name={{{relation.title!r}: 'schema.table'}}",
        )
    if len(parts) == 1:
        parts = _lasting(parts, None if moved or given is not None else engine)
    *database, schema, table = parts
    return _source(
        relation,
        schema,
        table,
        [
            *([f"    database: {yaml_text(_identifier(database[0]))}"] if database else []),
            f"    schema: {yaml_text(_identifier(schema))}",
        ],
        [f"        identifier: {yaml_text(_identifier(table))}"],
    )


def _lasting(parts: tuple[str, ...], engine: Engine | None) -> tuple[str, str]:
    """Return the schema and the name of a table of which only the name is given."""
    name = shown_name(parts)
    # The only table of a file that is read like a table, or of rows in memory, is in no database.
    if engine is not None and engine.default_table is None:
        place = engine.place(name)[-2:]
        try:
            engine.table(shown_name(place), lasting=True)
        except TableNotFound:
            place = parts
        if len(place) == 2:
            return place[0], place[1]
    raise InvalidValue(
        f"the schema of the table {name!r} in the database of dbt is unknown", hint=f"give it: table_name='schema.{name}'"
    )


def _files(relation: Relation, written: Dialect) -> _Table:
    # dbt-duckdb formats the location, so braces are doubled.
    place = written.relation(relation).replace("{", "{{").replace("}", "}}")
    title = f"{safe_name(Path(relation.parts[0]).stem)}_{_digest(place)}"
    return _source(
        relation,
        "files",
        title,
        [],
        ["        config:", "          meta:", f"            external_location: {yaml_text(place)}"],
    )


def _source(relation: Relation, schema: str, table: str, of_source: Sequence[str], of_table: Sequence[str]) -> _Table:
    source, name = _plain(schema), _plain(table)
    lines = [
        "version: 2",
        "sources:",
        f"  - name: {yaml_text(source)}",
        *of_source,
        "    tables:",
        f"      - name: {yaml_text(name)}",
        *of_table,
    ]
    return _Table(relation, f"source({_text(source)}, {_text(name)})", f"source_{source}__{name}.yml", "\n".join(lines) + "\n")


def _plain(name: str) -> str:
    """Return the source name of a table: its name, or a unique one of letters, digits and underscores."""
    plain = safe_name(name)
    return plain if plain == name else f"{plain}_{_digest(name)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _identifier(name: str) -> str:
    # dbt quotes a name without escaping the quotes in it.
    return name.replace('"', '""')


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def escaped(text: str) -> str:
    """Return text that Jinja renders as ``text``.

    >>> escaped("{{ 7 }} {a} {% x")
    "{{ '{' }}{ 7 }} {a} {{ '{' }}% x"
    """
    return re.sub(r"\{(?=[{%#])|\r", lambda found: "{{ '\\r' }}" if found[0] == "\r" else "{{ '{' }}", text)


# ---- descriptions and tests


def _properties(frame: DataFrame, name: str, description: str, written: Dialect, *, tests: bool) -> str:
    """Return the YAML that describes and tests a model."""
    types = frame._state.plan.types
    known, is_unique = _holds(frame) if tests else ([], False)
    index = frame.index_columns
    of_columns: dict[str, list[str]] = {each: [] for each in (*index, *frame.data_columns)}
    of_model: list[str] = []
    for each in known:
        _add(of_columns, of_model, each, "not_null", written)
    if is_unique and len(index) == 1:
        _add(of_columns, of_model, index[0], "unique", written)
    elif is_unique:
        of_model += _test("unique", "(" + ", ".join(map(written.identifier, index)) + ")")
    lines = ["version: 2", "models:", f"  - name: {yaml_text(name)}"]
    if description:
        lines.append(f"    description: {yaml_text(description)}")
    if of_model:
        lines += ["    data_tests:", *of_model]
    lines.append("    columns:")
    for column, checks in of_columns.items():
        kind = types[column].dtype
        lines += [
            f"      - name: {yaml_text(column)}",
            f"        description: {yaml_text(kind + (', microseconds' if kind == 'timedelta' else ''))}",
            f"        data_type: {yaml_text(written.stored_name(types[column], written=True))}",
        ]
        if checks:
            lines += ["        data_tests:", *(f"          - {check}" for check in checks)]
    return "\n".join(lines) + "\n"


def _add(of_columns: dict[str, list[str]], of_model: list[str], column: str, test: str, written: Dialect) -> None:
    """Add a test of a column. dbt does not quote every name that needs it; such a column is tested at the model level."""
    identifier = written.identifier(column)
    if identifier == column:
        of_columns[column].append(test)
    else:
        of_model += _test(test, identifier)


def _test(test: str, expression: str) -> list[str]:
    # dbt inserts arguments of tests unquoted.
    return [f"      - {test}:", "          arguments:", f"            column_name: {quoted(expression)}"]


def _holds(frame: DataFrame) -> tuple[list[str], bool]:
    """Return the index levels without missing values, and whether the labels are unique."""
    state, index = frame._state, frame.index_columns
    plan = state.plan
    is_unique = bool(index) and plan.key is not None and set(plan.key) <= set(index)
    if not index or state.engine is None:
        return [], is_unique
    state.connected()
    counts = (
        ("rows", aggregation("size")),
        *((f"label_{number}", aggregation("count", plan.column(level))) for number, level in enumerate(index)),
    )
    with Running(Aggregate(plan, (), counts), state.engine) as run:
        [found] = state.engine.arrow(run.statement.sql, run.statement.schema).to_pylist()
    known = [level for number, level in enumerate(index) if found[f"label_{number}"] == found["rows"]]
    return known, is_unique or not repeated_label(*labelled(plan, index), state.engine)


def yaml_text(text: str) -> str:
    """Return a YAML scalar that dbt renders as ``text``."""
    return quoted(escaped(text))


def quoted(text: str) -> str:
    r"""Return a string as a YAML scalar.

    >>> print(quoted('a: "b"'))
    "a: \"b\""
    """
    shown = []
    for character in text:
        code = ord(character)
        if character in '"\\':
            shown.append("\\" + character)
        elif character == "\n":
            shown.append("\\n")
        elif character.isprintable():
            shown.append(character)
        else:
            shown.append(f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return '"' + "".join(shown) + '"'
