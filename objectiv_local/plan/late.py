"""Read JSON late: rows are sorted, filtered and limited without their JSON, which is then read for the rows that are left.

Sessions need a user and a moment of every event. The first rows of a frame, or the events of one user or one day, need the
JSON of a few events only, and a sort that carries the JSON of all of them takes ten times as long. So the steps up to the
last filter or limit run over narrow rows that carry the row id of their table, and the JSON is joined by it.

Where no step after the windows leaves rows out, the JSON of all rows is wanted, and a join costs as much as it saves.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from objectiv_local.plan.expr import Column, Expr, transform
from objectiv_local.plan.naming import new_name
from objectiv_local.plan.nodes import (
    Extend,
    Filter,
    Join,
    JoinSide,
    Limit,
    Node,
    Pin,
    Select,
    Sort,
    Source,
    depends_on,
    topological,
)
from objectiv_local.plan.rewrite import prune, rebuild, required
from objectiv_local.types import JSON, ROW_ID

#: Steps that are computed over narrow rows.
_Step = Extend | Select | Filter | Limit | Pin


def read_late(root: Node) -> Node:
    """Return the plan with the JSON that windows carry read after the last step that leaves rows out."""
    found = _found(root)
    if not found:
        return root
    # The rows that are left have the columns that later steps read, and not those that they only name.
    pruned = prune(root)
    return rebuild(pruned, (found if pruned is root else _found(pruned)).get)


def _found(root: Node) -> dict[Node, Node]:
    """Return the steps whose JSON is to be read late, with what takes their place."""
    nodes = topological(root)
    needed = required(nodes, root)
    readers = Counter(below for node in nodes for below in depends_on(node))
    taken = {name for node in nodes for name in node.types}
    shown = _shown(root)
    found: dict[Node, Node] = {}
    inside: set[Node] = set()
    for node in reversed(nodes):
        if node in inside or not _leaves_out(node):
            continue
        chain = _chain(node, readers)
        if chain is None:
            continue
        made = _Late(*chain, needed[node], taken).plan(is_shown=node in shown)
        if made is not None:
            inside.update(chain[1])
            found[node] = made
    return found


def _leaves_out(node: Node) -> bool:
    return isinstance(node, Filter) or (isinstance(node, Limit) and node.count is not None)


def _shown(root: Node) -> set[Node]:
    """Return the nodes whose order is that of the result, because the steps above them keep it."""
    shown = {root}
    while isinstance(root, Extend | Select):
        root = root.child
        shown.add(root)
    return shown


def _chain(top: Node, readers: Counter[Node]) -> tuple[Source, list[_Step]] | None:
    """Return a table and the steps over it up to ``top``, or None if these steps do not begin with a table.

    None too if its rows cannot be found again, if there is no window, or if another step reads one of these as well.
    """
    steps: list[_Step] = []
    node = top
    while isinstance(node, _Step) and (node is top or readers[node] == 1):
        steps.append(node)
        node = node.child
    if not isinstance(node, Source) or not node.row_id or not any(
            expr.has_window for step in steps for expr in step.exprs()):
        return None
    return node, steps[::-1]


@dataclass(frozen=True)
class _Value:
    """A column as one step makes it. A column that is replaced has two values.

    ``step`` is the position of the step, -1 for the table. ``reads`` are the numbers of the values it is computed from.
    """

    name: str
    step: int
    expr: Expr
    reads: tuple[int, ...]

    @property
    def is_json(self) -> bool:
        return self.expr.type.plain == JSON


class _Late:
    """A chain of steps, and which values of it are computed early and late. JSON that both need is computed twice."""

    def __init__(self, source: Source, steps: list[_Step], wanted: set[str], taken: set[str]) -> None:
        self.source = source
        self.steps = steps
        self.taken = taken
        #: All values in the order in which they are made.
        self.values = [_Value(name, -1, source.column(name), ()) for name in source.types]
        #: What filters and orders read: (number of the value, position of the step).
        self.decisive: set[tuple[int, int]] = set()
        current = {name: number for number, name in enumerate(source.types)}
        for position, step in enumerate(steps):
            before = current
            if isinstance(step, Extend | Select):
                current = dict(before) if isinstance(step, Extend) else {}
                for name, expr in step.columns:
                    current[name] = len(self.values)
                    self.values.append(_Value(name, position, expr, tuple(before[read] for read in sorted(expr.columns))))
            else:
                self.decisive |= {(before[name], position) for expr in step.exprs() for name in expr.columns}
        #: The values of the result by name.
        self.result = current
        self.wanted = {current[name] for name in wanted}
        #: Values that decide which rows are left, or that need all rows, and what these are computed from.
        self.early = self._read_by({number for number, _ in self.decisive} | {
            number for number in self._read_by(self.wanted) if self.values[number].expr.has_window})
        self.late = self._computed_late()
        #: What the narrow rows hand on, and all that they hold.
        self.carried = (self.wanted | {read for number in self.late for read in self.values[number].reads}) - self.late
        self.narrow = self._read_by(self.early | self.carried)

    def _read_by(self, numbers: set[int]) -> set[int]:
        """Return the values, and all that they are computed from."""
        found = set(numbers)
        for number in reversed(range(len(self.values))):
            if number in found:
                found.update(self.values[number].reads)
        return found

    def _computed_late(self) -> set[int]:
        """Return the values that are computed from JSON for the rows that are left, and what only these read."""
        live = self._read_by(self.wanted)
        late: set[int] = set()
        for number, value in enumerate(self.values):
            if number in live and not value.expr.has_window and (
                    value.is_json or (number not in self.early and not late.isdisjoint(value.reads))):
                late.add(number)
        for number in reversed(range(len(self.values))):
            readers = {other for other in live if number in self.values[other].reads}
            if number in live - self.wanted and not late.isdisjoint(readers) and (
                    self.values[number].step < 0 or (number not in self.early and readers <= late)):
                late.add(number)
        needed = set(self.wanted)
        for number in reversed(range(len(self.values))):
            if number in needed & late:
                needed.update(self.values[number].reads)
        return late & needed

    def plan(self, *, is_shown: bool) -> Node | None:
        """Return the steps with JSON read late, or None if that is not better or not possible."""
        top = self.steps[-1]
        order = top.order if is_shown and isinstance(top, Limit) else ()
        carried = self.carried | {self.result[name] for key in order for name in key.expr.columns}
        is_there = carried <= self._kept_to_the_end()
        is_wide = self._json_in_windows(self._read_by(self.wanted) | self.early, self.wanted)
        if not is_there or not is_wide or self._json_in_windows(self.narrow, carried):
            return None

        names = {number: self.values[number].name if self.result.get(self.values[number].name) == number
                 else new_name(self.values[number].name, self.taken) for number in sorted(carried | self.late)}
        ids = {new_name(name, self.taken): (name, stored) for name, stored in self.source.row_id}
        columns: list[tuple[str, JoinSide, tuple[str, str]]] = []
        for number, name in names.items():
            value = self.values[number]
            if number not in self.late:
                columns.append((name, "left", (value.name, value.name)))
            elif value.step < 0:
                columns.append((name, "right", (value.name, value.name)))
        pairs = tuple((name, name) for name in ids)
        kept = self._narrow_rows(ids)
        # Joined by the row id alone first: an engine that does not foresee how few rows are left then holds row ids in
        # memory, and not the JSON of the whole table.
        table = self._table({self.values[number].name for number in self.late if self.values[number].step < 0}, ids)
        json = Join(table, kept, "inner", pairs, tuple((name, "left", (name, name)) for name in table.types),
                    step="json", key=tuple(ids), single="right")
        node: Node = Join(kept, json, "inner", pairs, tuple(columns), step="rows_with_json", key=top.key, single="right")
        for position, step in enumerate(self.steps):
            computed = tuple((names[number], self._renamed(self.values[number], names)) for number in sorted(self.late)
                             if self.values[number].step == position)
            if computed:
                node = Extend(node, computed, step.step, once=isinstance(step, Extend) and step.once)
        return Sort(node, order) if order else node

    def _kept_to_the_end(self) -> set[int]:
        """Return the values that the last of the narrow rows have: those that no step replaces or leaves out."""
        kept: dict[str, int] = {}
        for position in range(-1, len(self.steps)):
            if position >= 0 and isinstance(self.steps[position], Select):
                kept = {}
            kept |= {self.values[number].name: number for number in sorted(self.narrow)
                     if self.values[number].step == position}
        return set(kept.values())

    def _renamed(self, value: _Value, names: dict[int, str]) -> Expr:
        read = {self.values[number].name: names[number] for number in value.reads}
        return transform(value.expr, lambda part: (
            Column(read[part.name], part.type) if isinstance(part, Column) else None))

    def _json_in_windows(self, values: set[int], handed_on: set[int]) -> bool:
        """Return whether rows with the given values, some of which are handed on, carry JSON through a window."""
        windows = {self.values[number].step for number in values if self.values[number].expr.has_window}
        windows |= {position for position, step in enumerate(self.steps)
                    if isinstance(step, Filter | Limit) and any(expr.has_window for expr in step.exprs())}
        for number in values:
            value = self.values[number]
            if value.is_json:
                uses = [self.values[other].step for other in values if number in self.values[other].reads]
                uses += [position for read, position in self.decisive if read == number]
                end = len(self.steps) if number in handed_on else max(uses, default=-1)
                if any(value.step < window <= end for window in windows):
                    return True
        return False

    def _narrow_rows(self, ids: dict[str, tuple[str, str]]) -> Node:
        """Return the steps without what is only computed late, and with the row id."""
        made = {(self.values[number].step, self.values[number].name) for number in self.narrow}
        node: Node = self._table({name for step, name in made if step < 0}, ids)
        for position, step in enumerate(self.steps):
            if not isinstance(step, Extend | Select):
                node = step.with_inputs((node,))
                continue
            columns = tuple((name, expr) for name, expr in step.columns if (position, name) in made)
            if isinstance(step, Select):
                node = Select(node, (*columns, *((name, Column(name, ROW_ID)) for name in ids)), step.step)
            elif columns:
                node = Extend(node, columns, step.step, once=step.once)
        return node

    def _table(self, names: set[str], ids: dict[str, tuple[str, str]]) -> Source:
        """Return the table with some of its columns and the row id."""
        source = self.source
        columns = [column for column in source.columns if column[0] in names]
        columns += [(name, there, stored, ROW_ID) for name, (there, stored) in ids.items()]
        return Source(source.relation, tuple(columns), tuple(ids), source.connection, source.step, source.row_id)
