"""The nodes of a plan: operations on rows, one small step per node.

A node is immutable and equal nodes are the same object, so a plan is a graph with shared steps. Plans are traversed by loops,
never by recursion: a plan of a thousand assignments is a thousand nodes deep.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal as OneOf

from objectiv_local.errors import ColumnNotFound, InvalidValue, near
from objectiv_local.plan.expr import Aggregation, Cast, Column, Expr, Ordering, Over, queries
from objectiv_local.plan.interned import Value
from objectiv_local.plan.relation import Relation, Schema
from objectiv_local.types import INT64, JSON, UUID, Type

#: Columns with the expressions that compute them.
NamedExprs = tuple[tuple[str, Expr], ...]
JoinHow = OneOf["inner", "left", "outer"]
JoinSide = OneOf["left", "right", "both"]


class Node(Value):
    """A step of a plan. ``types`` are the columns of its rows; ``key`` are columns that identify a row, if known.

    ``step`` is the name of the step in the SQL if it becomes a separate query.
    """

    __slots__ = ("key", "step", "types")
    types: dict[str, Type]
    key: tuple[str, ...] | None
    step: str

    def inputs(self) -> tuple[Node, ...]:
        """Return the nodes whose rows this one reads."""
        return ()

    def with_inputs(self, inputs: tuple[Node, ...]) -> Node:
        """Return this step over other inputs."""
        return self

    def exprs(self) -> Iterable[Expr]:
        """Return the expressions of this step, all over its (first) input."""
        return ()

    @property
    def schema(self) -> Schema:
        """The columns in order."""
        return tuple(self.types.items())

    def column(self, name: str) -> Column:
        """Return the column ``name`` of this node. Raises :class:`ColumnNotFound`."""
        type_ = self.types.get(name)
        if type_ is None:
            raise ColumnNotFound(f"there is no column {name!r}", hint=near(name, self.types))
        return Column(name, type_)


class Source(Node):
    """The rows of a stored relation. ``columns`` are (name in the plan, name and type as stored, type in the plan).

    ``row_id`` are names and types of columns of the engine that identify a row; see ``StoredTable``. ``stored`` maps
    expressions over the columns to the names of columns with their values: the caller guarantees that these are equal in
    every row.
    """

    __slots__ = ("columns", "connection", "relation", "row_id", "stored")
    __match_args__ = ("relation", "columns", "key", "connection", "step", "row_id", "stored")
    relation: Relation
    columns: tuple[tuple[str, str, str, Type], ...]
    connection: int
    row_id: tuple[tuple[str, str], ...]
    stored: tuple[tuple[Expr, str], ...]

    def __init__(
        self,
        relation: Relation,
        columns: tuple[tuple[str, str, str, Type], ...],
        key: tuple[str, ...] | None,
        connection: int,
        step: str,
        row_id: tuple[tuple[str, str], ...] = (),
        stored: tuple[tuple[Expr, str], ...] = (),
    ) -> None:
        types = {name: type_ for name, _, _, type_ in columns}
        for expr, name in stored:
            if expr.has_window or expr.has_query or not types.keys() >= {name, *expr.columns}:
                read = ", ".join(sorted(expr.columns))
                raise InvalidValue(f"column {name!r} is declared as computed from {read}, but not all of these are columns")
            if types[name].plain != expr.type.plain:
                raise InvalidValue(f"column {name!r} is {types[name]}, but is declared to have values of type {expr.type}")
        self._set(
            relation=relation,
            columns=columns,
            key=key,
            connection=connection,
            step=step,
            row_id=row_id,
            stored=stored,
            types=types,
        )

    def over(
        self,
        relation: Relation,
        columns: tuple[tuple[str, str, str, Type], ...],
        key: tuple[str, ...] | None,
        row_id: tuple[tuple[str, str], ...],
    ) -> Source:
        """Return the rows of another relation, or with other columns, and the stored expressions of the remaining columns."""
        names = {name for name, _, _, _ in columns}
        stored = tuple((expr, name) for expr, name in self.stored if names >= {name, *expr.columns})
        return Source(relation, columns, key, self.connection, self.step, row_id, stored)


class Values(Node):
    """Rows written out in the plan itself."""

    __slots__ = ("columns", "rows")
    __match_args__ = ("columns", "rows", "key", "step")
    columns: Schema
    rows: tuple[tuple[Expr, ...], ...]

    def __init__(self, columns: Schema, rows: tuple[tuple[Expr, ...], ...], key: tuple[str, ...] | None, step: str) -> None:
        self._set(columns=columns, rows=rows, key=key, step=step, types=dict(columns))


class _Single(Node):
    """A step over one input."""

    __slots__ = ("child",)
    child: Node

    def inputs(self) -> tuple[Node, ...]:
        return (self.child,)

    def with_inputs(self, inputs: tuple[Node, ...]) -> Node:
        fields = [getattr(self, name) for name in self.__match_args__]
        fields[0] = inputs[0]
        return type(self)(*fields)


def _keeps_apart(name: str, expr: Expr) -> bool:
    """Return whether ``expr`` is the column ``name`` in another form in which distinct values remain distinct."""
    return isinstance(expr, Cast) and isinstance(expr.arg, Column) and expr.arg.name == name and expr.type == UUID


def _numbers(columns: NamedExprs, replaced: set[str]) -> tuple[str, ...] | None:
    """Return the key from a column of row numbers: the partition and the row number."""
    for name, expr in columns:
        match expr:
            case Over(Aggregation(op="row_number"), partition) if all(isinstance(part, Column) for part in partition):
                within = tuple(part.name for part in partition if isinstance(part, Column))
                if replaced.isdisjoint(within):
                    return (*within, name)
    return None


class Extend(_Single):
    """The input's columns plus additional ones; a column of the same name is replaced.

    ``local`` are (column, group, expression): the numbers in the column may be computed as the expression if only their order
    within a group of equal values of the column ``group`` matters. A number occurs in one group only.

    With ``once``, an engine that merges steps is kept from recomputing the columns wherever they are read.
    """

    __slots__ = ("columns", "local", "once")
    __match_args__ = ("child", "columns", "step", "local", "once")
    columns: NamedExprs
    local: tuple[tuple[str, str, Expr], ...]
    once: bool

    def __init__(
        self,
        child: Node,
        columns: NamedExprs,
        step: str = "",
        local: tuple[tuple[str, str, Expr], ...] = (),
        once: bool = False,
    ) -> None:
        replaced = {name for name, expr in columns if not _keeps_apart(name, expr)}
        key = child.key if child.key is not None and replaced.isdisjoint(child.key) else _numbers(columns, replaced)
        self._set(
            child=child,
            columns=columns,
            step=step,
            local=local,
            once=once,
            key=key,
            types=child.types | {name: expr.type for name, expr in columns},
        )

    def exprs(self) -> Iterable[Expr]:
        return (expr for _, expr in self.columns)


class Select(_Single):
    """Only the given columns, under their new names."""

    __slots__ = ("columns",)
    __match_args__ = ("child", "columns", "step")
    columns: NamedExprs

    def __init__(self, child: Node, columns: NamedExprs, step: str = "") -> None:
        kept = {expr.name: name for name, expr in reversed(columns) if isinstance(expr, Column)}
        key = None
        if child.key is not None and all(name in kept for name in child.key):
            key = tuple(kept[name] for name in child.key)
        self._set(child=child, columns=columns, step=step, key=key, types={name: expr.type for name, expr in columns})

    def exprs(self) -> Iterable[Expr]:
        return (expr for _, expr in self.columns)


class Filter(_Single):
    """The rows for which the predicate is true. ``left_key``: unique key of the remaining rows, if any."""

    __slots__ = ("left_key", "predicate")
    __match_args__ = ("child", "predicate", "step", "left_key")
    predicate: Expr
    left_key: tuple[str, ...] | None

    def __init__(self, child: Node, predicate: Expr, step: str = "", left_key: tuple[str, ...] | None = None) -> None:
        key = left_key if left_key is not None and child.types.keys() >= set(left_key) else child.key
        self._set(child=child, predicate=predicate, step=step, left_key=left_key, key=key, types=child.types)

    def exprs(self) -> Iterable[Expr]:
        return (self.predicate,)


class Aggregate(_Single):
    """One row for each group of equal keys, with NULL as a key value; one row in total without keys."""

    __slots__ = ("aggregates", "keys")
    __match_args__ = ("child", "keys", "aggregates", "step")
    keys: NamedExprs
    aggregates: NamedExprs

    def __init__(self, child: Node, keys: NamedExprs, aggregates: NamedExprs, step: str = "") -> None:
        self._set(
            child=child,
            keys=keys,
            aggregates=aggregates,
            step=step,
            key=tuple(name for name, _ in keys),
            types={name: expr.type for name, expr in (*keys, *aggregates)},
        )

    def exprs(self) -> Iterable[Expr]:
        return (expr for _, expr in (*self.keys, *self.aggregates))


class GroupingSets(_Single):
    """One row for each group of equal values of each set of keys; a key that is not in the set of a row is NULL there.

    ``sets`` are the positions of the keys of each grouping. ``level`` is a column with the position of the set of each row.
    """

    __slots__ = ("aggregates", "keys", "level", "sets")
    __match_args__ = ("child", "keys", "sets", "aggregates", "level", "step")
    keys: NamedExprs
    sets: tuple[tuple[int, ...], ...]
    aggregates: NamedExprs
    level: str

    def __init__(
        self,
        child: Node,
        keys: NamedExprs,
        sets: tuple[tuple[int, ...], ...],
        aggregates: NamedExprs,
        level: str,
        step: str = "",
    ) -> None:
        if len({expr for _, expr in keys}) != len(keys):
            # Postgres 16 sorts the rows of such groups incorrectly, confusing the keys.
            raise InvalidValue("grouping sets have the same key under two names", hint="pass each key once")
        self._set(
            child=child,
            keys=keys,
            sets=sets,
            aggregates=aggregates,
            level=level,
            step=step,
            key=(*(name for name, _ in keys), level),
            types={name: expr.type for name, expr in (*keys, *aggregates)} | {level: INT64},
        )

    def exprs(self) -> Iterable[Expr]:
        return (expr for _, expr in (*self.keys, *self.aggregates))


class Pin(_Single):
    """The rows of the input as a separate step, which is never merged with later steps."""

    __slots__ = ()
    __match_args__ = ("child", "step")

    def __init__(self, child: Node, step: str = "") -> None:
        self._set(child=child, step=step, key=child.key, types=child.types)


class Unnest(_Single):
    """One row for each element of a JSON array: the columns of the input, the element, and its position from 0.

    A row whose value is not an array, or is NULL or an empty array, has no rows here.
    """

    __slots__ = ("array", "item", "position")
    __match_args__ = ("child", "array", "item", "position", "step")
    array: Expr
    item: str
    position: str

    def __init__(self, child: Node, array: Expr, item: str, position: str, step: str = "") -> None:
        key = (*child.key, position) if child.key is not None and not {item, position} & set(child.key) else None
        self._set(
            child=child,
            array=array,
            item=item,
            position=position,
            step=step,
            key=key,
            types=child.types | {item: JSON, position: INT64},
        )

    def exprs(self) -> Iterable[Expr]:
        return (self.array,)


class Union(Node):
    """The rows of all inputs, duplicates included, in the named columns, which every input has."""

    __slots__ = ("columns", "parts")
    __match_args__ = ("parts", "columns", "step")
    parts: tuple[Node, ...]
    columns: tuple[str, ...]

    def __init__(self, parts: tuple[Node, ...], columns: tuple[str, ...], step: str = "") -> None:
        for name in columns:
            found = {part.types.get(name) for part in parts}
            if len(found) > 1:
                raise InvalidValue(f"a union of columns {name!r} of different types: {found}")
        self._set(parts=parts, columns=columns, step=step, key=None, types={name: parts[0].types[name] for name in columns})

    def inputs(self) -> tuple[Node, ...]:
        return self.parts

    def with_inputs(self, inputs: tuple[Node, ...]) -> Node:
        return Union(inputs, self.columns, self.step)


class Join(Node):
    """Rows of two inputs side by side if their keys are equal, and the optional condition is true.

    ``columns`` are (name, side, name there); side ``both`` is the left value, or the right one if that is NULL.
    ``nulls_match`` is whether NULL keys are equal to each other. ``condition`` is over the columns of the result for a pair
    of rows; an outer join cannot have one. Without keys and condition, it is a cross join.

    ``single`` names the side on which keys may not repeat, so that rows are not multiplied: the right one, or either. If no
    key of a side proves it, the caller has to check it before running the plan; see ``frame/unique.py``.

    With ``total``, the caller guarantees that every row of the left side matches exactly one row of the right one, as when
    events have the id of their location, and the right side is the table of all locations. It is then a left join.
    """

    __slots__ = ("columns", "condition", "how", "left", "nulls_match", "on", "right", "single", "total")
    __match_args__ = ("left", "right", "how", "on", "columns", "nulls_match", "step", "key", "condition", "single", "total")
    left: Node
    right: Node
    how: JoinHow
    on: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, JoinSide, tuple[str, str]], ...]
    nulls_match: bool
    condition: Expr | None
    single: OneOf["", "right", "either"]
    total: bool

    def __init__(
        self,
        left: Node,
        right: Node,
        how: JoinHow,
        on: tuple[tuple[str, str], ...],
        columns: tuple[tuple[str, JoinSide, tuple[str, str]], ...],
        nulls_match: bool = False,
        step: str = "",
        key: tuple[str, ...] | None = None,
        condition: Expr | None = None,
        single: OneOf["", "right", "either"] = "",
        total: bool = False,
    ) -> None:
        types = {name: right.types[names[1]] if side == "right" else left.types[names[0]] for name, side, names in columns}
        for name, side, names in columns:
            if side == "both" and left.types[names[0]] != right.types[names[1]]:
                raise InvalidValue(
                    f"column {name!r} of a join is {left.types[names[0]]} and {right.types[names[1]]}",
                    hint="cast one side first",
                )
        if how == "outer" and (condition is not None or not on):
            raise InvalidValue(
                "an outer join cannot have a condition", hint="use a union of a left join with the unmatched rows"
            )
        if total and (how != "left" or condition is not None or not on):
            raise InvalidValue("only a left join by equal keys without a condition can be total")
        if key is not None and not types.keys() >= set(key):
            key = None
        self._set(
            left=left,
            right=right,
            how=how,
            on=on,
            columns=columns,
            nulls_match=nulls_match,
            step=step,
            key=key,
            condition=condition,
            single=single,
            total=total,
            types=types,
        )

    @property
    def meets_one(self) -> bool:
        """Whether a row of the left side matches at most one row of the right side."""
        key = self.right.key
        return self.total or (key is not None and set(key) <= {name for _, name in self.on})

    def inputs(self) -> tuple[Node, ...]:
        return (self.left, self.right)

    def with_inputs(self, inputs: tuple[Node, ...]) -> Node:
        return Join(
            inputs[0],
            inputs[1],
            self.how,
            self.on,
            self.columns,
            self.nulls_match,
            self.step,
            self.key,
            self.condition,
            self.single,
            self.total,
        )


class Limit(_Single):
    """The ``count`` rows (all, if None) after the first ``offset`` ones, in an order."""

    __slots__ = ("count", "offset", "order")
    __match_args__ = ("child", "order", "count", "offset", "step")
    order: tuple[Ordering, ...]
    count: int | None
    offset: int

    def __init__(self, child: Node, order: tuple[Ordering, ...], count: int | None, offset: int = 0, step: str = "") -> None:
        for number in (count, offset):
            if number is not None and number < 0:
                raise InvalidValue(f"a number of rows cannot be negative: {number}")
        self._set(child=child, order=order, count=count, offset=offset, step=step, key=child.key, types=child.types)

    def exprs(self) -> Iterable[Expr]:
        return (key.expr for key in self.order)


class Sort(_Single):
    """The rows in an order; the last step of a plan."""

    __slots__ = ("order",)
    __match_args__ = ("child", "order", "step")
    order: tuple[Ordering, ...]

    def __init__(self, child: Node, order: tuple[Ordering, ...], step: str = "") -> None:
        self._set(child=child, order=order, step=step, key=child.key, types=child.types)

    def exprs(self) -> Iterable[Expr]:
        return (key.expr for key in self.order)


def depends_on(node: Node) -> tuple[Node, ...]:
    """Return the nodes that ``node`` reads: its inputs and the plans of queries in its expressions."""
    plans = [query.plan for expr in node.exprs() if expr.has_query for query in queries(expr)]
    return (*node.inputs(), *plans) if plans else node.inputs()


@lru_cache(maxsize=2)
def topological(root: Node) -> tuple[Node, ...]:
    """Return ``root`` and every node below it, each once, inputs before the nodes that read them.

    Most passes leave most plans unchanged, so the result for the last plan is cached.
    """
    done: dict[Node, None] = {}
    stack = [root]
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
            continue
        waiting = [child for child in depends_on(node) if child not in done]
        if waiting:
            stack += reversed(waiting)
        else:
            done[node] = None
            stack.pop()
    return tuple(done)


def is_single_row(plan: Node) -> bool:
    """Return whether the plan has at most one row, whatever the data: a total, a limit of one row, and steps over those."""
    while isinstance(plan, Extend | Select | Filter | Pin | Sort | Limit):
        if isinstance(plan, Limit) and plan.count == 1:
            return True
        plan = plan.child
    # The key of a single row has no columns; a temporary table of such a row keeps that key.
    return plan.key == () and isinstance(plan, Aggregate | Source)
