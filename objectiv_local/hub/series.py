"""Series of Objectiv's own kinds: location stacks and global contexts, which are kinds of JSON."""

from __future__ import annotations

from objectiv_local.arguments import checked
from objectiv_local.errors import AttributeNotFound, InvalidValue, deprecated
from objectiv_local.frame import Series
from objectiv_local.frame.authoring import Expr, SeriesJson, call, expr_of, literal, series_class, series_of, state_of
from objectiv_local.types import JSON, register_label

#: How a location is named: the key of its type, that of its id, what is left out of the words of the type, and what stands
#: between the two, before the locations around it, and between those.
_NAME = tuple(literal(text) for text in ("_type", "id", " Context", ": ", " located at ", " => "))
#: What a feature keeps of a location.
_FEATURE = literal(["_type", "id"])

LOCATION_STACK = register_label(JSON, "objectiv_location_stack")
GLOBAL_CONTEXT = register_label(JSON, "objectiv_global_context")
GLOBAL_CONTEXTS = register_label(JSON, "objectiv_global_contexts")


@series_class("objectiv_location_stack")
@checked
class SeriesLocationStack(SeriesJson):
    """Series of location stacks: arrays of contexts from the root of an application to where an event happened.

    A slice of a location stack is a location stack.
    """

    __slots__ = ()

    @property
    def ls(self) -> LocationStack:
        """What location stacks tell: their name, their features."""
        return LocationStack(self)

    location_stack = ls

    @property
    def obj(self) -> LocationStack:
        """Return ``.ls``, as it is named now."""
        deprecated("SeriesLocationStack.obj", "SeriesLocationStack.ls")
        return LocationStack(self)

    objectiv = obj


@checked
class LocationStack:
    """What location stacks tell."""

    __slots__ = ("_series",)

    def __init__(self, series: SeriesLocationStack) -> None:
        self._series = series

    @property
    def nice_name(self) -> Series:
        """The name of each stack: ``Link: logo located at Root Location: home => Navigation: top``; missing if it is empty.

        The innermost location comes first, its type in words and without Context, then those around it from the root on.
        """
        return _of_rows(self._series, call("json_path_name", expr_of(self._series), *_NAME))

    @property
    def feature_stack(self) -> Series:
        """The stacks with the members _type and id of each location only; they are location stacks too."""
        return _of_rows(self._series, call("json_pick", expr_of(self._series), _FEATURE))

    @property
    def navigation_features(self) -> Series:
        """The stacks from their first NavigationContext on; empty where there is none."""
        return self._series.json[{"_type": "NavigationContext"} :]

    def get_from_context_with_type_series(self, type: str, key: str, dtype: str = "string") -> Series:
        """Return the member ``key`` of the first location of a type, as ``dtype``; missing where there is none.

        ``dtype`` is ``string`` for text without quotes, or ``json``.
        """
        return _member(self._series, type, key, dtype)


def _member(series: Series, type_: str, key: str, dtype: str) -> Series:
    """Return a member of the first context of a type."""
    if dtype not in ("string", "json"):
        raise InvalidValue(f"dtype is 'string' or 'json', not {dtype!r}", hint="cast the result with astype")
    found = call("json_index", call("json_filter", expr_of(series), literal({"_type": type_})), literal(0))
    return _of_rows(series, call("json_get_text" if dtype == "string" else "json_get", found, literal(key)))


def _of_rows(series: Series, expr: Expr, name: str | None = None) -> Series:
    """Return an expression over the rows of a series, under the name of the series or another one."""
    return series_of(state_of(series), expr, series.name if name is None else name)


@series_class("objectiv_global_context")
@checked
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
        """What the global contexts of an event tell."""
        return GlobalContexts(self)

    global_contexts = gc

    @property
    def obj(self) -> GlobalContexts:
        """Return ``.gc``, as it is named now."""
        deprecated("SeriesGlobalContexts.obj", "SeriesGlobalContexts.gc")
        return GlobalContexts(self)

    objectiv = obj


@checked
class GlobalContexts:
    """Members of global contexts, whatever their type."""

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
        """The name that the browser gives itself."""
        return _member(self._series, "HttpContext", "user_agent", "string").rename("user_agent")

    def get_from_context_with_type_series(self, type: str, key: str, dtype: str = "string") -> Series:
        """Return the member ``key`` of the first context of a type, as ``dtype``; missing where there is none.

        ``dtype`` is ``string`` for text without quotes, or ``json``.
        """
        return _member(self._series, type, key, dtype)
