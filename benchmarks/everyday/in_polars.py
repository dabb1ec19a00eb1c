"""The everyday programs in Polars, lazily over the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from benchmarks.worker import Session


def parquet(data: dict[str, Any]) -> Session:
    """Return the programs over the file."""
    df, cities = pl.scan_parquet(data["rows"]), pl.scan_parquet(data["cities"])
    gap = pl.col("moment").diff().over("user_id")
    many = (pl.col("n") > 500).sum()
    programs = {
        "filter and count": df.filter((pl.col("amount") > 500) & (pl.col("n") < 200)).select(pl.len()),
        "sum and mean by city": df.group_by("city").agg(s=pl.sum("amount"), m=pl.mean("amount")),
        "sum by day": df.group_by("day").agg(pl.sum("n")),
        "top three of each city": df.sort(["amount", "id"], descending=[True, False])
        .group_by("city")
        .head(3)
        .select("id", "city"),
        "merge and group": df.join(cities, on="city").group_by("country").agg(pl.sum("amount")),
        "ratio of groups": df.group_by("city").agg(pl.when(many > 0).then(many) / pl.len()),
        "users by city": df.group_by("city").agg(pl.n_unique("user_id")),
        "time since the last": df.select("id", "user_id", "moment")
        .sort("moment", "id")
        .with_columns(gap=gap)
        .group_by("user_id")
        .agg(pl.when(pl.len() > 1).then(pl.sum("gap"))),
        "text that contains": df.filter(pl.col("note").str.contains("urgent", literal=True)).group_by("day").agg(pl.len()),
        "median and spread by city": df.group_by("city").agg(m=pl.median("amount"), s=pl.std("amount")),
    }

    def action(program: pl.LazyFrame) -> Callable[[], Any]:
        return lambda: program.collect()

    return Session({name: action(program) for name, program in programs.items()})
