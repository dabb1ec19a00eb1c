"""Runs plans for snapshots: rows of a plan, its SQL, and sources over Parquet files."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from objectiv_local.engines.base import Engine, FileEngine
from objectiv_local.errors import DataInvalid
from objectiv_local.frame.handles import make_frame
from objectiv_local.frame.running import source
from objectiv_local.frame.state import State
from objectiv_local.plan.expr import Ordering
from objectiv_local.plan.nodes import Node, Source
from objectiv_local.types import STRING, Type

if TYPE_CHECKING:
    import pyarrow


def fetched(plan: Node, engine: Engine) -> list[dict[str, Any]]:
    """Return the rows of a small plan."""
    rows: list[dict[str, Any]] = _frame(plan, engine).to_arrow().to_pylist()
    return rows


def streamed(plan: Node, engine: Engine) -> Iterator[pyarrow.RecordBatch]:
    """Return an iterator over the rows of a plan, in bounded memory.

    If the engine reads the files of snapshots itself, JSON is passed on as its text, so that numbers such as ``1e2`` and
    repeated keys are unchanged. JSON of other engines is normalized.
    """
    is_text = isinstance(engine, FileEngine)
    with State(plan, engine, engine.dialect, ()).running(list(plan.types)) as run:
        schema = tuple((name, STRING if is_text and type_.name == "json" else type_) for name, type_ in run.statement.schema)
        yield from engine.batches(run.statement.sql, schema)


@contextmanager
def statement(
    plan: Node, engine: Engine, order: Sequence[Ordering] = (), columns: Sequence[str] | None = None
) -> Iterator[str]:
    """Yield the SQL of columns of a plan (by default all) with ordered rows; it can be run inside the context."""
    with State(plan, engine, engine.dialect, (), tuple(order)).running(list(plan.types) if columns is None else columns) as run:
        yield run.statement.sql


def named(error: DataInvalid, names: Mapping[str, str]) -> DataInvalid:
    """Return an error about a column of the files with the column's name in the frame; ``names`` maps the one to the other."""
    for column, name in names.items():
        if error.what.startswith(f"column {column!r} "):
            return DataInvalid(error.what.replace(repr(column), repr(name), 1), hint=error.hint)
    return error


def kept(plan: Node, engine: Engine, name: str) -> Source:
    """Return the step that reads the rows of a plan from a new temporary table."""
    with statement(plan, engine) as sql:
        return source(plan, list(plan.types), engine.create_table(name, sql), engine)


def files(
    engine: FileEngine, paths: Sequence[Path], types: Mapping[str, Type], key: tuple[str, ...] | None = None, step: str = "rows"
) -> Source:
    """Return the step that reads columns of Parquet files, whose values are stored as this package stores the given types."""
    stored = engine.parquet([escaped(path) for path in paths], types)
    physical = dict(stored.columns)
    return Source(
        stored.relation,
        tuple((name, name, physical[name], type_) for name, type_ in types.items()),
        key,
        id(engine),
        step,
        stored.row_id,
    )


def escaped(path: Path) -> str:
    """Return a path with its wildcards escaped."""
    return glob.escape(str(path))


def _frame(plan: Node, engine: Engine) -> Any:
    return make_frame(State(plan, engine, engine.dialect, ()), list(plan.types))
