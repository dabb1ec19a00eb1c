"""Workloads with and without a limit on memory."""

from __future__ import annotations

from typing import Any

from benchmarks.measuring import Contender, Family, Question
from benchmarks.workloads.data import prepare_raw

_HERE = "benchmarks.memory.limits"
LIMITS = ("1GB", "250MB")


def family(options: Any) -> Family:
    """Return the family."""
    free = "objectiv_local, no limit"
    contenders = (
        Contender(free, f"{_HERE}:limited"),
        *(Contender(f"objectiv_local, {limit}", f"{_HERE}:limited", free, arguments=(("limit", limit),)) for limit in LIMITS),
    )
    questions = {
        "sessions": Question("sessions and hit numbers of all events"),
        "last events": Question("the JSON of each user's last event, by a window over all JSON", 1),
    }
    return Family("More data than memory", questions, contenders, prepare_raw, (1_000_000,), fresh=True)
