"""Describes a snapshot, and checks that its files are as they were published."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from objectiv_local.engines import connect
from objectiv_local.engines.base import FileEngine
from objectiv_local.errors import DataInvalid
from objectiv_local.plan.expr import aggregation, call
from objectiv_local.plan.nodes import Aggregate, Filter, Join
from objectiv_local.snapshot.directory import digest
from objectiv_local.snapshot.manifest import REWRITE, Manifest, read
from objectiv_local.snapshot.months import counted
from objectiv_local.snapshot.opening import ROWS, logical_rows
from objectiv_local.snapshot.tables import escaped, fetched


@dataclass(frozen=True)
class Info:
    """A description of a snapshot."""

    path: Path
    rows: int
    bytes: int
    #: The first and the last month with rows, such as ``2024-03``; None without a time column or rows.
    months: tuple[str, str] | None
    columns: tuple[str, ...]
    #: The connection that the rows were read from, without its password.
    source: str
    published: str
    library: str
    version: str = field(repr=False)

    def __str__(self) -> str:
        span = "" if self.months is None else f" from {self.months[0]} to {self.months[1]}"
        return (
            f"snapshot {self.path}: {self.rows:,} rows{span}, {len(self.columns)} columns, {self.bytes / 1e6:,.1f} MB\n"
            f"  of {self.source}\n  published {self.published[:19].replace('T', ' ')} UTC by objectiv_local {self.library}"
        )


def info(path: Path) -> Info:
    """Return the description in the manifest of a snapshot; see :func:`objectiv_local.snapshot.info`."""
    return _info(path, read(path))


def _info(path: Path, manifest: Manifest) -> Info:
    months = [part.month for part in manifest.parts if part.month[0].isdigit()]
    size = sum(file.bytes for file in manifest.all_files)
    return Info(
        path,
        manifest.rows,
        size,
        (months[0], months[-1]) if months else None,
        tuple(each.name for each in manifest.columns),
        manifest.origin.description,
        manifest.published,
        manifest.library,
        manifest.version,
    )


def verify(path: Path) -> Info:
    """Check the files and the rows of a snapshot against its manifest; see :func:`objectiv_local.snapshot.verify`."""
    manifest = read(path)
    directory = path.absolute() / manifest.version
    problems = _files(manifest, directory)
    if not problems:
        engine = connect(path, new=True)
        assert isinstance(engine, FileEngine)
        try:
            problems = [*_rows(manifest, directory, engine), *_key(manifest, directory, engine)]
        finally:
            engine.close()
    if problems:
        more = f" and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise DataInvalid(f"the snapshot {str(path)!r} is damaged: {'; '.join(problems[:5])}{more}", hint=REWRITE)
    return _info(path, manifest)


def _files(manifest: Manifest, directory: Path) -> list[str]:
    problems = []
    expected = {file.path: file for file in manifest.all_files}
    found = {each.relative_to(directory).as_posix() for each in directory.rglob("*.parquet")}
    problems += [f"{name} does not belong to this snapshot" for name in sorted(found - expected.keys())]
    for name, file in expected.items():
        path = directory / name
        if not path.is_file():
            problems.append(f"{name} is missing")
        elif path.stat().st_size != file.bytes or digest(path) != file.sha256:
            problems.append(f"{name} was changed")
    return problems


def _rows(manifest: Manifest, directory: Path, engine: FileEngine) -> list[str]:
    """Return problems with the number of rows per month."""
    names = [manifest.time] if manifest.time else [manifest.columns[0].name]
    problems = []
    for part in manifest.parts:
        rows = logical_rows(manifest, escaped(directory), engine, [escaped(directory / part.file.path)], names)
        here = counted(rows, manifest.time, [], engine)
        if {month: each.rows for month, each in here.items()} != ({part.month: part.rows} if part.rows else {}):
            problems.append(f"{part.file.path} should have {part.rows:,} rows of {part.month}")
    return problems


def _key(manifest: Manifest, directory: Path, engine: FileEngine) -> list[str]:
    """Return problems with repeated keys, and with ids that are not in a dictionary."""
    problems = []
    key = [name for name in manifest.key if name not in {each.column for each in manifest.dictionaries}]
    if key and len(key) == len(manifest.key):
        rows = logical_rows(manifest, escaped(directory), engine, [f"{escaped(directory)}/{ROWS}"], key)
        distinct = Aggregate(rows, tuple((name, rows.column(name)) for name in key), (), "keys")
        found = fetched(Aggregate(distinct, (), (("keys", aggregation("size")),), "keys"), engine)[0]["keys"]
        if found != manifest.rows:
            problems.append(f"{manifest.rows - found:,} rows repeat the {', '.join(key)} of another row")
    for each in manifest.dictionaries:
        (joined,) = logical_rows(manifest, escaped(directory), engine, [f"{escaped(directory)}/{ROWS}"], [each.column]).inputs()
        assert isinstance(joined, Join)
        pairs = Join(joined.left, joined.right, "left", joined.on, ((each.id, "right", (each.id, each.id)),), step="numbers")
        missing = Filter(pairs, call("is_null", pairs.column(each.id)), "numbers")
        count = fetched(Aggregate(missing, (), (("rows", aggregation("size")),), "numbers"), engine)[0]["rows"]
        if count:
            problems.append(f"{count:,} rows have an id that is not in {each.file}")
    return problems
