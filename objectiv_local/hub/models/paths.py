"""Navigation paths: consecutive locations of users, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from objectiv_local.errors import ColumnNotFound, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Column,
    Expr,
    Extend,
    Filter,
    Limit,
    Node,
    Ordering,
    Select,
    State,
    aggregation,
    call,
    case,
    frame_of,
    literal,
    over,
    state_of,
)
from objectiv_local.hub.checks import column_names, require
from objectiv_local.hub.hits import by_event, drop_ungrouped
from objectiv_local.hub.locations import location_names
from objectiv_local.types import BOOL, STRING

#: The column with the number of the step that converts.
CONVERSION_STEP = "_first_conversion_step_number"
#: A column of the rows of paths that is not shown: the number of hits before the one that a path is made for, in its group.
OFFSET = "__offset"
_MOST_STEPS = 100


def get_navigation_paths(
    data: DataFrame,
    steps: int,
    by: str | Sequence[str] | None = None,
    location_stack: Series | str | None = None,
    add_conversion_step_column: bool = False,
    only_converted_paths: bool = False,
    start_from_end: bool = False,
    n_examples: int | None = None,
    sort_by: str | Sequence[str] | None = None,
) -> DataFrame:
    """Return the paths of ``steps`` consecutive locations that start at each hit, in columns ``<column>_step_<i>``.

    Hits are put in order by ``sort_by`` (by default ``moment``), then by the name of their location, then by event_id, within
    groups of ``by``, which are the index; without it, all hits are one sequence. If hits are grouped by user_id or session_id,
    those without one are in no path. Locations are the nice names of location stacks, or the values of the column ``location``
    in frames without stacks; ``location_stack`` names another column, or is a series of stacks or of names.

    A path that is over before ``steps`` ends in missing values; one that has only its first step is left out, unless it is the
    first of its group. With ``start_from_end``, paths end at each hit, and missing values come first; the path of a group's
    first hit is left out. ``n_examples`` keeps the paths of the first so many hits of each group.

    With ``add_conversion_step_column``, ``_first_conversion_step_number`` is the first step whose hit converts; the
    frame needs the bool column ``is_conversion_event``. ``only_converted_paths`` keeps paths that convert after their
    first step, and leaves out the steps behind the conversion.

    Reads the locations, moment or what ``sort_by`` names, and what ``by`` names. Raises InvalidValue for a number of steps that
    is not from 1 to 100.
    """
    for name, value in (("steps", steps), ("n_examples", n_examples)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise InvalidValue(f"{name} has to be a whole number from 1, not {value!r}")
    if steps > _MOST_STEPS:
        raise InvalidValue(f"a path of {steps} steps is too long", hint=f"paths have at most {_MOST_STEPS} steps")
    keys = column_names(by)
    sorting = column_names(sort_by) or ["moment"]
    data = require(data, "get_navigation_paths", [*keys, *sorting])
    converts = add_conversion_step_column or only_converted_paths
    if converts and data.dtypes.get("is_conversion_event") != "bool":
        raise ColumnNotFound(
            "is_conversion_event is not present in the frame as a bool, and paths to a conversion need it",
            hint="df['is_conversion_event'] = hub.map.is_conversion_event(df, name)",
        )
    location = location_names(data, location_stack, "get_navigation_paths")
    title = location.name
    state = drop_ungrouped(state_of(data.assign(__location=location)), keys)
    labels = [f"{title}_step_{number}" for number in range(1, steps + 1)]
    order = tuple(Ordering(state.column(name)) for name in (*sorting, "__location")) + by_event(state)
    path = _Path(state, tuple(state.column(key) for key in keys), order, steps, start_from_end)
    columns = [*zip(labels, path.steps_of("__location"), strict=True), (OFFSET, path.offset())]
    if converts:
        columns += zip(_converting(steps), path.steps_of("is_conversion_event"), strict=True)
    plan: Node = Extend(state.plan, tuple(columns), "paths")
    plan = Filter(plan, _is_shown(plan, labels, start_from_end, n_examples), "paths")
    shown = list(labels)
    if converts:
        plan = _converted(plan, labels, only_converted_paths)
        if add_conversion_step_column:
            shown.append(CONVERSION_STEP)
    chosen = tuple((name, plan.column(name)) for name in (*keys, *shown, *([OFFSET] if OFFSET not in keys else [])))
    plan = Select(plan, chosen, "paths")
    ordering = tuple(Ordering(plan.column(name)) for name in (*keys, OFFSET))
    return frame_of(state.with_rows(plan, tuple(keys), ordering), shown)


def path_columns(plan: Node) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the columns that the groups of paths are by, and those of their steps, if a plan has the rows of paths with them.

    Together with the offset, the former tell the hits that paths are made for apart. None for a plan that lost some of that.
    """
    changed: set[str] = set()
    node = plan
    while isinstance(node, Extend | Filter | Limit):
        changed |= {name for name, _ in node.columns} if isinstance(node, Extend) else set()
        node = node.child
    if not isinstance(node, Select) or node.step != "paths" or OFFSET not in node.types:
        return None
    made = node.child
    while isinstance(made, Extend | Filter) and OFFSET not in (dict(made.columns) if isinstance(made, Extend) else ()):
        made = made.child
    computed = dict(made.columns) if isinstance(made, Extend) else {}
    others = [name for name in node.types if name not in (OFFSET, CONVERSION_STEP)]
    keys = tuple(name for name in others if name not in computed)
    steps = tuple(name for name in others if name in computed)
    return (keys, steps) if OFFSET in computed and changed.isdisjoint((*keys, OFFSET)) else None


def path_column(plan: Node, name: str) -> str | None:
    """Return the name that a column had when the paths were made; None if it is computed since."""
    while isinstance(plan, Extend | Filter | Limit):
        if isinstance(plan, Extend) and name in (columns := dict(plan.columns)):
            expr = columns[name]
            if not isinstance(expr, Column):
                return None
            name = expr.name
        plan = plan.child
    return name


@dataclass(frozen=True, slots=True)
class _Path:
    """Paths of a number of steps that start at each row, or end there."""

    state: State
    partition: tuple[Expr, ...]
    order: tuple[Ordering, ...]
    steps: int
    from_end: bool

    def steps_of(self, name: str) -> list[Expr]:
        """Return the values of a column at each step."""
        column = self.state.column(name)
        distances = [self.steps - 1 - step if self.from_end else step for step in range(self.steps)]
        return [
            column
            if distance == 0
            else over(
                aggregation("lag" if self.from_end else "lead", column, literal(distance), literal(None, column.type)),
                self.partition,
                self.order,
            )
            for distance in distances
        ]

    def offset(self) -> Expr:
        """Return the number of rows before each one."""
        return call("sub", over(aggregation("row_number"), self.partition, self.order), literal(1))


def _is_shown(plan: Node, labels: list[str], from_end: bool, n_examples: int | None) -> Expr:
    """Return whether there is a path: of more than one step, except for the first row."""
    offset = plan.column(OFFSET)
    if from_end:
        shown = call("gt", offset, literal(0))
    elif len(labels) > 1:
        shown = call("or", call("not_null", plan.column(labels[1])), call("eq", offset, literal(0)))
    else:
        shown = literal(True)
    return shown if n_examples is None else call("and", shown, call("lt", offset, literal(n_examples)))


def _converting(steps: int) -> list[str]:
    """Return the columns that say of each step whether it converts."""
    return [f"__converts_{number}" for number in range(1, steps + 1)]


def _converted(plan: Node, labels: list[str], only: bool) -> Node:
    """Return paths with the first step that converts; with ``only``, those that convert after their first step, up to there."""
    numbers = [literal(number) for number in range(1, len(labels) + 1)]
    whens = [(Column(name, BOOL), number) for name, number in zip(_converting(len(labels)), numbers, strict=True)]
    plan = Extend(plan, ((CONVERSION_STEP, case(whens)),), "paths")
    if not only:
        return plan
    reached = plan.column(CONVERSION_STEP)
    plan = Filter(plan, call("gt", reached, literal(1)), "paths")
    return Extend(
        plan,
        tuple(
            (label, case([(call("le", number, reached), Column(label, STRING))]))
            for label, number in zip(labels, numbers, strict=True)
        ),
        "paths",
    )
