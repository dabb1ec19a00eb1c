"""Which files a target has: those of one format in a directory, or those that a pattern finds, looked up anew when asked."""

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

#: What the names of Parquet files end in.
PARQUET = (".parquet",)

#: A directory with more entries than this is more likely a whole disk than a table.
_MOST_ENTRIES = 200_000


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a target at one moment. Two listings are equal if no file was added, removed or written in between."""

    parts: tuple[str, ...]
    """Names and patterns that find the files."""
    states: tuple[tuple[str | int, ...], ...]
    """The name of each file with its inode, size and times."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a target: those in a directory, or those that names and patterns find."""

    parts: tuple[str, ...]
    """Names and patterns that found the files when the target was opened."""
    directory: Path | None = None
    suffixes: tuple[str, ...] = PARQUET
    """What the names of files in the directory end in."""

    def listing(self) -> Listing:
        """Return the files as they are now. Remote files are not asked for their state, which would take a request each."""
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
    #: Whether it, or a directory on the way to it, is a link.
    is_linked: bool
    #: Whether DuckDB's pattern ``**/*.parquet`` finds it: the pattern does not follow linked directories.
    in_pattern: bool


def files_in(directory: Path, suffixes: tuple[str, ...] = PARQUET) -> tuple[str, ...]:
    """Return the files in a directory and below it, by the end of their names: as one pattern if that finds exactly these.

    Each file is read once, however many links lead to it. As for Spark and Arrow, names that begin with a dot or an
    underscore are not data but belong to an unfinished write or to a table format. Raises
    :class:`TableNotFound` if there is no file, :class:`InvalidValue` for a directory that cannot be a table, such as the root
    of the disk, and :class:`DataInvalid` for a directory that cannot be read.
    """
    if directory.resolve().parent == directory.resolve():
        raise InvalidValue(f"{str(directory)!r} is the root of the file system", hint="give the directory of a table")
    _, parts, left_out = _chosen(directory, suffixes)
    if left_out:
        logger.warning(
            "%s: left out %s, whose names or directories begin with a dot or an underscore, or which are links "
            "to files that are read already",
            directory,
            listed(left_out),
        )
    return parts


def _chosen(directory: Path, suffixes: tuple[str, ...]) -> tuple[set[str], tuple[str, ...], list[str]]:
    """Return the files to read in and below a directory, the names or the pattern that find them, and the files left out."""
    found = sorted(_below(directory, suffixes), key=lambda file: (file.is_linked, file.path))
    taken: dict[str, str] = {}
    for file in found:
        if not file.is_hidden:
            taken.setdefault(file.real, file.path)
    if not taken:
        raise TableNotFound(
            f"the directory {str(directory)!r} holds no {' or '.join(suffixes)} file", hint="give the directory of a table"
        )
    paths = set(taken.values())
    left_out = [file.path for file in found if file.path not in paths]
    if suffixes == PARQUET and paths == {file.path for file in found if file.in_pattern}:
        return paths, (f"{glob.escape(str(directory))}/**/*.parquet",), left_out
    return paths, tuple(glob.escape(path) for path in sorted(paths)), left_out


def _below(top: Path, suffixes: tuple[str, ...]) -> Iterator[_File]:
    """Yield the files in a directory and below it. A directory is read once, however many links lead to it."""
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
                    f"the directory {str(top)!r} holds more than {_MOST_ENTRIES:,} files and directories",
                    hint="give the directory of a table, or a pattern such as 'events/*/*.parquet'",
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
        hint="its files would be missing from the table: make it readable, or give a pattern that excludes it",
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """The files that an engine may read: these, and all in and below these directories."""

    files: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()


def reach(top: Path | None, files: Sequence[str]) -> Reach:
    """Return what an engine has to read for files or patterns, all below ``top`` if that is given."""
    # DuckDB compares a pattern as it is written, then the files that it finds, links resolved.
    found = [path for pattern in files for path in _matching(pattern)]
    linked = {real for path in found if (real := os.path.realpath(path)) != path}
    directories = () if top is None else (str(top), glob.escape(str(top)))
    return Reach((*files, *found, *linked) if top is None else (*files, *sorted(linked)), directories)


def _matching(pattern: str) -> Iterator[str]:
    return glob.iglob(pattern, recursive=True, include_hidden=True)  # noqa: PTH207 - pathlib takes no absolute pattern


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or (name.startswith("_") and "=" not in name)


def listed(names: Sequence[str]) -> str:
    """Return the first few of some names, for a message."""
    return ", ".join(map(repr, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
