"""The manifest of a snapshot: its content, its source, and how to compute it again. It contains no password."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from objectiv_local.engines.base import SNAPSHOT_FORMAT, SNAPSHOT_MANIFEST
from objectiv_local.errors import DataInvalid, TableNotFound

#: The hint for a snapshot that has to be written again from its source.
REWRITE = (
    "create the frame again and write it with frame.snapshot(path, replace=True), or use "
    "objectiv-local snapshot SOURCE PATH --overwrite"
)
#: The version of the manifest and file format. Later versions are rejected.
VERSION = 1

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Stored:
    """A column of the frame, and how it is stored."""

    name: str
    dtype: str
    #: The column of the files with its values, or with their dictionary ids.
    file_column: str
    #: The type of that column, as named by the engine that wrote the files.
    stored: str
    #: Whether it is computed from all rows, such as the session of an event, and not read from the source.
    computed: bool


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A JSON column whose values repeat: each distinct value is stored once in a separate file, and rows have its id."""

    column: str
    id: str
    file: str
    values: int


@dataclass(frozen=True, slots=True)
class Member:
    """A key of a JSON column that is also stored as a string column. ``first`` means that the column is an array, and the key
    is that of its first element.
    """

    column: str
    key: str
    first: bool
    name: str


@dataclass(frozen=True, slots=True)
class File:
    """A file of a version, with its expected size and checksum."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one month of the time column, in UTC; ``none`` for rows without a time, ``all`` without a time column."""

    month: str
    rows: int
    #: Digests of the columns that identify rows, of all values, and of computed values; empty if they were not computed.
    keys: str
    values: str
    computed: str
    file: File


@dataclass(frozen=True, slots=True)
class Origin:
    """The source of the rows."""

    description: str
    address: str
    dialect: str
    program: list[Any]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The description of a snapshot, as stored in its directory."""

    version: str
    library: str
    created: str
    published: str
    origin: Origin
    index: tuple[str, ...]
    key: tuple[str, ...]
    time: str
    note: str
    columns: tuple[Stored, ...]
    members: tuple[Member, ...]
    dictionaries: tuple[Dictionary, ...]
    #: The files of the dictionaries, in the same order.
    files: tuple[File, ...]
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return sum(part.rows for part in self.parts)

    @property
    def all_files(self) -> tuple[File, ...]:
        """Every file of the version."""
        return (*(part.file for part in self.parts), *self.files)

    def text(self) -> str:
        """Return the manifest as the text of its file."""
        content = {"format": SNAPSHOT_FORMAT, "format_version": VERSION, **asdict(self)}
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def read(directory: Path) -> Manifest:
    """Return the manifest of a snapshot.

    Raises TableNotFound for a directory that is not a snapshot, and DataInvalid if the manifest is damaged.
    """
    found = read_if_there(directory)
    if found is None:
        raise missing(str(directory))
    return found


def read_if_there(directory: Path) -> Manifest | None:
    """Return the manifest of a snapshot, or None if there is none. Raises DataInvalid if it is damaged."""
    try:
        text = (directory / SNAPSHOT_MANIFEST).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(str(directory), str(error)) from None
    return parsed(text, str(directory))


def parsed(text: str, directory: str) -> Manifest:
    """Return the manifest with the text of the file in a directory. Raises DataInvalid if it is damaged."""
    try:
        content = json.loads(text)
        format_, later = content["format"], content["format_version"] > VERSION
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(directory, repr(error)[:300]) from None
    if format_ != SNAPSHOT_FORMAT:
        raise _damaged(directory, f"its format is {format_!r}")
    if later:
        raise DataInvalid(
            f"the snapshot {directory!r} was written by a later version of objectiv_local, {content.get('library')}",
            hint="update the package, or write the snapshot again",
        )
    try:
        return _parsed(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(directory, repr(error)[:300]) from None


def missing(directory: str) -> TableNotFound:
    """Return the error for a directory that is not a snapshot."""
    return TableNotFound(
        f"{directory!r} is not a snapshot: it has no {SNAPSHOT_MANIFEST}",
        hint="write one with frame.snapshot(path), or with objectiv-local snapshot SOURCE PATH",
    )


def _parsed(content: Mapping[str, Any]) -> Manifest:
    found = {name: value for name, value in content.items() if name not in ("format", "format_version")}
    classes: dict[str, Callable[..., Any]] = {
        "columns": Stored,
        "members": Member,
        "dictionaries": Dictionary,
        "files": File,
        "parts": _part,
    }
    for name, class_ in classes.items():
        found[name] = tuple(_checked(class_(**each)) for each in found[name])
    found |= {"origin": _checked(Origin(**found["origin"])), "index": tuple(found["index"]), "key": tuple(found["key"])}
    manifest = _checked(Manifest(**found))
    if not re.fullmatch(r"v\d{6,12}", manifest.version):
        raise ValueError(f"the version is {manifest.version!r}")
    names = {each.name for each in manifest.columns}
    unknown = {
        *manifest.index,
        *manifest.key,
        *filter(None, [manifest.time]),
        *(each.column for each in manifest.members),
        *(each.column for each in manifest.dictionaries),
    } - names
    if unknown or not names:
        raise ValueError(f"unknown columns {sorted(unknown)}")
    stored = {each.name: each.file_column for each in manifest.columns}
    for each in manifest.dictionaries:
        if stored[each.column] != each.id:
            raise ValueError(f"the numbers of {each.column!r} are in {stored[each.column]!r}, not in {each.id!r}")
    for file in manifest.all_files:
        parts = Path(file.path).parts
        if Path(file.path).is_absolute() or ".." in parts or any("\0" in part or len(part) > 255 for part in parts):
            raise ValueError(f"a file outside the snapshot: {file.path!r}")
    return manifest


def _part(file: Mapping[str, Any], **others: Any) -> Part:
    part = Part(file=_checked(File(**file)), **others)
    if not isinstance(part.month, str) or not re.fullmatch(r"\d{4}-\d\d|[a-z]+", part.month):
        raise ValueError(f"{part.month!r} is not a month")
    return part


def _checked(value: _T) -> _T:
    """Return an instance of a class of this module that was read. Raises TypeError for fields of other types."""
    plain = {"str": str, "int": int, "bool": bool, "list[Any]": list}
    for each in fields(value):  # type: ignore[arg-type]
        found = getattr(value, each.name)
        wanted = plain.get(str(each.type))
        if wanted is not None and type(found) is not wanted:
            raise TypeError(f"{each.name} is {found!r}")
        if each.type == "tuple[str, ...]" and not all(isinstance(item, str) for item in found):
            raise TypeError(f"{each.name} is {found!r}")
    return value


def _damaged(directory: str, reason: str) -> DataInvalid:
    return DataInvalid(
        f"the manifest of {directory!r} cannot be read: {reason}",
        hint="if the directory is a snapshot, write it again to another directory",
    )
