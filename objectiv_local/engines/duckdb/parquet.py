"""The columns that a set of Parquet files have together."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from objectiv_local.dialects.duckdb.dialect import DIALECT, file_names
from objectiv_local.dialects.duckdb.stored import parts as parts_of
from objectiv_local.dialects.duckdb.stored import stored
from objectiv_local.engines.duckdb.files import listed
from objectiv_local.errors import DataInvalid
from objectiv_local.plan.relation import AS_DECLARED, Relation, StoredTable

#: Pairs of type names where values of the first type keep their meaning when read as the second.
_WIDER = {("int64", "float64"), ("decimal", "decimal"), ("int64", "decimal"), ("decimal", "float64"), ("date", "timestamp")}

_OPEN_AGAIN = "open the files again with from_parquet(...) or from_table(...), and create the frame again"

Rows = list[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class _Layout:
    """The columns of a group of files with the same columns."""

    files: tuple[str, ...]
    #: The columns with their types, as named by DuckDB.
    columns: tuple[tuple[str, str], ...]
    #: The names of columns as written in the file.
    written: tuple[str, ...]

    @property
    def example(self) -> str:
        return self.files[0]


@dataclass(frozen=True, slots=True)
class Described:
    """The columns of a set of files, and log messages about files that differ."""

    stored: StoredTable
    notices: tuple[str, ...]
    layouts: tuple[_Layout, ...]

    def as_before(self, before: StoredTable) -> StoredTable:
        """Return the current location of the columns of an earlier description.

        Raises :class:`DataInvalid` if a column no longer exists, or has another type.
        """
        now = dict(self.stored.columns)
        title = before.relation.title
        columns = []
        for name, type_ in before.columns:
            found = now.get(name)
            if found is None:
                raise DataInvalid(f"the files of {title!r} no longer have a column {name!r}", hint=_OPEN_AGAIN)
            if type_ == AS_DECLARED:
                found = type_  # the frame reads any stored type as its declared type
            elif not _same_type(found, type_):
                example = next((layout.example for layout in self.layouts if (name, found) in layout.columns), None)
                where = "" if example is None else f" in {example!r}"
                raise DataInvalid(
                    f"the column {name!r} of {title!r} was {_shown(type_)} when the files were opened, but is "
                    f"now {_shown(found, where)}",
                    hint=_OPEN_AGAIN,
                )
            columns.append((name, found))
        return StoredTable(self.stored.relation, tuple(columns), row_id=self.stored.row_id if before.row_id else ())


def described(rows: Callable[[str], Rows], relation: Relation) -> Described:
    """Return the columns of a set of files.

    The result has the columns of all files, matched by name; rows of files without a column have missing values, whereas by
    default DuckDB uses the columns and types of the first file. ``rows`` runs a query. Raises :class:`DataInvalid` if a
    column has incompatible types in two files.
    """
    files = file_names(relation)
    layouts = _layouts(rows, files)
    notices = list(_same_but_for_case(layouts))
    if len({frozenset((name.casefold(), type_) for name, type_ in layout.columns) for layout in layouts}) > 1:
        relation = replace(relation, by_name=True)
    folders = {_folders(file) for layout in layouts for file in layout.files}
    shared = frozenset().union(*folders) & {name.casefold() for layout in layouts for name, _ in layout.columns}
    if len(folders) > 1:
        notices.append(
            f"only some files are in folders named {listed(sorted(frozenset().union(*folders)))}: these are not columns"
        )
    elif shared and folders != {shared}:
        notices.append(f"{listed(sorted(shared))}: read from the folder names, not from the files")
    if len(folders) > 1 or folders == {shared}:
        relation = replace(relation, folders=not shared and len(folders) == 1)
    columns = _columns(rows, relation)
    stored = StoredTable(relation, columns, row_id=_row_id(relation, columns))
    return Described(stored, (*notices, *_differences(layouts, dict(columns))), tuple(layouts))


def _row_id(relation: Relation, columns: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return the columns that identify a row: its number in the file, and the file name if there may be several files.

    DuckDB also numbers the files, but a statement that reads a pattern twice may find a new file the second time.
    """
    if len(set(relation.parts)) < len(relation.parts) or (len(relation.parts) > 1 and any(map(glob.has_magic, relation.parts))):
        return ()  # a file may be read twice
    found: tuple[tuple[str, str], ...] = (("file_row_number", "BIGINT"),)
    if len(relation.parts) > 1 or glob.has_magic(relation.parts[0]):
        found = (*found, ("filename", "VARCHAR"))
    # A stored column hides the engine's own.
    return () if {name for name, _ in found} & {name.lower() for name, _ in columns} else found


def _columns(rows: Callable[[str], Rows], relation: Relation) -> tuple[tuple[str, str], ...]:
    return tuple((str(row[0]), str(row[1])) for row in rows(f"DESCRIBE SELECT * FROM {DIALECT.relation(relation)}"))


def _folders(path: str) -> frozenset[str]:
    """Return the names in folders such as ``year=2024``, which DuckDB reads as columns."""
    return frozenset(part.partition("=")[0].casefold() for part in Path(path).parts[:-1] if part.count("=") == 1)


def _layouts(rows: Callable[[str], Rows], files: str) -> list[_Layout]:
    """Return the layouts of the files, the most frequent first."""
    found = rows(f"""
SELECT list(file_name ORDER BY file_name)
FROM (
  SELECT file_name, list((name, type, num_children, logical_type, converted_type, scale, precision, duckdb_type)
                         ORDER BY column_id) AS layout
  FROM parquet_schema({files})
  GROUP BY file_name
)
GROUP BY layout
ORDER BY count(*) DESC, min(file_name)
""")
    layouts = []
    for (names,) in found:
        assert isinstance(names, list)
        one = Relation("parquet", (glob.escape(names[0]),), folders=False)
        written = rows(f"SELECT name, num_children FROM parquet_schema({file_names(one)}) ORDER BY column_id")
        layouts.append(_Layout(tuple(names), _columns(rows, one), tuple(_top_level(written))))
    return layouts


def _top_level(written: Rows) -> Iterator[str]:
    """Yield the names of the top-level columns of a schema: nested columns follow their parent; the first row is the root."""
    left = [int(str(written[0][1]))]
    for name, parts in written[1:]:
        if len(left) == 1:
            yield str(name)
        left[-1] -= 1
        if parts:
            left.append(int(str(parts)))
        while left and left[-1] == 0:
            left.pop()


def _same_but_for_case(layouts: Sequence[_Layout]) -> Iterator[str]:
    for layout in layouts:
        for written, (name, _) in zip(layout.written, layout.columns, strict=True):
            if written == name:
                continue
            what = f"the columns of {layout.example!r} include {written!r} twice, or two names that differ only in case"
            if len(layouts) > 1:
                raise DataInvalid(f"{what}, and other files have other columns", hint="rename one of the two in the files")
            yield f"{what}: one of them is read as {name!r}"


def _differences(layouts: Sequence[_Layout], types: Mapping[str, str]) -> Iterator[str]:
    """Yield messages about the differences between files in a column."""
    total = sum(len(layout.files) for layout in layouts)
    for name, read_as in types.items():
        found = [
            (layout, type_) for layout in layouts for other, type_ in layout.columns if other.casefold() == name.casefold()
        ]
        having = {layout.example for layout, _ in found}
        without = [layout for layout in layouts if layout.example not in having]
        if found and without:
            yield (
                f"{sum(len(layout.files) for layout in without)} of {total} files, such as {without[0].example!r}, "
                f"have no column {name!r}: its values are missing in their rows"
            )
        examples = {type_: layout.example for layout, type_ in reversed(found)}
        if all(_same_type(type_, read_as) for type_ in examples):
            continue
        what = " and ".join(f"{type_} in {example!r}" for type_, example in sorted(examples.items()))
        if not all(_goes_into(type_, read_as) for type_ in examples):
            raise DataInvalid(
                f"the column {name!r} is {what}",
                hint="write the files with the same type, or use a pattern for files with the same type",
            )
        yield f"the column {name!r} is {what}: it is read as {read_as}"


def _same_type(type_: str, wide: str) -> bool:
    found, wider = stored(type_), stored(wide)
    return type_ in (wide, '"NULL"') or (found is not None and wider is not None and found[0] == wider[0])


def _goes_into(type_: str, wide: str) -> bool:
    """Return whether values of a type keep their meaning when DuckDB reads them as a wider type."""
    if _same_type(type_, wide):
        return True
    inner, wider_inner = parts_of(type_), parts_of(wide)
    if inner and wider_inner:
        return all(name in wider_inner and _goes_into(part, wider_inner[name]) for name, part in inner.items())
    found, wider = stored(type_), stored(wide)
    if found is None or wider is None:
        return wider is None  # an unsupported column raises an error when it is read
    # FLOAT cannot represent all integers from 16,777,217 on.
    return (found[0].name, wider[0].name) in _WIDER and wide != "FLOAT"


def _shown(type_: str, where: str = "") -> str:
    found = stored(type_)
    return f"{type_}{where}" if found is None else f"{found[0]} ({type_}{where})"
