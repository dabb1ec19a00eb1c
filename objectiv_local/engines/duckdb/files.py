"""The files of a target: those in a directory, or those that match a pattern, looked up again on each use."""

from __future__ import annotations

import glob
import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from objectiv_local.errors import DataInvalid, InvalidValue, TableNotFound

logger = logging.getLogger(__name__)

#: The suffixes of Parquet files.
PARQUET = (".parquet",)

#: A directory with more entries than this is more likely a whole disk than a table.
_MOST_ENTRIES = 200_000


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a target at one point in time. Two listings are equal if no file changed in between."""

    parts: tuple[str, ...]
    """Names and patterns that match the files."""
    states: tuple[tuple[str | int, ...], ...]
    """The name of each file with its inode, size and times."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a target: those in a directory, or those that match names and patterns."""

    parts: tuple[str, ...]
    """Names and patterns that matched the files when the target was opened."""
    directory: Path | None = None
    suffixes: tuple[str, ...] = PARQUET
    """The suffixes of the files in the directory."""

    def listing(self) -> Listing:
        """Return the current files. The state of remote files is not checked, because that would take a request per file."""
        if self.directory is None:
            paths = {path for part in self.parts for path in _matching(part)}
            return Listing(self.parts, _states(paths))
        paths, parts, _ = _chosen(self.directory, self.suffixes)
        return Listing(parts, _states(paths))


def _states(paths: Iterable[str]) -> tuple[tuple[str | int, ...], ...]:
    return tuple((path, *_state(path)) for path in sorted(paths))


def _state(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)  # noqa: PTH116 - half the time of pathlib's
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@dataclass(frozen=True, slots=True)
class _File:
    """A file below a directory."""

    path: str
    real: str
    is_hidden: bool
    #: Whether it, or a directory in its path, is a symbolic link.
    is_linked: bool
    #: Whether DuckDB's pattern ``**/*.parquet`` matches it: the pattern does not follow linked directories.
    in_pattern: bool


def files_in(directory: Path, suffixes: tuple[str, ...] = PARQUET) -> tuple[str, ...]:
    """Return the files in and below a directory with these suffixes, as one pattern if it matches exactly these files.

    Each file is read once, even if several links refer to it. As in Spark and Arrow, names that begin with a dot or an
    underscore are not data, but belong to an unfinished write or to a table format. Raises :class:`TableNotFound` if there is
    no file, :class:`InvalidValue` for a directory that cannot be a table, such as the root of the disk, and
    :class:`DataInvalid` for a directory that cannot be read.
    """
    if directory.resolve().parent == directory.resolve():
        raise InvalidValue(f"{str(directory)!r} is the root of the file system", hint="pass the directory of a table")
    _, parts, left_out = _chosen(directory, suffixes)
    if left_out:
        logger.warning(
            "%s: skipped %s, whose names or directories begin with a dot or an underscore, or which are links "
            "to other files that are read",
            directory,
            listed(left_out),
        )
    return parts


def _chosen(directory: Path, suffixes: tuple[str, ...]) -> tuple[set[str], tuple[str, ...], list[str]]:
    """Return the files to read in and below a directory, the names or the pattern that match them, and the skipped files."""
    found = sorted(_below(directory, suffixes), key=lambda file: (file.is_linked, file.path))
    taken: dict[str, str] = {}
    for file in found:
        if not file.is_hidden:
            taken.setdefault(file.real, file.path)
    if not taken:
        raise TableNotFound(
            f"the directory {str(directory)!r} contains no {' or '.join(suffixes)} file", hint="pass the directory of a table"
        )
    paths = set(taken.values())
    left_out = [file.path for file in found if file.path not in paths]
    if suffixes == PARQUET and paths == {file.path for file in found if file.in_pattern}:
        return paths, (f"{glob.escape(str(directory))}/**/*.parquet",), left_out
    return paths, tuple(glob.escape(path) for path in sorted(paths)), left_out


def _below(top: Path, suffixes: tuple[str, ...]) -> Iterator[_File]:
    """Yield the files in and below a directory. A directory is read once, even if several links refer to it."""
    count = 0
    seen: set[str] = set()
    waiting = deque([(str(top), False, False)])
    while waiting:
        directory, is_hidden, is_linked = waiting.popleft()
        if (real := os.path.realpath(directory)) in seen:
            continue
        seen.add(real)
        for entry in _entries(directory):
            count += 1
            if count > _MOST_ENTRIES:
                raise InvalidValue(
                    f"the directory {str(top)!r} contains more than {_MOST_ENTRIES:,} files and directories",
                    hint="pass the directory of a table, or a pattern such as 'events/*/*.parquet'",
                )
            hidden, linked = is_hidden or _is_hidden(entry.name), is_linked or entry.is_symlink()
            if entry.is_dir():
                # Links come last, so that a directory is read under its own name.
                (waiting.append if linked else waiting.appendleft)((entry.path, hidden, linked))
            elif entry.name.lower().endswith(suffixes):
                yield _File(
                    entry.path, os.path.realpath(entry.path), hidden, linked, entry.name.endswith(".parquet") and not is_linked
                )


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError as error:
        reason = error.strerror
    raise DataInvalid(
        f"the directory {directory!r} cannot be read: {reason}",
        hint="its files would be missing from the table: make it readable, or pass a pattern that excludes it",
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """The files that an engine may read: these, and all in and below these directories."""

    files: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()


def reach(top: Path | None, files: Sequence[str]) -> Reach:
    """Return the files that an engine has to read for files or patterns, all below ``top`` if that is given."""
    # DuckDB checks the pattern itself, and then the files that match it, with links resolved.
    found = [path for pattern in files for path in _matching(pattern)]
    linked = {real for path in found if (real := os.path.realpath(path)) != path}
    directories = () if top is None else (str(top), glob.escape(str(top)))
    return Reach((*files, *found, *linked) if top is None else (*files, *sorted(linked)), directories)


def _matching(pattern: str) -> Iterator[str]:
    return glob.iglob(pattern, recursive=True, include_hidden=True)  # noqa: PTH207 - pathlib takes no absolute pattern


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or (name.startswith("_") and "=" not in name)


def listed(names: Sequence[str]) -> str:
    """Return the first few of several names, for a message."""
    return ", ".join(map(repr, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
