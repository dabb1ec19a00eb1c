"""Series of JSON, and their ``.json`` accessor."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.habits import Accessor
from objectiv_local.frame.handles import make_frame, series_class
from objectiv_local.frame.series.base import Series
from objectiv_local.plan.expr import Expr, Ordering, call, literal
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Unnest
from objectiv_local.plan.ops import OPS
from objectiv_local.types import INT64, JSON, STRING, type_from_dtype

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame

    Bound = int | str | dict[str, object] | None


@series_class("json")
@checked
class SeriesJson(Series):
    """Series of JSON. A value equals a dict, list, string or bool with the same content, whatever the order of members.

    ``series['key']`` is the member of that key, as JSON. JSON cannot be compared with other values, and has no order. Use
    ``astype('string')`` for the text of a value, which can be grouped, sorted and cast.
    """

    __slots__ = ()

    def _binary(self, op: str, other: object, *, swapped: bool = False) -> Series:
        if op in ("eq", "ne") and isinstance(other, dict | list | str | bool):
            wanted = literal(json.dumps(other, ensure_ascii=False), JSON) if isinstance(other, str | bool) else literal(other)
            same = self._with(call("json_equal", self._expr, wanted))
            return same if op == "eq" else ~same
        if OPS[op].compares:
            what = f"series {other.name!r}" if isinstance(other, Series) else type(other).__name__
            raise InvalidType(
                f"{op} is not supported between series {self._name!r}, which is JSON, and {what}",
                hint="== and != accept a dict, a list, a string or a bool; for other values, cast first, as in "
                f"{self._name}.astype('string').astype('int64') > 5",
            )
        return super()._binary(op, other, swapped=swapped)

    def astype(self, dtype: object, errors: str = "raise") -> Series:
        """Return the values as another type; see ``Series.astype``.

        As ``string``, a JSON string becomes its content without quotes, and other values their JSON text; null becomes missing.
        """
        if type_from_dtype(dtype) == STRING and errors in ("raise", "coerce"):
            return self._call("json_text")
        return super().astype(dtype, errors)

    def __getitem__(self, key: object) -> Series:
        # Members are accessed by key more often than rows by label.
        return self.json.get_value(key) if isinstance(key, str) else super().__getitem__(key)

    def explode(self, ignore_index: bool = False) -> Series:
        """Return one row for each element of the arrays, as JSON. See DataFrame.explode."""
        frame = self.to_frame()
        name = frame.data_columns[0]
        exploded: Series = frame.explode(name, ignore_index)[name]
        return exploded

    @property
    def json(self) -> JsonAccessor:
        """Accessor for operations on JSON."""
        return JsonAccessor(self)

    elements = json


@checked
class JsonAccessor(Accessor):
    """Operations on JSON."""

    __slots__ = ("_series",)

    def __init__(self, series: Series) -> None:
        self._series = series

    def __getitem__(self, key: int | str | slice) -> Series:
        """Return an element of an array, a member of an object, or a slice of an array.

        ``[2]`` and ``[-1]`` are elements, missing if there is none; ``['id']`` is a member. A bound of a slice is a position
        as in Python, a string that equals an element, or an object for the first element that contains all of its members. A
        position as the stop is excluded; an object or string is included. The result is an empty array if a bound is not
        found, for a missing value, and for a value that is not an array. A slice keeps the type of the series.
        """
        if isinstance(key, slice):
            if key.step is not None:
                raise InvalidValue("a slice of JSON cannot have a step")
            return self._series._with(call("json_slice", self._series._expr, _bound(key.start), _bound(key.stop)))
        if isinstance(key, str):
            return self.get_value(key)
        if isinstance(key, int) and not isinstance(key, bool):
            return self._series._with(call("json_index", self._series._expr, literal(key)))
        raise InvalidType(f"JSON is indexed by a position, a key or a slice, not by {key!r}")

    def get_value(self, key: str, as_str: bool = False) -> Series:
        """Return the member ``key`` of an object, as JSON or as a string without quotes; missing if there is none."""
        if not isinstance(key, str):
            raise InvalidType(f"a key of JSON has to be a string, not {key!r}")
        return self._series._call("json_get_text" if as_str else "json_get", key)

    def get_dtypes(self) -> Series:
        """Return the type of each value: object, array, string, number, boolean or null; missing for a missing value."""
        return self._series._call("json_type")

    def flatten_array(self) -> tuple[Series, Series]:
        """Return the elements of arrays and their positions from 0, as two series with one row per element.

        The index is that of the rows, repeated, and the rows are sorted by it. Rows without an array, or with an empty one, are
        omitted.
        """
        frame = self.explode()
        return frame[frame.data_columns[0]], frame[frame.data_columns[1]]

    def explode(self) -> DataFrame:
        """Return a frame with one row per array element: the element, and its position from 0 as ``<name>_offset``."""
        series = self._series
        state = series._state.rows("a row for each element")
        taken = [name for name in state.plan.types if name not in state.index]
        item = unused_name(series.name, state.index)
        position = unused_name(f"{item}_offset", (*state.index, *taken))
        plan = Unnest(state.plan, series._expr, item, position)
        order = (*state.order, *(Ordering(plan.column(name)) for name in (*state.index, position)))
        return make_frame(state.with_plan(plan, order), [item, position])

    def get_array_length(self) -> Series:
        """Return the number of elements of an array; missing for a value that is not an array."""
        return self._series._call("json_length")

    def array_contains(self, item: object) -> Series:
        """Return whether an array has a string, number, bool or null as an element; missing for a missing value.

        With None as ``item``, look for a JSON null.
        """
        if item is None:
            return self._series._with(call("json_contains", self._series._expr, literal("null", JSON)))
        if not isinstance(item, str | int | float | bool):
            raise InvalidType(
                f"item of array_contains has to be a string, a number, a bool or None, not {type(item).__name__}",
                hint="compare an element with a dict or list, as in series.json[0] == {...}",
            )
        if isinstance(item, float) and not math.isfinite(item):
            raise InvalidValue(f"JSON cannot represent {item}", hint="for a JSON null, pass None")
        return self._series._call("json_contains", item)


def _bound(value: Bound) -> Expr:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return literal(value, INT64)
    if isinstance(value, str):
        return literal(json.dumps(value, ensure_ascii=False), JSON)
    if isinstance(value, dict):
        if not value:
            raise InvalidValue("an empty object matches every element", hint="omit the bound of the slice")
        return literal(value)
    raise InvalidType(f"a bound of a JSON slice has to be a position, a string or an object, not {value!r}")
