"""The rows of a snapshot: those that are exported from the source, and the columns that are computed from them afterwards.

Sessions and other columns that depend on other rows change when events are added. The plan of the frame is therefore cut below
its first window: the rows below are exported by month, and the columns above are computed locally from all rows of the snapshot
whenever some have changed. The results are those of the source, because engines agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from objectiv_local.engines.base import Engine
from objectiv_local.errors import InvalidType, InvalidValue, near
from objectiv_local.frame.frame import DataFrame
from objectiv_local.frame.unique import check_aligned
from objectiv_local.plan.expr import Expr
from objectiv_local.plan.nodes import Aggregate, Extend, GroupingSets, Limit, Node, Source, topological
from objectiv_local.plan.rewrite import expressions_of
from objectiv_local.plan.variables import set_variables
from objectiv_local.types import TIMESTAMP, Type

#: The time column of event frames, and the column that their rows are sorted by within a month.
MOMENT, USER = "moment", "user_id"
#: Columns whose change shows that a row was replaced, if a frame has them.
_TELLING = ("event_id", "moment", "user_id", "event_type", "session_id")


@dataclass(frozen=True, slots=True)
class Request:
    """The rows of a frame, in two parts: ``base`` is exported, and ``steps`` are computed from all exported rows."""

    engine: Engine
    plan: Node
    base: Node
    steps: tuple[Extend, ...]
    #: All columns of the frame with their types, index first.
    types: Mapping[str, Type]
    index: tuple[str, ...]
    #: The column whose months divide the rows; empty for a frame that is stored as a whole.
    time: str
    note: str

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that identify a row, if the plan proves it."""
        key = self.base.key or ()
        return tuple(key) if set(key) <= self.exported.keys() else ()

    @property
    def computed(self) -> dict[str, Type]:
        """The columns that are computed from all rows."""
        made = {name for step in self.steps for name, _ in step.columns}
        return {name: type_ for name, type_ in self.types.items() if name in made}

    @property
    def exported(self) -> dict[str, Type]:
        """The columns read from the source: those of the frame, and those that computed columns need."""
        made: set[str] = set()
        needed: list[str] = []
        for step in self.steps:
            for expr in step.exprs():
                needed += [name for name in sorted(expr.columns) if name not in made]
            made.update(name for name, _ in step.columns)
        names = dict.fromkeys([*(name for name in self.types if name not in made), *needed])
        return {name: self.base.types[name] for name in names}

    @property
    def telling(self) -> tuple[str, ...]:
        """The exported columns whose digest shows whether rows were added, removed or replaced."""
        exported = self.exported
        names = [name for name in dict.fromkeys([*self.key, *self.index, *_TELLING]) if name in exported]
        # Without a key, different rows may be equal in all of these columns.
        wanted = names if self.key else exported
        return tuple(name for name in wanted if exported[name].name != "json")

    @property
    def order(self) -> tuple[str, ...]:
        """The columns that rows are sorted by within the file of a month."""
        exported = self.exported
        names = [USER if USER in exported else "", self.time, *self.key]
        return tuple(dict.fromkeys(name for name in names if name and exported[name].name not in ("json", "numeric_interval")))

    def over(self, rows: Node) -> Node:
        """Return the computed columns over other rows, which have the columns of ``exported``."""
        plan = rows
        for step in self.steps:
            plan = step.with_inputs((plan,))
        return plan


def request_for(frame: DataFrame, time: str | None) -> Request:
    """Return what to store as a snapshot of a frame. Raises InvalidValue for a frame without rows or without the column."""
    state = frame._state.rows("a snapshot")
    engine = state.connected()
    names = [*frame.index_columns, *frame.data_columns]
    if not names:
        raise InvalidValue("the frame has no columns to store in a snapshot")
    types = {name: state.plan.types[name] for name in names}
    if time is None:
        time = MOMENT if types.get(MOMENT) == TIMESTAMP else ""
    elif time not in types:
        raise InvalidValue(f"the frame has no column {time!r}", hint=near(time, types))
    elif types[time] != TIMESTAMP:
        raise InvalidType(
            f"time has to name a timestamp column, and {time!r} is {types[time]}",
            hint=f"give another column, or cast it: df[{time!r}] = df[{time!r}].astype('timestamp')",
        )
    plan = set_variables(state.plan)
    check_aligned(plan, engine)
    base, steps = _cut(plan)
    found = Request(engine, plan, base, steps, types, tuple(frame.index_columns), time, "; ".join(state.notes))
    if steps and (not found.key or (time and time not in found.exported) or not _moves(found)):
        # Without a key, computed columns could not be joined back to their rows.
        found = replace(found, base=plan, steps=())
    return found


def depends_on_other_rows(plan: Node) -> bool:
    """Return whether a row of the plan may change when other rows of the source change than those it is computed from."""
    # A temporary table may have been computed in any of these ways.
    return any(
        isinstance(node, Aggregate | GroupingSets | Limit)
        or len(node.inputs()) > 1
        or (isinstance(node, Source) and node.relation.temporary)
        or any(expr.has_window or expr.has_query for expr in expressions_of(node))
        for node in topological(plan)
    )


def _cut(plan: Node) -> tuple[Node, tuple[Extend, ...]]:
    """Return the rows below the added columns that read other rows, and these columns, lowest first."""
    chain: list[Extend] = []
    node = plan
    while isinstance(node, Extend):
        chain.append(node)
        node = node.child
    while chain and not any(expr.has_window for expr in chain[-1].exprs()):
        node = chain.pop()
    return (node, tuple(reversed(chain)))


def _moves(found: Request) -> bool:
    """Return whether the computed columns can be computed from the exported rows alone, without other tables."""
    exprs: Iterable[Expr] = (expr for step in found.steps for expr in step.exprs())
    replaced = {name for step in found.steps for name, _ in step.columns} & found.base.types.keys()
    return not any(expr.has_query for expr in exprs) and not replaced
