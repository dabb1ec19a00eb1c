"""Reading the files of a snapshot with DuckDB: rows, and dictionaries of repeated values."""

from __future__ import annotations

import glob
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from objectiv_local.engines.base import SNAPSHOT_FORMAT, SNAPSHOT_MANIFEST, qualified
from objectiv_local.engines.duckdb.confining import text
from objectiv_local.errors import DataInvalid


@dataclass(frozen=True, slots=True)
class Published:
    """The latest published version of a snapshot."""

    #: The directory of the version.
    directory: Path
    #: The columns of the rows in order, with their names in the files.
    columns: tuple[tuple[str, str], ...]
    #: Columns whose values are in separate files, with the column of the rows that refers to the values by number.
    dictionaries: tuple[tuple[str, str, str], ...]
    #: The time of publishing, to distinguish versions with the same name.
    published: str


def published(path: Path) -> Published | None:
    """Return the current version of a snapshot, or None if the directory is not one. Raises DataInvalid if it is damaged."""
    try:
        content = (path / SNAPSHOT_MANIFEST).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    try:
        found = json.loads(content)
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("format") != SNAPSHOT_FORMAT:
        return None
    try:
        dictionaries = tuple((str(each["column"]), str(each["id"]), str(each["file"])) for each in found["dictionaries"])
        columns = tuple((str(each["name"]), str(each["file_column"])) for each in found["columns"])
        return Published(
            path / _plain(found["version"]),
            columns,
            tuple((column, id_, _plain(file)) for column, id_, file in dictionaries),
            str(found["published"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        reason = repr(error)
    raise DataInvalid(
        f"the manifest of the snapshot {str(path)!r} is damaged: {reason}",
        hint="write the snapshot again, to another directory",
    )


def _plain(name: object) -> str:
    """Return the name of a file or directory. Raises ValueError for a path that could lead out of the snapshot."""
    if not isinstance(name, str) or Path(name).name != name or name in ("", ".", ".."):
        raise ValueError(f"{name!r} is not a plain name")
    return name


def view(snapshot: Published) -> str:
    """Return the statement that creates a view of all rows as one table."""
    top = glob.escape(str(snapshot.directory))
    joined = {column: f"d{number}" for number, (column, _, _) in enumerate(snapshot.dictionaries, 1)}
    spelled = Counter(name.casefold() for name, _ in snapshot.columns)
    columns = ", ".join(
        (f"{joined[name]}.{qualified(name)}" if name in joined else f"r.{qualified(stored)}")
        # Names that differ only in case are equal in DuckDB, so such columns keep their names in the files.
        + f" AS {qualified(name if spelled[name.casefold()] == 1 else stored)}"
        for name, stored in snapshot.columns
    )
    joins = "".join(
        f"\nLEFT JOIN read_parquet({text(f'{top}/{glob.escape(file)}')}) AS {joined[column]} "
        f"ON {joined[column]}.{qualified(id_)} = r.{qualified(id_)}"
        for column, id_, file in snapshot.dictionaries
    )
    rows = text(f"{top}/rows/*/*.parquet")
    return f"CREATE TEMPORARY VIEW data AS\nSELECT {columns}\nFROM read_parquet({rows}, hive_partitioning = false) AS r{joins}"
