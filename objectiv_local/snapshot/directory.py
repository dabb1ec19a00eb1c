"""The directory of a snapshot: one writer at a time, several versions, and one file that names the current one.

::

    events/
      manifest.json        the current version and a description of its content
      v000002/             the files of a version never change
        rows/month=2022-02/rows.parquet
        location_stack.parquet
      .staging/            rows of an export in progress, kept if it is interrupted

A version is written under a name that begins with a dot, then renamed, and becomes current when the manifest names it. The
manifest is replaced atomically, so a reader finds either the previous or the new version. The previous version stays until the
next one is published, for readers that still use it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from objectiv_local.engines.base import SNAPSHOT_MANIFEST
from objectiv_local.errors import DataInvalid, InvalidValue, ObjectivError, QueryFailed
from objectiv_local.snapshot.manifest import File, Manifest, read_if_there

_STAGING, _LOCK = ".staging", ".lock"


class Directory:
    """The directory of a snapshot while it is written. Use :func:`locked` to create one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = read_if_there(path)

    @property
    def staging(self) -> Path:
        """The directory of rows that are not yet part of a version."""
        return self.path / _STAGING

    @property
    def current(self) -> Path | None:
        """The directory of the current version."""
        return None if self.manifest is None else self.path / self.manifest.version

    def new_version(self) -> tuple[str, Path]:
        """Return the name of the next version, and an empty directory to write it to."""
        taken = [int(each.name[1:]) for each in self.path.glob("v[0-9]*") if each.name[1:].isdigit()]
        name = f"v{max(taken, default=0) + 1:06d}"
        made = self.path / f".{name}"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        return name, made

    def publish(self, manifest: Manifest, made: Path) -> None:
        """Make a finished version the current one, and remove versions older than the previous one."""
        for directory in {made, *(file.parent for file in made.rglob("*") if file.is_file())}:
            _flush(directory)
        made.rename(self.path / manifest.version)
        replace_text(self.path / SNAPSHOT_MANIFEST, manifest.text())
        before, self.manifest = self.manifest, manifest
        kept = {manifest.version, *(() if before is None else (before.version,))}
        for each in self.path.glob("v[0-9]*"):
            if each.name not in kept and each.name[1:].isdigit():
                shutil.rmtree(each, ignore_errors=True)
        shutil.rmtree(self.staging, ignore_errors=True)

    def clean(self) -> None:
        """Remove the files of interrupted writers, except for rows that the next export can use."""
        for each in self.path.glob(".v[0-9]*"):
            shutil.rmtree(each, ignore_errors=True)
        for each in self.path.rglob(".spill_*"):
            shutil.rmtree(each, ignore_errors=True)


@contextmanager
def locked(path: Path) -> Iterator[Directory]:
    """Open a directory for writing by one process at a time. The lock is released when the process ends, in any way.

    Raises InvalidValue if the path cannot be the directory of a snapshot, and while another process is writing to it.
    """
    from filelock import FileLock, Timeout

    with written(path):
        if path.exists() and not path.is_dir():
            raise InvalidValue(f"{str(path)!r} is a file", hint="give the directory of a snapshot, or a new one")
        if path.is_dir() and not (path / SNAPSHOT_MANIFEST).exists():
            others = [each.name for each in path.iterdir() if not each.name.startswith(".")]
            if others and not (path / _LOCK).exists():
                raise InvalidValue(
                    f"{str(path)!r} contains other files: {', '.join(sorted(others)[:3])}",
                    hint="give the directory of a snapshot, or a new one",
                )
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise InvalidValue(
                f"another process is writing the snapshot {str(path)!r}", hint="wait until it ends, then run this again"
            ) from None
    try:
        with written(path):
            directory = Directory(path)
            directory.clean()
        yield directory
    finally:
        lock.release()


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Raise DataInvalid for errors of the file system inside the block, such as a full disk."""
    import pyarrow as pa

    try:
        yield
    except ObjectivError as error:
        # Each engine reports a full disk in its own words.
        if isinstance(error, QueryFailed) and "No space left" in str(error):
            raise _unwritten(path, "no space left on the device") from None
        raise
    except TimeoutError:
        raise  # from a signal handler
    except (OSError, pa.ArrowException) as error:
        if isinstance(error, pa.ArrowException) and "No space left" not in str(error):
            raise
        number = error.errno if isinstance(error, OSError) else errno.ENOSPC
        raise _unwritten(path, os.strerror(number or errno.EIO)) from None


def _unwritten(path: Path, reason: str) -> DataInvalid:
    return DataInvalid(
        f"the snapshot {str(path)!r} cannot be written: {reason}",
        hint="nothing was published; fix the problem and run it again, and it continues from the rows already read",
    )


def link(source: Path, target: Path) -> None:
    """Make a file of another version part of this one, without a copy if the file system allows it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def finished(path: Path, top: Path) -> File:
    """Return the description of a file that was just written, after flushing it to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return File(path.relative_to(top).as_posix(), path.stat().st_size, digest(path))


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def replace_text(path: Path, text: str) -> None:
    """Replace the content of a file atomically."""
    partial = path.with_name(f".{path.name}.part")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    _flush(path.parent)


def _flush(directory: Path) -> None:
    """Flush the entries of a directory to the disk, if the system can."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
