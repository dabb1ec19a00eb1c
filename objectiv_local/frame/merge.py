"""Merging frames on equal values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, NotSupported, near
from objectiv_local.frame.state import State
from objectiv_local.plan.expr import Column, cast
from objectiv_local.plan.nodes import Extend, Join, JoinSide
from objectiv_local.plan.ops import common_type

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame


def merge(self: DataFrame, right: DataFrame, how: str = "inner", on: str | Sequence[str] | None = None,
          left_on: str | Sequence[str] | None = None, right_on: str | Sequence[str] | None = None,
          left_index: bool = False, right_index: bool = False,
          suffixes: tuple[str, str] = ("_x", "_y")) -> DataFrame:
    """Return the rows of this frame with those of ``right`` that have equal keys.

    ``how`` is ``inner`` or ``left``. Keys are columns of both sides (``on``; by default all data columns that both
    have), columns of each side (``left_on``, ``right_on``), or the index (``left_index``, ``right_index``). Columns with
    the same name that are not keys get the suffixes. Both indexes are kept, with suffixes where names clash; merging
    index on index keeps one. The result has no order.

    Differs from pandas: missing keys never match.
    """
    from objectiv_local.frame.frame import DataFrame

    if not isinstance(right, DataFrame):
        raise InvalidType(f"merge takes a frame, not {type(right).__name__}", hint="load it with DataFrame.from_pandas")
    if how not in ("inner", "left"):
        raise NotSupported(f"merge with how={how!r} is not supported", hint="use 'inner' or 'left'")
    if self._state.engine is not right._state.engine or self._state.dialect != right._state.dialect:
        raise InvalidValue("the frames are on different connections",
                           hint="fetch one with to_pandas() and load it with DataFrame.from_pandas on the other one")
    left_keys, right_keys = _keys(self, right, on, left_on, right_on, left_index, right_index)
    left_state, right_state, pairs = _comparable(self, right, left_keys, right_keys)
    index_on_index = left_index and right_index
    shared_keys = {name for name, other in pairs if name == other} if on is not None or left_on is None else set()

    taken_left = [*self._state.index, *self.data_columns]
    taken_right = [] if index_on_index else list(right._state.index)
    taken_right += [name for name in right.data_columns if name not in shared_keys or index_on_index]
    clash = set(taken_left) & set(taken_right)

    columns: list[tuple[str, JoinSide, tuple[str, str]]] = []
    index: list[str] = []
    data: list[str] = []
    for side, frame, names, suffix in (("left", self, taken_left, suffixes[0]), ("right", right, taken_right, suffixes[1])):
        for name in names:
            label = name + suffix if name in clash else name
            columns.append((label, "left" if side == "left" else "right", (name, name)))
            (index if name in frame._state.index else data).append(label)
    labels = [label for label, _, _ in columns]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise InvalidValue(f"the result would have two columns {twice[0]!r}", hint="choose other suffixes, or rename")
    plan = Join(left_state.plan, right_state.plan, "inner" if how == "inner" else "left",
                tuple((_key(left_state, a), _key(right_state, b)) for a, b in pairs), tuple(columns), step="merged")
    state = State(plan, self._state.engine, self._state.dialect, tuple(index))
    return DataFrame(state, data)


def _keys(left: DataFrame, right: DataFrame, on: str | Sequence[str] | None, left_on: str | Sequence[str] | None,
          right_on: str | Sequence[str] | None, left_index: bool, right_index: bool) -> tuple[list[str], list[str]]:
    def names(given: str | Sequence[str]) -> list[str]:
        return [given] if isinstance(given, str) else list(given)

    if on is not None:
        if left_on is not None or right_on is not None or left_index or right_index:
            raise InvalidValue("on cannot be combined with left_on, right_on, left_index or right_index")
        left_keys = right_keys = names(on)
    elif left_on is not None or right_on is not None or left_index or right_index:
        if (left_on is not None) == left_index or (right_on is not None) == right_index:
            raise InvalidValue("give left_on or left_index, and right_on or right_index")
        left_keys = names(left_on) if left_on is not None else left.index_columns
        right_keys = names(right_on) if right_on is not None else right.index_columns
    else:
        left_keys = right_keys = [name for name in left.data_columns if name in right.data_columns]
        if not left_keys:
            raise InvalidValue("the frames have no data column in common", hint="give on, or left_on and right_on")
    if len(left_keys) != len(right_keys) or not left_keys:
        raise InvalidValue(f"{len(left_keys)} keys on the left cannot match {len(right_keys)} keys on the right")
    for frame, keys, side in ((left, left_keys, "left"), (right, right_keys, "right")):
        for key in keys:
            if key not in frame.data_columns and key not in frame.index_columns:
                raise ColumnNotFound(f"the {side} frame has no column {key!r} to merge on",
                                     hint=near(str(key), [*frame.data_columns, *frame.index_columns]))
    return left_keys, right_keys


def _comparable(left: DataFrame, right: DataFrame, left_keys: list[str],
                right_keys: list[str]) -> tuple[State, State, list[tuple[str, str]]]:
    """Return the states with key columns of one type on both sides."""
    states = [left._state, right._state]
    pairs = list(zip(left_keys, right_keys, strict=True))
    for a, b in pairs:
        types = [states[0].plan.types[a], states[1].plan.types[b]]
        common = common_type(types)
        if common is None or common.name == "json":
            raise InvalidType(f"cannot merge on {a!r} ({types[0]}) and {b!r} ({types[1]})",
                              hint="cast one of them with astype")
        for position, name in enumerate((a, b)):
            if types[position] != common:
                state = states[position]
                expr = cast(Column(name, types[position]), common)
                states[position] = state.on(Extend(state.plan, ((_aside(name), expr),)))
    return states[0], states[1], pairs


def _aside(name: str) -> str:
    return f"{name}_as_key"


def _key(state: State, name: str) -> str:
    return _aside(name) if _aside(name) in state.plan.types else name
