"""Construction of frames and series without importing their classes.

Methods of frames and series are in modules of their own, by topic, and most of them return frames and series. To avoid import
cycles, the classes register here when they are defined, and those modules construct them with :func:`make_frame` and
:func:`make_series`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from objectiv_local.frame.state import State
from objectiv_local.plan.expr import Expr

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.series.base import Series

F = TypeVar("F", bound="type[DataFrame]")
S = TypeVar("S", bound="type[Series]")

_frames: list[type[DataFrame]] = []
#: The series class for each dtype; ``any`` is the class for all other dtypes.
_series: dict[str, type[Series]] = {}


def frame_class(class_: F) -> F:
    """Register the frame class."""
    _frames.append(class_)
    return class_


def series_class(*dtypes: str) -> Callable[[S], S]:
    """Return a decorator that registers a class as the series class of the given dtypes."""

    def register(class_: S) -> S:
        for dtype in dtypes:
            _series[dtype] = class_
        return class_

    return register


def make_frame(state: State, columns: Sequence[str] = ()) -> DataFrame:
    """Return a frame with these data columns of a plan."""
    return _frames[0](state, columns)


def make_series(state: State, expr: Expr, name: str) -> Series:
    """Return a series of the class for the expression's type."""
    state, expr = state.shallow(expr)
    label = expr.type.reading
    class_ = _series.get(label) or _series.get(expr.type.name) or _series["any"]
    return class_(state, expr, name)


def dtype_of(class_: type) -> str:
    """Return the dtype of a series class; empty for a class that is used for several dtypes."""
    return next((dtype for dtype, known in _series.items() if known is class_ and dtype != "any"), "")


def is_frame(value: object) -> TypeIs[DataFrame]:
    """Return whether a value is a frame."""
    return isinstance(value, _frames[0])


def is_series(value: object) -> TypeIs[Series]:
    """Return whether a value is a series."""
    return isinstance(value, _series["any"])
