"""Counts of the rows of a source by month, and digests that show whether the rows have changed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from objectiv_local.engines.base import Engine
from objectiv_local.errors import DataInvalid
from objectiv_local.frame.digests import digest, summed
from objectiv_local.plan.expr import Expr, aggregation, call, literal
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, NamedExprs, Node
from objectiv_local.snapshot.tables import fetched, named

#: Used in place of a month: for rows without a time, and for frames without a time column.
NO_TIME, ALL = "none", "all"


@dataclass(frozen=True, slots=True)
class Counted:
    """The number of rows of a month, with the requested digests."""

    rows: int
    digests: tuple[str, ...]


def counted(
    plan: Node, time: str, digests: Iterable[Iterable[str]], engine: Engine, *, json: bool = False
) -> dict[str, Counted]:
    """Return the number of rows of each month, and a digest of each group of columns. Runs one query.

    The months are in order. Digests of JSON, if allowed, are only comparable within the same engine.
    """
    groups = [list(names) for names in digests]
    taken = set(plan.types)
    names = [unused_name(f"digest_{number}", taken) for number, _ in enumerate(groups)]
    month = unused_name("month", taken)
    hashed = plan
    added: NamedExprs = tuple(
        (name, digest([(each, plan.column(each)) for each in group], json=json))
        for name, group in zip(names, groups, strict=True)
        if group
    )
    if added:
        hashed = Extend(hashed, added, "digests")
    keys: NamedExprs = ((month, call("date_trunc", literal("month"), hashed.column(time))),) if time else ()
    sums: NamedExprs = tuple((name, summed(hashed.column(name))) for name, _ in added)
    rows = unused_name("rows", taken)
    try:
        found = fetched(Aggregate(hashed, keys, ((rows, aggregation("size")), *sums), "months"), engine)
    except DataInvalid as error:
        raise named(error, {month: time}) from None
    made = {name for name, _ in added}
    result = {
        _title(row[month]) if time else ALL: Counted(
            row[rows], tuple(str(row[name] or 0) if name in made else "" for name in names)
        )
        for row in found
    }
    return {name: result[name] for name in sorted(result) if result[name].rows}


def within(plan: Node, time: str, first: str, last: str) -> Node:
    """Return the rows of a plan from the first to the last month."""
    if first == ALL:
        return plan
    column = plan.column(time)
    if first == NO_TIME:
        return Filter(plan, call("is_null", column), "rows")
    conditions: list[Expr] = [call("ge", column, literal(start_of(first)))]
    end = _next(start_of(last))
    if end is not None:
        conditions.append(call("lt", column, literal(end)))
    for condition in conditions:
        plan = Filter(plan, condition, "rows")
    return plan


def runs(months: Mapping[str, Counted], wanted: Iterable[str], most: int) -> list[tuple[str, str]]:
    """Return runs of wanted months with about ``most`` rows each, as pairs of first and last month.

    A run does not skip months that have rows.
    """
    requested = set(wanted)
    found: list[tuple[str, str]] = []
    rows = most
    before = False
    for month, each in months.items():
        if month not in requested:
            before = False
            continue
        if before and month != NO_TIME and rows + each.rows <= most:
            found[-1] = (found[-1][0], month)
            rows += each.rows
        else:
            found.append((month, month))
            rows = each.rows
        before = month != NO_TIME
    return found


def start_of(month: str) -> datetime.datetime:
    """Return the first moment of a month."""
    year, number = month.rsplit("-", 1)
    return datetime.datetime(int(year), int(number), 1)


def _title(month: datetime.datetime | None) -> str:
    return NO_TIME if month is None else f"{month.year:04d}-{month.month:02d}"


def _next(start: datetime.datetime) -> datetime.datetime | None:
    """Return the start of the next month, if there is one."""
    if (start.year, start.month) == (9999, 12):
        return None
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
