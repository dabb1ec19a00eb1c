"""The everyday programs in pandas, each reading the columns that it needs from the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from benchmarks.worker import Session


def parquet(data: dict[str, Any]) -> Session:
    """Return the programs over the file."""

    def read(*columns: str) -> pd.DataFrame:
        return pd.read_parquet(data["rows"], columns=list(columns))

    def filtered() -> Any:
        df = read("amount", "n")
        return [int(((df.amount > 500) & (df.n < 200)).sum())]

    def top() -> Any:
        ordered = read("id", "city", "amount").sort_values(["amount", "id"], ascending=[False, True])
        return ordered.groupby("city").head(3)[["id", "city"]]

    def ratio() -> Any:
        df = read("city", "n")
        return df[df.n > 500].groupby("city").n.count() / df.groupby("city").n.count()

    def gaps() -> Any:
        ordered = read("id", "user_id", "moment").sort_values(["moment", "id"])
        return ordered.assign(gap=ordered.groupby("user_id").moment.diff()).groupby("user_id").gap.sum(min_count=1)

    def contains() -> Any:
        df = read("day", "note")
        return df[df.note.str.contains("urgent", regex=False)].groupby("day").note.count()

    programs: dict[str, Callable[[], Any]] = {
        "filter and count": filtered,
        "sum and mean by city": lambda: read("city", "amount").groupby("city").amount.agg(["sum", "mean"]),
        "sum by day": lambda: read("day", "n").groupby("day").n.sum(),
        "top three of each city": top,
        "merge and group": lambda: (
            read("city", "amount").merge(pd.read_parquet(data["cities"]), on="city").groupby("country").amount.sum()
        ),
        "ratio of groups": ratio,
        "users by city": lambda: read("city", "user_id").groupby("city").user_id.nunique(),
        "time since the last": gaps,
        "text that contains": contains,
        "median and spread by city": lambda: read("city", "amount").groupby("city").amount.agg(["median", "std"]),
    }
    return Session(programs)
