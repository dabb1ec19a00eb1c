"""The everyday programs in Ibis, on DuckDB over the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis
from ibis import _

from benchmarks.worker import Session


def parquet(data: dict[str, Any]) -> Session:
    """Return the programs over the file: building, compiling, and running."""
    connection = ibis.duckdb.connect(threads=data["threads"])
    df, cities = (connection.read_parquet(data[name]) for name in ("rows", "cities"))
    by_amount = ibis.window(group_by="city", order_by=[ibis.desc("amount", nulls_first=False), "id"])
    by_time = ibis.window(group_by="user_id", order_by=["moment", "id"])
    programs: dict[str, Callable[[], Any]] = {
        "filter and count": lambda: df.filter(_.amount > 500, _.n < 200).agg(count=_.count()),
        "sum and mean by city": lambda: df.group_by("city").agg(sum=_.amount.sum(), mean=_.amount.mean()),
        "sum by day": lambda: df.group_by("day").agg(n=_.n.sum()),
        "top three of each city": lambda: df.mutate(r=ibis.row_number().over(by_amount)).filter(_.r < 3).select("id", "city"),
        "merge and group": lambda: df.join(cities, "city").group_by("country").agg(amount=_.amount.sum()),
        "ratio of groups": lambda: df.group_by("city").agg(n=_.count(where=_.n > 500).nullif(0) / _.count()),
        "users by city": lambda: df.group_by("city").agg(user_id=_.user_id.nunique()),
        "time since the last": lambda: (
            df.mutate(gap=_.moment.delta(_.moment.lag().over(by_time), unit="microsecond"))
            .group_by("user_id")
            .agg(gap=_.gap.sum())
        ),
        "text that contains": lambda: df.filter(_.note.contains("urgent")).group_by("day").agg(note=_.count()),
        "median and spread by city": lambda: df.group_by("city").agg(median=_.amount.median(), std=_.amount.std(how="sample")),
    }

    def action(program: Callable[[], Any]) -> Callable[[], Any]:
        # Its own way to Arrow needs more packages than its statements do.
        return lambda: connection.con.sql(ibis.to_sql(program(), dialect="duckdb")).to_arrow_table()

    return Session({name: action(program) for name, program in programs.items()})
