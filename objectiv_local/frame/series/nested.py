"""Series of lists and structs: JSON with element or member types."""

from __future__ import annotations

from objectiv_local.arguments import checked
from objectiv_local.errors import ColumnNotFound, InvalidType, near
from objectiv_local.frame.habits import Accessor
from objectiv_local.frame.handles import series_class
from objectiv_local.frame.series.base import Series
from objectiv_local.frame.series.json import JsonAccessor
from objectiv_local.plan.expr import Expr, call, case, cast, literal
from objectiv_local.types import JSON, STRING, Type


@series_class("list")
@checked
class SeriesList(Series):
    """Series of lists whose elements have the same type. Lists become Python lists when fetched."""

    __slots__ = ()

    def explode(self, ignore_index: bool = False) -> Series:
        """Return one row for each element of the lists, in the element type. See DataFrame.explode."""
        frame = self.to_frame()
        name = frame.data_columns[0]
        exploded: Series = frame.explode(name, ignore_index)[name]
        return exploded

    @property
    def elements(self) -> ListAccessor:
        """The elements of the lists."""
        return ListAccessor(self)

    @property
    def json(self) -> JsonAccessor:
        """The lists as JSON arrays."""
        return JsonAccessor(self._with(cast(self._expr, JSON)))


@checked
class ListAccessor(Accessor):
    """The elements of lists, by position from 0, or from the end if negative."""

    __slots__ = ("_series",)

    def __init__(self, series: Series) -> None:
        self._series = series

    def __getitem__(self, key: int | slice) -> Series:
        """Return an element, missing if out of range, or a slice as in Python; a slice of a missing list is empty."""
        series = self._series
        if isinstance(key, slice):
            return series._with(cast(JsonAccessor(series)[key]._expr, series._expr.type))
        if isinstance(key, bool) or not isinstance(key, int):
            raise InvalidType(f"a list is indexed by a position or a slice, not by {key!r}")
        inner = series._expr.type.element
        assert inner is not None
        return series._with(
            typed(call("json_index_text", series._expr, literal(key)), call("json_index", series._expr, literal(key)), inner)
        )

    def len(self) -> Series:
        """Return the number of elements."""
        return self._series._call("json_length")

    def contains(self, item: object) -> Series:
        """Return whether ``item`` is among the elements; missing for a missing list."""
        return JsonAccessor(self._series).array_contains(item)


@series_class("dict")
class SeriesDict(Series):
    """Series of structs, whose members have types. Structs become Python dicts when fetched.

    ``series['city']`` is a member in its type.
    """

    __slots__ = ()

    def __getitem__(self, key: object) -> Series:
        # Members are accessed by key more often than rows by label.
        return self.elements[key] if isinstance(key, str) else super().__getitem__(key)

    @property
    def elements(self) -> DictAccessor:
        """The members of the structs."""
        return DictAccessor(self)

    @property
    def json(self) -> JsonAccessor:
        """The structs as JSON objects."""
        return JsonAccessor(self._with(cast(self._expr, JSON)))


@checked
class DictAccessor(Accessor):
    """The members of structs, by name."""

    __slots__ = ("_series",)

    def __init__(self, series: Series) -> None:
        self._series = series

    def __getitem__(self, key: str) -> Series:
        """Return a member in its type. Raises ColumnNotFound for a name that the struct does not have."""
        series = self._series
        fields = dict(series._expr.type.fields or ())
        if key not in fields:
            raise ColumnNotFound(f"the struct {series.name!r} has no member {key!r}", hint=near(str(key), fields))
        text, value = call("json_get_text", series._expr, literal(key)), call("json_get", series._expr, literal(key))
        return series._with(typed(text, value, fields[key]))


def typed(text: Expr, value: Expr, type_: Type) -> Expr:
    """Return an element of JSON in its type: ``text`` is the element as a string, ``value`` as JSON."""
    if type_.name == "json":
        return cast(case([(call("not_null", text), value)]), type_)
    if type_ == STRING:
        return text
    if type_.name == "timestamp":
        # One engine writes a T between date and time, and neither writes a fraction of zero.
        return cast(call("replace", text, literal("T"), literal(" ")), type_)
    return cast(text, type_)
