"""Funnels: the paths that users take through locations, and how many go on from each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from objectiv_local.arguments import checked
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Column,
    Expr,
    Extend,
    Filter,
    Node,
    Ordering,
    Select,
    aggregation,
    call,
    case,
    literal,
    over,
)
from objectiv_local.frame.series import make_series
from objectiv_local.hub import sankey
from objectiv_local.hub.checks import require
from objectiv_local.hub.features import location_names
from objectiv_local.types import BOOL, STRING

CONVERSION_STEP = "_first_conversion_step_number"
_MOST_STEPS = 100


@checked
class FunnelDiscovery:
    """Paths of consecutive locations: what users do, step by step."""

    #: The column with the number of the step that converts; the first name is how it was spelt once.
    CONVERSTION_STEP_COLUMN = CONVERSION_STEP
    CONVERSION_STEP_COLUMN = CONVERSION_STEP

    def get_navigation_paths(self, data: DataFrame, steps: int, by: str | Sequence[str] | None = None,
                             location_stack: Series | str | None = None, add_conversion_step_column: bool = False,
                             only_converted_paths: bool = False, start_from_end: bool = False,
                             n_examples: int | None = None, sort_by: str | Sequence[str] | None = None) -> DataFrame:
        """Return the paths of ``steps`` consecutive locations that start at each hit, in columns ``<column>_step_<i>``.

        Hits are put in order by ``sort_by`` (by default ``moment``) and then by the name of their location, within groups of
        ``by``, which are the index; without it, all hits are one sequence. Locations are the nice names of
        ``location_stack``: a column, or a series of stacks or of names. A path that is over before ``steps`` ends in missing
        values; one that has only its first step is left out, unless it is the first of its group. With ``start_from_end``,
        paths end at each hit, and missing values come first; the path of a group's first hit is left out. ``n_examples``
        keeps the paths of the first so many hits of each group.

        With ``add_conversion_step_column``, ``_first_conversion_step_number`` is the first step whose hit converts; the
        frame needs the bool column ``is_conversion_event``. ``only_converted_paths`` keeps paths that convert after their
        first step, and leaves out the steps behind the conversion.

        Raises InvalidValue for a number of steps that is not from 1 to 100.
        """
        for name, value in (("steps", steps), ("n_examples", n_examples)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise InvalidValue(f"{name} has to be a whole number from 1, not {value!r}")
        if steps > _MOST_STEPS:
            raise InvalidValue(f"a path of {steps} steps is too long", hint=f"paths have at most {_MOST_STEPS} steps")
        keys = _names(by)
        sorting = _names(sort_by) or ["moment"]
        data = require(data, "get_navigation_paths", **dict.fromkeys([*keys, *sorting], ""))
        converts = add_conversion_step_column or only_converted_paths
        if converts and data.dtypes.get("is_conversion_event") != "bool":
            raise ColumnNotFound("is_conversion_event is not present in the frame as a bool, and paths to a conversion need it",
                                 hint="df['is_conversion_event'] = hub.map.is_conversion_event(df, name)")
        location = location_names(data, location_stack, "get_navigation_paths")
        title = location.name
        df = data.assign(__location=location)
        state = df._state
        partition = [state.column(key) for key in keys]
        order = tuple(Ordering(state.column(name)) for name in (*sorting, "__location"))

        def step(name: str, number: int) -> Expr:
            """Return the value of a column at a step of the path."""
            column = state.column(name)
            distance = steps - number if start_from_end else number - 1
            if distance == 0:
                return column
            op = "lag" if start_from_end else "lead"
            moved = aggregation(op, column, literal(distance), literal(None, column.type))
            return over(moved, partition, order)

        numbers = range(1, steps + 1)
        labels = [f"{title}_step_{number}" for number in numbers]
        columns: list[tuple[str, Expr]] = [
            (label, step("__location", number)) for label, number in zip(labels, numbers, strict=True)]
        columns.append(("__offset", call("sub", over(aggregation("row_number"), partition, order), literal(1))))
        if converts:
            columns += [(f"__converts_{number}", step("is_conversion_event", number)) for number in numbers]
        plan: Node = Extend(state.plan, tuple(columns), "paths")
        offset = plan.column("__offset")
        if start_from_end:
            kept = call("gt", offset, literal(0))
        elif steps > 1:
            kept = call("or", call("not_null", plan.column(labels[1])), call("eq", offset, literal(0)))
        else:
            kept = literal(True)
        if n_examples is not None:
            kept = call("and", kept, call("lt", offset, literal(n_examples)))
        plan = Filter(plan, kept, "paths")
        shown = list(labels)
        if converts:
            whens = [(Column(f"__converts_{number}", BOOL), literal(number)) for number in numbers]
            plan = Extend(plan, ((CONVERSION_STEP, case(whens)),), "paths")
            reached = plan.column(CONVERSION_STEP)
            if only_converted_paths:
                plan = Filter(plan, call("gt", reached, literal(1)), "paths")
                plan = Extend(plan, tuple(
                    (label, case([(call("le", literal(number), reached), Column(label, STRING))]))
                    for label, number in zip(labels, numbers, strict=True)), "paths")
            if add_conversion_step_column:
                shown.append(CONVERSION_STEP)
        chosen = tuple((name, plan.column(name)) for name in (*keys, *shown, *(["__offset"] if "__offset" not in keys else [])))
        plan = Select(plan, chosen, "paths")
        ordering = tuple(Ordering(plan.column(name)) for name in (*keys, "__offset"))
        return DataFrame(state.with_rows(plan, tuple(keys), ordering), shown)

    def plot_sankey_diagram(self, steps_df: DataFrame, n_top_examples: int | None = None, show: bool = True) -> DataFrame:
        """Return how often each location follows another in paths: a frame of ``source``, ``target`` and ``value``.

        Most frequent pairs come first. With ``show``, the diagram is drawn by plotly, of the ``n_top_examples`` most
        frequent pairs; the frame has all of them.
        """
        sankey.check_most(n_top_examples)
        columns = [name for name in steps_df.data_columns if name != CONVERSION_STEP]
        others = [name for name in columns if steps_df.dtypes[name] != "string"]
        if others:
            raise InvalidType(f"a diagram is of the names of locations, and {others[0]!r} is {steps_df.dtypes[others[0]]}",
                              hint="make the paths with get_navigation_paths(...)")
        if len(columns) < 2:
            raise InvalidValue("a diagram needs paths of two steps at least", hint="get_navigation_paths(..., steps=2)")
        pairs = []
        for source, target in pairwise(columns):
            pair = steps_df[[source, target]].reset_index(drop=True)
            pairs.append(pair.rename(columns={source: "source", target: "target"}))
        result = sankey.flows(pairs)
        if show:
            sankey.diagram(result, n_top_examples, "Locations and those that follow, by paths").show()
        return result


def _names(given: object) -> list[str]:
    if given is None:
        return []
    names = [given] if isinstance(given, str) else list(given)  # type: ignore[call-overload]
    for name in names:
        if not isinstance(name, str):
            raise InvalidType(f"columns are given by name, not by {type(name).__name__}",
                              hint="assign the series to a column first")
    return names


def funnel_conversion(data: DataFrame, location_stack: Series | str | None, groupby: str | Sequence[str] | None) -> DataFrame:
    """Return how many users go on from each location; see Aggregate.funnel_conversion."""
    keys = _names(groupby)
    data = require(data, "funnel_conversion", user_id="", moment="timestamp", session_id="int64", session_hit_number="int64",
                   **{key: "" for key in keys if key not in ("session_id", "session_hit_number", "user_id", "moment")})
    taken = {"location", "n_users", "n_users_completed_step"} & set(keys)
    if taken:
        raise InvalidValue(f"a group cannot be named {min(taken)!r}, as a column of the result is", hint="rename the column")
    df = data.assign(location=location_names(data, location_stack, "funnel_conversion"))
    state = df._state
    hits = (Ordering(state.column("session_id")), Ordering(state.column("session_hit_number")))
    own = [state.column(name) for name in ("location", "user_id")]
    first = Filter(state.plan, call("eq", over(aggregation("row_number"), own, hits), literal(1)), "first_hits")
    order = (Ordering(Column("moment", state.plan.types["moment"])), Ordering(Column("location", STRING)))
    partition = [first.column(name) for name in dict.fromkeys(("user_id", *keys))]
    following = over(aggregation("lead", Column("location", STRING), literal(1), literal(None, STRING)), partition, order)
    plan = Extend(first, (("next_location", following),), "first_hits")
    paths = DataFrame(state.with_plan(plan, ()), [*df.data_columns, "next_location"])
    went_on = make_series(paths._state, plan.column("next_location"), "next_location").notnull() & paths.location.notnull()
    paths["went_on"] = paths.user_id.where(went_on)
    counted = paths.groupby([*keys, "location"]).agg(n_users=("user_id", "nunique"),
                                                      n_users_completed_step=("went_on", "nunique")).reset_index()
    most = counted.n_users.max() if not keys else counted.groupby(keys).n_users.transform("max")
    counted["step_conversion_rate"] = (counted.n_users_completed_step / counted.n_users).round(3)
    counted["full_conversion_rate"] = (counted.n_users_completed_step / most).round(3)
    counted["dropoff_share"] = ((counted.n_users - counted.n_users_completed_step) / most).round(3)
    return counted.sort_values([*keys, "n_users", "location"], [*([True] * len(keys)), False, True])


