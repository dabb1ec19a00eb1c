"""Directories of Parquet files: the files that Spark reads, and the columns from folders such as ``year=2024``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from objectiv_local.errors import DataInvalid

#: The name of a folder whose rows have NULL in its column.
_MISSING = "__HIVE_DEFAULT_PARTITION__"
_PATTERN = re.compile(r"[*?\[{]")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def escaped(path: str) -> str:
    r"""Return a path with the characters of patterns escaped.

    >>> print(escaped("/data/a[1]"))
    /data/a\[1\]
    """
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", path)


def require_all(path: str, seen: set[str], there: set[str]) -> None:
    """Raise DataInvalid if Spark reads only some of the files in a directory, and silently ignores the others."""
    if there - seen:
        raise DataInvalid(
            f"{len(there - seen)} of the {len(there)} Parquet files in {path!r} are in folders that "
            f"Spark does not read, such as {min(there - seen)!r}",
            hint="pass a pattern such as 'folder/*', or name the folders as key=value",
        )
    if _PATTERN.search(path):
        return
    # Files next to the folders are listed but not read.
    example = {tuple(_folders(path, file)): file for file in sorted(seen, reverse=True)}
    if len(example) > 1:
        (_, one), (_, other), *_ = sorted(example.items())
        raise DataInvalid(
            f"the files in {path!r} are in folders with different names, such as {one!r} and {other!r}",
            hint="move the files into folders key=value with the same keys, or pass a pattern such as 'folder/*'",
        )


def folders(path: str, files: Iterable[str]) -> dict[str, list[str]]:
    """Return the columns from the folders of files, with their values; none if the path is a pattern."""
    found: dict[str, list[str]] = {}
    for file in () if _PATTERN.search(path) else files:
        for name, value in _folders(path, file).items():
            found.setdefault(name, []).append(value)
    return found


def typed(columns: tuple[tuple[str, str], ...], found: Mapping[str, list[str]]) -> tuple[tuple[str, str], ...]:
    """Return columns with types inferred from the values of folders.

    Spark's own inference is off, because it makes ``01`` and ``1`` the same number, and ``1.50`` a float. A column is an
    integer if all its values are written as integers, a date if all are dates, and otherwise a string.
    """
    return tuple((name, _type(found[name]) if name in found and type_ == "string" else type_) for name, type_ in columns)


def _folders(path: str, file: str) -> dict[str, str]:
    """Return the names and values of the folders between a directory and a file, from the outermost to the innermost."""
    # Folders in the path itself are not columns.
    pairs, above = _pairs(file.split("/")[:-1]), len(_pairs(path.rstrip("/").split("/")))
    return dict(pairs[above:])


def _pairs(parts: list[str]) -> list[tuple[str, str]]:
    """Return the trailing parts of a path that are names with values."""
    found: list[tuple[str, str]] = []
    for part in reversed(parts):
        # Spark escapes the names of folders, and an address escapes them again.
        name, is_pair, value = unquote(unquote(part)).partition("=")
        if not is_pair:
            break
        found.insert(0, (name, value))
    return found


def _type(values: Iterable[str]) -> str:
    present = [value for value in values if value != _MISSING]
    for form, type_ in ((_INTEGER, "string as bigint"), (_DATE, "string as date")):
        if present and all(map(form.fullmatch, present)):
            return type_
    return "string"
