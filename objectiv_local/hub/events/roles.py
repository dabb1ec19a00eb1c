"""Roles of columns, such as the user or the moment of an event: resolves those that were given, and guesses the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import literal, on_rows_of, series_of, state_of
from objectiv_local.hub.schemas.parts import joined

#: What a user gives for a role: a column name, several names, or a function of the source frame.
Role = str | Sequence[str] | Callable[[DataFrame], Series]

#: Column names that suggest a role, in lower case and without separators.
_NAMES = {
    "user_id": (
        "userid",
        "uid",
        "user",
        "customerid",
        "customer",
        "clientid",
        "visitorid",
        "visitor",
        "personid",
        "person",
        "distinctid",
        "memberid",
        "member",
        "cookieid",
        "anonymousid",
        "deviceid",
        "userpseudoid",
    ),
    "moment": (
        "moment",
        "timestamp",
        "ts",
        "time",
        "eventtime",
        "eventtimestamp",
        "datetime",
        "createdat",
        "occurredat",
        "sentat",
        "date",
    ),
    "event_type": ("eventtype", "event", "eventname", "action", "activity"),
    "event_id": ("eventid", "uuid", "insertid", "messageid"),
    "session_id": ("sessionid", "session", "visitid"),
    "location": ("location", "page", "path", "pathname", "pagepath", "screen", "screenname", "url", "pageurl"),
}
#: Column names that suggest a device, which replaces a missing user.
_DEVICES = ("deviceid", "anonymousid", "userpseudoid")
#: Column names that suggest a URL, whose path is the location.
_ADDRESSES = ("url", "pageurl")
#: Roles that every event frame needs.
REQUIRED = ("user_id", "moment", "event_type")

_IDS = ("string", "uuid", "int64")
#: Types that a guessed column can have.
_TYPES = {"user_id": _IDS, "event_type": ("string",), "event_id": _IDS, "session_id": _IDS, "location": ("string",)}


def resolved(raw: DataFrame, role: str, given: Role, title: str) -> Series:
    """Return the series for a role, from a column name, several names, or a function of the frame.

    A function can return a string, which becomes a constant. Several columns are joined to one string. Raises ColumnNotFound,
    and InvalidType for anything else.
    """
    if isinstance(given, str):
        if given not in raw.data_columns:
            raise ColumnNotFound(f"{title} has no column {given!r} for {role}", hint=near(given, raw.data_columns))
        column: Series = raw[given]
        return column
    if callable(given) and not isinstance(given, type):
        series = given(raw)
        if isinstance(series, str):
            return series_of(state_of(raw), literal(series), role)
        if not isinstance(series, Series) or on_rows_of(raw, series) is None:
            raise InvalidType(
                f"the function for {role} has to return a series of the frame that it is given, "
                f"or a text, not {type(series).__name__}",
                hint=f"as in {role}=lambda rows: rows['name'].str.lower()",
            )
        return series
    names = list(given) if isinstance(given, Sequence) else []
    if not names or not all(isinstance(name, str) for name in names):
        raise InvalidType(f"{role} is the name of a column, not {given!r}", hint=f"one of {', '.join(raw.data_columns)}")
    result = resolved(raw, role, names[0], title)
    for name in names[1:]:
        result = joined(result, resolved(raw, role, name, title))
    return result


def guesses(raw: DataFrame, given: Mapping[str, Role], title: str) -> dict[str, str]:
    """Return a column for each role that was not given and can be inferred from column names and types.

    Raises InvalidValue if several columns match a role, or if no column matches a required one.
    """
    # A column given as the location, or as part of a session id, can have another role too.
    used = {role for name, role in given.items() if isinstance(role, str) and name in (*REQUIRED, "event_id", "device_id")}
    found: dict[str, str] = {}
    for role in _NAMES:
        if role in given:
            continue
        fits = _fitting(raw, role, used)
        if len(fits) > 1:
            raise InvalidValue(f"several columns of {title} may be {role}: {', '.join(fits)}", hint=_choice(raw, role, fits))
        if fits:
            found[role] = fits[0]
        elif role in REQUIRED:
            raise InvalidValue(
                f"no column of {title} was recognized as {role}; it has {', '.join(raw.data_columns)}",
                hint=_hint(raw, role, {*used, *found.values()}),
            )
    if found.get("user_id") == "user_id" and "device_id" not in given:
        devices = [name for name in raw.data_columns if _plain(name) in _DEVICES and raw.dtypes[name] in _IDS]
        found |= {"device_id": devices[0]} if len(devices) == 1 else {}
    return found


def is_address(name: str) -> bool:
    """Return whether the name of a column suggests a URL."""
    return _plain(name) in _ADDRESSES


def _plain(name: str) -> str:
    return re.sub(r"[\s_$.\-]", "", name).casefold()


def _fitting(raw: DataFrame, role: str, used: set[str]) -> list[str]:
    """Return the columns that match a role: the one named like the role, otherwise all with one of its other names.

    If there is none, all timestamp columns match the moment.
    """
    types = raw.dtypes
    free = [name for name in raw.data_columns if name not in used]
    # A column with the exact name is meant even if its type is wrong, which is an error later; JSON of that name is not.
    odd = _has_parts(types.get(role, "")) or role == "location"
    if role in free and (role in REQUIRED or _may_be(types[role], role) or not odd):
        return [role]
    free = [name for name in free if _may_be(types[name], role)]
    fits = [name for name in free if _plain(name) in _NAMES[role]]
    if not fits and role == "moment":
        fits = [name for name in free if types[name] == "timestamp"]
    return fits


def _has_parts(dtype: str) -> bool:
    return dtype == "json" or "[" in dtype


def _may_be(dtype: str, role: str) -> bool:
    if role == "moment":
        # A time of day is not a moment, but makes a date column next to it ambiguous.
        return dtype in ("timestamp", "date", "time", "string", "int64", "float64") or dtype.startswith("decimal")
    return dtype in _TYPES[role]


def _choice(raw: DataFrame, role: str, fits: list[str]) -> str:
    """Return how to choose one of several columns that match a role."""
    by_type = {raw.dtypes[name]: name for name in fits}
    if role == "moment" and {"date", "time"} <= by_type.keys():
        strings = " + ' ' + ".join(f"rows[{by_type[each]!r}].astype('string')" for each in ("date", "time"))
        return f"combine them, as in moment=lambda rows: to_datetime({strings})"
    devices = [name for name in fits if _plain(name) in _DEVICES]
    if role == "user_id" and len(devices) == 1 and len(fits) == 2:
        user = next(name for name in fits if name not in devices)
        return f"pass one of them, or the device and the user: user_id={(devices[0], user)!r}"
    return f"pass one of them, as in {role}={fits[0]!r}"


def _hint(raw: DataFrame, role: str, used: set[str]) -> str:
    types = raw.dtypes
    if role == "event_type":
        return (
            "name it with event_type=...; if all rows are events of one kind, such as orders, say so with "
            "event_type=lambda rows: 'order'"
        )
    some = next((name for name in raw.data_columns if _may_be(types[name], role) and name not in used), None)
    return (
        f"name it, as in {role}={some!r}"
        if some is not None
        else (f"no other column has a type for it; a function casts one: {role}=lambda rows: rows['name'].astype('string')")
    )
