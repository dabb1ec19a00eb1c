"""Credit of conversions, by rules that weigh the touches before them: one pass over a unit's touches and conversions.

A unit's touches and conversions form one stream, in the order of events. A touch counts for the conversions that come after it
until it expires, which is another row of the stream: the touch, moved by the length of the window. No touch is joined to a
conversion, so a unit with many of both takes no longer than many units with few.

``change`` says what a row is: 1 a touch, -1 a touch that expires, 0 a conversion. Its running sum is the number of touches that
count for a conversion. At one moment, touches expire last, and an event that is both converts before it is a touch.

The last touch, and the linear model where event ids are unique, need no such stream: they look at the row before, and count
within distances of time.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from objectiv_local.frame.authoring import (
    Aggregate,
    Aggregation,
    Expr,
    Extend,
    Filter,
    Node,
    Ordering,
    Select,
    Union,
    WindowFrame,
    aggregation,
    call,
    case,
    literal,
    over,
)
from objectiv_local.hub.analyses.attributions.stream import (
    closes_label,
    flag,
    has_touches,
    is_conversion,
    is_expiry,
    is_touch,
    opens_label,
)
from objectiv_local.types import INT64, STRING, Type

#: The touch of a conversion before which there is none.
DIRECT: Final = "(direct)"
#: The columns of rows that touches and conversions are made of.
CONVERTS, TOUCH, WORTH = "is_conversion", "touch", "worth"
_EPOCH: Final = datetime.datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Journeys:
    """Rows of events with their unit, order, ``is_conversion``, ``touch`` (missing if it is none) and ``worth``."""

    rows: Node
    unit: tuple[str, ...]
    #: The columns that order the events of a unit: the moment, and what breaks ties.
    order: tuple[str, ...]
    window: datetime.timedelta

    # ---- the stream

    def touches(self) -> Node:
        """Return the events that are touches."""
        return Filter(self.rows, call("not_null", self.rows.column(TOUCH)), "touches")

    def stream(self, *, touches: Node | None = None, more: Sequence[str] = ()) -> Node:
        """Return conversions, touches and touches that expire: one row each, with its ``place`` and what came before it.

        ``more`` are further columns of ``touches``, missing for conversions. Touches at one moment and of one event id are in
        the order of the first of these, or of all columns.
        """
        rows = self._united(touches or self.touches(), more, expire=True)
        order = [*self._order(rows, expire=True), *(Ordering(rows.column(name)) for name in more[:1])]
        block = call("floordiv", call("sub", rows.column(self.order[0]), literal(_EPOCH)), literal(self.window))
        counted = {
            "place": aggregation("row_number"),
            "open": aggregation("sum", rows.column("change")),
            "converted": aggregation("sum", flag(is_conversion(rows))),
            "touched": aggregation("sum", flag(is_touch(rows))),
            "expired": aggregation("sum", flag(is_expiry(rows))),
        }
        return Extend(rows, (*self._so_far(rows, counted, order), ("block", block)), "stream")

    def _united(self, touches: Node, more: Sequence[str] = (), *, expire: bool = False) -> Node:
        """Return conversions and touches, and touches that expire if asked for, as rows."""
        blank = [(name, touches.types[name]) for name in more]
        parts = [
            self._part(Filter(self.rows, self.rows.column(CONVERTS), "conversions"), 0, blank),
            self._part(touches, 1, blank),
        ]
        if expire:
            later = call("add", touches.column(self.order[0]), literal(self.window))
            parts.append(self._part(touches, -1, blank, later))
        return Union(tuple(parts), tuple(parts[0].types), "touches_and_conversions")

    def _order(self, rows: Node, *, expire: bool = False) -> list[Ordering]:
        return [
            Ordering(rows.column(self.order[0])),
            *([Ordering(is_expiry(rows))] if expire else []),
            *(Ordering(rows.column(name)) for name in self.order[1:]),
            Ordering(rows.column("change")),
        ]

    def _so_far(self, rows: Node, counted: Mapping[str, Aggregation], order: Sequence[Ordering]) -> list[tuple[str, Expr]]:
        frame = WindowFrame("ROWS", None, 0)
        return [(name, over(each, self.units(rows), order, frame)) for name, each in counted.items()]

    def _part(self, plan: Node, change: int, more: Sequence[tuple[str, Type]], moment: Expr | None = None) -> Node:
        converts = change == 0
        return Select(
            plan,
            (
                *((name, plan.column(name)) for name in self.unit),
                (self.order[0], plan.column(self.order[0]) if moment is None else moment),
                *((name, plan.column(name)) for name in self.order[1:]),
                ("change", literal(change)),
                (TOUCH, literal(None, STRING) if converts else plan.column(TOUCH)),
                (WORTH, plan.column(WORTH) if converts else literal(0.0)),
                *((name, literal(None, type_) if converts else plan.column(name)) for name, type_ in more),
            ),
        )

    def units(self, plan: Node, *others: str) -> list[Expr]:
        """Return the columns of the unit, and others."""
        return [plan.column(name) for name in (*self.unit, *others)]

    def running(self, plan: Node, value: Expr, *within: str, ascending: bool = True) -> Expr:
        """Return the sum of a value up to each row, or from it on if not ``ascending``, in the unit and columns ``within``."""
        return over(aggregation("sum", value), self.units(plan, *within), [Ordering(plan.column("place"), ascending)])

    def _credited(self, plan: Node, credit: Expr, conversions: Expr) -> Node:
        return Select(
            plan,
            (
                *((name, plan.column(name)) for name in self.unit),
                (TOUCH, plan.column(TOUCH)),
                ("credit", credit),
                ("conversions", conversions),
            ),
            "credited",
        )

    # ---- one touch takes it all

    def last(self, direct: Sequence[str] = ()) -> Node:
        """Return the credit of the last touch of each conversion; of the last one that is not ``direct``, if there is one.

        In the order of touches and conversions, the last touch of a conversion is that of the row before it, or if this is a
        conversion and no touch, that which this one has.
        """
        kinds = ["indirect", "last"] if direct else ["last"]
        rows = self._with_rows_before(self._one_of_each(direct), kinds)
        conversions = Filter(rows, rows.column(CONVERTS), "conversions")
        if direct:
            return self._taken(*self._recent(self._with_last(conversions, kinds), kinds))
        # Few conversions follow another one without a touch in between, and only these need more windows.
        found = call("not_null", conversions.column("last_touch"))
        chained = call("or", call("is_null", conversions.column(TOUCH)), call("is_null", conversions.column("last_touch")))
        others = self._with_last(Filter(conversions, chained, "chained"), kinds)
        others = Filter(others, call("is_null", others.column("row_before")), "chained")
        parts = [self._taken(*self._recent(each, kinds)) for each in (Filter(conversions, found, "conversions"), others)]
        return Union(tuple(parts), tuple(parts[0].types), "credited")

    def _one_of_each(self, direct: Sequence[str]) -> Node:
        """Return touches and conversions, one row for all of one moment and event id, with the touch of each kind."""
        rows: Node = self.rows
        rows = Filter(rows, call("or", rows.column(CONVERTS), call("not_null", rows.column(TOUCH))), "touches_and_conversions")
        touch, converts = rows.column(TOUCH), rows.column(CONVERTS)
        indirect = case([(call("not", _is_direct(rows, direct)), touch)]) if direct else touch
        keys = [(name, rows.column(name)) for name in (*self.unit, *self.order)]
        if self._is_unique(rows):
            return Select(
                rows,
                (
                    *keys,
                    (CONVERTS, converts),
                    (TOUCH, touch),
                    ("indirect", indirect),
                    (WORTH, rows.column(WORTH)),
                    ("conversions", literal(1)),
                ),
                "touches_and_conversions",
            )
        return Aggregate(
            rows,
            tuple(keys),
            (
                (CONVERTS, aggregation("any", converts)),
                (TOUCH, aggregation("max", touch)),
                ("indirect", aggregation("max", indirect)),
                (WORTH, aggregation("sum", rows.column(WORTH), where=converts)),
                ("conversions", aggregation("size", where=converts)),
            ),
            "touches_and_conversions",
        )

    def _is_unique(self, rows: Node) -> bool:
        """Return whether there is one row of each moment and event id."""
        return rows.key is not None and {*rows.key} <= {*self.unit, *self.order}

    def _with_rows_before(self, rows: Node, kinds: Sequence[str]) -> Node:
        """Return rows with the touch of each kind in the row before, and its moment, missing if that is no such touch."""
        columns: list[tuple[str, Expr]] = []
        for kind in kinds:
            touch, moment, units = rows.column(TOUCH if kind == "last" else kind), rows.column(self.order[0]), self.units(rows)
            there = call("not_null", touch)
            if kind == "indirect":
                # Among conversions and touches of this kind.
                units.append(call("or", rows.column(CONVERTS), there))
            for title, value in (("touch", touch), ("moment", case([(there, moment)]))):
                before = aggregation("lag", value, literal(1), literal(None, value.type))
                columns.append((f"{kind}_{title}", over(before, units, self._in_order(rows))))
        return Extend(rows, tuple(columns), "rows_before")

    def _with_last(self, conversions: Node, kinds: Sequence[str]) -> Node:
        """Return conversions with their last touch of each kind, and the touch of the last kind in the ``row_before``."""
        frame = WindowFrame("ROWS", None, 0)
        numbered = Extend(
            conversions,
            tuple(
                (
                    f"{kind}_number",
                    over(
                        aggregation("count", conversions.column(f"{kind}_touch")),
                        self.units(conversions),
                        self._in_order(conversions),
                        frame,
                    ),
                )
                for kind in kinds
            ),
            "numbered",
        )
        found = {
            f"{kind}_{title}": over(
                aggregation("max", numbered.column(f"{kind}_{title}")), self.units(numbered, f"{kind}_number")
            )
            for kind in kinds
            for title in ("touch", "moment")
        }
        columns = {name: found.get(name, numbered.column(name)) for name in numbered.types}
        return Select(numbered, (*columns.items(), ("row_before", numbered.column(f"{kinds[-1]}_touch"))), "last_touches")

    def _recent(self, plan: Node, kinds: Sequence[str]) -> tuple[Node, Expr]:
        """Return conversions and the first of their last touches that is within the window."""
        age = {kind: call("sub", plan.column(self.order[0]), plan.column(f"{kind}_moment")) for kind in kinds}
        return plan, case(
            [(call("le", age[kind], literal(self.window)), plan.column(f"{kind}_touch")) for kind in kinds], literal(DIRECT)
        )

    def _in_order(self, plan: Node) -> list[Ordering]:
        return [Ordering(plan.column(name)) for name in self.order]

    def first(self) -> Node:
        """Return the credit of the first touch of each conversion: of those that count, the next one to expire."""
        rows = self.stream()
        plan = Extend(rows, (("expired_before", call("sub", rows.column("expired"), flag(is_expiry(rows)))),), "stream")
        label = over(aggregation("max", case([(is_expiry(plan), plan.column(TOUCH))])), self.units(plan, "expired_before"))
        labeled: Node = Extend(plan, (("first_touch", label),), "first_touches")
        labeled = Filter(labeled, is_conversion(labeled), "first_touches")
        return self._taken(labeled, case([(has_touches(labeled), labeled.column("first_touch"))], literal(DIRECT)))

    def _taken(self, plan: Node, label: Expr) -> Node:
        moment = self.order[0]
        conversions = plan.column("conversions") if "conversions" in plan.types else literal(1)
        return Select(
            plan,
            (
                *((name, plan.column(name)) for name in self.unit),
                (moment, plan.column(moment)),
                (TOUCH, label),
                ("credit", plan.column(WORTH)),
                ("conversions", conversions),
            ),
            "credited",
        )

    # ---- touches share it

    def linear(self) -> Node:
        """Return the credit of touches that share each conversion equally."""
        if self._is_unique(self.rows):
            return self._linear_by_distance()
        rows = self.stream()
        part = case([(self.converts(rows), call("truediv", rows.column(WORTH), rows.column("open")))], literal(0.0))
        plan = Extend(rows, (("part", part), *self._labels(rows)), "shares")
        return self._shared(Extend(plan, tuple(self._around(plan, "part")), "shares"))

    def _linear_by_distance(self) -> Node:
        """Return the credit of touches that share each conversion equally, with a row for each event.

        The touches that count for a conversion are those before it less those that have expired. What a touch gets is the sum
        of the parts of later conversions: those of its block, which is as long as the window, and those of the next one until
        it expires. Sums within a block do not cancel out.
        """
        rows: Node = self.rows
        rows = Filter(rows, call("or", rows.column(CONVERTS), call("not_null", rows.column(TOUCH))), "touches_and_conversions")
        passed = call("sub", rows.column(self.order[0]), literal(_EPOCH))
        rows = Extend(rows, (("passed", passed),), "passed", once=True)
        rows = Extend(rows, (("block", call("floordiv", rows.column("passed"), literal(self.window))),), "blocks")
        length = self.window // datetime.timedelta(microseconds=1)

        def ordered(plan: Node, *, ascending: bool = True) -> list[Ordering]:
            # All orders start with the same number, so that rows are sorted once.
            return [Ordering(plan.column(name), ascending) for name in ("passed", *self.order[1:])]

        units = self.units(rows)
        touches, conversions = aggregation("count", rows.column(TOUCH)), aggregation("size", where=rows.column(CONVERTS))
        plan = Extend(
            rows,
            (
                ("touched", over(touches, units, ordered(rows), WindowFrame("ROWS", None, -1))),
                ("expired", over(touches, units, ordered(rows)[:1], WindowFrame("RANGE", None, -length - 1))),
                ("converted", over(conversions, units, ordered(rows), WindowFrame("ROWS", None, 0))),
                ("converted_until", over(conversions, units, ordered(rows)[:1], WindowFrame("RANGE", None, length))),
            ),
            "counts",
        )
        count = call("sub", plan.column("touched"), plan.column("expired"))
        shares = call("and", plan.column(CONVERTS), call("gt", count, literal(0)))
        plan = Extend(
            plan,
            (("open", count), ("part", case([(shares, call("truediv", plan.column(WORTH), count))], literal(0.0)))),
            "shares",
            once=True,
        )
        part, within = aggregation("sum", plan.column("part")), self.units(plan, "block")
        plan = Extend(
            plan,
            (
                ("from_block", over(part, within, ordered(plan, ascending=False), WindowFrame("ROWS", None, -1))),
                ("part_so_far", over(part, within, ordered(plan)[:1], WindowFrame("RANGE", None, 0))),
                (
                    "next_converted",
                    over(
                        aggregation("lead", plan.column("converted"), literal(1), literal(None, INT64)),
                        self.units(plan, TOUCH),
                        ordered(plan),
                    ),
                ),
            ),
            "shares",
        )
        # A conversion counts for the last touch of a label before it.
        until, following = plan.column("converted_until"), plan.column("next_converted")
        plan = Extend(
            plan,
            (
                *(
                    (
                        f"last_{name}",
                        over(
                            aggregation("last_value", plan.column(name)),
                            self.units(plan),
                            ordered(plan)[:1],
                            WindowFrame("RANGE", 0, length),
                        ),
                    )
                    for name in ("block", "part_so_far")
                ),
                ("last_converted", case([(call("lt", following, until), following)], until)),
            ),
            "shares",
        )
        is_beyond = call("gt", plan.column("last_block"), plan.column("block"))
        credit = call("add", plan.column("from_block"), case([(is_beyond, plan.column("last_part_so_far"))], literal(0.0)))
        last, first = plan.column("last_converted"), plan.column("converted")
        gained = case([(call("gt", last, first), call("sub", last, first))], literal(0))
        touched = Filter(plan, call("not_null", plan.column(TOUCH)), "credited_touches")
        alone = Filter(plan, call("and", plan.column(CONVERTS), call("eq", plan.column("open"), literal(0))), "without_touches")
        names = (*self.unit, TOUCH, "credit", "conversions")
        parts = (
            self._credited(touched, credit, gained),
            Select(
                alone,
                (
                    *((name, alone.column(name)) for name in self.unit),
                    (TOUCH, literal(DIRECT)),
                    ("credit", alone.column(WORTH)),
                    ("conversions", literal(1)),
                ),
                "credited",
            ),
        )
        return Union(parts, names, "credited")

    def position(self, first: float, middle: float, last: float) -> Node:
        """Return the credit of touches by their place among those of a conversion: the first, the last, and all others."""
        rows = self.stream()
        worth, count = rows.column(WORTH), rows.column("open")
        both = first + last

        def times(weight: float) -> Expr:
            return call("mul", worth, literal(weight))

        def by_count(one: Expr, two: Expr, more: Expr) -> Expr:
            return case(
                [
                    (call("not", self.converts(rows)), literal(0.0)),
                    (call("eq", count, literal(1)), one),
                    (call("eq", count, literal(2)), two),
                ],
                more,
            )

        other = call("truediv", times(middle), call("sub", count, literal(2)))
        plan = Extend(
            rows,
            (
                ("part", by_count(literal(0.0), literal(0.0), other)),
                ("first_part", by_count(worth, times(first / both if both else 0.5), call("sub", times(first), other))),
                ("last_part", by_count(literal(0.0), times(last / both if both else 0.5), call("sub", times(last), other))),
                ("expired_before", call("sub", rows.column("expired"), flag(is_expiry(rows)))),
                *self._labels(rows),
            ),
            "shares",
        )
        plan = Extend(
            plan,
            (
                *self._around(plan, "part"),
                ("as_first", over(aggregation("sum", plan.column("first_part")), self.units(plan, "expired_before"))),
                ("as_last", over(aggregation("sum", plan.column("last_part")), self.units(plan, "touched"))),
            ),
            "shares",
        )
        return self._shared(plan, as_touch=plan.column("as_last"), as_expiry=plan.column("as_first"))

    def time_decay(self, half_life: datetime.timedelta) -> Node:
        """Return the credit of touches that weigh half for each half-life between them and the conversion.

        Weights are relative to the start of a block as long as the window, so that they stay in the range of floats. A
        conversion counts touches of its own block, and of the one before where they have not expired yet.
        """
        rows = self.stream()
        start = call("add", literal(_EPOCH), call("mul", literal(self.window), rows.column("block")))
        age = call("truediv", call("sub", rows.column(self.order[0]), start), literal(half_life))
        age = case([(is_expiry(rows), call("sub", age, literal(self.window / half_life)))], age)
        plan: Node = Extend(
            rows,
            (
                ("weight", case([(call("not", is_conversion(rows)), call("power", literal(2.0), age))], literal(0.0))),
                *self._labels(rows),
            ),
            "weights",
        )
        weight = plan.column("weight")
        plan = Extend(
            plan,
            (
                ("touched_weight", self.running(plan, case([(is_touch(plan), weight)], literal(0.0)), "block")),
                (
                    "unexpired_weight",
                    self.running(plan, case([(is_expiry(plan), weight)], literal(0.0)), "block", ascending=False),
                ),
            ),
            "weights",
        )
        total = call("add", plan.column("touched_weight"), plan.column("unexpired_weight"))
        plan = Extend(
            plan, (("part", case([(self.converts(plan), call("truediv", plan.column(WORTH), total))], literal(0.0))),), "shares"
        )
        plan = Extend(plan, tuple(self._around(plan, "part")), "shares")
        return self._shared(plan, times=plan.column("weight"))

    def _around(self, plan: Node, part: str) -> list[tuple[str, Expr]]:
        """Return the sums of what conversions give to each touch: those of its block, and of the next until it expires."""
        value = plan.column(part)
        return [
            ("from_block", self.running(plan, value, "block", ascending=False)),
            ("from_next_block", self.running(plan, value, "block")),
        ]

    def _shared(
        self, plan: Node, times: Expr | None = None, as_touch: Expr | None = None, as_expiry: Expr | None = None
    ) -> Node:
        at_touch: Expr = plan.column("from_block")
        at_expiry: Expr = plan.column("from_next_block")
        if times is not None:
            at_touch, at_expiry = call("mul", times, at_touch), call("mul", times, at_expiry)
        if as_touch is not None and as_expiry is not None:
            at_touch, at_expiry = call("add", at_touch, as_touch), call("add", at_expiry, as_expiry)
        credit = case([(is_touch(plan), at_touch), (is_expiry(plan), at_expiry)], plan.column(WORTH))
        return self._with_direct(plan, credit)

    def _with_direct(self, plan: Node, credit: Expr) -> Node:
        """Return the credit of touches, and that of conversions without any."""
        kept = Filter(plan, call("or", call("not", is_conversion(plan)), call("not", has_touches(plan))), "credited")
        conversions = case(
            [
                (opens_label(plan), call("neg", plan.column("converted"))),
                (closes_label(plan), plan.column("converted")),
                (is_conversion(plan), literal(1)),
            ],
            literal(0),
        )
        credited = self._credited(kept, credit, conversions)
        label = call("coalesce", credited.column(TOUCH), literal(DIRECT))
        return Select(
            credited, tuple((name, label if name == TOUCH else credited.column(name)) for name in credited.types), "credited"
        )

    def _labels(self, plan: Node) -> list[tuple[str, Expr]]:
        """Return the number of touches of the same label that count, as of each row.

        A label counts for the conversions from a row where this becomes 1 to one where it becomes 0.
        """
        return [("open_label", self.running(plan, plan.column("change"), TOUCH))]

    def converts(self, plan: Node) -> Expr:
        """Return whether a row is a conversion that has touches."""
        return call("and", is_conversion(plan), has_touches(plan))

    def taking_part(self) -> Node:
        """Return the touches that count for a conversion, with the moment of the first one, and conversions without any."""
        rows = self._united(self.touches())
        moment = self.order[0]
        rows = Extend(rows, tuple(self._so_far(rows, {"place": aggregation("row_number")}, self._order(rows))), "stream")
        later = over(
            aggregation("min", case([(is_conversion(rows), rows.column(moment))])),
            self.units(rows),
            [Ordering(rows.column("place"), ascending=False)],
        )
        earlier = over(
            aggregation("max", case([(is_touch(rows), rows.column(moment))])),
            self.units(rows),
            [Ordering(rows.column("place"))],
        )
        plan = Extend(rows, (("next_conversion", later), ("last_moment", earlier)), "taking_part")

        def near(late: str, early: str) -> Expr:
            within = call("le", call("sub", plan.column(late), plan.column(early)), literal(self.window))
            return call("coalesce", within, literal(False))

        counts = case([(is_touch(plan), near("next_conversion", moment))], call("not", near(moment, "last_moment")))
        kept = Filter(plan, counts, "taking_part")
        return Select(
            kept,
            (
                *((name, kept.column(name)) for name in self.unit),
                (moment, case([(is_touch(kept), kept.column("next_conversion"))], kept.column(moment))),
                (TOUCH, call("coalesce", kept.column(TOUCH), literal(DIRECT))),
            ),
            "taking_part",
        )

    # ---- labels share it

    def participation(self) -> Node:
        """Return the credit of labels that each get all of a conversion that they took part in."""
        rows = self.stream()
        plan = Extend(rows, (("total", self.running(rows, rows.column(WORTH))), *self._labels(rows)), "totals")
        return self._with_direct(plan, self._between(plan, plan.column("total")))

    def shapley(self) -> Node:
        """Return the Shapley values of labels: each conversion shared equally among the labels that took part in it."""
        rows = self.stream()
        plan: Node = Extend(rows, tuple(self._labels(rows)), "labels")
        edge = case([(opens_label(plan), literal(1)), (closes_label(plan), literal(-1))], literal(0))
        plan = Extend(plan, (("labels", self.running(plan, edge)),), "labels")
        part = case([(self.converts(plan), call("truediv", plan.column(WORTH), plan.column("labels")))], literal(0.0))
        plan = Extend(plan, (("total", self.running(plan, part)),), "totals")
        return self._with_direct(plan, self._between(plan, plan.column("total")))

    def _between(self, plan: Node, total: Expr) -> Expr:
        """Return what makes a running total that of the conversions for which a label counts, when summed."""
        return case(
            [(opens_label(plan), call("neg", total)), (closes_label(plan), total), (is_conversion(plan), plan.column(WORTH))],
            literal(0.0),
        )


def totals(credited: Node, keys: Sequence[str]) -> Node:
    """Return credit and conversions by keys, of those that have conversions."""
    summed = Aggregate(
        credited,
        tuple((name, credited.column(name)) for name in keys),
        (
            ("credit", aggregation("sum", credited.column("credit"))),
            ("conversions", aggregation("sum", credited.column("conversions"))),
        ),
        "credits",
    )
    return Filter(summed, call("gt", summed.column("conversions"), literal(0)), "credits")


def _is_direct(plan: Node, labels: Sequence[str]) -> Expr:
    """Return whether a row is a touch with one of the labels, in any case."""
    found: Expr = literal(False)
    for number, label in enumerate(labels):
        same = call("eq", call("lower", plan.column(TOUCH)), literal(label.lower()))
        found = same if number == 0 else call("or", found, same)
    return call("coalesce", found, literal(False))
