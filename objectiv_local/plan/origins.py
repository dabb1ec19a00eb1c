"""The origins of columns, and moving computations to them.

A column passes through most steps unchanged: through added columns, filters, limits, selections under other names, the sides
of joins, and the parts of unions. Followed down to the rows from which it comes, an expression over such columns is an
expression over columns of those rows, and can be computed, or found stored, there. Its value is then passed up in the same
way, as a column.

Steps are visited once, inputs first, so the time is linear in the length of a plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from objectiv_local.plan.expr import (
    Call,
    Case,
    Cast,
    Column,
    Expr,
    Literal,
    is_null_for_nulls,
    never_raises,
    substitute,
    transform,
    walk,
)
from objectiv_local.plan.naming import new_name
from objectiv_local.plan.nodes import (
    Extend,
    Filter,
    GroupingSets,
    Join,
    JoinSide,
    Limit,
    NamedExprs,
    Node,
    Pin,
    Select,
    Sort,
    Union,
    Unnest,
    depends_on,
    topological,
)
from objectiv_local.plan.rewrite import map_exprs, rebuild
from objectiv_local.types import BOOL, JSON

#: Maximum size of an expression that is followed down through computed columns.
LARGE = 30
#: Maximum number of nested joins and unions through which a column is followed.
DEEP = 100


class Rows:
    """The rows from which columns come: those of ``place``, or ``below`` on one side of the join or union ``place``.

    The same rows on both sides of a join are distinct, because a row of the join has one of each. ``may_lack`` is whether a
    row may have no match there, so that all of these columns are NULL.
    """

    __slots__ = ("below", "depth", "may_lack", "place")
    depth: int

    def __init__(self, place: Node, below: Rows | None = None, *, may_lack: bool = False, depth: int = 0) -> None:
        self.place = place
        self.below = below
        self.may_lack = may_lack
        self.depth = depth if below is None else below.depth + 1


#: Rows, and an expression over their columns.
Of = tuple[Rows, Expr]
#: The expression from which each column is computed.
Origins = dict[str, Of]


class Origin:
    """A pass that computes expressions at the origin of their columns. A subclass defines the origins.

    ``starts`` returns the columns that originate in a step, and ``takes`` whether an expression over these is to be computed
    there. ``at`` returns the step with the expressions that were found.
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self.nodes = topological(root)
        self.origins: dict[Node, Origins] = {}
        self.readers = Counter(below for node in self.nodes for below in depends_on(node))
        #: Steps whose origins are not shared with another step.
        self.own: set[Node] = set()
        #: The next step below each, or the step itself, that does not pass on all columns automatically.
        self.gates: dict[Node, Node] = {}
        self.replaced: dict[Node, dict[Expr, Expr]] = {}
        self.names: dict[Of, str] = {}
        #: The columns that a step has to pass on, by origin, with their names.
        self.carried: dict[Node, dict[Of, str]] = {}
        self._wrapped: dict[tuple[Node, Rows, JoinSide], Rows] = {}
        self._found: dict[Of, bool] = {}
        self._numbers: Counter[str] = Counter()

    @cached_property
    def taken(self) -> set[str]:
        """The names of all columns, including those added since."""
        return {name for node in self.nodes for name in node.types}

    # ---- what a subclass decides

    def starts(self, node: Node) -> Iterable[str]:
        """Return the columns of ``node`` that originate in the step itself."""
        raise NotImplementedError

    def takes(self, place: Node, expr: Expr) -> bool:
        """Return whether ``expr``, over the columns that originate at ``place``, is to be computed there."""
        raise NotImplementedError

    def at(self, place: Node, node: Node, columns: NamedExprs) -> Node:
        """Return ``node``, which is ``place`` over its new inputs, with the given columns computed in it."""
        raise NotImplementedError

    def here(self, below: Origins, origin: Of) -> str | None:
        """Return the column that already has the value of ``origin``, where ``below`` are the origins of columns."""
        return None

    def name(self, origin: Of) -> str:
        """Return a name for a column with the value of ``origin``."""
        # Continues from the last number of a name: trying all of them would take quadratic time.
        name = title(origin[1])
        self._numbers[name] += 1
        return new_name(name if self._numbers[name] == 1 else f"{name}_{self._numbers[name]}", self.taken)

    # ---- the walk

    def done(self) -> Node:
        """Return the plan with expressions computed at the origins of their columns."""
        for node in self.nodes:
            self._visit(node)
        if not self.carried and not any(self.replaced.values()):
            return self.root
        for node in reversed(self.nodes):
            if node in self.carried:
                self._hand_on(node, self.carried[node])
        changed = rebuild(self.root, self._change)
        if list(changed.types) != list(self.root.types):
            # The passed-on columns end here.
            changed = Select(changed, tuple((name, changed.column(name)) for name in self.root.types))
        return changed

    def _visit(self, node: Node) -> None:
        inputs = node.inputs()
        if isinstance(node, Join):
            self.origins[node] = self._of_join(node)
        elif isinstance(node, Union):
            self.origins[node] = self._of_union(node)
        elif inputs:
            below = self.origins[inputs[0]]
            replaced = self.replaced_in(node, below)
            if replaced:
                self.replaced[node] = replaced
            self.origins[node] = self._of_step(node, below)
        else:
            self.origins[node] = {name: (rows, node.column(name)) for rows in (Rows(node),) for name in self.starts(node)}
        if (
            not inputs
            or self.origins[node] is not self.origins[inputs[0]]
            or (inputs[0] in self.own and self.readers[inputs[0]] == 1)
        ):
            self.own.add(node)
        is_gate = isinstance(node, Select | Join | Union) or not inputs
        self.gates[node] = node if is_gate else self.gates[inputs[0]]

    def _of_step(self, node: Node, below: Origins) -> Origins:
        match node:
            case Extend(_, columns) | Select(_, columns):
                named = {name: self.resolved(expr, below) for name, expr in columns}
                if isinstance(node, Extend) and below.keys().isdisjoint(named) and not any(named.values()):
                    return below
                kept: Origins = {}
                if isinstance(node, Extend):
                    # For a long chain, copies would take quadratic time.
                    kept = below if node.child in self.own and self.readers[node.child] == 1 else dict(below)
                for name, origin in named.items():
                    kept.pop(name, None)
                    if origin is not None:
                        kept[name] = origin
                return kept
            case Filter() | Limit() | Sort() | Pin():
                return below
            case Unnest(_, _, item, position):
                return {name: origin for name, origin in below.items() if name not in (item, position)}
        return {}

    def _of_join(self, node: Join) -> Origins:
        sides = {"left": self.origins[node.left], "right": self.origins[node.right]}
        own = set(self.starts(node))
        rows = Rows(node, may_lack=not node.total)
        found: Origins = {}
        for name, side, (left, right) in node.columns:
            origin = None if side == "both" else sides[side].get(left if side == "left" else right)
            if origin is not None and origin[0].depth < DEEP:
                lacks = node.how == "outer" or (side == "right" and node.how == "left" and not node.total)
                found[name] = (self._through(node, origin[0], side, lacks=lacks), origin[1])
            elif name in own:
                found[name] = (rows, Column(right, node.types[name]))
        return found

    def _through(self, node: Join, below: Rows, side: JoinSide, *, lacks: bool) -> Rows:
        key = (node, below, side)
        if key not in self._wrapped:
            self._wrapped[key] = Rows(node, below, may_lack=lacks)
        return self._wrapped[key]

    def _of_union(self, node: Union) -> Origins:
        parts = [self.origins[part] for part in node.parts]
        names = [name for name in node.columns if any(name in part for part in parts)]
        depth = 1 + max((part[name][0].depth for part in parts for name in names if name in part), default=0)
        rows = Rows(node, depth=depth)
        return {name: (rows, node.column(name)) for name in names} if depth < DEEP else {}

    def resolved(self, expr: Expr, below: Origins) -> Of | None:
        """Return the origin of ``expr``: the rows and the expression over them, if all of its columns have the same origin."""
        if isinstance(expr, Column):
            return below.get(expr.name)
        if not expr.columns or not below.keys() >= expr.columns or expr.has_window or expr.has_query:
            return None
        found = {name: below[name] for name in expr.columns}
        rows = next(iter(found.values()))[0]
        if any(other is not rows for other, _ in found.values()):
            return None
        whole = substitute(expr, {name: inner for name, (_, inner) in found.items()})
        return (rows, whole) if whole.size <= max(LARGE, expr.size) else None

    def replaced_in(self, node: Node, below: Origins) -> dict[Expr, Expr]:
        """Return the parts of the expressions of a step that are computed below, and the columns with their values."""
        found: dict[Expr, Expr] = {}
        if not below:
            return found
        for expr in node.exprs():
            stack = [expr]
            while stack:
                part = stack.pop()
                if part.columns.isdisjoint(below) or part in found:
                    continue
                origin = self.resolved(part, below) if isinstance(part, Call | Case | Cast) else None
                if origin is not None and self.lands(*origin):
                    found[part] = Column(self.wanted(node, below, origin), part.type)
                else:
                    stack.extend(part.children())
        if isinstance(node, GroupingSets) and len({found.get(expr, expr) for _, expr in node.keys}) < len(node.keys):
            return {}
        return found

    def lands(self, rows: Rows, expr: Expr) -> bool:
        """Return whether ``expr`` can be computed at its origin, and is to be."""
        key = (rows, expr)
        if key not in self._found:
            if rows.may_lack and not is_null_for_nulls(expr):
                self._found[key] = False
            elif rows.below is not None:
                self._found[key] = self.lands(rows.below, expr)
            elif isinstance(rows.place, Union):
                landing = [origin is not None and self.lands(*origin) for origin in self._in_parts(rows.place, expr)]
                # If a part is computed as before, it is computed for rows that steps above remove.
                self._found[key] = all(landing) or (any(landing) and never_raises(expr))
            else:
                self._found[key] = self.takes(rows.place, expr)
        return self._found[key]

    def _in_parts(self, node: Union, expr: Expr) -> list[Of | None]:
        return [self.resolved(expr, self.origins[part]) for part in node.parts]

    def wanted(self, node: Node, below: Origins, origin: Of) -> str:
        """Return the name of the column of the input of ``node`` with the value of ``origin``."""
        here = self.here(below, origin)
        if here is not None:
            return here
        name = self.names.get(origin)
        if name is None:
            name = self.names[origin] = self.name(origin)
        self._carry(node.inputs()[0], origin, name)
        return name

    def _carry(self, node: Node, origin: Of, name: str) -> None:
        self.carried.setdefault(self.gates[node], {})[origin] = name

    # ---- the way up

    def _hand_on(self, node: Node, columns: dict[Of, str]) -> None:
        """Request from the inputs of ``node`` the columns that it passes on."""
        for origin, name in columns.items():
            rows, expr = origin
            match node:
                case Select(child):
                    self._carry(child, origin, name)
                case Join(left, right) if rows.below is not None:
                    side = (
                        left
                        if (node, rows.below, "left") in self._wrapped and (self._wrapped[node, rows.below, "left"] is rows)
                        else right
                    )
                    self._carry(side, (rows.below, expr), self.names.setdefault((rows.below, expr), name))
                case Union(parts):
                    # One origin may correspond to several below, under different names.
                    first = True
                    for part, inner in zip(parts, self._in_parts(node, expr), strict=True):
                        if inner is not None and self.lands(*inner):
                            if inner not in self.names:
                                self.names[inner] = name if first else new_name(name, self.taken)
                                first = False
                            self._carry(part, inner, self.names[inner])

    def _change(self, old: Node, node: Node) -> Node:
        replaced = self.replaced.get(old)
        if replaced:
            node = map_exprs(node, lambda expr: transform(expr, replaced.get))
        columns = self.carried.get(old)
        if columns is None:
            return node
        match node:
            case Select():
                more = ((name, Column(name, expr.type)) for (_, expr), name in columns.items())
                return Select(node.child, (*node.columns, *more), node.step)
            case Union():
                return self._united(old, node, columns)
            case Join():
                sides: list[tuple[str, JoinSide, tuple[str, str]]] = []
                for (rows, expr), name in columns.items():
                    if rows.below is not None:
                        side: JoinSide = "left" if self._wrapped.get((old, rows.below, "left")) is rows else "right"
                        below = self.names[rows.below, expr]
                        sides.append((name, side, (below, below)))
                node = Join(
                    node.left,
                    node.right,
                    node.how,
                    node.on,
                    (*node.columns, *sides),
                    node.nulls_match,
                    node.step,
                    node.key,
                    node.condition,
                    node.single,
                    node.total,
                )
        own = tuple((name, expr) for (rows, expr), name in columns.items() if rows.below is None)
        return self.at(old, node, own) if own else node

    def _united(self, old: Node, node: Union, columns: dict[Of, str]) -> Node:
        assert isinstance(old, Union)
        added: list[list[tuple[str, Expr]]] = [[] for _ in node.parts]
        for (_, expr), name in columns.items():
            for part, inner in zip(added, self._in_parts(old, expr), strict=True):
                landed = inner is not None and self.lands(*inner)
                found = Column(self.names[inner], expr.type) if inner is not None and landed else expr
                if found != Column(name, expr.type):
                    part.append((name, found))
        parts = tuple(Extend(part, tuple(more)) if more else part for part, more in zip(node.parts, added, strict=True))
        return Union(parts, (*node.columns, *columns.values()), node.step)


def title(expr: Expr) -> str:
    """Return a name for an expression over columns, most often a JSON column."""
    columns = sorted(part.name for part in walk(expr) if isinstance(part, Column) and part.type.plain == JSON)
    op = "matches" if expr.type == BOOL else expr.op.removeprefix("json_") if isinstance(expr, Call) else "value"
    key = expr.args[-1] if isinstance(expr, Call) and expr.op == "json_get_text" else None
    if isinstance(key, Literal):
        op = "".join(letter for letter in str(key.value).lower() if letter.isalnum()) or op
    return f"{columns[0] if columns else min(expr.columns)}_{op}"
