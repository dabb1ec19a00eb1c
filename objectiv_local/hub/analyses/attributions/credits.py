"""Credit of conversions by rules that weight the touches before them, in one pass over a unit's touches and conversions.

A unit's touches and conversions form one stream, in the order of events. A touch counts for the later conversions until it
expires. The expiry is another row of the stream: the touch, moved by the length of the window. Touches are not joined with
conversions, so a unit with many of both takes no longer than many units with few.

``change`` is the kind of a row: 1 for a touch, -1 for a touch that expires, 0 for a conversion. Its running sum is the number
of touches that count for a conversion. At the same moment, expiries come last, and an event that is both a conversion and a
touch converts first.

The last-touch models, and the linear model if event ids are unique, need no such stream: they look at the previous row, or
aggregate within a time range.
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

#: The label of conversions without a touch.
DIRECT: Final = "(direct)"
#: The input columns: whether an event converts, its touch, and its value.
CONVERTS, TOUCH, WORTH = "is_conversion", "touch", "worth"
_EPOCH: Final = datetime.datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Journeys:
    """Rows of events with their unit, order, ``is_conversion``, ``touch`` (missing if the event is not one) and ``worth``."""

    rows: Node
    unit: tuple[str, ...]
    #: The columns that order the events of a unit: the moment, and the columns that break ties.
    order: tuple[str, ...]
    window: datetime.timedelta

    # ---- the stream

    def touches(self) -> Node:
        """Return the events that are touches."""
        return Filter(self.rows, call("not_null", self.rows.column(TOUCH)), "touches")

    def stream(self, *, touches: Node | None = None, more: Sequence[str] = ()) -> Node:
        """Return conversions, touches and expiries of touches, one row each, with their ``place`` and running totals.

        ``more`` are further columns of ``touches``, missing for conversions. Touches with the same moment and event id are
        ordered by the first of these columns, or by all columns.
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
        """Return conversions and touches as rows, with ``expire`` also expiries."""
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
        """Return the running sum of a value per unit and ``within`` up to each row, or from it on if not ``ascending``."""
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

    # ---- models in which one touch gets all

    def last(self, direct: Sequence[str] = ()) -> Node:
        """Return the credit of the last touch of each conversion; of the last that is not ``direct``, if there is one.

        In the order of touches and conversions, the last touch of a conversion is the previous row or, if that row is a
        conversion and not a touch, the last touch of that conversion.
        """
        kinds = ["indirect", "last"] if direct else ["last"]
        rows = self._with_rows_before(self._one_of_each(direct), kinds)
        conversions = Filter(rows, rows.column(CONVERTS), "conversions")
        if direct:
            return self._taken(*self._recent(self._with_last(conversions, kinds), kinds))
        # Few conversions directly follow another conversion, and only these need more windows.
        found = call("not_null", conversions.column("last_touch"))
        chained = call("or", call("is_null", conversions.column(TOUCH)), call("is_null", conversions.column("last_touch")))
        others = self._with_last(Filter(conversions, chained, "chained"), kinds)
        others = Filter(others, call("is_null", others.column("row_before")), "chained")
        parts = [self._taken(*self._recent(each, kinds)) for each in (Filter(conversions, found, "conversions"), others)]
        return Union(tuple(parts), tuple(parts[0].types), "credited")

    def _one_of_each(self, direct: Sequence[str]) -> Node:
        """Return touches and conversions, one row per moment and event id, with the touch of each kind."""
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
        """Return whether rows are unique by moment and event id."""
        return rows.key is not None and {*rows.key} <= {*self.unit, *self.order}

    def _with_rows_before(self, rows: Node, kinds: Sequence[str]) -> Node:
        """Return rows with the touch of each kind in the previous row, and its moment; missing if it is not such a touch."""
        columns: list[tuple[str, Expr]] = []
        for kind in kinds:
            touch, moment, units = rows.column(TOUCH if kind == "last" else kind), rows.column(self.order[0]), self.units(rows)
            there = call("not_null", touch)
            if kind == "indirect":
                # Only conversions and touches of this kind are compared.
                units.append(call("or", rows.column(CONVERTS), there))
            for title, value in (("touch", touch), ("moment", case([(there, moment)]))):
                before = aggregation("lag", value, literal(1), literal(None, value.type))
                columns.append((f"{kind}_{title}", over(before, units, self._in_order(rows))))
        return Extend(rows, tuple(columns), "rows_before")

    def _with_last(self, conversions: Node, kinds: Sequence[str]) -> Node:
        """Return conversions with their last touch of each kind, and the touch of the last kind in ``row_before``."""
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
        """Return conversions, and the first of their last touches that is within the window."""
        age = {kind: call("sub", plan.column(self.order[0]), plan.column(f"{kind}_moment")) for kind in kinds}
        return plan, case(
            [(call("le", age[kind], literal(self.window)), plan.column(f"{kind}_touch")) for kind in kinds], literal(DIRECT)
        )

    def _in_order(self, plan: Node) -> list[Ordering]:
        return [Ordering(plan.column(name)) for name in self.order]

    def first(self) -> Node:
        """Return the credit of the first touch of each conversion: the open touch that expires next."""
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

    # ---- models in which touches share a conversion

    def linear(self) -> Node:
        """Return the credit of touches that share each conversion equally."""
        if self._is_unique(self.rows):
            return self._linear_by_distance()
        rows = self.stream()
        part = case([(self.converts(rows), call("truediv", rows.column(WORTH), rows.column("open")))], literal(0.0))
        plan = Extend(rows, (("part", part), *self._labels(rows)), "shares")
        return self._shared(Extend(plan, tuple(self._around(plan, "part")), "shares"))

    def _linear_by_distance(self) -> Node:
        """Return the credit of touches that share each conversion equally, with one row per event.

        The touches that count for a conversion are those before it minus those that have expired. The credit of a touch is the
        sum of its parts of later conversions: those in its block, which is as long as the window, and those in the next block
        until it expires. Sums within a block avoid cancellation.
        """
        rows: Node = self.rows
        rows = Filter(rows, call("or", rows.column(CONVERTS), call("not_null", rows.column(TOUCH))), "touches_and_conversions")
        passed = call("sub", rows.column(self.order[0]), literal(_EPOCH))
        rows = Extend(rows, (("passed", passed),), "passed", once=True)
        rows = Extend(rows, (("block", call("floordiv", rows.column("passed"), literal(self.window))),), "blocks")
        length = self.window // datetime.timedelta(microseconds=1)

        def ordered(plan: Node, *, ascending: bool = True) -> list[Ordering]:
            # All orders start with the same column, so that rows are sorted once.
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
        # A conversion counts for the last touch of each label before it.
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
        """Return the credit of touches by their place among those of a conversion: the first, the last, and the middle."""
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
        """Return the credit of touches whose weight halves with each half-life between them and the conversion.

        Weights are relative to the start of a block as long as the window, so that they stay in the range of floats. A
        conversion counts touches of its own block, and those of the previous block that have not expired.
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
        """Return the sums that each touch gets from conversions: those of its block, and of the next until it expires."""
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
        """Return the credit of touches, and of conversions without touches."""
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
        """Return the number of open touches with the same label, as of each row.

        A label counts for the conversions from a row at which this becomes 1 to one at which it becomes 0.
        """
        return [("open_label", self.running(plan, plan.column("change"), TOUCH))]

    def converts(self, plan: Node) -> Expr:
        """Return whether a row is a conversion that has touches."""
        return call("and", is_conversion(plan), has_touches(plan))

    def taking_part(self) -> Node:
        """Return the touches that count for a conversion, with the moment of the first one, and conversions without touches."""
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

    # ---- models in which labels share a conversion

    def participation(self) -> Node:
        """Return the credit of labels; each gets full credit for every conversion that it took part in."""
        rows = self.stream()
        plan = Extend(rows, (("total", self.running(rows, rows.column(WORTH))), *self._labels(rows)), "totals")
        return self._with_direct(plan, self._between(plan, plan.column("total")))

    def shapley(self) -> Node:
        """Return the Shapley values of labels: each conversion is shared equally by the labels that took part in it."""
        rows = self.stream()
        plan: Node = Extend(rows, tuple(self._labels(rows)), "labels")
        edge = case([(opens_label(plan), literal(1)), (closes_label(plan), literal(-1))], literal(0))
        plan = Extend(plan, (("labels", self.running(plan, edge)),), "labels")
        part = case([(self.converts(plan), call("truediv", plan.column(WORTH), plan.column("labels")))], literal(0.0))
        plan = Extend(plan, (("total", self.running(plan, part)),), "totals")
        return self._with_direct(plan, self._between(plan, plan.column("total")))

    def _between(self, plan: Node, total: Expr) -> Expr:
        """Return summands that turn a running total into the total over the conversions for which a label counts."""
        return case(
            [(opens_label(plan), call("neg", total)), (closes_label(plan), total), (is_conversion(plan), plan.column(WORTH))],
            literal(0.0),
        )


def totals(credited: Node, keys: Sequence[str]) -> Node:
    """Return credit and conversions by keys, for keys that have conversions."""
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
    """Return whether a row is a touch with one of the labels, case-insensitive."""
    found: Expr = literal(False)
    for number, label in enumerate(labels):
        same = call("eq", call("lower", plan.column(TOUCH)), literal(label.lower()))
        found = same if number == 0 else call("or", found, same)
    return call("coalesce", found, literal(False))
