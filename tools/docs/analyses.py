"""docs/analyses.md: what the program of the guide prints, below each of its blocks."""

from __future__ import annotations

import contextlib
import importlib
import io
import re
import sys
import tempfile
from pathlib import Path

from tools.docs.paths import DOCS, TESTS

PATH = DOCS / "analyses.md"
BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n```\n(.*?)```\n)?", re.DOTALL)


def page() -> str:
    """Return the page with what its program prints now."""
    names: dict[str, object] = {}

    def run(block: re.Match[str]) -> str:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(block[1], names)
        shown = printed.getvalue()
        return f"```python\n{block[1]}```\n" + (f"\n```\n{shown}```\n" if shown else "")

    with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
        _events(Path(directory) / "clicks.csv")
        return BLOCK.sub(run, PATH.read_text("utf-8"))


def _events(path: Path) -> None:
    """Write the events that the guide reads, which tests of analyses read too."""
    if str(TESTS) not in sys.path:
        sys.path.append(str(TESTS))
    stream = importlib.import_module("hub.events.stream")
    stream.as_csv(stream.stream(), path)
