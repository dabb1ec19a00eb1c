"""Directories of Parquet files: which files Spark reads, and the columns that folders such as ``year=2024`` become."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from objectiv_local.errors import DataInvalid

#: The name of a folder whose rows have no value in its column.
_MISSING = "__HIVE_DEFAULT_PARTITION__"
_PATTERN = re.compile(r"[*?\[{]")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def require_all(path: str, seen: set[str], there: set[str]) -> None:
    """Raise DataInvalid if Spark reads some of the files in a directory, and silently leaves out the others."""
    if there - seen:
        raise DataInvalid(
            f"{len(there - seen)} of the {len(there)} Parquet files in {path!r} are in folders that "
            f"Spark does not read, such as {min(there - seen)!r}",
            hint="give a pattern such as 'folder/*', or name the folders as key=value",
        )
    if _PATTERN.search(path):
        return
    # Files beside the folders are listed and not read.
    example = {tuple(_folders(path, file)): file for file in sorted(seen, reverse=True)}
    if len(example) > 1:
        (_, one), (_, other), *_ = sorted(example.items())
        raise DataInvalid(
            f"the files in {path!r} are in folders of different names, such as {one!r} and {other!r}",
            hint="move the files into folders key=value of the same keys, or give a pattern such as 'folder/*'",
        )


def folders(path: str, files: Iterable[str]) -> dict[str, list[str]]:
    """Return the columns that the folders of files become, with their values; none where the path is a pattern."""
    found: dict[str, list[str]] = {}
    for file in () if _PATTERN.search(path) else files:
        for name, value in _folders(path, file).items():
            found.setdefault(name, []).append(value)
    return found


def typed(columns: tuple[tuple[str, str], ...], found: Mapping[str, list[str]]) -> tuple[tuple[str, str], ...]:
    """Return columns with the types of the values of folders.

    Spark's own inference is off: it makes one number of ``01`` and ``1``, and a float of ``1.50``. Values that are all
    written as integers are, and so are those that are all dates; others are strings.
    """
    return tuple((name, _type(found[name]) if name in found and type_ == "string" else type_) for name, type_ in columns)


def _folders(path: str, file: str) -> dict[str, str]:
    """Return the names and values of the folders between a directory and a file, with the one next to the file last."""
    # Folders of the path itself are no columns.
    pairs, above = _pairs(file.split("/")[:-1]), len(_pairs(path.rstrip("/").split("/")))
    return dict(pairs[above:])


def _pairs(parts: list[str]) -> list[tuple[str, str]]:
    """Return the last parts of a path that are names with values."""
    found: list[tuple[str, str]] = []
    for part in reversed(parts):
        # Spark escapes the names of folders, and an address escapes them once more.
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
