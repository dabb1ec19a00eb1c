"""Writes and updates snapshots: only months whose rows have changed are read from the source again."""

from __future__ import annotations

import datetime
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import objectiv_local
from objectiv_local.engines import connect
from objectiv_local.engines.base import SNAPSHOT_MANIFEST, Engine, FileEngine, shown_name
from objectiv_local.engines.connect import address_of, file_engine
from objectiv_local.errors import DataInvalid, InvalidValue
from objectiv_local.frame.frame import DataFrame
from objectiv_local.frame.savepoints import Savepoints
from objectiv_local.frame.state import State
from objectiv_local.plan.nodes import Node, Source, topological
from objectiv_local.plan.relation import AS_DECLARED
from objectiv_local.plan.rewrite import rebuild
from objectiv_local.progress import counting
from objectiv_local.snapshot import columns, program, staging
from objectiv_local.snapshot.building import EMPTY, Builder
from objectiv_local.snapshot.directory import Directory, locked, written
from objectiv_local.snapshot.manifest import REWRITE, Manifest, Origin, read, read_if_there
from objectiv_local.snapshot.months import Counted, counted
from objectiv_local.snapshot.opening import open_snapshot
from objectiv_local.snapshot.request import Request, depends_on_other_rows, request_for
from objectiv_local.snapshot.staging import Staged

Check = Literal["rows", "keys", "values"]


def write(frame: DataFrame, path: Path, *, time: str | None, check: Check, over: bool, moved: bool = False) -> DataFrame:
    """Write or update a snapshot; see :meth:`DataFrame.snapshot`.

    With ``moved``, the frame is that of the snapshot over another source, which may have another location.
    """
    wanted = request_for(frame, time)
    if (address := address_of(wanted.engine)) and Path(address).is_dir() and Path(address).resolve() == path.resolve():
        raise InvalidValue(f"the snapshot {str(path)!r} cannot be replaced by its own rows", hint="give another directory")
    written_as = program.to_json(wanted.plan)
    origin = Origin(wanted.engine.description, address_of(wanted.engine), wanted.engine.dialect, written_as)
    path = path.absolute()
    with locked(path) as directory, written(path):
        old = None if over else directory.manifest
        if old is not None:
            _check_same(old, wanted, origin, path, moved=moved)
        engine = file_engine(path)
        try:
            _update(directory, wanted, origin, engine, old, "values" if depends_on_other_rows(wanted.base) else check)
        finally:
            engine.close()
    return open_snapshot(path)


def refresh(path: Path, source: object, check: Check) -> DataFrame:
    """Update a snapshot from its source; see :func:`objectiv_local.snapshot.refresh`."""
    manifest = read(path)
    if isinstance(source, DataFrame):
        return write(source, path, time=manifest.time or None, check=check, over=False)
    if source is None and not manifest.origin.address:
        raise InvalidValue(
            f"the rows of {str(path)!r} came from {manifest.origin.description}, which cannot be opened again",
            hint="create the frame again, and pass it: refresh(path, frame)",
        )
    engine = connect(manifest.origin.address if source is None else source)
    if engine.dialect != manifest.origin.dialect:
        raise InvalidValue(
            f"the snapshot {str(path)!r} was written from {manifest.origin.description}, not from {engine.description}",
            hint="create a frame over the new source, and write another snapshot",
        )
    open_snapshot(path)  # registers the types of its columns
    plan = program.from_json(manifest.origin.program, id(engine))
    unknown = {each.name for each in manifest.columns} - plan.types.keys()
    if unknown:
        raise DataInvalid(
            f"the program of the snapshot {str(path)!r} has no columns {', '.join(sorted(unknown))}, which its files have",
            hint=REWRITE,
        )
    if source is not None:
        plan = _over_files_of(plan, engine)
    _check_sources(plan, engine, path)
    state = State(
        plan, engine, engine.dialect, manifest.index, savepoints=Savepoints(), notes=(manifest.note,) if manifest.note else ()
    )
    frame = DataFrame(state, [each.name for each in manifest.columns if each.name not in manifest.index])
    return write(frame, path, time=manifest.time or None, check=check, over=False, moved=source is not None)


def _over_files_of(plan: Node, engine: Engine) -> Node:
    """Return a plan that reads Parquet files, changed to the files of an engine, which may be in another place."""

    def change(_: Node, node: Node) -> Node:
        if not isinstance(node, Source) or node.relation.kind != "parquet" or engine.default_table is None:
            return node
        found = engine.table(engine.default_table)
        return node.over(found.relation, node.columns, node.key, node.row_id and found.row_id)

    return rebuild(plan, change)


def _check_sources(plan: Node, engine: Engine, path: Path) -> None:
    """Raise an error if a plan does not find its rows: if they were temporary, if columns were removed, or if columns have
    other types, which would be cast silently.
    """
    for node in topological(plan):
        if not isinstance(node, Source):
            continue
        relation = node.relation
        versions = relation.kind == "parquet" and any(map(_is_of_snapshot, relation.parts))
        if versions or relation.temporary:
            what = "a version of another snapshot" if versions else "a temporary table, which ends with its connection"
            raise InvalidValue(f"the rows of {str(path)!r} came from {what}", hint=REWRITE)
        if relation.kind == "parquet":
            continue  # files are checked when they are read
        now = (
            engine.described(relation.parts[0])
            if relation.kind == "query"
            else engine.table(shown_name(relation.parts), lasting=True)
        )
        types = dict(now.columns)
        for _, column, type_, _ in node.columns:
            if column not in types:
                problem = "was removed"
            elif type_ not in (types[column], AS_DECLARED):
                problem = f"is {types[column]} now and was {type_} before"
            else:
                continue
            raise DataInvalid(f"column {column!r} of {relation.title} {problem}", hint=REWRITE)


def _is_of_snapshot(pattern: str) -> bool:
    """Return whether a pattern matches the files of a snapshot."""
    files = Path(re.sub(r"\[([*?[])\]", r"\1", pattern))
    return any((each / SNAPSHOT_MANIFEST).is_file() and read_if_there(each) is not None for each in files.parents)


def _check_same(old: Manifest, wanted: Request, origin: Origin, path: Path, *, moved: bool) -> None:
    """Raise InvalidValue if a snapshot has other rows. If its source has ``moved``, the query is that of the snapshot."""
    what = None
    if [(each.name, each.dtype) for each in old.columns] != [(name, type_.dtype) for name, type_ in wanted.types.items()]:
        what = "has other columns than the frame"
    elif old.index != wanted.index or old.time != wanted.time:
        what = "has another index or time column than the frame"
    elif moved:
        pass
    elif old.origin.program != _as_read(origin.program):
        what = "contains the rows of another query"
    elif old.origin.address and origin.address and old.origin.address != origin.address:
        what = f"contains the rows of another source, {old.origin.description}"
    if what is not None:
        raise InvalidValue(
            f"the snapshot {str(path)!r} {what}",
            hint="give another directory, or overwrite it with replace=True (--overwrite on the command line)",
        )


def _as_read(written_as: list[Any]) -> list[Any]:
    """Return a plan in JSON as it is after being written and read."""
    import json

    found: list[Any] = json.loads(json.dumps(written_as))
    return found


def _update(
    directory: Directory, wanted: Request, origin: Origin, engine: FileEngine, old: Manifest | None, check: Check
) -> None:
    """Publish a version with the current rows of the source, unless ``old`` has them."""
    before = {} if old is None else {part.month: part for part in old.parts if part.month != EMPTY}
    with wanted.engine.snapshot():
        staged = staging.prepared(directory.staging, staging.program_digest(_as_read(origin.program), origin.address, wanted))
        # Rows of an interrupted export are always compared, whatever check is used for published rows.
        keys = wanted.telling if staged or (before and check != "rows") else ()
        values = tuple(wanted.exported) if check == "values" else ()
        months = counted(wanted.base, wanted.time, [keys, values], wanted.engine, json=True)
        keep = [month for month, each in months.items() if month in before and _is_kept(before[month], each, check)]
        new = [month for month in months if month not in keep]
        staged = _usable(staged, wanted, engine, months, new, check)
        there = {month for each in staged for month in each.months}
        left = sum(months[month].rows for month in new if month not in there)
        with counting(f"{wanted.engine.description} to {directory.path.name}", left, "rows") as count:
            staged = staging.export(wanted, months, new, directory.staging, staged, count)
    if old is not None and not new and before.keys() == months.keys():
        shutil.rmtree(directory.staging, ignore_errors=True)
        return
    name, made = directory.new_version()
    built = Builder(directory, wanted, engine, made, staged, keep).build(months)
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="microseconds")
    directory.publish(
        Manifest(
            version=name,
            library=objectiv_local.__version__,
            created=now if old is None else old.created,
            published=now,
            origin=origin,
            index=wanted.index,
            key=wanted.key if set(wanted.key) <= wanted.types.keys() else (),
            time=wanted.time,
            note=wanted.note,
            columns=built.columns,
            members=built.layout.members,
            dictionaries=built.dictionaries,
            files=built.files,
            parts=built.parts,
        ),
        made,
    )


def _is_kept(before: Any, now: Counted, check: Check) -> bool:
    """Return whether a month of a snapshot still has the rows of the source."""
    if before.rows != now.rows:
        return False
    if check == "rows":
        return True
    was, is_ = (before.keys, now.digests[0]) if check == "keys" else (before.values, now.digests[1])
    return bool(was) and bool(was == is_)


def _usable(
    staged: Sequence[Staged],
    wanted: Request,
    engine: FileEngine,
    months: Mapping[str, Counted],
    new: Sequence[str],
    check: Check,
) -> list[Staged]:
    """Return the staged files whose rows are those of the source."""
    found = []
    for each in staged:
        rows = staging.rows_of([each], wanted.exported, engine)
        names = list(dict.fromkeys([*wanted.telling, *filter(None, [wanted.time])]))
        here = counted(columns.logical(rows, wanted.exported, names), wanted.time, [wanted.telling], engine)
        if (
            set(each.months) <= set(new)
            and here.keys() == set(each.months)
            and all(
                here[month].rows == months[month].rows
                and here[month].digests[0] == months[month].digests[0] != ""
                and (check != "values" or months[month].digests[1] == values != "")
                for month, values in zip(each.months, each.values, strict=True)
            )
        ):
            found.append(each)
        else:
            each.path.unlink(missing_ok=True)
            each.path.with_suffix(".json").unlink(missing_ok=True)
    return found
