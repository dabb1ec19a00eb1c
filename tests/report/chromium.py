"""Headless Chromium: a page after loading, its console messages, screenshots and PDF."""

from __future__ import annotations

import shutil
import struct
import subprocess
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def command() -> str:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found is not None, (
        "these tests need Chromium or Chrome on the PATH; on Debian and Ubuntu: "
        "apt-get install chromium, on macOS: brew install --cask chromium"
    )
    return found


def _run(page: Path, *options: str) -> subprocess.CompletedProcess[str]:
    with TemporaryDirectory() as profile:
        return subprocess.run(
            [
                command(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--no-first-run",
                "--hide-scrollbars",
                f"--user-data-dir={profile}",
                *options,
                page.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )


def loaded(page: Path) -> tuple[str, list[str]]:
    """Return the document after loading, and the console messages."""
    done = _run(page, "--enable-logging=stderr", "--v=0", "--dump-dom")
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, said


def picture(page: Path, target: Path, width: int, height: int, *, dark: bool = False) -> None:
    """Write a screenshot of the page as PNG."""
    theme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    _run(page, *theme, f"--window-size={width},{height}", f"--screenshot={target}")


def corner(path: Path) -> tuple[int, int, tuple[int, ...]]:
    """Return the width and height of a PNG and its first pixel, which PNG stores without reference to other pixels."""
    content = path.read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    data, at = b"", 8
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        data += content[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    return width, height, tuple(zlib.decompress(data)[1:4])


def pdf(page: Path, target: Path) -> None:
    """Print the page."""
    _run(page, "--no-pdf-header-footer", f"--print-to-pdf={target}")
