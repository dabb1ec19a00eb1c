"""Opens a snapshot as a frame: its rows, joined with their dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from objectiv_local.engines import connect
from objectiv_local.engines.base import SNAPSHOT_MANIFEST, Engine, FileEngine, ParquetEngine
from objectiv_local.errors import DataInvalid, InvalidValue, ObjectivError
from objectiv_local.frame.frame import DataFrame
from objectiv_local.frame.savepoints import Savepoints
from objectiv_local.frame.state import State
from objectiv_local.frame.stored import stored_by
from objectiv_local.plan.expr import Column
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Join, JoinSide, Node, Select, Source
from objectiv_local.snapshot import program
from objectiv_local.snapshot.columns import Layout, member
from objectiv_local.snapshot.manifest import Dictionary, Manifest, missing, parsed, read
from objectiv_local.snapshot.tables import escaped
from objectiv_local.types import INT64, JSON, STRING, Type, type_from_dtype

#: The files with the rows of a version.
ROWS = "rows/*/*.parquet"


def open_snapshot(path: Path) -> DataFrame:
    """Return the frame of a local snapshot; see :func:`objectiv_local.snapshot.open`."""
    manifest = read(path)
    engine = connect(path)
    if not isinstance(engine, FileEngine):
        raise DataInvalid(f"{str(path)!r} is not a snapshot", hint="write it again")
    return _frame(manifest, escaped(path.absolute()), [ROWS], engine)


def open_elsewhere(path: str, engine: ParquetEngine) -> DataFrame:
    """Return the frame of a snapshot whose files an engine reads itself; see :func:`objectiv_local.snapshot.open`."""
    manifest = _manifest(path, engine)
    if manifest is None:
        raise missing(path)
    # File by file, so that a file that was not copied is an error.
    rows = [engine.pattern(part.file.path) for part in manifest.parts]
    return _frame(manifest, engine.pattern(path.rstrip("/")), rows, engine)


def is_there(path: str, engine: ParquetEngine) -> bool:
    """Return whether an engine reads a snapshot at a path."""
    try:
        return _manifest(path, engine) is not None
    except ObjectivError:
        return False


def _manifest(path: str, engine: ParquetEngine) -> Manifest | None:
    text = engine.text(engine.pattern(f"{path.rstrip('/')}/{SNAPSHOT_MANIFEST}"))
    return None if text is None else parsed(text, path)


def _frame(manifest: Manifest, directory: str, rows: Sequence[str], engine: ParquetEngine) -> DataFrame:
    version = f"{directory}/{manifest.version}"
    names = [each.name for each in manifest.columns]
    plan = logical_rows(manifest, version, engine, [f"{version}/{path}" for path in rows], names, manifest.key)
    notes = (manifest.note,) if manifest.note else ()
    state = State(plan, engine, engine.dialect, manifest.index, savepoints=Savepoints(), notes=notes)
    _remember(manifest, plan, engine)
    return DataFrame(state, [name for name in names if name not in manifest.index])


def _remember(manifest: Manifest, plan: Node, engine: Engine) -> None:
    """Remember how the rows were computed, so that models know, for instance, whether the hub numbered the sessions."""
    while not isinstance(plan, Source):
        plan = plan.inputs()[0]
    _types(manifest)
    stored_by(engine).origins[plan.relation] = _renamed(program.from_json(manifest.origin.program, id(engine)), manifest)


def _renamed(plan: Node, manifest: Manifest) -> Node:
    """Return the plan of a snapshot with its columns named as in the files."""
    named = {each.file_column: each.name for each in manifest.columns if each.name in plan.types}
    return (
        plan
        if all(one == other for one, other in named.items())
        else Select(plan, tuple((column, plan.column(name)) for column, name in named.items()))
    )


def logical_rows(
    manifest: Manifest,
    directory: str,
    engine: ParquetEngine,
    paths: Sequence[str],
    names: Sequence[str],
    key: tuple[str, ...] = (),
) -> Node:
    """Return columns of the rows in files of a version, in the types of the frame. Paths are patterns."""
    types = _types(manifest)
    columns = {each.name: each for each in manifest.columns}
    dictionaries = {each.column: each for each in manifest.dictionaries if each.column in names}
    members = [each for each in manifest.members if each.column in names]
    wanted = {columns[name].file_column: INT64 if name in dictionaries else types[name] for name in names}
    wanted |= {each.name: STRING for each in members}
    stored = engine.parquet(paths, wanted)
    # The engine that wrote the files checks that they still have these types.
    written = {each.file_column: each.stored for each in manifest.columns} | {each.name: "VARCHAR" for each in members}
    found = written if isinstance(engine, FileEngine) else dict(stored.columns)
    read_as = [(name, name, found[name], type_) for name, type_ in wanted.items()]
    own = {each: columns[each].file_column for each in key if each in names}
    stored_members = tuple(
        (member(Column(columns[each.column].file_column, types[each.column]), each), each.name) for each in members
    )
    plan: Node = Source(
        stored.relation,
        tuple(read_as),
        tuple(own.values()) if len(own) == len(key) > 0 else None,
        id(engine),
        "events",
        stored.row_id,
        stored_members,
    )
    values = {name: columns[name].file_column for name in names}
    for name, each in dictionaries.items():
        values[name] = value = unused_name(name, plan.types)
        entries = _dictionary(each, value, types[name], directory, engine)
        kept: list[tuple[str, JoinSide, tuple[str, str]]] = [(other, "left", (other, other)) for other in plan.types]
        # Every row has an id, even for a missing value, and every id is in the dictionary.
        plan = Join(
            plan,
            entries,
            "left",
            ((each.id, each.id),),
            (*kept, (value, "right", (value, value))),
            key=plan.key,
            step="events",
            total=True,
        )
    return Select(plan, tuple((name, plan.column(values[name])) for name in names), "events")


def _dictionary(each: Dictionary, name: str, type_: Type, directory: str, engine: ParquetEngine) -> Source:
    stored = engine.parquet([f"{directory}/{engine.pattern(each.file)}"], {each.id: INT64, each.column: type_})
    types = dict(stored.columns)
    columns = ((each.id, each.id, types[each.id], INT64), (name, each.column, types[each.column], type_))
    return Source(stored.relation, columns, (each.id,), id(engine), each.column, stored.row_id)


def physical_types(manifest: Manifest) -> dict[str, Type]:
    """Return the columns of the files of a snapshot, with their types."""
    types = _types(manifest)
    dictionaries = {each.column for each in manifest.dictionaries}
    found = {each.file_column: _plain(types[each.name], each.name in dictionaries) for each in manifest.columns}
    return found | {each.name: STRING for each in manifest.members}


def physical(made: Layout) -> dict[str, Type]:
    """Return the columns of files to write, with their types."""
    dictionaries = {each.column for each in made.dictionaries}
    found = {made.physical[name]: _plain(type_, name in dictionaries) for name, type_ in made.types.items()}
    return found | {each.name: STRING for each in made.members}


def _plain(type_: Type, in_dictionary: bool) -> Type:
    return INT64 if in_dictionary else JSON if type_.name == "json" else type_


def _types(manifest: Manifest) -> Mapping[str, Type]:
    """Return the types of the columns. Raises DataInvalid for a type that this version of the package does not know."""
    try:
        return {each.name: type_from_dtype(each.dtype) for each in manifest.columns}
    except InvalidValue:
        # The hub has its own types, which are registered when it is imported.
        import_module("objectiv_local.hub")
    try:
        return {each.name: type_from_dtype(each.dtype) for each in manifest.columns}
    except InvalidValue as error:
        reason = error.what
    raise DataInvalid(
        f"the snapshot has a column of an unknown type: {reason}",
        hint="open it with the version of objectiv_local that wrote it, or a later one",
    )
