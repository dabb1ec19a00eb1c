"""Merging frames: on equal keys, on conditions, or as a cross product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from objectiv_local.arguments import checked
from objectiv_local.errors import AttributeNotFound, ColumnNotFound, InvalidType, InvalidValue, near
from objectiv_local.frame.handles import make_frame, make_series
from objectiv_local.frame.pairs import of_pairs
from objectiv_local.frame.series.base import Series
from objectiv_local.frame.state import State, with_one_value_each
from objectiv_local.plan.expr import Column, Expr, Variable, call, cast, literal
from objectiv_local.plan.naming import repeated, unused_name
from objectiv_local.plan.nodes import Extend, Filter, Join, JoinSide, Node, Select, Union
from objectiv_local.plan.ops import common_type
from objectiv_local.types import BOOL

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame

HOWS = ("inner", "left", "right", "outer", "cross")
_Columns = tuple[tuple[str, JoinSide, tuple[str, str]], ...]


def merge(
    self: DataFrame,
    right: DataFrame | Series,
    how: str = "inner",
    on: Any = None,
    left_on: str | Sequence[str] | None = None,
    right_on: str | Sequence[str] | None = None,
    left_index: bool = False,
    right_index: bool = False,
    suffixes: tuple[str, str] = ("_x", "_y"),
    *,
    match_nulls: bool = False,
) -> DataFrame:
    """Return the rows of this frame joined with those of ``right``, a frame or a series, that have equal keys.

    ``how`` is ``inner``; ``left``, ``right`` or ``outer``, which keep rows without a match from one side or both; or ``cross``,
    which combines every row with every other. Keys are columns of both sides (``on``; by default all data columns in common),
    columns of each side (``left_on``, ``right_on``), or the index (``left_index``, ``right_index``). ``on`` may also be or
    contain conditions: a function of the two sides, as in ``on=lambda left, right: left.day <= right.day``, or a bool series
    over two frames with an index, as in ``on=left.day <= right.day``.

    Columns with the same name that are not keys get the suffixes. A key with the same name on both sides becomes one column, in
    the index if it is in the index of the left side; its value comes from the side that has the row, and its type is common to
    both. Otherwise both indexes are kept, with suffixes where names clash. The result is not sorted.

    Differs from pandas: missing keys never match, unless ``match_nulls``.
    """
    if isinstance(right, Series):
        right = right.to_frame()
    for side in (self, right):
        side._state.rows("merge")
    if how not in HOWS:
        raise InvalidValue(f"how is {how!r}, which is unknown", hint=f"use one of {', '.join(HOWS)}")
    if self._state.engine is not right._state.engine or self._state.dialect != right._state.dialect:
        raise InvalidValue(
            "the frames are on different connections",
            hint="fetch one with to_pandas() and load it with DataFrame.from_pandas on the other connection",
        )
    mine, theirs, _ = with_one_value_each(self._state, right._state)
    self, right = make_frame(mine, self._columns), make_frame(theirs, right._columns)
    names, conditions = _split(on)
    keyed = how != "cross" and not (
        conditions and names is None and left_on is right_on is None and not left_index and not right_index
    )
    if how == "cross" and (on is not None or left_on is not None or right_on is not None or left_index or right_index):
        raise InvalidValue("a cross merge has no keys", hint="use how='inner' with on=...")
    left_keys, right_keys = _keys(self, right, names, left_on, right_on, left_index, right_index) if keyed else ([], [])
    left_state, right_state, pairs = _comparable(self, right, left_keys, right_keys)
    return _Merge(self, right, left_state, right_state, pairs, how, suffixes, match_nulls).merged(conditions)


def _split(on: Any) -> tuple[list[str] | None, list[Any]]:
    """Return the names and the conditions of ``on``."""
    if on is None:
        return None, []
    items = list(on) if isinstance(on, list | tuple) else [on]
    names = [item for item in items if isinstance(item, str)]
    conditions = [item for item in items if not isinstance(item, str)]
    for item in conditions:
        if not callable(item) and not isinstance(item, Series):
            raise InvalidType(
                f"on has to be column names or conditions, not {type(item).__name__}",
                hint="use column names, left.a < right.b, or a function of both sides",
            )
    return (names or None) if conditions else names, conditions


@dataclass(frozen=True, slots=True)
class _Pair:
    """A pair of merge keys, and the columns of the two plans with their values in a common type."""

    left: str
    right: str
    held: tuple[str, str]


@dataclass
class _Merge:
    """One merge: the sides, their keys, and the columns of the result."""

    left: DataFrame
    right: DataFrame
    left_state: State
    right_state: State
    pairs: list[_Pair]
    how: str
    suffixes: tuple[str, str]
    match_nulls: bool
    variables: tuple[Variable, ...] = ()

    def merged(self, conditions: list[Any]) -> DataFrame:
        """Return the merged frame."""
        self.variables = self.left_state.variables
        columns, index, data = self.columns()
        condition = self.condition(columns, conditions)
        plan = self.joined(columns, condition)
        return make_frame(replace(self.left_state.with_rows(plan, tuple(index)), variables=self.variables), data)

    def columns(self) -> tuple[_Columns, list[str], list[str]]:
        """Return the columns of the result, and the names of its index and data columns."""
        shared = {pair.left: pair.held for pair in self.pairs if pair.left == pair.right}
        taken_left = [*self.left._state.index, *self.left.data_columns]
        taken_right = [name for name in (*self.right._state.index, *self.right.data_columns) if name not in shared]
        clash = set(taken_left) & set(taken_right)
        columns: list[tuple[str, JoinSide, tuple[str, str]]] = []
        index: list[str] = []
        data: list[str] = []
        for name in taken_left:
            label = name + self.suffixes[0] if name in clash else name
            side: JoinSide = "both" if name in shared and self.how in ("right", "outer") else "left"
            columns.append((label, side, shared.get(name, (name, name))))
            (index if name in self.left._state.index else data).append(label)
        for name in taken_right:
            label = name + self.suffixes[1] if name in clash else name
            columns.append((label, "right", (name, name)))
            (index if name in self.right._state.index else data).append(label)
        twice = repeated(label for label, _, _ in columns)
        if twice:
            raise InvalidValue(
                f"the result would have two columns named {min(twice)!r}", hint="choose other suffixes, or rename"
            )
        return tuple(columns), index, data

    def on(self) -> tuple[tuple[str, str], ...]:
        """Return the pairs of key columns."""
        return tuple(pair.held for pair in self.pairs)

    def joined(self, columns: _Columns, condition: Callable[[_Columns], tuple[_Columns, Expr]] | None) -> Node:
        """Return the plan of the result."""
        how = "inner" if self.how == "cross" else self.how
        if condition is None:
            if how == "right":
                return Join(
                    self.right_state.plan,
                    self.left_state.plan,
                    "left",
                    _swapped_keys(self.on()),
                    _swapped(columns),
                    self.match_nulls,
                    "merged",
                )
            return Join(self.left_state.plan, self.right_state.plan, how, self.on(), columns, self.match_nulls, "merged")  # type: ignore[arg-type]
        wide, test = condition(columns)
        names = tuple(name for name, _, _ in columns)
        if how == "inner":
            met = Join(
                self.left_state.plan,
                self.right_state.plan,
                "inner",
                self.on(),
                wide,
                self.match_nulls,
                "merged",
                condition=test,
            )
            return Select(met, tuple((name, met.column(name)) for name in names), "merged")
        if how == "left":
            return self.kept(wide, test, names, left=True)
        if how == "right":
            return self.kept(wide, test, names, left=False)
        # Unmatched rows of the right side are added with a union, because engines reject a full join on such conditions.
        matched = self.kept(wide, test, names, left=True)
        alone = self.kept(wide, test, names, left=False, only_alone=True)
        return Union((matched, alone), names, "merged")

    def kept(self, wide: _Columns, test: Expr, names: tuple[str, ...], *, left: bool, only_alone: bool = False) -> Node:
        """Return the rows of one side with their matches on the other; or only those without a match."""
        sides = (self.left_state.plan, self.right_state.plan)
        first, second = sides if left else sides[::-1]
        marker = unused_name("met", (*second.types, *(name for name, _, _ in wide)))
        second = Extend(second, ((marker, literal(True)),))
        columns = wide if left else _swapped(wide)
        on = self.on() if left else _swapped_keys(self.on())
        if only_alone:
            columns = (*columns, (marker, "right", (marker, marker)))
        node: Node = Join(first, second, "left", on, columns, self.match_nulls, "merged", condition=test)
        if only_alone:
            node = Filter(node, call("is_null", node.column(marker)))
        return Select(node, tuple((name, node.column(name)) for name in names), "merged")

    def condition(self, columns: _Columns, given: list[Any]) -> Callable[[_Columns], tuple[_Columns, Expr]] | None:
        """Return a function that adds the columns that the conditions read, and returns the conditions as one expression."""
        if not given:
            return None
        del columns

        def build(columns: _Columns) -> tuple[_Columns, Expr]:
            taken = [name for name, _, _ in columns]
            wide = list(columns)
            new: dict[str, dict[str, Expr]] = {"left": {}, "right": {}}
            for side, state in (("left", self.left_state), ("right", self.right_state)):
                for name in state.plan.types:
                    label = unused_name(f"{name}_{side}", taken)
                    taken.append(label)
                    wide.append((label, "left" if side == "left" else "right", (name, name)))
                    new[side][name] = Column(label, state.plan.types[name])
            pair = Join(self.left_state.plan, self.right_state.plan, "inner", (), tuple(wide))
            state = self.left._state.with_rows(pair, ())
            whole: Expr | None = None
            plans = {"left": self.left_state.plan, "right": self.right_state.plan}
            for each in given:
                found = (
                    each
                    if isinstance(each, Series)
                    else each(Side(state, self.left, new["left"]), Side(state, self.right, new["right"]))
                )
                if not isinstance(found, Series) or found._expr.type != BOOL:
                    raise InvalidType("a merge condition has to return a bool series over the two sides")
                state, theirs, (test,) = with_one_value_each(state, found._state, [found._expr])
                if found is each:
                    test = of_pairs(make_series(theirs, test, found.name), plans, new)
                if (found is not each and found._state.plan is not pair) or test.has_window or test.has_query:
                    raise InvalidValue(
                        "a merge condition can read only columns of the two sides",
                        hint="assign other values to columns of the frames first",
                    )
                whole = test if whole is None else call("and", whole, test)
            assert whole is not None
            self.variables = state.variables
            used = whole.columns
            return tuple(column for column in wide if column[0] in used or column in columns), whole

        return build


@checked
class Side:
    """One side of a merge within a condition: its columns as series."""

    __slots__ = ("_columns", "_frame", "_state")

    def __init__(self, state: State, frame: DataFrame, columns: dict[str, Expr]) -> None:
        self._state = state
        self._frame = frame
        self._columns = columns

    def __getitem__(self, name: str) -> Series:
        if name not in self._frame.all_series:
            raise ColumnNotFound(f"there is no column {name!r}", hint=near(str(name), self._frame.all_series))
        return make_series(self._state, self._columns[name], name)

    def __getattr__(self, name: str) -> Series:
        if name.startswith("_") or name not in self._frame.all_series:
            raise AttributeNotFound(f"this side of the merge has no column {name!r}", hint=near(name, self._frame.all_series))
        return self[name]


def _swapped_keys(on: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((b, a) for a, b in on)


def _swapped(columns: _Columns) -> _Columns:
    other: dict[JoinSide, JoinSide] = {"left": "right", "right": "left", "both": "both"}
    return tuple((name, other[side], (names[1], names[0])) for name, side, names in columns)


def _keys(
    left: DataFrame,
    right: DataFrame,
    on: Sequence[str] | None,
    left_on: str | Sequence[str] | None,
    right_on: str | Sequence[str] | None,
    left_index: bool,
    right_index: bool,
) -> tuple[list[str], list[str]]:
    def names(given: str | Sequence[str]) -> list[str]:
        return [given] if isinstance(given, str) else list(given)

    if on is not None:
        if left_on is not None or right_on is not None or left_index or right_index:
            raise InvalidValue("on cannot be combined with left_on, right_on, left_index or right_index")
        left_keys = right_keys = names(on)
    elif left_on is not None or right_on is not None or left_index or right_index:
        if (left_on is not None) == left_index or (right_on is not None) == right_index:
            raise InvalidValue("pass left_on or left_index, and right_on or right_index")
        left_keys = names(left_on) if left_on is not None else left.index_columns
        right_keys = names(right_on) if right_on is not None else right.index_columns
    else:
        left_keys = right_keys = [name for name in left.data_columns if name in right.data_columns]
        if not left_keys:
            raise InvalidValue("the frames have no data column in common", hint="pass on, or left_on and right_on")
    if len(left_keys) != len(right_keys) or not left_keys:
        raise InvalidValue(f"{len(left_keys)} keys on the left cannot match {len(right_keys)} keys on the right")
    for frame, keys, side in ((left, left_keys, "left"), (right, right_keys, "right")):
        for key in keys:
            if key not in frame.data_columns and key not in frame.index_columns:
                raise ColumnNotFound(
                    f"the {side} frame has no column {key!r} to merge on",
                    hint=near(str(key), [*frame.data_columns, *frame.index_columns]),
                )
    return left_keys, right_keys


def _comparable(
    left: DataFrame, right: DataFrame, left_keys: list[str], right_keys: list[str]
) -> tuple[State, State, list[_Pair]]:
    """Return both states with the key columns converted to a common type, and the names of those columns."""
    states = [left._state, right._state]
    pairs = []
    for names in zip(left_keys, right_keys, strict=True):
        types = [state.plan.types[name] for state, name in zip(states, names, strict=True)]
        common = common_type(types)
        if common is None or common.name == "json":
            raise InvalidType(
                f"cannot merge on {names[0]!r} ({types[0]}) and {names[1]!r} ({types[1]})", hint="cast one of them with astype"
            )
        held = list(names)
        for side, (name, type_) in enumerate(zip(names, types, strict=True)):
            if type_ != common:
                plan = states[side].plan
                held[side] = unused_name(f"{name}_as_key", plan.types)
                states[side] = states[side].with_plan(Extend(plan, ((held[side], cast(Column(name, type_), common)),)))
        pairs.append(_Pair(*names, (held[0], held[1])))
    return states[0], states[1], pairs
