"""Puts tables and chart into a document, between marks, and leaves the rest of it."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.chart import draw
from benchmarks.engines import POSTGRES
from benchmarks.measuring import Family, Result

PACKAGES = ("duckdb", "polars", "pandas", "pyarrow", "ibis-framework")


def write(path: Path, families: dict[str, Family], results: Sequence[Result], text: str) -> None:
    """Write the text into the document, in the part of these families, and the chart beside it."""
    if set(families) >= {"workloads", "everyday"}:
        part, chart = "workloads", path.with_suffix(".svg")
        shown = []
        for name, family in families.items():
            of_family = [each for each in results if each.family == name]
            # The largest size, unless a smaller one has more to show.
            counts = Counter(each.size for each in of_family if each.wall)
            if counts:
                size = max(counts, key=lambda size: (counts[size], size))
                shown.append((name, family, [each for each in of_family if each.size == size]))
        draw(shown, chart)
        text = f"![Ratios to SQL by hand]({chart.name})\n\n{text}"
    else:
        part = " ".join(families)
    put(path, part, f"{_machine()}\n\n{text}")


def put(path: Path, part: str, text: str) -> None:
    """Write the text between the marks of a part of the document, or at its end."""
    begin, end = f"<!-- measured: {part} -->", f"<!-- end of {part} -->"
    document = path.read_text(encoding="utf-8") if path.exists() else ""
    before, found, rest = document.partition(begin)
    after = rest.partition(end)[2] if found else "\n"
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def _machine() -> str:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return (
        f"{os.cpu_count()} cores of {platform.machine()}, Python {platform.python_version()}, Postgres {POSTGRES}, "
        f"{', '.join(found)}. The load average was {os.getloadavg()[1]:.1f} at the end."
    )
