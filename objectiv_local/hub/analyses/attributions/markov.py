"""Removal effects of a Markov chain of touches: a query counts transitions, and a linear system yields the effects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from objectiv_local.errors import InvalidValue
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    Node,
    Ordering,
    Select,
    Union,
    aggregation,
    call,
    case,
    literal,
    over,
)
from objectiv_local.hub.analyses.attributions.credits import TOUCH, Journeys
from objectiv_local.hub.analyses.attributions.stream import flag, is_conversion, is_expiry, is_touch
from objectiv_local.types import BOOL, STRING

if TYPE_CHECKING:
    import numpy

#: Maximum number of distinct touches; the linear system needs quadratic memory.
MOST_TOUCHES: Final = 2_000


def transitions(journeys: Journeys) -> Node:
    """Return how often each touch follows another in paths: ``source``, ``target``, ``converting`` and ``lost``.

    ``source`` is missing for the first touch of a path, and ``target`` for the last one. ``converting`` counts the paths of
    conversions: the touches of each within the window. ``lost`` counts the paths that do not convert: consecutive touches that
    are in no path of a conversion, each within the window of the previous one.
    """
    moment = journeys.order[0]
    touches = _with_neighbors(journeys)
    rows = journeys.stream(touches=touches, more=("number", "previous_touch", "previous_moment", "next_touch", "next_moment"))
    rows = Extend(rows, (("expired_before", call("sub", rows.column("expired"), flag(is_expiry(rows)))),), "stream")
    converts = flag(journeys.converts(rows))
    later = over(
        aggregation("min", case([(is_conversion(rows), rows.column(moment))])),
        journeys.units(rows),
        [Ordering(rows.column("place"), ascending=False)],
    )
    rows = Extend(
        rows,
        (
            ("as_first", over(aggregation("sum", converts), journeys.units(rows, "expired_before"))),
            ("as_last", over(aggregation("sum", converts), journeys.units(rows, "touched"))),
            ("next_conversion", later),
        ),
        "paths",
    )
    return _counted([*_expiring(journeys, rows), *_touching(journeys, rows)])


def _with_neighbors(journeys: Journeys) -> Node:
    """Return the touches, each with its number in the unit, and the labels and moments of the previous and next touch."""
    touches = journeys.touches()
    order = [Ordering(touches.column(name)) for name in (*journeys.order, TOUCH)]
    columns = [
        (
            f"{side}_{title}",
            over(
                aggregation(op, touches.column(name), literal(1), literal(None, touches.types[name])),
                journeys.units(touches),
                order,
            ),
        )
        for side, op in (("previous", "lag"), ("next", "lead"))
        for title, name in (("touch", TOUCH), ("moment", journeys.order[0]))
    ]
    number = over(aggregation("row_number"), journeys.units(touches), order)
    return Extend(touches, (("number", number), *columns), "touches")


def _expiring(journeys: Journeys, rows: Node) -> list[Node]:
    """Return the transitions counted when a touch expires: all conversions since the touch have it in their path."""
    expiring = Filter(rows, is_expiry(rows), "expiring")
    # The moment of an expiry is that of its touch plus the window.
    goes_on = call("le", expiring.column("next_moment"), expiring.column(journeys.order[0]))
    paired = Filter(expiring, goes_on, "expiring")
    return [
        _part(expiring, None, TOUCH, expiring.column("as_first"), literal(0)),
        _part(paired, TOUCH, "next_touch", paired.column("converted"), literal(0)),
    ]


def _touching(journeys: Journeys, rows: Node) -> list[Node]:
    """Return the transitions counted at a touch: those of lost paths, and the corrections for pairs of touches."""
    moment = journeys.order[0]
    touches: Node = Filter(rows, is_touch(rows), "touching")
    converted_later = call(
        "le", call("sub", touches.column("next_conversion"), touches.column(moment)), literal(journeys.window)
    )
    touches = Extend(
        touches,
        (
            ("is_lost", call("not", call("coalesce", converted_later, literal(False)))),
            ("is_near_previous", _within(journeys, touches, moment, "previous_moment")),
            ("is_near_next", _within(journeys, touches, "next_moment", moment)),
        ),
        "touching",
    )
    order = [Ordering(touches.column("place"))]
    is_lost = touches.column("is_lost")

    def neighbor(op: str, near: str) -> Expr:
        other = over(aggregation(op, is_lost, literal(1), literal(None, BOOL)), journeys.units(touches), order)
        return call("and", touches.column(near), call("coalesce", other, literal(False)))

    touches = Extend(
        touches,
        (("goes_on_from", neighbor("lag", "is_near_previous")), ("goes_on_to", neighbor("lead", "is_near_next"))),
        "touching",
    )

    def lost(plan: Node, goes_on: str, *, expected: bool) -> Expr:
        test = plan.column(goes_on) if expected else call("not", plan.column(goes_on))
        return flag(call("and", plan.column("is_lost"), test))

    paired = Filter(touches, touches.column("is_near_previous"), "touching")
    return [
        _part(touches, None, TOUCH, literal(0), lost(touches, "goes_on_from", expected=False)),
        _part(touches, TOUCH, None, touches.column("as_last"), lost(touches, "goes_on_to", expected=False)),
        _part(
            paired,
            "previous_touch",
            TOUCH,
            call("neg", paired.column("converted")),
            lost(paired, "goes_on_from", expected=True),
        ),
    ]


def _within(journeys: Journeys, plan: Node, late: str, early: str) -> Expr:
    near = call("le", call("sub", plan.column(late), plan.column(early)), literal(journeys.window))
    return call("coalesce", near, literal(False))


def _part(plan: Node, source: str | None, target: str | None, converting: Expr, lost: Expr) -> Node:
    def label(name: str | None) -> Expr:
        return literal(None, STRING) if name is None else plan.column(name)

    return Select(plan, (("source", label(source)), ("target", label(target)), ("converting", converting), ("lost", lost)))


def _counted(parts: list[Node]) -> Node:
    rows = Union(tuple(parts), ("source", "target", "converting", "lost"), "transitions")
    counted = Aggregate(
        rows,
        (("source", rows.column("source")), ("target", rows.column("target"))),
        (("converting", aggregation("sum", rows.column("converting"))), ("lost", aggregation("sum", rows.column("lost")))),
        "counted",
    )
    return Filter(counted, call("gt", call("add", counted.column("converting"), counted.column("lost")), literal(0)), "counted")


def removal_effects(counted: Iterable[tuple[str | None, str | None, int, int]]) -> dict[str, float]:
    """Return the share of conversions that would be lost without each touch, from rows of :func:`transitions`.

    Without a touch, paths end when they reach it. The share of converting paths through a touch is the probability of reaching
    it times the probability of converting from there, so that one linear system serves all touches.

    Raises InvalidValue for too many distinct touches.
    """
    import numpy

    rows = list(counted)
    labels = sorted({label for source, target, *_ in rows for label in (source, target) if label is not None})
    if len(labels) > MOST_TOUCHES:
        raise InvalidValue(
            f"model='markov' supports at most {MOST_TOUCHES:,} distinct touches, not {len(labels):,}",
            hint="group them, for instance by channel, or use model='shapley'",
        )
    place: dict[str | None, int] = {None: 0, **{label: number for number, label in enumerate(labels, 1)}}
    moves: numpy.ndarray = numpy.zeros((len(place), len(place)))
    converting = numpy.zeros(len(place))
    leaving = numpy.zeros(len(place))
    for source, target, converted, lost in rows:
        leaving[place[source]] += converted + lost
        if target is None:
            converting[place[source]] += converted
        else:
            moves[place[source], place[target]] += converted + lost
    if not converting.any():
        return dict.fromkeys(labels, 0.0)
    # Every touch is left as often as it is reached, so no divisor is 0.
    visits = numpy.linalg.inv(numpy.eye(len(place)) - moves / leaving[:, None])
    from_here = visits @ (converting / leaving)
    return {
        label: float(visits[0, number] / visits[number, number] * from_here[number] / from_here[0])
        for label, number in place.items()
        if label is not None
    }
