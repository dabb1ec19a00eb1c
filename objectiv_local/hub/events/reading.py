"""Reads the rows of a source: applies a schema, or columns that were given or guessed, and checks their types."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Column,
    Filter,
    aggregation,
    call,
    expr_of,
    frame_of,
    state_of,
    unused_name,
)
from objectiv_local.hub.events.moments import as_moment
from objectiv_local.hub.events.objectiv import EVENT_COLUMNS, checked_contexts, typed_events
from objectiv_local.hub.events.roles import REQUIRED, Role, guesses, is_address, resolved
from objectiv_local.hub.schemas import guessed, named
from objectiv_local.hub.schemas.parts import as_json, joined, member, path
from objectiv_local.hub.schemas.schema import COMMON, Schema, Table
from objectiv_local.hub.series import LocationStack, SeriesLocationStack
from objectiv_local.hub.settings import Settings

#: Columns to keep, as names or as a mapping from new names to roles; None keeps all.
Properties = Sequence[str] | Mapping[str, Role] | None

#: Types that event, user and session ids can have.
_IDS = ("string", "uuid", "int64")
#: The columns that models read.
_CORE = ("day", "moment", "user_id", "event_type", "location", "session_id", "session_hit_number")
#: The leading columns of an event frame, in order.
FIRST = (*_CORE, *COMMON)
#: Rows in which the names of properties are looked for, for an error.
_EXAMPLES = 1_000
#: Columns that only Objectiv's schemas have.
_STACKS = ("location_stack", "stack_event_types")


@dataclass(slots=True)
class Rows:
    """Rows of a source, and the event-frame columns that are computed from them."""

    raw: DataFrame
    title: str
    #: Columns of ``ROLES`` and ``COMMON``, by name.
    computed: dict[str, Series]
    #: The other columns to keep, by their names in the event frame.
    others: dict[str, Series]
    note: str
    #: Whether the schema is one of Objectiv's, where all events without a user belong to the sessions of one user.
    stacks: bool = False
    #: Whether the device replaces a missing user.
    device_stands_in: bool = False
    #: Whether to leave users missing even so, because identity resolution comes next.
    known_only: bool = False

    def with_known_users(self) -> Rows:
        """Return the rows without replacing missing users by devices."""
        return replace(self, known_only=True)

    def bring_into_types(self, zone: str) -> None:
        """Convert the columns to the types of an event frame; dates are those of the time zone ``zone``.

        Raises InvalidValue if a required column is missing, and InvalidType for columns that cannot be converted.
        """
        computed, title = self.computed, self.title
        for name in REQUIRED:
            if name not in computed:
                raise InvalidValue(
                    f"the schema finds no {name} in {title}; it has {', '.join(self.raw.data_columns)}",
                    hint=f"name the column with {name}=..., or give a text for all: {name}=lambda rows: '...'",
                )
        computed["moment"], read_as = as_moment(self.raw, computed["moment"], title, zone)
        if read_as:
            self.note += f"; moments are read {read_as}"
        for name in ("event_id", "user_id", "device_id", "session_id"):
            if name in computed and computed[name].dtype not in _IDS:
                raise InvalidType(
                    f"{name} of {title} is {computed[name].dtype}, and ids are text, uuids or whole numbers",
                    hint=f"cast it, as in {name}=lambda rows: rows['name'].astype('int64')",
                )
        for name in ("user_id", "device_id", "session_id"):
            if name in computed and computed[name].dtype == "string":
                # Many exports write an empty string for a missing id.
                computed[name] = computed[name].where(computed[name] != "")
        for name in ("event_type", "location"):
            if name in computed and computed[name].dtype != "string":
                if computed[name].dtype not in _IDS:
                    raise InvalidType(f"{name} of {title} is {computed[name].dtype}, not text", hint="name another column")
                computed[name] = computed[name].astype("string")


def read(
    settings: Settings, raw: DataFrame, title: str, name: str | Schema | None, given: Mapping[str, Role], properties: Properties
) -> Rows:
    """Return the rows of a source, read by a schema or by the columns that were given or guessed."""
    given = dict(given)
    if isinstance(given.get("user_id"), tuple | list):
        given["device_id"], given["user_id"] = _pair(given["user_id"])
    raw, schema = _schema_of(raw, title, name, given)
    if schema is None:
        computed, told = _without_schema(raw, given, title)
        note = f"events of {title}" + (f": {', '.join(told)}" if told else "")
    else:
        note = f"events of {title} by the schema {schema.name}"
        if schema.stacks:
            named_contexts = properties is not None and not isinstance(properties, Mapping)
            contexts = checked_contexts(properties) if named_contexts else settings.global_contexts
            raw, computed = _with_stacks(raw, Table(title, tuple(raw.data_columns)), schema, contexts)
            kept = dict.fromkeys((*_STACKS, *contexts))
            properties = {**{name: name for name in kept}, **properties} if isinstance(properties, Mapping) else list(kept)
        else:
            computed = dict(schema.events(raw, ()))
        if "user_id" not in computed and "device_id" in computed:
            # Exports leave the column out if all of its values are missing.
            computed["user_id"] = computed["device_id"]
        note += "".join(f", {role} from {column}" for role, column in given.items() if isinstance(column, str))
    computed |= {role: resolved(raw, role, column, title) for role, column in given.items()}
    others = _others(raw, computed, schema, properties, title)
    stands_in = "device_id" in computed and ("user_id" not in given or "device_id" in given)
    rows = Rows(raw, title, computed, others, note, stacks=schema is not None and schema.stacks, device_stands_in=stands_in)
    rows.bring_into_types(settings.time_zone)
    return rows


def _schema_of(
    raw: DataFrame, title: str, name: str | Schema | None, given: Mapping[str, Role]
) -> tuple[DataFrame, Schema | None]:
    """Return the rows and their schema; column names are lowercased if only that matches a schema.

    Raises InvalidValue if the table does not match the requested schema, or matches several and not all roles are given.
    """
    lower = {column: column.lower() for column in raw.data_columns}
    spellings = [raw] if len(set(lower.values())) < len(lower) else [raw, raw.rename(columns=lower)]
    refused: InvalidValue | None = None
    for rows in spellings:
        table = Table(title, tuple(rows.data_columns))
        try:
            found = guessed(table) if name is None else named(name, table)
        except InvalidValue as error:
            refused = refused or error
            continue
        if found is not None or name is not None:
            return rows, found
    if refused is not None and not (name is None and set(REQUIRED) <= given.keys()):
        raise refused
    return raw, None


def _without_schema(raw: DataFrame, given: Mapping[str, Role], title: str) -> tuple[dict[str, Series], list[str]]:
    """Return the guessed columns, and a description of where each column comes from."""
    found = guesses(raw, given, title)
    computed = {role: raw[column] for role, column in found.items()}
    told = [f"{role} from {column} (guessed)" for role, column in found.items() if role != column]
    told += [f"{role} from {column}" for role, column in given.items() if isinstance(column, str)]
    if "location" in found and is_address(found["location"]):
        address = path(computed["location"])
        assert address is not None
        computed["location"] = address
    if "session_id" in found and "user_id" in found and _are_shared(computed["session_id"], computed["user_id"]):
        computed["session_id"] = joined(computed["user_id"], computed["session_id"])
        told.append(f"several users have one {found['session_id']}, so session_id is of both")
    return computed, told


def _are_shared(session: Series, user: Series) -> bool:
    """Return whether several users share a session id. Runs a query."""
    state = state_of(session)
    if state.engine is None or session.dtype not in _IDS or user.dtype not in _IDS:
        return False
    pairs = Aggregate(state.plan, (("session", expr_of(session)), ("user", expr_of(user))), (), "pairs")
    there = call("and", call("not_null", pairs.column("session")), call("not_null", pairs.column("user")))
    counted = Aggregate(
        Filter(pairs, there),
        (),
        (("pairs", aggregation("size")), ("sessions", aggregation("nunique", pairs.column("session")))),
        "shared",
    )
    row = frame_of(state.with_rows(counted, ()), ["pairs", "sessions"]).to_arrow().to_pylist()[0]
    return bool(row["pairs"] > row["sessions"])


def _with_stacks(
    raw: DataFrame, table: Table, schema: Schema, contexts: tuple[str, ...]
) -> tuple[DataFrame, dict[str, Series]]:
    """Return the rows of a table of Objectiv's events, and their event-frame columns."""
    state = typed_events(raw, table, schema, contexts, ids_differ=False)
    frame = frame_of(state, ["event_id", *EVENT_COLUMNS, *contexts])
    stack = frame["location_stack"]
    assert isinstance(stack, SeriesLocationStack)
    computed = {name: frame[name] for name in ("event_id", "user_id", "moment", "event_type")}
    return frame, computed | {"location": LocationStack(stack).nice_name}


def _others(
    raw: DataFrame, computed: Mapping[str, Series], schema: Schema | None, properties: Properties, title: str
) -> dict[str, Series]:
    """Return the other columns to keep, by their names in the event frame."""
    if properties is None:
        plain = {expr.name for expr in map(expr_of, computed.values()) if isinstance(expr, Column)}
        wanted: dict[str, Role] = {name: name for name in raw.data_columns if name not in plain}
    elif isinstance(properties, Mapping):
        wanted = dict(properties)
    else:
        names = [name if name in raw.data_columns else name.rpartition(".")[2] for name in properties]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InvalidValue(
                f"properties would make two columns {twice!r}",
                hint="name them anew, as in properties={'plan': 'context.plan', 'old_plan': 'traits.plan'}",
            )
        wanted = dict(zip(names, properties, strict=True))
    # An explicit property overrides a column that the schema computes under the same name.
    replaced = set() if properties is None else set(COMMON) & wanted.keys()
    taken = {"event_id", *_CORE, *(computed.keys() - replaced)}
    others: dict[str, Series] = {}
    keys: dict[str, Series] = {}
    for name, role in wanted.items():
        series = _property(raw, role, schema, title) if isinstance(role, str) else resolved(raw, name, role, title)
        if schema is not None and role in schema.json:
            series = as_json(series)
        if isinstance(role, str) and role not in raw.data_columns:
            keys[role] = series
        others[unused_name(f"raw_{name}", (*taken, *wanted, *others)) if name in taken else name] = series
    if properties is not None and keys:
        _check_keys(raw, keys, title)
    return others


def _check_keys(raw: DataFrame, keys: Mapping[str, Series], title: str) -> None:
    """Raise ColumnNotFound for properties that no row has. Runs a query, and another one for the names that there are."""
    state = state_of(raw)
    if state.engine is None:
        return
    names = dict(zip((f"key_{place}" for place in range(len(keys))), keys, strict=True))
    counts = tuple((name, aggregation("count", expr_of(keys[key]))) for name, key in names.items())
    counted = Aggregate(state.plan, (), (*counts, ("rows", aggregation("size"))), "properties")
    row = frame_of(state.with_rows(counted, ()), [*names, "rows"]).to_arrow().to_pylist()[0]
    missing = [key for name, key in names.items() if not row[name]]
    if missing and row["rows"]:
        raise ColumnNotFound(f"no row of {title} has a property {missing[0]!r}", hint=near(missing[0], _known(raw)))


def _known(raw: DataFrame) -> list[str]:
    """Return the names that properties can have: columns, and the keys of JSON in the first rows."""
    found = dict.fromkeys(raw.data_columns)
    columns = [name for name in raw.data_columns if state_of(raw).column(name).type.plain.name in ("json", "string")]
    for row in raw[columns].head(_EXAMPLES).to_dict("records") if columns else ():
        for column, value in row.items():
            keys = _keys(value)
            found |= dict.fromkeys([*keys, *(f"{column}.{key}" for key in keys)])
    return list(found)


def _keys(value: object) -> list[str]:
    """Return the keys of a JSON object, or of the text of one."""
    try:
        found = json.loads(value) if isinstance(value, str) and value.startswith("{") else value
    except (ValueError, RecursionError):
        return []
    return list(found) if isinstance(found, dict) else []


def _property(raw: DataFrame, name: str, schema: Schema | None, title: str) -> Series:
    """Return a column, or a key of a JSON column. Raises ColumnNotFound, and InvalidType for a column without keys."""
    column, _, key = name.partition(".")
    if name not in raw.data_columns and key and column in raw.data_columns:
        return _inside(raw[column], key, title)
    found = raw[name] if name in raw.data_columns else None if schema is None else schema.of_property(raw, name)
    if found is None:
        raise ColumnNotFound(f"{title} has no column {name!r} to keep", hint=near(name, raw.data_columns))
    return found


def _inside(series: Series, key: str, title: str) -> Series:
    type_ = expr_of(series).type
    if type_.plain.name not in ("json", "string") or type_.element is not None:
        raise InvalidType(
            f"column {series.name!r} of {title} is {series.dtype}, which has no properties", hint="name the column alone"
        )
    if type_.fields and key.partition(".")[0] not in dict(type_.fields):
        raise ColumnNotFound(f"column {series.name!r} of {title} has no {key!r}", hint=near(key, dict(type_.fields)))
    found = member(series, *key.split("."))
    assert found is not None
    return found


def _pair(user_id: Role) -> tuple[str, str]:
    if callable(user_id) or len(user_id) != 2 or not all(isinstance(name, str) for name in user_id):
        raise InvalidType(
            f"user_id is a column, or a pair of a column of devices and one of users, not {user_id!r}",
            hint="as in user_id=('device_id', 'user_id')",
        )
    return user_id[0], user_id[1]
