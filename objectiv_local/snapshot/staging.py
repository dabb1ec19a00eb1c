"""Streams rows from the source to local files of some months each, which remain if the export is interrupted.

The next export of the same plan uses a finished file if the source still has the rows in it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from objectiv_local.errors import DataInvalid
from objectiv_local.plan.expr import Expr, call, case, cast, literal
from objectiv_local.plan.nodes import Node, Select
from objectiv_local.snapshot.directory import replace_text
from objectiv_local.snapshot.months import Counted, runs, within
from objectiv_local.snapshot.request import Request
from objectiv_local.snapshot.tables import files as stored_files
from objectiv_local.snapshot.tables import named, streamed
from objectiv_local.types import FLOAT64, INTERVAL, STRING, Type, arrow_type

if TYPE_CHECKING:
    from objectiv_local.engines.base import FileEngine

#: Number of rows of one file: the maximum that an interruption loses.
FILE_ROWS = 1_000_000
_BOUNDS = ("(]", "[)", "[]", "()")
_RUN = "run.json"


@dataclass(frozen=True, slots=True)
class Staged:
    """A file with the rows of some months, and the digests of all values that the source returned for them, if requested."""

    path: Path
    months: tuple[str, ...]
    values: tuple[str, ...]


def names(types: Mapping[str, Type]) -> dict[str, tuple[str, ...]]:
    """Return the columns of staged files for each column: named by position, so that no engine confuses them."""
    found: dict[str, tuple[str, ...]] = {}
    for number, (name, type_) in enumerate(types.items()):
        found[name] = tuple(f"c{number}_{part}" for part in range(3)) if type_ == INTERVAL else (f"c{number}",)
    return found


def stored_types(types: Mapping[str, Type]) -> dict[str, Type]:
    """Return the types of the columns of staged files: uuids and JSON are text, and intervals are three columns."""
    found: dict[str, Type] = {}
    for name, parts in names(types).items():
        type_ = types[name]
        found |= (
            dict(zip(parts, (FLOAT64, FLOAT64, STRING), strict=True))
            if type_ == INTERVAL
            else {parts[0]: STRING if type_.name in ("uuid", "json") else type_}
        )
    return found


def restored(staged: Node, name: str, types: Mapping[str, Type]) -> Expr:
    """Return a column of staged rows in its original type. JSON stays text."""
    parts = [staged.column(part) for part in names(types)[name]]
    type_ = types[name]
    if type_ == INTERVAL:
        return case(
            [
                (call("eq", parts[2], literal(bounds)), call("interval", parts[0], parts[1], literal(bounds)))
                for bounds in _BOUNDS
            ]
        )
    return cast(parts[0], type_) if type_.name == "uuid" else parts[0]


def export(
    request: Request,
    months: Mapping[str, Counted],
    wanted: Sequence[str],
    directory: Path,
    done: Sequence[Staged],
    fetched: Callable[[int], None],
) -> list[Staged]:
    """Fetch the rows of the wanted months that no file has, and return all files. Raises DataInvalid if rows are missing.

    ``fetched`` is called with the number of rows of each batch.
    """
    there = {month for each in done for month in each.months}
    types = request.exported
    parts = names(types)
    files = list(done)
    for first, last in runs(months, [month for month in wanted if month not in there], FILE_ROWS):
        rows = within(request.base, request.time, first, last)
        columns: list[tuple[str, Expr]] = []
        for name, type_ in types.items():
            column = rows.column(name)
            ends = [call(f"interval_{end}", column) for end in ("lower", "upper", "bounds")] if type_ == INTERVAL else [column]
            columns += zip(parts[name], ends, strict=True)
        covered = tuple(month for month in months if first <= month <= last)
        path = directory / f"{first}_{last}.parquet"
        expected = sum(months[month].rows for month in covered)
        values = tuple(months[month].digests[1] for month in covered)
        try:
            count = _write(Select(rows, tuple(columns), "rows"), request, path, fetched)
        except DataInvalid as error:
            raise named(error, {part: name for name, each in parts.items() for part in each}) from None
        if count != expected:
            raise DataInvalid(
                f"{request.engine.description} had {expected:,} rows from {first} to {last} when they were "
                f"counted, and {count:,} when they were read",
                hint="run it again",
            )
        replace_text(path.with_suffix(".json"), json.dumps({"months": covered, "rows": count, "values": values}))
        files.append(Staged(path, covered, values))
    return files


def _write(plan: Node, request: Request, path: Path, fetched: Callable[[int], None]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, arrow_type(type_)) for name, type_ in plan.types.items()])
    partial = path.with_name(f".{path.name}")
    count = 0
    with pq.ParquetWriter(partial, schema, compression="zstd", compression_level=1) as writer:
        for batch in streamed(plan, request.engine):
            writer.write_batch(batch)
            count += batch.num_rows
            fetched(batch.num_rows)
    partial.replace(path)
    return count


def prepared(directory: Path, program: str) -> list[Staged]:
    """Return the finished files of an earlier export of the same plan; files of other exports are removed."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        if json.loads((directory / _RUN).read_text(encoding="utf-8"))["program"] == program:
            return [found for path in sorted(directory.glob("*.parquet")) if (found := _complete(path)) is not None]
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    replace_text(directory / _RUN, json.dumps({"program": program}))
    return []


def _complete(path: Path) -> Staged | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        return Staged(path, tuple(found["months"]), tuple(found["values"]))
    return None


def program_digest(program: list[Any], address: str, request: Request) -> str:
    """Return a digest of the plan, the source, and the columns of the staged files."""
    columns = [(name, type_.dtype) for name, type_ in request.exported.items()]
    return hashlib.sha256(json.dumps([program, address, columns, request.time]).encode()).hexdigest()


def rows_of(files: Sequence[Staged], types: Mapping[str, Type], engine: FileEngine) -> Node:
    """Return the step that reads staged files."""
    return stored_files(engine, [each.path for each in files], stored_types(types), step="exported")
