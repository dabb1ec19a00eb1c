"""What a program can have many of. Each construct makes a frame or a series of ``n`` of it, over a table of 100 rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from objectiv_local import DataFrame


def assignments(df: DataFrame, n: int) -> Any:
    for _ in range(n):
        df["x"] = df.x + 1
    return df


def filters(df: DataFrame, n: int) -> Any:
    for i in range(n):
        df = df[df.x > -i]
    return df


def filtered_assignments(df: DataFrame, n: int) -> Any:
    for i in range(n // 2):
        df["x"] = df.x + 1
        df = df[df.x > i]
    return df


def pipeline(df: DataFrame, n: int) -> Any:
    for i in range(n):
        if i % 5 == 4:
            df = df[df.x > -i]
        elif i % 25 == 12:
            df = df.groupby("g").agg(x=("x", "sum"), y=("y", "max")).reset_index()
        else:
            df[f"c{i % 7}"] = df.x + i
            df["x"] = df[f"c{i % 7}"] - df.x
    return df


def merges(df: DataFrame, n: int) -> Any:
    left = df
    for i in range(n):
        left = left.merge(df[["y"]].rename(columns={"y": f"y{i}"}), left_index=True, right_index=True)
    return left


def appends(df: DataFrame, n: int) -> Any:
    out = df
    for _ in range(n):
        out = out.append(df)
    return out


def one_append(df: DataFrame, n: int) -> Any:
    return df.append([df] * n)


def materialized(df: DataFrame, n: int) -> Any:
    for _ in range(n):
        df["x"] = df.x + 1
        df = df.materialize()
    return df


def groups_of_groups(df: DataFrame, n: int) -> Any:
    for _ in range(n):
        df = df.groupby(["id", "g"]).agg(x=("x", "sum")).reset_index()
    return df


def windows(df: DataFrame, n: int) -> Any:
    for _ in range(n):
        df["x"] = df.x.window_lag(1, 0, window=df.sort_values("id").groupby("g").window())
    return df


def columns(df: DataFrame, n: int) -> Any:
    for i in range(n):
        df[f"c{i}"] = df.x * i + df.y
    return df


def described(df: DataFrame, n: int) -> Any:
    return columns(df, n).describe()


def stacked(df: DataFrame, n: int) -> Any:
    return columns(df, n)[[f"c{i}" for i in range(n)]].stack()


def group_keys(df: DataFrame, n: int) -> Any:
    return df.groupby([(df.x % (i + 1)).rename(f"k{i}") for i in range(n)]).y.sum()


def cut_bins(df: DataFrame, n: int) -> Any:
    return df.x.cut(bins=n)


def quantile_bins(df: DataFrame, n: int) -> Any:
    return df.x.qcut(n)


def isin_numbers(df: DataFrame, n: int) -> Any:
    return df[df.x.isin(range(n))]


def isin_strings(df: DataFrame, n: int) -> Any:
    return df[df.g.isin([f"g{i}" for i in range(n)])]


def constants(df: DataFrame, n: int) -> Any:
    rows = pd.DataFrame({"id": range(n), "label": [f"label {i}" for i in range(n)]})
    return df.reset_index().merge(DataFrame.from_pandas(df.engine, rows, materialization="cte"), on="id")


def mapping(df: DataFrame, n: int) -> Any:
    return df.x.map({i: i + 1 for i in range(n)})


def nested_conditions(df: DataFrame, n: int) -> Any:
    out = df.x
    for i in range(n):
        out = out.where(df.x != i, i)
    return out


def any_of_conditions(df: DataFrame, n: int) -> Any:
    out = df.x == 0
    for i in range(n):
        out = out | (df.x == i)
    return df[out]


def arithmetic(df: DataFrame, n: int) -> Any:
    out = df.x
    for i in range(n):
        out = out + i
    return out


def concatenated(df: DataFrame, n: int) -> Any:
    out = df.g
    for _ in range(n):
        out = out + df.g
    return out


def json_depth(df: DataFrame, n: int) -> Any:
    out = df.j
    for _ in range(n):
        out = out.json["a"]
    return out


CONSTRUCTS: dict[str, Callable[[DataFrame, int], Any]] = {
    "assignments": assignments,
    "filters": filters,
    "assignments and filters": filtered_assignments,
    "pipeline steps": pipeline,
    "merges": merges,
    "appends": appends,
    "frames in one append": one_append,
    "materialized steps": materialized,
    "groups of groups": groups_of_groups,
    "windows over windows": windows,
    "columns": columns,
    "columns described": described,
    "columns stacked": stacked,
    "group keys": group_keys,
    "bins of cut": cut_bins,
    "bins of qcut": quantile_bins,
    "numbers in isin": isin_numbers,
    "strings in isin": isin_strings,
    "rows of constants": constants,
    "values of a map": mapping,
    "nested conditions": nested_conditions,
    "conditions with or": any_of_conditions,
    "terms of a sum": arithmetic,
    "strings joined": concatenated,
    "steps into JSON": json_depth,
}
