"""The plan of features at points in time: events joined to cutoffs, one aggregation for all features, and the spine."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import (
    Aggregate,
    Column,
    Expr,
    Extend,
    Filter,
    Join,
    Node,
    Ordering,
    ScalarQuery,
    Select,
    aggregation,
    call,
    case,
    cast,
    common_type,
    frame_of,
    joined,
    literal,
    state_of,
    unused_name,
)
from objectiv_local.ml.columns import check_comparable, check_instant, checked_column
from objectiv_local.ml.features.aspects import Aspect, shown
from objectiv_local.ml.fetching import fetched
from objectiv_local.types import INT64, TIMESTAMP

if TYPE_CHECKING:
    from objectiv_local.frame.authoring import JoinSide
    from objectiv_local.ml.features.definition import Features


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair of an event and a cutoff: the expressions that aggregates read.

    ``values`` maps names to columns, and ``conditions`` maps the conditions of features to columns. All events are between
    ``start`` and ``end``, relative to the cutoff.
    """

    time: Expr
    cutoff: Expr
    order: tuple[Ordering, ...]
    is_key: bool
    values: dict[str, Expr]
    conditions: dict[Expr, Expr]
    start: datetime.timedelta | None = None
    end: datetime.timedelta | None = None

    def aggregate(self, aspect: Aspect) -> Expr:
        """Return a feature or label as an aggregate over pairs."""
        bounds = between(self, aspect.start, aspect.end)
        kept = None if aspect.where is None else self.conditions[aspect.where]
        where = kept if bounds is None else bounds if kept is None else call("and", kept, bounds)
        value = None if aspect.column is None else self.values[aspect.column]
        match aspect.agg:
            case "count":
                # A cutoff without events has one pair, whose time is NULL.
                return aggregation("count", self.time if value is None else value, where=where)
            case "any":
                return aggregation("any", call("not_null", self.time), where=where)
            case "share":
                assert kept is not None
                return aggregation("mean", call("coalesce", kept, literal(False)), where=bounds or call("not_null", self.time))
            case "since_last":
                return aggregation("min", call("total_seconds", call("sub", self.cutoff, self.time)), where=where)
        assert value is not None
        if aspect.agg in ("first", "last"):
            # Events that tie in all of these have the same value, so any of them can be used.
            ties = (
                ()
                if self.is_key or value.type.name == "json" or any(key.expr is value for key in self.order)
                else (Ordering(value),)
            )
            return aggregation(aspect.agg, value, order=(*self.order, *ties), where=where)
        return aggregation(aspect.agg, value, where=where)


def between(pair: Pair, start: datetime.timedelta | None, end: datetime.timedelta | None) -> Expr | None:
    """Return whether an event is within bounds; None if all pairs are."""
    tests = []
    if start is not None and start != pair.start:
        tests.append(call("ge", pair.time, _offset(pair.cutoff, start)))
    if end is not None and end != pair.end:
        tests.append(call("lt", pair.time, _offset(pair.cutoff, end)))
    return joined("and", tests) if tests else None


def _offset(cutoff: Expr, by: datetime.timedelta) -> Expr:
    if not by:
        return cutoff
    return call("add", cutoff, literal(by)) if by > datetime.timedelta(0) else call("sub", cutoff, literal(-by))


def checked_aspect(features: Features, aspect: Aspect) -> None:
    """Raise InvalidType for a feature or label whose column has an unsupported type, InvalidValue for one without an order."""
    state = state_of(features.events)
    if aspect.agg in ("first", "last") and not (features.key or state.plan.key):
        raise InvalidValue(
            f"feature {aspect.name!r} is {aspect.agg!r}, but events at the same time have no order",
            hint="name columns that identify an event: Features(events, key='event_id'), or set an index",
        )
    if (
        aspect.column is not None
        and state.column(aspect.column).type.name == "json"
        and aspect.agg not in ("count", "first", "last")
    ):
        raise InvalidType(
            f"{aspect.name!r} cannot be the {aspect.agg} of {aspect.column!r}, which is {state.column(aspect.column).type}",
            hint="read a member of it as a number or a string first",
        )
    moment = literal(datetime.datetime(1970, 1, 1))
    values: dict[str, Expr] = {} if aspect.column is None else {aspect.column: state.column(aspect.column)}
    conditions = {} if aspect.where is None else {aspect.where: aspect.where}
    Pair(moment, moment, (), False, values, conditions).aggregate(aspect)


def features_at(features: Features, spine: DataFrame, cutoff: str) -> DataFrame:
    """Return the spine with features and labels; see Features.at."""
    aspects = features._aspects
    if not aspects:
        raise InvalidValue("there are no features and no labels", hint="add one: features.add('visits', 'count')")
    _checked(features, spine, cutoff)
    rows, entity, moment = _keyed(features, spine, cutoff)
    known = call("and", call("not_null", rows.column(entity)), call("not_null", rows.column(moment)))
    moments = Aggregate(Filter(rows, known), ((entity, rows.column(entity)), (moment, rows.column(moment))), (), "moments")
    events, names, conditions = _events(features, set(moments.types), moments.types[entity])
    pairs, pair = _pairs(features, moments, events, names, conditions, (entity, moment))
    found = Aggregate(
        pairs,
        tuple((name, pairs.column(name)) for name in moments.types),
        tuple((each.name, pair.aggregate(each)) for each in aspects),
        "features",
    )
    sides: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in rows.types]
    sides += [(each.name, "right", (each.name, each.name)) for each in aspects]
    keys = ((entity, entity), (moment, moment))
    plan: Node = Join(rows, found, "left", keys, tuple(sides), step="with_features", key=rows.key)
    plan = _labelled(features, spine, plan, moment, entity, events, names)
    return frame_of(state_of(spine).with_plan(plan), [*spine.data_columns, *(each.name for each in aspects)])


def _checked(features: Features, spine: DataFrame, cutoff: str) -> None:
    """Raise the errors of Features.at for an invalid spine."""
    if not isinstance(spine, DataFrame):
        raise InvalidType(
            f"features are computed at the rows of a frame, not of {type(spine).__name__}",
            hint="load it: DataFrame.from_pandas(df.engine, rows)",
        )
    state, events = state_of(spine), state_of(features.events)
    if state.engine is not events.engine or state.dialect != events.dialect:
        raise InvalidValue(
            "the spine and the events are on different connections",
            hint="load the spine on the connection of the events: DataFrame.from_pandas(events.engine, rows)",
        )
    known = [*spine.index_columns, *spine.data_columns]
    if features.entity not in known:
        raise ColumnNotFound(f"the spine has no column {features.entity!r}, the entity", hint=near(features.entity, known))
    checked_column(spine, cutoff, "cutoff")
    if cutoff == features.entity:
        raise InvalidValue(f"{cutoff!r} cannot be both the entity and the cutoff")
    check_instant(spine, cutoff)
    check_comparable(spine, features.entity, "entity")
    taken = [each.name for each in features._aspects if each.name in state.plan.types]
    if [name for name in taken if name in known]:
        raise InvalidValue(f"the spine already has a column {taken[0]!r}", hint="rename it, or rename the feature")


def _keyed(features: Features, spine: DataFrame, cutoff: str) -> tuple[Node, str, str]:
    """Return the rows of the spine with entity and cutoff in the types for comparison, and the names of both."""
    plan = state_of(spine).plan
    hidden = {each.name for each in features._aspects} & set(plan.types)
    if hidden:
        kept = {*spine.index_columns, *spine.data_columns, *(n for key in spine.order_by for n in key.expr.columns)}
        if hidden & kept:
            raise InvalidValue(
                f"the spine is sorted by a former column {min(hidden)!r}", hint="rename the feature, or sort afterwards"
            )
        plan = Select(plan, tuple((name, plan.column(name)) for name in plan.types if name in kept))
    theirs = state_of(features.events).plan.types[features.entity]
    common = common_type([plan.types[features.entity], theirs])
    if common is None:
        raise InvalidType(
            f"the entity {features.entity!r} is {plan.types[features.entity]} in the spine and {theirs} in the events",
            hint="cast one of them with astype",
        )
    names, added = [], []
    taken = {*plan.types, *(each.name for each in features._aspects)}
    for name, wanted in ((features.entity, common), (cutoff, TIMESTAMP)):
        if plan.types[name] == wanted:
            names.append(name)
            continue
        aside = unused_name(f"{name}_as_key", taken)
        names.append(aside)
        added.append((aside, cast(plan.column(name), wanted)))
    return (Extend(plan, tuple(added)) if added else plan), names[0], names[1]


def _events(features: Features, taken: set[str], entity: object) -> tuple[Select, dict[str, str], dict[Expr, str]]:
    """Return the columns of events that aggregates read, and the names of these and of the conditions."""
    plan = state_of(features.events).plan
    taken = taken | {each.name for each in features._aspects}
    names: dict[str, str] = {}
    columns: list[tuple[str, Expr]] = []
    used = [features.entity, features.time, *(each.column for each in features._aspects if each.column is not None)]
    if any(each.agg in ("first", "last") for each in features._aspects):
        used += features.key or plan.key or ()
    for name in dict.fromkeys(used):
        found: Expr = plan.column(name)
        if name == features.time:
            found = cast(found, TIMESTAMP)
        elif name == features.entity:
            found = cast(found, entity)  # type: ignore[arg-type]
        names[name] = unused_name(name if name not in taken else f"event_{name}", taken)
        taken.add(names[name])
        columns.append((names[name], found))
    conditions: dict[Expr, str] = {}
    for each in features._aspects:
        if each.where is not None and each.where not in conditions:
            label = unused_name(f"for_{each.name}", taken)
            taken.add(label)
            conditions[each.where] = label
            columns.append((label, each.where))
    return Select(plan, tuple(columns), "events_of_entities"), names, conditions


def _pairs(
    features: Features, moments: Node, events: Select, names: dict[str, str], conditions: dict[Expr, str], keys: tuple[str, str]
) -> tuple[Join, Pair]:
    """Return the cutoffs joined to the events that their features need; a cutoff without any has one row without an event."""
    entity, moment = keys
    starts = [each.start for each in features._aspects]
    start = None if None in starts else min(each for each in starts if each is not None)
    end = max(each.end for each in features._aspects)
    columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in moments.types]
    columns += [(name, "right", (name, name)) for name in events.types]
    types = events.types
    time, cutoff = Column(names[features.time], TIMESTAMP), moments.column(moment)
    own_key = state_of(features.events).plan.key
    key = features.key or own_key or ()
    ordered = any(each.agg in ("first", "last") for each in features._aspects)
    order = (
        tuple(Ordering(Column(names[name], types[names[name]])) for name in dict.fromkeys((features.time, *key)))
        if ordered
        else ()
    )
    bare = Pair(
        time,
        cutoff,
        order,
        own_key is not None and set(own_key) <= {*key, features.time, features.entity},
        {name: Column(label, types[label]) for name, label in names.items()},
        {where: Column(label, types[label]) for where, label in conditions.items()},
    )
    condition = between(bare, start, end)
    told_apart = (*moments.types, *(names[name] for name in dict.fromkeys((features.time, *key)))) if ordered else None
    pairs = Join(
        moments,
        events,
        "left",
        ((entity, names[features.entity]),),
        tuple(columns),
        step="pairs",
        key=told_apart,
        condition=condition,
    )
    return pairs, Pair(bare.time, cutoff, order, bare.is_key, bare.values, bare.conditions, start, end)


# ---- labels that are not known yet


def _labelled(
    features: Features, spine: DataFrame, plan: Node, moment: str, entity: str, events: Select, names: dict[str, str]
) -> Node:
    """Return the rows with NULL for the labels of censored rows, or without those rows."""
    labels = [each for each in features._aspects if each.is_label]
    if not labels:
        return plan
    last = Aggregate(events, (), (("until", aggregation("max", Column(names[features.time], TIMESTAMP))),), "last_event")
    complete = {
        each.name: call(
            "le",
            _offset(plan.column(moment), each.end),
            ScalarQuery(last, "until") if each.until is None else literal(each.until),
        )
        for each in labels
    }
    for each in labels:
        if each.censored == "error":
            _refuse_censored(spine, plan, each, call("and", complete[each.name], call("not_null", plan.column(entity))))
    for each in labels:
        if each.censored == "drop":
            plan = Filter(plan, call("and", complete[each.name], call("not_null", plan.column(entity))), "complete")
    hidden = tuple(
        (each.name, case([(complete[each.name], plan.column(each.name))])) for each in labels if each.censored == "null"
    )
    return Extend(plan, hidden, "with_labels") if hidden else plan


def _refuse_censored(spine: DataFrame, plan: Node, label: Aspect, complete: Expr) -> None:
    """Raise InvalidValue if the label of any row is not known. One query."""
    unknown = case([(complete, literal(0))], literal(1))
    counted = Aggregate(plan, (), (("rows", aggregation("size")), ("unknown", aggregation("sum", cast(unknown, INT64)))))
    row = fetched(state_of(spine), counted).to_pylist()[0]
    if row["unknown"]:
        raise InvalidValue(
            f"label {label.name!r} is not known for {row['unknown']} of {row['rows']} rows: their horizon, "
            f"{shown(label.end)} from the cutoff, ends after the data does, or they have no entity or cutoff",
            hint="use earlier cutoffs, censored='null' or 'drop', or until=... if the data is complete up to that time",
        )
