"""What a series says of its type, constants of it, and names of older releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidType, NotSupported, deprecated
from objectiv_local.frame.series.values import checked_name
from objectiv_local.frame.state import State
from objectiv_local.plan.expr import Expr, cast, literal
from objectiv_local.plan.ops import casts
from objectiv_local.types import aliases, type_from_dtype, value_types

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.series.base import Series


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
        """The dtype with what is in a list or a struct, as in ``list[int64]``."""
        return self._expr.type.dtype

    @property
    def dtype_aliases(self) -> tuple[str, ...]:
        """The names that ``astype`` takes for the type of the values."""
        return aliases(self._expr.type)

    @property
    def supported_db_dtype(self) -> dict[str, str]:
        """The name of the type in each dialect."""
        from objectiv_local.dialects import dialect_named, names

        return {name: dialect_named(name).type_name(self._expr.type) for name in names}

    @property
    def supported_source_dtypes(self) -> tuple[str, ...]:
        """The dtypes that can be cast to the type of the values."""
        return tuple(source.name for source, target in casts() if target.name == self._expr.type.name)

    @property
    def supported_value_types(self) -> tuple[type, ...]:
        """The Python types of constants of the type of the values."""
        return value_types(self._expr.type)

    @classmethod
    def random(cls, base: object = None) -> Series:  # noqa: ARG003 - as it was called
        """Raise NotSupported: values drawn by an engine would differ between engines, and between two runs."""
        raise NotSupported("random values are not supported: no two engines, and no two runs, draw the same",
                           hint="df.get_sample(sample_percentage=..., seed=...) picks rows, the same ones everywhere")

    @classmethod
    def get_db_dtype(cls, dialect: str) -> str:
        """Return the name of the type in a dialect, ``duckdb`` or ``postgres``; of decimals, with two digits."""
        from objectiv_local.dialects import dialect_named
        from objectiv_local.frame.series.base import _CLASSES

        dtype = next((dtype for dtype, known in _CLASSES.items() if known is cls), "")
        if not dtype:
            raise InvalidType(f"{cls.__name__} is the series of no one type", hint="ask a series of a dtype")
        return dialect_named(dialect).type_name(type_from_dtype("decimal(38, 2)" if dtype == "decimal" else dtype))

    @classmethod
    def from_value(cls, base: DataFrame | Series, value: object, name: str = "new_series",
                   dtype: str | None = None) -> Series:
        """Return a constant as a series of the rows of ``base``."""
        from objectiv_local.frame.series.base import make_series

        type_ = None if dtype is None else type_from_dtype(dtype)
        expr = literal(value, None if type_ is None or value is not None else type_)
        return make_series(base._state, expr if type_ is None else cast(expr, type_), checked_name(name))

    @classmethod
    def from_const(cls, base: DataFrame | Series, value: object, name: str = "new_series",
                   dtype: str | None = None) -> Series:
        """Return ``from_value(...)``, as it is named now."""
        deprecated("Series.from_const", "Series.from_value")
        return cls.from_value(base, value, name, dtype)

    @property
    def index_sorting(self) -> list[bool]:
        """The directions of the order, as ``order_by`` has them now."""
        deprecated("Series.index_sorting", "Series.order_by")
        return [key.ascending for key in self._state.order]

    @property
    def sorted_ascending(self) -> bool | None:
        """Whether the first key of the order rises, as ``order_by`` tells now; None without an order."""
        deprecated("Series.sorted_ascending", "Series.order_by")
        return self._state.order[0].ascending if self._state.order else None
