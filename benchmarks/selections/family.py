"""Selections of events, and who makes them."""

from __future__ import annotations

from typing import Any

from benchmarks.engines import NEEDS_POSTGRES
from benchmarks.measuring import Contender, Family, Question
from benchmarks.workloads.data import prepare_raw

NAMES = ("head", "first by moment", "one user", "one day", "first hits", "0.4 % of the events", "all events")
_CONTENDERS = {"hand": "SQL by hand", "ours": "objectiv_local", "carried": "objectiv_local without reading JSON late"}
_LAYOUTS = {"raw": "raw Parquet", "postgres": "Postgres"}


def family(options: Any) -> Family:
    """Return the family."""
    contenders = tuple(
        Contender(
            f"{title}, {layout_title}",
            "benchmarks.selections.contenders:opens",
            f"SQL by hand, {layout_title}" if name != "hand" else "",
            NEEDS_POSTGRES if layout == "postgres" else (),
            arguments=(("layout", layout), ("contender", name)),
        )
        for layout, layout_title in _LAYOUTS.items()
        for name, title in _CONTENDERS.items()
    )
    questions = {name: Question(name) for name in NAMES}
    return Family("Some rows of the event frame", questions, contenders, prepare_raw, (1_000_000,), fresh=True)
