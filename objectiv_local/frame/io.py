"""Frames over tables, files and data that is already here."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from objectiv_local.dialects import dialect_named
from objectiv_local.engines import connect
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, TableNotFound, near
from objectiv_local.frame.arrow import table_from_pandas, typed_table
from objectiv_local.frame.savepoints import Savepoints
from objectiv_local.frame.state import State
from objectiv_local.frame.values import checked_name
from objectiv_local.plan.expr import Literal, cast, literal
from objectiv_local.plan.nodes import Source, Values
from objectiv_local.plan.relation import AS_DECLARED, Relation, StoredTable
from objectiv_local.registry import DEFAULT
from objectiv_local.types import INT64, TIMEDELTA, UUID, Type, type_from_dtype

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from objectiv_local.engines.base import Engine
    from objectiv_local.frame.frame import DataFrame

logger = logging.getLogger(__name__)

#: Rows up to which data is written into the statement itself, so that it stands alone.
INLINE_ROWS = 1_000


def from_table(
    cls: type[DataFrame],
    engine: object,
    table_name: str,
    index: Sequence[str] | str = (),
    all_dtypes: Mapping[str, object] | None = None,
    name_to_column_mapping: Mapping[str, str] | None = None,
    *,
    columns: Sequence[str] | None = None,
    key: str | Sequence[str] | None = None,
    dtypes: Mapping[str, object] | None = None,
) -> DataFrame:
    """Return a frame over a table. Looks the table up once, and reads no rows.

    ``engine`` is anything that ``connect`` takes. ``index`` names the columns of the index, ``columns`` the data
    columns to use; by default all of them, or those of ``all_dtypes``. ``all_dtypes`` maps all columns to use to the dtypes to
    read them as, ``dtypes`` single columns, while the others keep theirs: where the stored type is another one they are cast.
    ``name_to_column_mapping`` maps names in the frame to
    columns of the table, and the other arguments speak of names in the frame. ``key`` names columns that tell all rows
    apart, where the table has no primary key: an order that rows tie in is completed by them, rather than by all columns.

    Columns of types that are not supported are left out if no columns are chosen, and the log names them.

    Raises TableNotFound, ColumnNotFound, and InvalidType for a column of a type that is not supported, if it is asked for.
    """
    connection = connect(engine)
    return _declared(
        cls, connection, connection.table(table_name), index, all_dtypes, name_to_column_mapping, columns, key, dtypes
    )


def from_model(
    cls: type[DataFrame],
    engine: object,
    model: str,
    index: Sequence[str] | str = (),
    all_dtypes: Mapping[str, object] | None = None,
    name_to_column_mapping: Mapping[str, str] | None = None,
    *,
    columns: Sequence[str] | None = None,
    key: str | Sequence[str] | None = None,
    dtypes: Mapping[str, object] | None = None,
) -> DataFrame:
    """Return a frame over a query, given as SQL. Asks the database for its columns, and reads no rows. See ``from_table``.

    The query becomes the first step of the statement. It is yours: nothing in it is checked or escaped.
    """
    if not isinstance(model, str) or not model.strip():
        raise InvalidType(f"a model is the text of a query, not {type(model).__name__}")
    connection = connect(engine)
    return _declared(
        cls, connection, connection.described(model), index, all_dtypes, name_to_column_mapping, columns, key, dtypes
    )


def _declared(
    cls: type[DataFrame],
    engine: Engine,
    stored: StoredTable,
    index: Sequence[str] | str,
    all_dtypes: Mapping[str, object] | None,
    mapping: Mapping[str, str] | None,
    columns: Sequence[str] | None,
    key: str | Sequence[str] | None,
    dtypes: Mapping[str, object] | None,
) -> DataFrame:
    """Return a frame over stored rows, some columns of which are read as other types."""
    labels = {column: name for name, column in (mapping or {}).items()}
    known = {name for name, _ in stored.columns}
    if key is not None:
        given = [key] if isinstance(key, str) else list(key)
        for name in given:
            if (mapping or {}).get(name, name) not in known:
                raise ColumnNotFound(f"{stored.relation.title} has no column {name!r} for the key", hint=near(name, known))
        stored = replace(stored, primary_key=tuple((mapping or {}).get(name, name) for name in given))
    for name, column in (mapping or {}).items():
        if column not in known:
            raise ColumnNotFound(f"{stored.relation.title} has no column {column!r} for {name!r}", hint=near(column, known))
    names = [index] if isinstance(index, str) else list(index)
    wanted = {name: type_from_dtype(dtype) for name, dtype in {**(all_dtypes or {}), **(dtypes or {})}.items()}
    if columns is None and all_dtypes is not None:
        columns = [name for name in all_dtypes if name not in names]
    types = dict(stored.columns)
    cast_in_table: dict[str, Type] = {}
    for name, type_ in wanted.items():
        physical = (mapping or {}).get(name, name)
        if physical not in types:
            raise ColumnNotFound(
                f"{stored.relation.title} has no column {name!r}", hint=near(name, [labels.get(each, each) for each in types])
            )
        if dialect_named(engine.dialect).stored(types[physical]) is None:
            # Of a type without a reading here, the engine's own cast decides.
            cast_in_table[name] = type_
    frame = from_stored(cls, engine, stored, names, columns, labels, cast_in_table, cast_in_table)
    read = frame._state.plan.types
    changed = {name: type_ for name, type_ in wanted.items() if name in read and read[name] != type_}
    if not changed:
        return frame
    state = frame._state.extended([(name, cast(frame._state.column(name), type_)) for name, type_ in changed.items()])
    return cls(state, frame._columns)


def from_stored(
    cls: type[DataFrame],
    engine: Engine,
    stored: StoredTable,
    index: Sequence[str] | str,
    columns: Sequence[str] | None,
    labels: Mapping[str, str] | None = None,
    types: Mapping[str, Type] | None = None,
    forced: Mapping[str, Type] | None = None,
) -> DataFrame:
    """Return a frame over a table that an engine found. ``labels`` are the names in the frame of stored columns.

    ``types`` are those of columns that are stored in the form that this package stores them in, and ``forced`` those of
    columns that the engine is to cast.
    """
    labels = labels or {}
    known = {labels.get(name, name): (name, type_name) for name, type_name in stored.columns}
    index_names = [index] if isinstance(index, str) else list(index)
    read = dialect_named(engine.dialect).stored
    names = _readable(stored, known, {*index_names}, {*(forced or ())}, read) if columns is None else list(columns)
    out: list[tuple[str, str, str, Type]] = []
    for name in [*index_names, *names]:
        if name not in known:
            raise ColumnNotFound(f"{stored.relation.title} has no column {name!r}", hint=near(name, known))
        physical, type_name = known[name]
        found = read(type_name)
        if forced is not None and name in forced:
            out.append((name, physical, AS_DECLARED, forced[name]))
            continue
        if found is None:
            others = [other for other in known if read(known[other][1]) is not None and other not in index_names]
            raise InvalidType(
                f"column {name!r} of {stored.relation.title} has the type {type_name}, which is not supported",
                hint=f"leave it out with columns={others!r}, or read it as another type with "
                f"dtypes={{{name!r}: 'string'}} or 'decimal(38, 2)'",
            )
        out.append((name, physical, type_name, (types or {}).get(name, found[0])))
    key = tuple(labels.get(name, name) for name in stored.primary_key)
    selected = {name for name, _, _, _ in out}
    plan = Source(
        stored.relation,
        tuple(out),
        key if key and set(key) <= selected else None,
        id(engine),
        stored.relation.parts[-1] if stored.relation.kind == "table" else "events",
        stored.row_id,
    )
    return cls(State(plan, engine, engine.dialect, tuple(index_names), savepoints=Savepoints()), names)


def _readable(
    stored: StoredTable,
    known: Mapping[str, tuple[str, str]],
    index: AbstractSet[str],
    forced: AbstractSet[str],
    read: Callable[[str], object],
) -> list[str]:
    """Return the columns of a table that nobody chose columns of: those whose types can be read. The log names the others.

    Raises InvalidType if no column can be read.
    """
    names = [name for name in known if name not in index]
    left = {name: known[name][1] for name in names if name not in forced and read(known[name][1]) is None}
    if not left:
        return names
    shown = ", ".join(f"{name!r} ({type_name})" for name, type_name in left.items())
    first = next(iter(left))
    how = f"dtypes={{{first!r}: 'string'}} or 'decimal(38, 2)' reads such a column as another type"
    if len(left) == len(known):
        raise InvalidType(f"no column of {stored.relation.title} has a type that is supported: {shown}", hint=how)
    logger.warning(
        "%s: left out %s, because %s not supported; %s",
        stored.relation.title,
        shown,
        "its type is" if len(left) == 1 else "their types are",
        how,
    )
    return [name for name in names if name not in left]


def from_parquet(
    cls: type[DataFrame],
    path: str | os.PathLike[str],
    index: Sequence[str] | str = (),
    columns: Sequence[str] | None = None,
    *,
    key: str | Sequence[str] | None = None,
    dtypes: Mapping[str, object] | None = None,
) -> DataFrame:
    """Return a frame over a Parquet file, a pattern, or a directory of them, read by DuckDB. See ``from_table``."""
    connection = connect(path)
    if connection.default_table is None:
        raise InvalidValue(
            f"{connection.description} is not a Parquet file, pattern or directory", hint="use DataFrame.from_table"
        )
    return from_table(cls, connection, connection.default_table, index, columns=columns, key=key, dtypes=dtypes)


def from_arrow(
    cls: type[DataFrame],
    engine: object,
    table: pyarrow.Table,
    index: Sequence[str] | str = (),
    name: str = "loaded_data",
    materialization: str | Enum | None = None,
    *,
    if_exists: str = "fail",
) -> DataFrame:
    """Return a frame of an Arrow table, for use beside the tables of ``engine``.

    Up to 1,000 rows are written into the SQL itself (``materialization='cte'``). More are loaded (``'temp_table'``): DuckDB
    reads them in place, without a copy, and Postgres gets a temporary table, on a read-only connection too. Loaded rows last
    as long as the connection, and get another name if ``name`` is taken.

    With ``materialization='table'`` they are written to a permanent table ``name``, which needs a connection with
    ``read_only=False``. An existing table raises InvalidValue by default and is replaced with ``if_exists='replace'``. With
    ``'append'`` the rows are added to it, if it has the same columns and types, and the frame has all rows of the table.
    """
    connection = connect(engine)
    table, schema = typed_table(table)
    kind = None if materialization is None else str(getattr(materialization, "value", materialization)).lower()
    if kind not in (None, "cte", "temp_table", "table"):
        raise InvalidValue(f"materialization has to be 'cte', 'temp_table' or 'table', not {materialization!r}")
    if if_exists not in ("fail", "replace", "append"):
        raise InvalidValue(f"if_exists is 'fail', 'replace' or 'append', not {if_exists!r}")
    if if_exists != "fail" and kind != "table":
        raise InvalidValue(
            f"if_exists={if_exists!r} is for a permanent table, and this writes none",
            hint="add materialization='table' to write one",
        )
    index_names = [index] if isinstance(index, str) else list(index)
    names = [column for column, _ in schema]
    for column in index_names:
        if column not in names:
            raise ColumnNotFound(f"there is no column {column!r} for the index", hint=near(column, names))
    if kind == "cte" or (kind != "temp_table" and table.num_rows <= INLINE_ROWS):
        rows = tuple(tuple(_value(row[column], type_) for column, type_ in schema) for row in table.to_pylist())
        plan: Source | Values = Values(schema, rows, None, name)
        data = [column for column in names if column not in index_names]
        found = cls(State(plan, connection, connection.dialect, tuple(index_names), savepoints=Savepoints()), data)
    else:
        stored = connection.load(
            # A temporary table of the same name would hide the permanent one for as long as the connection is open.
            "loaded_data" if kind == "table" else name,
            table.rename_columns([f"c{i}" for i in range(len(names))]),
            tuple((f"c{i}", type_) for i, (_, type_) in enumerate(schema)),
        )
        labels = {f"c{i}": column for i, column in enumerate(names)}
        found = from_stored(cls, connection, stored, index_names, None, labels, dict(schema))
    if kind != "table":
        return found
    if if_exists == "append" and _exists(connection, name):
        return _appended(found, name)
    return found.database_create_table(name, if_exists="replace" if if_exists == "replace" else "fail")


def _exists(engine: Engine, name: str) -> bool:
    try:
        engine.table(name, lasting=True)
    except TableNotFound:
        return False
    return True


def _appended(frame: DataFrame, name: str) -> DataFrame:
    """Append the rows of a frame to a table, and return a frame of the table. Raises if a column does not fit the table."""
    engine = frame._state.connected()
    stored = engine.table(name, lasting=True)
    known = dict(stored.columns)
    types = {column: frame._state.plan.types[column] for column in (*frame.index_columns, *frame.data_columns)}
    for column, type_ in types.items():
        if column not in known:
            raise ColumnNotFound(f"the table {name!r} has no column {column!r} to append to", hint=near(column, known))
        there, written = dialect_named(engine.dialect).stored(known[column]), INT64 if type_ == TIMEDELTA else type_.plain
        if there is None or there[0].plain != written:
            raise InvalidType(
                f"column {column!r} is {type_} and cannot be appended to one of the type {known[column]}",
                hint=f"cast it first, or write another table than {name!r}",
            )
    with frame._state.running(types) as run:
        engine.insert(name, list(types), run.statement.sql)
    return from_stored(type(frame), engine, stored, frame.index_columns, None, None, types)


def _value(value: object, type_: Type) -> Literal:
    """Return a value of an Arrow column as a constant."""
    if isinstance(value, str) and type_ == UUID:
        return literal(uuid.UUID(value))
    return literal(value, type_)


def from_polars(
    cls: type[DataFrame],
    engine: object,
    df: polars.DataFrame,
    index: Sequence[str] | str = (),
    name: str = "loaded_data",
    materialization: str | Enum | None = None,
    *,
    if_exists: str = "fail",
) -> DataFrame:
    """Return a frame of a polars frame. See ``from_arrow``. NaN stays NaN, null is missing."""
    return from_arrow(cls, engine, df.to_arrow(), index, name, materialization, if_exists=if_exists)


def from_pandas(
    cls: type[DataFrame],
    engine: object,
    df: pandas.DataFrame,
    convert_objects: bool = True,
    name: str = "loaded_data",
    materialization: str | Enum | None = None,
    *,
    if_exists: str = "fail",
) -> DataFrame:
    """Return a frame of a pandas frame. See ``from_arrow``. NaN, NaT and None are missing values.

    The levels of the index are named ``_index_<name>``, or ``_index_<number>`` without a name. Columns of objects are
    converted by their values; with ``convert_objects=False`` they are an error.
    """
    labels = [f"_index_{level if level is not None else number}" for number, level in enumerate(df.index.names)]
    if not convert_objects:
        for column, dtype in df.dtypes.items():
            if str(dtype) == "object":
                raise InvalidType(f"column {column!r} holds objects", hint="pass convert_objects=True, or convert it first")
    return from_arrow(cls, engine, table_from_pandas(df, labels), labels, name, materialization, if_exists=if_exists)


def from_schema(
    cls: type[DataFrame],
    schema: Mapping[str, object],
    index: Sequence[str] | str = (),
    dialect: str = DEFAULT,
    table_name: str = "data",
) -> DataFrame:
    """Return a frame without connection, to see the SQL of a program. ``schema`` maps columns to dtypes.

    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_schema({"city": "string", "founded": "int64"}, dialect="duckdb", table_name="cities")
    >>> print(df.groupby("city").founded.min().view_sql())
    SELECT city, min(founded) AS founded
    FROM cities
    GROUP BY city
    ORDER BY city
    """
    dialect_named(dialect)
    if not schema or not table_name:
        raise InvalidValue(
            f"{'a schema' if not schema else 'the name of a table'} cannot be empty",
            hint="as in from_schema({'city': 'string'}, table_name='cities')",
        )
    columns = []
    for name, dtype in schema.items():
        type_ = type_from_dtype(dtype)
        columns.append((checked_name(name), name, dialect_named(dialect).stored_name(type_), type_))
    index_names = [index] if isinstance(index, str) else list(index)
    for name in index_names:
        if name not in schema:
            raise ColumnNotFound(f"there is no column {name!r} for the index", hint=near(name, schema))
    plan = Source(
        Relation("table", tuple(table_name.split("."))),
        tuple(columns),
        tuple(index_names) or None,
        0,
        table_name.rsplit(".", maxsplit=1)[-1],
    )
    state = State(plan, None, dialect, tuple(index_names), savepoints=Savepoints())
    return cls(state, [name for name in schema if name not in index_names])
