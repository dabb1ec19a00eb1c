"""A contender on a task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import engines
from benchmarks.ml import tasks
from benchmarks.worker import Session
from objectiv_local import DataFrame


def opens(data: dict[str, Any]) -> Session:
    """Return what a contender does."""
    if data["layout"] == "postgres":
        df = DataFrame.from_table(data["postgres"], "data", index="id")
    else:
        df = DataFrame.from_parquet(data["rows"], index="id", key="id")
    contender = tasks.TASKS[data["question"]].contenders[data["contender"]]
    return Session({data["question"]: lambda: contender(df, Path(data["models"]))}, *engines.server(data, data["layout"]))
