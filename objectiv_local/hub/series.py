"""Series of Objectiv's own kinds: location stacks and global contexts, which are kinds of JSON."""

from __future__ import annotations

from objectiv_local.errors import AttributeNotFound
from objectiv_local.frame.series import Series, SeriesJson, series_class
from objectiv_local.plan.expr import call, literal
from objectiv_local.types import JSON, register_label

LOCATION_STACK = register_label(JSON, "objectiv_location_stack")
GLOBAL_CONTEXT = register_label(JSON, "objectiv_global_context")


@series_class("objectiv_location_stack")
class SeriesLocationStack(SeriesJson):
    """Series of location stacks: arrays of contexts from the root of an application to where an event happened.

    A slice of a location stack is a location stack.
    """

    __slots__ = ()

    @property
    def obj(self) -> Series:
        """Raise AttributeNotFound: the accessor has another name now."""
        raise AttributeNotFound("a location stack has no .obj", hint="use .json for slices")

    objectiv = obj


@series_class("objectiv_global_context")
class SeriesGlobalContext(SeriesJson):
    """Series of the global contexts of one type: an array with the instances that an event has, most often one."""

    __slots__ = ()

    @property
    def context(self) -> GlobalContext:
        """Members of the first instance: ``df.application.context.id``."""
        return GlobalContext(self)

    c = context


class GlobalContext:
    """The members of the first instance of a context, as attributes."""

    __slots__ = ("_series",)

    def __init__(self, series: Series) -> None:
        self._series = series

    def __getattr__(self, key: str) -> Series:
        """Return the member ``key`` as text; missing where the event has no such context or the context no such key."""
        if key.startswith("__"):
            raise AttributeNotFound(f"a context has no attribute {key!r}")
        first = call("json_index", self._series._expr, literal(0))
        return self._series._with(call("json_get_text", first, literal(key)), key)
