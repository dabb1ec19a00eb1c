"""Comparison of an engine's time zones with tzdata: engines have their own zones, of various releases.

Before a statement that uses a zone runs, the engine's offsets for the zone are compared with those of tzdata, once per
connection. Where they agree, the engine's AT TIME ZONE is used. For periods in which they do not, the plan gets a CASE with the
offsets of tzdata.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from objectiv_local import zones
from objectiv_local.dialects import compile_plan
from objectiv_local.errors import NotSupported, QueryFailed
from objectiv_local.plan.expr import Call, Expr, Literal, call, case, literal, transform, walk
from objectiv_local.plan.nodes import Extend, Join, Node, Select, Values, topological
from objectiv_local.plan.rewrite import expressions_of, map_all
from objectiv_local.types import INT64

if TYPE_CHECKING:
    from objectiv_local.engines.base import Engine

_OPERATIONS = {"at_zone": zones.of_moments, "from_zone": zones.of_clocks}
_YEAR = 365 * 86_400
#: An engine that still differs in these last years follows another rule, and will always differ.
_LAST_YEARS = zones.LAST - 10 * _YEAR
#: Maximum number of periods that SQL corrects where a rule differs without end: for daylight saving time, twelve years.
_MOST_SPANS = 24


@dataclass(frozen=True, slots=True)
class Span:
    """A period up to the next one, in which either the engine's own zone applies or a single UTC offset in seconds.

    ``start`` is in seconds since 1970; the first period also includes all earlier times. The offset of the last one may be
    unknown: from there on, the engine follows another rule without end.
    """

    start: int
    offset: int | None
    is_known: bool = True


def in_zones_of(plan: Node, engine: Engine) -> Node:
    """Return ``plan`` with corrections where the engine's time zones differ from those of tzdata.

    Runs a query for each zone that the connection has not used before. Where an engine follows another rule without end, times
    after the next years raise an error when they are fetched. Raises NotSupported for a zone that the engine does not have.
    """
    used = dict.fromkeys(
        zoned
        for node in topological(plan)
        for expr in expressions_of(node)
        for part in walk(expr)
        if (zoned := _zoned(part)) is not None
    )
    differing = {each: spans for each in used if (spans := _spans(engine, *each)) != (Span(zones.FIRST, None),)}
    if not differing:
        return plan

    def corrected(part: Expr) -> Expr | None:
        spans = differing.get(_zoned(part) or ("", ""))
        if spans is None or not isinstance(part, Call):
            return None
        time, zone = part.args
        return _by_spans(Call(part.op, (transform(time, corrected), zone), part.type), spans)

    return map_all(plan, lambda expr: transform(expr, corrected))


def _zoned(part: Expr) -> tuple[str, str] | None:
    """Return the operation and the zone of an expression that uses one."""
    if not isinstance(part, Call) or part.op not in _OPERATIONS:
        return None
    zone = part.args[1]
    assert isinstance(zone, Literal)
    return part.op, str(zone.value)


def _by_spans(zoned: Call, spans: Sequence[Span]) -> Expr:
    time = zoned.args[0]

    def within(span: Span) -> Expr:
        if not span.is_known:
            return call(
                "failing",
                time,
                literal(f" is too late for the time zone: release {zones.release()} of tzdata has other rules than the engine"),
            )
        if span.offset is None:
            return zoned
        later = (zoned.op == "at_zone") == (span.offset >= 0)
        return call("add" if later else "sub", time, literal(datetime.timedelta(seconds=abs(span.offset))))

    whens = [(call("lt", time, literal(zones.moment(after.start))), within(span)) for span, after in pairwise(spans)]
    return case(whens, within(spans[-1])) if whens else within(spans[-1])


def _spans(engine: Engine, op: str, name: str) -> tuple[Span, ...]:
    if (op, name) not in engine.zones:
        engine.zones[op, name] = _compared(engine, op, name)
    found: tuple[Span, ...] = engine.zones[op, name]
    return found


def _compared(engine: Engine, op: str, name: str) -> tuple[Span, ...]:
    """Return the periods of a zone, as few as possible: each uses the engine's zone if that is right until a later end."""
    wanted = _OPERATIONS[op](name)
    edges = {second for start in wanted.starts for second in (start - 1, start)}
    found = _agreement_of_all_years(engine, op, name) | _agreement(engine, op, name, edges)
    agrees = dict(sorted(found.items()))
    changed = _changes(engine, op, name, [(a, b) for (a, x), (b, y) in pairwise(agrees.items()) if x != y], agrees)
    starts = sorted({*wanted.starts, *changed})
    right = [(agrees | changed)[start] for start in starts]
    offsets = [wanted.at(start) for start in starts]
    spans: list[Span] = []
    place = 0
    while place < len(starts):
        by_engine, by_offset = place, place
        while by_engine < len(starts) and right[by_engine]:
            by_engine += 1
        while by_offset < len(starts) and offsets[by_offset] == offsets[place]:
            by_offset += 1
        spans.append(Span(starts[place], None if by_engine >= by_offset else offsets[place]))
        place = max(by_engine, by_offset)
    last = spans[-1]
    since = (
        last.start
        if last.offset is not None
        else max((start for start, agreed in zip(starts[1:], right, strict=False) if not agreed), default=zones.FIRST)
    )
    if since > _LAST_YEARS:
        end = spans[_MOST_SPANS].start if len(spans) > _MOST_SPANS else zones.LAST
        spans = [*spans[:_MOST_SPANS], Span(end, None, is_known=False)]
    return tuple(spans)


def _changes(engine: Engine, op: str, name: str, between: Sequence[tuple[int, int]], known: dict[int, bool]) -> dict[int, bool]:
    """Return the seconds at which the engine starts or stops to agree, each of which is between two others."""
    while any(after - before > 1 for before, after in between):
        middles = {(before, after): (before + after) // 2 for before, after in between}
        found = _agreement(engine, op, name, set(middles.values()))
        between = [
            (middle, after) if found[middle] == known[before] else (before, middle)
            for (before, after), middle in middles.items()
        ]
        known = known | found
    return {after: known[after] for _, after in between}


def _agreement(engine: Engine, op: str, name: str, seconds: Iterable[int]) -> dict[int, bool]:
    """Return whether an engine has the offset of tzdata at each of the given times."""
    return _compared_at(engine, op, name, _values("second", seconds))


def _agreement_of_all_years(engine: Engine, op: str, name: str) -> dict[int, bool]:
    """Return whether an engine has the offset of tzdata, at times close enough not to miss a change."""
    block = 128 * zones.SHORTEST
    blocks = _values("block", range(zones.FIRST, zones.LAST, block))
    steps = _values("step", range(0, block, zones.SHORTEST))
    both = Join(blocks, steps, "inner", (), (("block", "left", ("block", "")), ("step", "right", ("", "step"))))
    return _compared_at(engine, op, name, Extend(both, (("second", call("add", both.column("block"), both.column("step"))),)))


def _values(name: str, numbers: Iterable[int]) -> Values:
    return Values(((name, INT64),), tuple((literal(number),) for number in numbers), (name,), f"{name}s")


def _compared_at(engine: Engine, op: str, name: str, times: Node) -> dict[int, bool]:
    second = times.column("second")
    time = call("add", literal(zones.EPOCH), call("from_microseconds", call("mul", second, literal(1_000_000))))
    timed = Extend(times, (("time", time),))
    zoned = call(op, timed.column("time"), literal(name))
    offset = call("sub", *((zoned, timed.column("time")) if op == "at_zone" else (timed.column("time"), zoned)))
    found = call("floordiv", call("microseconds", offset), literal(1_000_000))
    statement = compile_plan(Select(timed, (("second", timed.column("second")), ("offset", found))), engine.dialect)
    try:
        rows = engine.arrow(statement.sql, statement.schema)
    except QueryFailed as error:
        raise NotSupported(
            f"the time zone {name!r} cannot be used on {engine.description}: {error.what}",
            hint="update the time zones of the engine, or use another zone",
        ) from None
    wanted = _OPERATIONS[op](name)
    return {
        second: offset == wanted.at(second)
        for second, offset in zip(rows.column(0).to_pylist(), rows.column(1).to_pylist(), strict=True)
        if second < zones.LAST
    }
