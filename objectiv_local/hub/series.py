"""Series of Objectiv's location stacks and global contexts, which are special types of JSON."""

from __future__ import annotations

from objectiv_local.arguments import checked
from objectiv_local.errors import AttributeNotFound, InvalidValue, deprecated
from objectiv_local.frame import Series
from objectiv_local.frame.authoring import Expr, SeriesJson, call, expr_of, literal, series_class, series_of, state_of
from objectiv_local.types import JSON, register_label

#: Parts of a location name: the key of the type, the key of the id, the suffix to remove from the type in words, and the
#: separators between type and id, before the outer locations, and between these.
_NAME = tuple(literal(text) for text in ("_type", "id", " Context", ": ", " located at ", " => "))
#: The keys of a location that a feature keeps.
_FEATURE = literal(["_type", "id"])

LOCATION_STACK = register_label(JSON, "objectiv_location_stack")
GLOBAL_CONTEXT = register_label(JSON, "objectiv_global_context")
GLOBAL_CONTEXTS = register_label(JSON, "objectiv_global_contexts")


@series_class("objectiv_location_stack")
@checked
class SeriesLocationStack(SeriesJson):
    """Series of location stacks: arrays of contexts from the root of an application to the place where an event happened.

    A slice of a location stack is a location stack.
    """

    __slots__ = ()

    @property
    def ls(self) -> LocationStack:
        """Accessor for location stacks: their names and features."""
        return LocationStack(self)

    location_stack = ls

    @property
    def obj(self) -> LocationStack:
        """Return ``.ls``, the new name of this accessor."""
        deprecated("SeriesLocationStack.obj", "SeriesLocationStack.ls")
        return LocationStack(self)

    objectiv = obj


@checked
class LocationStack:
    """Accessor for location stacks."""

    __slots__ = ("_series",)

    def __init__(self, series: SeriesLocationStack) -> None:
        self._series = series

    @property
    def nice_name(self) -> Series:
        """The name of each stack: ``Link: logo located at Root Location: home => Navigation: top``; missing for empty stacks.

        The innermost location comes first, then the locations that contain it, starting from the root. Types are written as
        words, without the suffix Context.
        """
        return _of_rows(self._series, call("json_path_name", expr_of(self._series), *_NAME))

    @property
    def feature_stack(self) -> Series:
        """The stacks reduced to the keys _type and id of each location; they are location stacks too."""
        return _of_rows(self._series, call("json_pick", expr_of(self._series), _FEATURE))

    @property
    def navigation_features(self) -> Series:
        """The stacks from their first NavigationContext on; empty if there is none."""
        return self._series.json[{"_type": "NavigationContext"} :]

    def get_from_context_with_type_series(self, type: str, key: str, dtype: str = "string") -> Series:
        """Return the value of ``key`` in the first location of a type, as ``dtype``; missing if there is none.

        ``dtype`` is ``string`` (without quotes) or ``json``.
        """
        return _member(self._series, type, key, dtype)


def _member(series: Series, type_: str, key: str, dtype: str) -> Series:
    """Return the value of a key in the first context of a type."""
    if dtype not in ("string", "json"):
        raise InvalidValue(f"dtype has to be 'string' or 'json', not {dtype!r}", hint="cast the result with astype")
    found = call("json_index", call("json_filter", expr_of(series), literal({"_type": type_})), literal(0))
    return _of_rows(series, call("json_get_text" if dtype == "string" else "json_get", found, literal(key)))


def _of_rows(series: Series, expr: Expr, name: str | None = None) -> Series:
    """Return an expression over the rows of a series as a series with the same name, or ``name``."""
    return series_of(state_of(series), expr, series.name if name is None else name)


@series_class("objectiv_global_context")
@checked
class SeriesGlobalContext(SeriesJson):
    """Series of the global contexts of one type: an array with the contexts of an event, usually one."""

    __slots__ = ()

    @property
    def context(self) -> GlobalContext:
        """Values of the first context: ``df.application.context.id``."""
        return GlobalContext(self)

    c = context


class GlobalContext:
    """The values of the first context, as attributes."""

    __slots__ = ("_series",)

    def __init__(self, series: Series) -> None:
        self._series = series

    def __getattr__(self, key: str) -> Series:
        """Return the value of ``key`` as a string; missing if the event has no such context or the context has no such key."""
        if key.startswith("__") or key in self.__slots__:
            raise AttributeNotFound(f"a context has no attribute {key!r}")
        first = call("json_index", expr_of(self._series), literal(0))
        return _of_rows(self._series, call("json_get_text", first, literal(key)), key)


@series_class("objectiv_global_contexts")
@checked
class SeriesGlobalContexts(SeriesJson):
    """Series of all global contexts of an event: an array with contexts of every type."""

    __slots__ = ()

    @property
    def gc(self) -> GlobalContexts:
        """Accessor for the global contexts of an event."""
        return GlobalContexts(self)

    global_contexts = gc

    @property
    def obj(self) -> GlobalContexts:
        """Return ``.gc``, the new name of this accessor."""
        deprecated("SeriesGlobalContexts.obj", "SeriesGlobalContexts.gc")
        return GlobalContexts(self)

    objectiv = obj


@checked
class GlobalContexts:
    """Accessor for global contexts of every type."""

    __slots__ = ("_series",)

    def __init__(self, series: Series) -> None:
        self._series = series

    @property
    def application(self) -> Series:
        """The id of the application."""
        return _member(self._series, "ApplicationContext", "id", "string").rename("application")

    @property
    def cookie_id(self) -> Series:
        """The id of the cookie."""
        return _member(self._series, "CookieIdContext", "cookie_id", "string").rename("cookie_id")

    @property
    def user_agent(self) -> Series:
        """The user agent string of the browser."""
        return _member(self._series, "HttpContext", "user_agent", "string").rename("user_agent")

    def get_from_context_with_type_series(self, type: str, key: str, dtype: str = "string") -> Series:
        """Return the value of ``key`` in the first context of a type, as ``dtype``; missing if there is none.

        ``dtype`` is ``string`` (without quotes) or ``json``.
        """
        return _member(self._series, type, key, dtype)
