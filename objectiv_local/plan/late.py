"""Read JSON late: rows are sorted, filtered and limited without their JSON, which is then read for the remaining rows.

Sessions need the user and the time of every event. The first rows of a frame, or the events of one user or one day, need the
JSON of only a few events, and a sort that carries the JSON of all of them takes ten times as long. So the steps up to the
last filter or limit are computed over narrow rows with the row id of their table, and the JSON is joined by it.

If no step after the windows removes rows, the JSON of all rows is needed, and a join by the row id costs as much as it saves.
The columns of dimensions are joined late even then: rows are sorted with the id of their location, for example, and the
location is joined after that.
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
from objectiv_local.types import JSON, ROW_ID, STRING

#: Steps that are computed over narrow rows. A join is one with a dimension.
_Step = Extend | Select | Filter | Limit | Pin | Join


def read_late(root: Node) -> Node:
    """Return the plan in which JSON that windows carry is read after the last step that removes rows.

    The columns of dimensions are joined after the last of several consecutive steps.
    """
    found = _found(root)
    if not found:
        return root
    # The remaining rows have only the columns that later steps read, not those that they merely list.
    pruned = prune(root)
    return rebuild(pruned, (found if pruned is root else _found(pruned)).get)


def _found(root: Node) -> dict[Node, Node]:
    """Return the steps whose JSON is to be read late, with their replacements."""
    nodes = topological(root)
    needed = required(nodes, root)
    readers = Counter(below for node in nodes for below in depends_on(node))
    taken = {name for node in nodes for name in node.types}
    shown = _shown(root)
    found: dict[Node, Node] = {}
    inside: set[Node] = set()
    # The steps above which the next one is of another kind, or reads other rows too.
    last = {root, *(below for node in nodes for below in depends_on(node) if not _is_step(node) or readers[below] > 1)}
    last |= {node.right for node in nodes if isinstance(node, Join)}
    tops = [(node, True) for node in reversed(nodes) if _leaves_out(node)]
    tops += [(node, False) for node in reversed(nodes) if node in last and not _orders(node, shown)]
    tops += [(node, False) for node in shown if isinstance(node, Limit)]
    for node, reads_table in tops:
        chain = _chain(node, readers) if node not in inside else None
        if chain is None or not inside.isdisjoint(chain[1]):
            continue
        source, steps = chain
        if not (source.row_id if reads_table else any(isinstance(step, Join) for step in steps)):
            continue
        made = _Late(source, steps, needed[node], taken, reads_table=reads_table).plan(is_shown=node in shown)
        if made is not None:
            inside.update(steps)
            found[node] = made
    return found


def _orders(node: Node, shown: set[Node]) -> bool:
    """Return whether the rows of ``node`` are shown in an order from a step below it."""
    if node not in shown:
        return False
    below = node
    while isinstance(below, Extend | Select):
        below = below.child
    return below is not node and isinstance(below, Limit | Sort)


def _is_step(node: Node) -> bool:
    if not isinstance(node, Join):
        return isinstance(node, _Step)
    return (
        node.how == "left" and node.condition is None and node.meets_one and all(side != "both" for _, side, _ in node.columns)
    )


def _leaves_out(node: Node) -> bool:
    return isinstance(node, Filter) or (isinstance(node, Limit) and node.count is not None)


def _shown(root: Node) -> set[Node]:
    """Return the nodes whose order is that of the result, because the steps above them preserve it."""
    shown = {root}
    while isinstance(root, Extend | Select):
        root = root.child
        shown.add(root)
    return shown


def _chain(top: Node, readers: Counter[Node]) -> tuple[Source, list[_Step]] | None:
    """Return a table and the steps over it up to ``top``, or None if these steps do not start with a table.

    Also None if there is no window, or if another step reads one of these steps.
    """
    steps: list[_Step] = []
    node = top
    while isinstance(node, _Step) and _is_step(node) and (node is top or readers[node] == 1):
        steps.append(node)
        node = node.left if isinstance(node, Join) else node.child
    if not isinstance(node, Source) or not any(expr.has_window for step in steps for expr in step.exprs()):
        return None
    return node, steps[::-1]


@dataclass(frozen=True)
class _Value:
    """A column as computed by one step. A column that is replaced has two values.

    ``step`` is the position of the step, -1 for the table. ``reads`` are the numbers of the values from which it is computed.
    With ``is_joined``, the step is a join, and the expression is over the columns of its dimension. With ``of_dimension``, it
    is such a value or the same value under another name.
    """

    name: str
    step: int
    expr: Expr
    reads: tuple[int, ...]
    is_joined: bool = False
    of_dimension: bool = False

    @property
    def is_json(self) -> bool:
        return self.expr.type.plain == JSON

    @property
    def is_wide(self) -> bool:
        """Whether rows are better sorted without it: JSON, and strings that are identified by the id of a dimension."""
        return self.is_json or (self.of_dimension and self.expr.type == STRING)


class _Late:
    """A chain of steps, with the values that are computed early and late. JSON that both need is read twice.

    Without ``reads_table``, only columns of dimensions are late.
    """

    def __init__(self, source: Source, steps: list[_Step], wanted: set[str], taken: set[str], *, reads_table: bool) -> None:
        self.reads_table = reads_table
        self.source = source
        self.steps = steps
        self.taken = taken
        #: All values in the order in which they are computed.
        self.values = [_Value(name, -1, source.column(name), ()) for name in source.types]
        #: The values that filters and orders read: (number of the value, position of the step).
        self.decisive: set[tuple[int, int]] = set()
        #: The ids of dimensions, under names that all steps keep.
        self.ids: dict[str, int] = {}
        current = {name: number for number, name in enumerate(source.types)}
        for position, step in enumerate(steps):
            before = current
            if isinstance(step, Extend | Select):
                current = dict(before) if isinstance(step, Extend) else {}
                for name, expr in step.columns:
                    current[name] = len(self.values)
                    self._add(name, position, expr, before)
            elif isinstance(step, Join):
                current = self._joined(step, position, before)
            else:
                self.decisive |= {(before[name], position) for expr in step.exprs() for name in expr.columns}
        #: The values of the result by name.
        self.result = current
        self.wanted = {current[name] for name in wanted}
        #: Values that determine which rows remain, or that need all rows, and the values from which these are computed.
        self.early = self._read_by(
            {number for number, _ in self.decisive}
            | {number for number in self._read_by(self.wanted) if self.values[number].expr.has_window}
        )
        self.late = self._computed_late()
        #: The columns that the narrow rows pass on, and all of their columns.
        self.carried = (self.wanted | {read for number in self.late for read in self.values[number].reads}) - self.late
        self.narrow = self._read_by(self.early | self.carried)

    def _joined(self, step: Join, position: int, before: dict[str, int]) -> dict[str, int]:
        """Add the values of a join and return those of its columns by name."""
        ids = []
        for name, _ in step.on:
            ids.append(len(self.values))
            own = new_name(name, self.taken)
            self.ids[own] = ids[-1]
            self._add(own, position, step.left.column(name), before)
        current: dict[str, int] = {}
        for name, side, (left, right) in step.columns:
            current[name] = len(self.values)
            if side == "left":
                self._add(name, position, step.left.column(left), before)
            else:
                self.values.append(_Value(name, position, step.right.column(right), tuple(ids), True, True))
        return current

    def _add(self, name: str, position: int, expr: Expr, before: dict[str, int]) -> None:
        reads = tuple(before[read] for read in sorted(expr.columns))
        self.values.append(
            _Value(name, position, expr, reads, False, isinstance(expr, Column) and self.values[reads[0]].of_dimension)
        )

    def _read_by(self, numbers: set[int]) -> set[int]:
        """Return the values, and all values from which they are computed."""
        found = set(numbers)
        for number in reversed(range(len(self.values))):
            if number in found:
                found.update(self.values[number].reads)
        return found

    def _computed_late(self) -> set[int]:
        """Return the values that are computed from JSON for the remaining rows, and the values that only these read."""
        live = self._read_by(self.wanted)
        late: set[int] = set()
        for number, value in enumerate(self.values):
            if (
                number in live
                and not value.expr.has_window
                and (
                    (value.is_wide and (self.reads_table or value.of_dimension))
                    or (number not in self.early and not late.isdisjoint(value.reads))
                )
            ):
                late.add(number)
        # Other columns of the table that late values read are read with them, but not ids alone.
        joined = {number for number, value in enumerate(self.values) if value.is_joined}
        from_table = self.reads_table and any(
            self.values[number].is_json and self._read_by({number}).isdisjoint(joined) for number in late
        )
        for number in reversed(range(len(self.values))):
            readers = {other for other in live if number in self.values[other].reads}
            if (
                number in live - self.wanted
                and number not in self.ids.values()
                and (not late.isdisjoint(readers))
                and (
                    (from_table and self.values[number].step < 0)
                    or (self.values[number].step >= 0 and number not in self.early and readers <= late)
                )
            ):
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
        if not carried <= self._kept_to_the_end() or not self._is_better(carried):
            return None

        names = self._names(carried | self.late)
        node = (
            self._with_table(names)
            if any(self.values[number].step < 0 for number in self.late)
            else Select(
                self._narrow_rows({}),
                tuple(
                    (name, Column(self.values[number].name, self.values[number].expr.type))
                    for number, name in names.items()
                    if number not in self.late
                ),
                top.step,
            )
        )
        for position, step in enumerate(self.steps):
            made = [number for number in sorted(self.late) if self.values[number].step == position]
            if isinstance(step, Join):
                node = self._with_dimension(node, step, names, [number for number in made if self.values[number].is_joined])
            computed = tuple(
                (names[number], self._renamed(self.values[number], names))
                for number in made
                if not self.values[number].is_joined and names.get(self._renames(self.values[number])) != names[number]
            )
            if computed:
                node = Extend(node, computed, step.step, once=isinstance(step, Extend) and step.once)
        return Sort(node, order) if order else node

    def _names(self, numbers: set[int]) -> dict[int, str]:
        """Return the names of values in the remaining rows: their final names if they have one."""
        names: dict[int, str] = {}
        for number in sorted(numbers, reverse=True):
            value = self.values[number]
            if self.result.get(value.name) == number or value.name in self.ids:
                names[number] = value.name
            elif number not in names:
                names[number] = new_name(value.name, self.taken)
            read = self._renames(value)
            if number in self.late and read in self.late and read not in self.result.values():
                names.setdefault(read, names[number])
        return {number: names[number] for number in sorted(numbers)}

    def _renames(self, value: _Value) -> int:
        """Return the number of the value that is the same under another name; -1 if there is none."""
        return value.reads[0] if isinstance(value.expr, Column) and value.reads and not value.is_joined else -1

    def _is_better(self, carried: set[int]) -> bool:
        """Return whether windows sort narrower rows."""
        before = self._in_windows(self._read_by(self.wanted) | self.early, self.wanted)
        after = self._in_windows(self.narrow, carried)
        if not self.reads_table:
            return not before & self.late <= after
        return any(self.values[number].is_json for number in before) and not any(
            self.values[number].is_json for number in after
        )

    def _with_table(self, names: dict[int, str]) -> Node:
        """Return the narrow rows with the late columns of the table."""
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
        # Joined by the row id alone first: an engine that does not estimate how few rows remain then keeps row ids in memory,
        # instead of the JSON of the whole table.
        table = self._table({self.values[number].name for number in self.late if self.values[number].step < 0}, ids)
        json = Join(
            table,
            kept,
            "inner",
            pairs,
            tuple((name, "left", (name, name)) for name in table.types),
            step="json",
            key=tuple(ids),
            single="right",
        )
        return Join(kept, json, "inner", pairs, tuple(columns), step="rows_with_json", key=self.steps[-1].key, single="right")

    def _with_dimension(self, node: Node, step: Join, names: dict[int, str], late: list[int]) -> Node:
        """Return rows with columns of a dimension."""
        if not late:
            return node
        columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in node.types]
        for number in late:
            expr = self.values[number].expr
            assert isinstance(expr, Column)
            columns.append((names[number], "right", (expr.name, expr.name)))
        on = tuple((names[number], there) for number, (_, there) in zip(self.values[late[0]].reads, step.on, strict=True))
        return Join(
            node, step.right, "left", on, tuple(columns), step.nulls_match, step.step, node.key, None, step.single, step.total
        )

    def _kept_to_the_end(self) -> set[int]:
        """Return the values in the last of the narrow rows: those that no step replaces or removes."""
        kept: dict[str, int] = {}
        for position in range(-1, len(self.steps)):
            if position >= 0 and isinstance(self.steps[position], Select | Join):
                kept = {name: number for name, number in kept.items() if name in self.ids}
            kept |= {self.values[number].name: number for number in sorted(self.narrow) if self.values[number].step == position}
        return set(kept.values())

    def _renamed(self, value: _Value, names: dict[int, str]) -> Expr:
        read = {self.values[number].name: names[number] for number in value.reads}
        return transform(value.expr, lambda part: Column(read[part.name], part.type) if isinstance(part, Column) else None)

    def _in_windows(self, values: set[int], handed_on: set[int]) -> set[int]:
        """Return which of the given values, some of which are passed on, are wide and carried through a window."""
        windows = {self.values[number].step for number in values if self.values[number].expr.has_window}
        windows |= {
            position
            for position, step in enumerate(self.steps)
            if isinstance(step, Filter | Limit) and any(expr.has_window for expr in step.exprs())
        }
        found: set[int] = set()
        for number in values:
            value = self.values[number]
            if value.is_wide:
                uses = [self.values[other].step for other in values if number in self.values[other].reads]
                uses += [position for read, position in self.decisive if read == number]
                end = len(self.steps) if number in handed_on else max(uses, default=-1)
                if any(value.step < window <= end for window in windows):
                    found.add(number)
        return found

    def _narrow_rows(self, ids: dict[str, tuple[str, str]]) -> Node:
        """Return the steps without late values, and with the row id and the ids of dimensions."""
        made = {(self.values[number].step, self.values[number].name) for number in self.narrow}
        handed_on: dict[str, Expr] = {name: Column(name, ROW_ID) for name in ids}
        node: Node = self._table({name for step, name in made if step < 0}, ids)
        for position, step in enumerate(self.steps):
            if isinstance(step, Join):
                node = self._narrow_join(node, step, position, made, handed_on)
                handed_on |= {name: node.column(name) for name in self.ids if (position, name) in made}
                continue
            if not isinstance(step, Extend | Select):
                node = step.with_inputs((node,))
                continue
            columns = tuple((name, expr) for name, expr in step.columns if (position, name) in made)
            if isinstance(step, Select):
                node = Select(node, (*columns, *handed_on.items()), step.step)
            elif columns:
                node = Extend(node, columns, step.step, once=step.once)
        return node

    def _narrow_join(
        self, node: Node, step: Join, position: int, made: set[tuple[int, str]], handed_on: dict[str, Expr]
    ) -> Node:
        """Return a step with the columns of a dimension that are not late: a join only if there are any."""
        ids = [
            (self.values[number].name, self.values[number].expr)
            for number in self.ids.values()
            if self.values[number].step == position and (position, self.values[number].name) in made
        ]
        names: list[tuple[str, str]] = [(name, name) for name in handed_on]
        names += [(name, expr.name) for name, expr in ids if isinstance(expr, Column)]
        names += [(name, left) for name, side, (left, _) in step.columns if side == "left" and (position, name) in made]
        right = [(name, there) for name, side, (_, there) in step.columns if side == "right" and (position, name) in made]
        if not right:
            return Select(node, tuple((name, node.column(left)) for name, left in names), step.step)
        columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (left, left)) for name, left in names]
        columns += [(name, "right", (there, there)) for name, there in right]
        return Join(
            node,
            step.right,
            "left",
            step.on,
            tuple(columns),
            step.nulls_match,
            step.step,
            step.key,
            None,
            step.single,
            step.total,
        )

    def _table(self, names: set[str], ids: dict[str, tuple[str, str]]) -> Source:
        """Return the table with some of its columns and the row id."""
        source = self.source
        columns = [column for column in source.columns if column[0] in names]
        columns += [(name, there, stored, ROW_ID) for name, (there, stored) in ids.items()]
        return Source(source.relation, tuple(columns), tuple(ids), source.connection, source.step, source.row_id)
