"""Type information of series, their constants, and deprecated names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from objectiv_local.arguments import checked
from objectiv_local.dialects import dialect_named, names
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported, deprecated
from objectiv_local.frame.handles import dtype_of, make_series
from objectiv_local.frame.state import State
from objectiv_local.frame.values import checked_name, constant
from objectiv_local.plan.expr import Expr
from objectiv_local.plan.ops import casts, common_type
from objectiv_local.types import (
    JSON,
    STRING,
    Type,
    aliases,
    decimal_type,
    dict_type,
    list_type,
    python_value,
    type_from_dtype,
    type_of_value,
    value_types,
)

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.series.base import Series


@checked
class SeriesDtypes:
    """The type of the values of a series."""

    __slots__ = ()
    _state: State
    _expr: Expr

    @property
    def dtype(self) -> str:
        """The name of the type of the values."""
        return self._expr.type.dtype

    @property
    def instance_dtype(self) -> str:
        """The dtype including the element types of a list or a struct, as in ``list[int64]``."""
        return self._expr.type.dtype

    @property
    def dtype_aliases(self) -> tuple[str, ...]:
        """The names that ``astype`` accepts for the type of the values."""
        return aliases(self._expr.type)

    @property
    def supported_db_dtype(self) -> dict[str, str]:
        """The name of the type in each dialect."""
        return {name: dialect_named(name).type_name(self._expr.type) for name in names()}

    @property
    def supported_source_dtypes(self) -> tuple[str, ...]:
        """The dtypes that can be cast to the type of the values."""
        return tuple(source.name for source, target in casts() if target.name == self._expr.type.name)

    @property
    def supported_value_types(self) -> tuple[type, ...]:
        """The Python types of constants of this type."""
        return value_types(self._expr.type)

    @classmethod
    def random(cls, base: object = None) -> Series:  # noqa: ARG003 - kept for its signature
        """Raise NotSupported: random values would differ between engines and between runs."""
        raise NotSupported(
            "random values are not supported: they would differ between engines and between runs",
            hint="df.get_sample(sample_percentage=..., seed=...) samples the same rows everywhere",
        )

    @classmethod
    def get_db_dtype(cls, dialect: str) -> str:
        """Return the name of the type in a dialect: ``duckdb``, ``postgres`` or ``spark``; for decimals, with two places."""
        dtype = cls._class_dtype()
        if not dtype:
            raise InvalidType(f"{cls.__name__} does not have a single dtype", hint="use the series class of a dtype")
        return dialect_named(dialect).type_name(type_from_dtype("decimal(38, 2)" if dtype == "decimal" else dtype))

    @classmethod
    def _class_dtype(cls) -> str:
        """Return the dtype of the series of this class; empty for Series itself."""
        return dtype_of(cls)

    @classmethod
    def from_value(cls, base: DataFrame | Series, value: object, name: str = "new_series", dtype: object = None) -> Series:
        """Return a constant as a series over the rows of ``base``, in the dtype of this class.

        The classes of dates, times, timestamps, timedeltas and UUIDs parse strings. None is a missing value. An interval may
        also be a mapping of ``lower``, ``upper`` and ``bounds`` to constants and series. ``Series.from_value`` uses the dtype
        of the value, or ``dtype``. Raises InvalidType for a value of another dtype, and InvalidValue for a string that cannot
        be parsed.
        """
        return make_series(base._state, constant(value, cls._constant_type(value, dtype)), checked_name(name))

    @classmethod
    def _constant_type(cls, value: object, dtype: object) -> Type:
        """Return the type of a constant of this class; parameters such as the scale of a decimal come from the value."""
        own = cls._class_dtype()
        if dtype is not None:
            type_ = type_from_dtype(dtype)
            if own not in ("", type_.name, type_.reading):
                raise InvalidValue(
                    f"the constants of {cls.__name__} have dtype {own}, not {type_}",
                    hint="use Series.from_value, or the class of that dtype",
                )
            return type_
        if own not in ("", "decimal", "list", "dict"):
            return type_from_dtype(own)
        if python_value(value) is None:
            raise InvalidType("None has no dtype of its own", hint="pass dtype=, such as dtype='decimal(38, 2)'")
        if own == "list":
            return list_type(_element_type(value))
        if own == "dict":
            return dict_type({key: _value_type(member) for key, member in value.items()} if isinstance(value, dict) else {})
        found = type_of_value(python_value(value))
        if own == "decimal" and found.name != "decimal":
            return decimal_type(0)
        return found

    @classmethod
    def from_const(cls, base: DataFrame | Series, value: object, name: str = "new_series", dtype: object = None) -> Series:
        """Return ``from_value(...)``. Deprecated."""
        deprecated("Series.from_const", "Series.from_value")
        return cls.from_value(base, value, name, dtype)

    @property
    def index_sorting(self) -> list[bool]:
        """The sort directions. Deprecated: use ``order_by``."""
        deprecated("Series.index_sorting", "Series.order_by")
        return [key.ascending for key in self._state.order]

    @property
    def sorted_ascending(self) -> bool | None:
        """Whether the first sort key is ascending; None without an order. Deprecated: use ``order_by``."""
        deprecated("Series.sorted_ascending", "Series.order_by")
        return self._state.order[0].ascending if self._state.order else None


def _element_type(value: object) -> Type:
    """Return the common type of the elements of a list. Raises InvalidType if there is none."""
    if not isinstance(value, list):
        return STRING
    elements = [_value_type(each) for each in value if each is not None]
    found = common_type(elements) if elements else None
    if found is None:
        raise InvalidType(
            f"the elements of the constant {value!r} have no common dtype", hint="pass dtype=, such as dtype='list[string]'"
        )
    return found


def _value_type(value: object) -> Type:
    """Return the type of a JSON element."""
    return JSON if isinstance(value, dict | list) or value is None else type_of_value(value)
