"""Where the columns of a step come from, and how what is computed of them is computed there instead.

A column passes through most steps as it is: through added columns, filters, limits, selections under other names, the
sides of joins, and the parts of unions. Followed down to the rows that it comes from, an expression over such columns is
one over columns of those rows, and can be computed, or found stored, there. Its value then takes the same way up as a
column of its own.

Steps are visited once, inputs first, so the time is linear in the length of a plan.
"""

from __future__ import annotations

from collections.abc import Iterable

from objectiv_local.plan.expr import Call, Case, Cast, Column, Expr, is_null_for_nulls, never_raises, substitute, transform
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
    topological,
)
from objectiv_local.plan.rewrite import map_exprs, rebuild

#: What is computed of columns that are computed themselves is followed down to an expression of this size.
LARGE = 30
#: Joins and unions above each other through which a column is followed.
DEEP = 100


class Rows:
    """The rows that columns come from: those of ``place``, or ``below`` on one side of the join or union ``place``.

    The same rows on both sides of a join are two, because a row of the join has one of each. ``may_lack`` says whether a
    row may have none of them, so that all of their columns are NULL.
    """

    __slots__ = ("below", "depth", "may_lack", "place")
    depth: int

    def __init__(self, place: Node, below: Rows | None = None, *, may_lack: bool = False, depth: int = 0) -> None:
        self.place = place
        self.below = below
        self.may_lack = may_lack
        self.depth = depth if below is None else below.depth + 1


#: What each column is computed from: rows, and an expression over their columns.
Origins = dict[str, tuple[Rows, Expr]]
_Key = tuple[Rows, Expr]


class Origin:
    """A pass that computes expressions where their columns come from. A subclass says where that is.

    ``starts`` gives the columns that come from a step itself, and ``takes`` says whether an expression over these is to be
    computed there. ``at`` makes the step with the expressions that were found.
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self.nodes = topological(root)
        self.taken = {name for node in self.nodes for name in node.types}
        self.origins: dict[Node, Origins] = {}
        #: The next step below each, or the step itself, that does not hand on all columns by itself.
        self.gates: dict[Node, Node] = {}
        self.replaced: dict[Node, dict[Expr, Expr]] = {}
        self.names: dict[_Key, str] = {}
        #: The columns that a step has to hand on, by what they are, with their names.
        self.carried: dict[Node, dict[_Key, str]] = {}
        self._wrapped: dict[tuple[Node, Rows, JoinSide], Rows] = {}
        self._found: dict[_Key, bool] = {}

    # ---- what a subclass decides

    def starts(self, node: Node) -> Iterable[str]:
        """Return the columns of ``node`` that come from the step itself."""
        raise NotImplementedError

    def takes(self, place: Node, expr: Expr) -> bool:
        """Return whether ``expr``, over the columns that start at ``place``, is to be computed there."""
        raise NotImplementedError

    def at(self, place: Node, node: Node, columns: NamedExprs) -> Node:
        """Return ``node``, which is ``place`` over its new inputs, with what is computed there under the given names."""
        raise NotImplementedError

    def inner(self, expr: Expr) -> Iterable[Expr]:
        """Return the parts of ``expr`` to look at where the whole of it is not taken."""
        return expr.children()

    # ---- the walk

    def done(self) -> Node:
        """Return the plan with expressions computed where their columns come from."""
        for node in self.nodes:
            self._visit(node)
        if not self.carried and not any(self.replaced.values()):
            return self.root
        for node in reversed(self.nodes):
            if node in self.carried:
                self._hand_on(node, self.carried[node])
        changed = rebuild(self.root, self._change)
        if list(changed.types) != list(self.root.types):
            # The columns that are handed on end here.
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
            replaced = self._replaced(node, below)
            if replaced:
                self.replaced[node] = replaced
            self.origins[node] = self._of_step(node, below)
        else:
            self.origins[node] = self._own(node, Rows(node))
        is_gate = isinstance(node, Select | Join | Union) or not inputs
        self.gates[node] = node if is_gate else self.gates[inputs[0]]

    def _own(self, node: Node, rows: Rows) -> Origins:
        return {name: (rows, node.column(name)) for name in self.starts(node)}

    def _of_step(self, node: Node, below: Origins) -> Origins:
        match node:
            case Extend(_, columns) | Select(_, columns):
                named = {name: self._resolved(expr, below) for name, expr in columns}
                if isinstance(node, Extend) and below.keys().isdisjoint(named) and not any(named.values()):
                    return below
                kept = dict(below) if isinstance(node, Extend) else {}
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
                if not lacks or is_null_for_nulls(origin[1]):
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

    def _resolved(self, expr: Expr, below: Origins) -> tuple[Rows, Expr] | None:
        """Return the rows that ``expr`` comes from and what it is of their columns, if they are the same for all it reads."""
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

    def _replaced(self, node: Node, below: Origins) -> dict[Expr, Expr]:
        """Return the parts of the expressions of a step that are computed below, and the columns that hold them."""
        found: dict[Expr, Expr] = {}
        if not below:
            return found
        for expr in node.exprs():
            stack = [expr]
            while stack:
                part = stack.pop()
                if part.columns.isdisjoint(below) or part in found:
                    continue
                origin = self._resolved(part, below) if isinstance(part, Call | Case | Cast) else None
                if origin is not None and self._lands(*origin):
                    found[part] = Column(self._wanted(node, below, origin), part.type)
                else:
                    stack.extend(self.inner(part))
        if isinstance(node, GroupingSets) and len({found.get(expr, expr) for _, expr in node.keys}) < len(node.keys):
            return {}
        return found

    def _lands(self, rows: Rows, expr: Expr) -> bool:
        """Return whether ``expr`` can and is to be computed where its rows come from."""
        key = (rows, expr)
        if key not in self._found:
            if rows.may_lack and not is_null_for_nulls(expr):
                self._found[key] = False
            elif rows.below is not None:
                self._found[key] = self._lands(rows.below, expr)
            elif isinstance(rows.place, Union):
                landing = [origin is not None and self._lands(*origin) for origin in self._in_parts(rows.place, expr)]
                # Where a part computes it as before, it is computed for rows that steps above leave out.
                self._found[key] = all(landing) or (any(landing) and never_raises(expr))
            else:
                self._found[key] = self.takes(rows.place, expr)
        return self._found[key]

    def _in_parts(self, node: Union, expr: Expr) -> list[tuple[Rows, Expr] | None]:
        return [self._resolved(expr, self.origins[part]) for part in node.parts]

    def _wanted(self, node: Node, below: Origins, origin: tuple[Rows, Expr]) -> str:
        """Return the name of the column of the input of ``node`` that holds what comes from ``origin``."""
        name = self.names.get(origin)
        if name is None:
            name = self.names[origin] = new_name(_title(origin[1]), self.taken)
        self._carry(node.inputs()[0], origin, name)
        return name

    def _carry(self, node: Node, origin: tuple[Rows, Expr], name: str) -> None:
        self.carried.setdefault(self.gates[node], {})[origin] = name

    # ---- the way up

    def _hand_on(self, node: Node, columns: dict[_Key, str]) -> None:
        """Ask the inputs of ``node`` for the columns that it hands on."""
        for origin, name in columns.items():
            rows, expr = origin
            match node:
                case Select(child):
                    self._carry(child, origin, name)
                case Join(left, right) if rows.below is not None:
                    side = left if (node, rows.below, "left") in self._wrapped and (
                        self._wrapped[node, rows.below, "left"] is rows) else right
                    self._carry(side, (rows.below, expr), self.names.setdefault((rows.below, expr), name))
                case Union(parts):
                    # One row may be several of those below, under different names.
                    first = True
                    for part, inner in zip(parts, self._in_parts(node, expr), strict=True):
                        if inner is not None and self._lands(*inner):
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
                node = Join(node.left, node.right, node.how, node.on, (*node.columns, *sides), node.nulls_match, node.step,
                            node.key, node.condition, node.single, node.total)
        own = tuple((name, expr) for (rows, expr), name in columns.items() if rows.below is None)
        return self.at(old, node, own) if own else node

    def _united(self, old: Node, node: Union, columns: dict[_Key, str]) -> Node:
        assert isinstance(old, Union)
        added: list[list[tuple[str, Expr]]] = [[] for _ in node.parts]
        for (_, expr), name in columns.items():
            for part, inner in zip(added, self._in_parts(old, expr), strict=True):
                landed = inner is not None and self._lands(*inner)
                found = Column(self.names[inner], expr.type) if inner is not None and landed else expr
                if found != Column(name, expr.type):
                    part.append((name, found))
        parts = tuple(Extend(part, tuple(more)) if more else part for part, more in zip(node.parts, added, strict=True))
        return Union(parts, (*node.columns, *columns.values()), node.step)


def _title(expr: Expr) -> str:
    """Return a name for what is computed of some columns."""
    column = min(expr.columns)
    if isinstance(expr, Call):
        return f"{column}_{expr.op.removeprefix('json_')}"
    return f"{column}_value"
