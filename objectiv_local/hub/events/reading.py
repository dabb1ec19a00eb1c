"""The rows of a source, with the columns of an event frame that a schema computes, or that were named or guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from objectiv_local.errors import ColumnNotFound, InvalidType, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Column, expr_of, frame_of, unused_name
from objectiv_local.hub.events.moments import as_moment
from objectiv_local.hub.events.objectiv import EVENT_COLUMNS, checked_contexts, typed_events
from objectiv_local.hub.events.roles import REQUIRED, Role, guesses, resolved
from objectiv_local.hub.events.source import raw_frame
from objectiv_local.hub.schemas import guessed, named
from objectiv_local.hub.schemas.parts import member
from objectiv_local.hub.schemas.schema import COMMON, Schema, Table
from objectiv_local.hub.series import LocationStack, SeriesLocationStack
from objectiv_local.hub.settings import Settings

#: The columns to keep: their names, or new names with what each is; None for all.
Properties = Sequence[str] | Mapping[str, Role] | None

#: Types of ids: of events, users and sessions.
_IDS = ("string", "uuid", "int64")
#: The columns that the models read.
_CORE = ("day", "moment", "user_id", "event_type", "location", "session_id", "session_hit_number")
#: The columns of an event frame that come first, in this order.
FIRST = (*_CORE, *COMMON)
#: The columns of Objectiv's frames that others do not have.
_STACKS = ("location_stack", "stack_event_types")


@dataclass(slots=True)
class Rows:
    """The rows of a source with the columns of an event frame that are computed of them."""

    raw: DataFrame
    title: str
    #: Columns of ``ROLES`` and ``COMMON``.
    computed: dict[str, Series]
    #: The other columns to keep, by their names in the event frame.
    others: dict[str, Series]
    note: str
    #: Whether they are Objectiv's, in whose sessions all events without a user are those of one user.
    stacks: bool = False

    def bring_into_types(self) -> None:
        """Bring the columns into the types that an event frame has. Raises InvalidType for those of others."""
        computed, title = self.computed, self.title
        computed["moment"], read_as = as_moment(self.raw, computed["moment"], title)
        if read_as:
            self.note += f"; moments are read {read_as}"
        for name in ("event_id", "user_id", "device_id", "session_id"):
            if name in computed and computed[name].dtype not in _IDS:
                raise InvalidType(f"{name} of {title} is {computed[name].dtype}, and ids are text, uuids or whole numbers",
                                  hint="cast it, as in " + name + "=lambda rows: rows['name'].astype('string')")
        for name in ("event_type", "location"):
            if name in computed and computed[name].dtype != "string":
                if computed[name].dtype not in _IDS:
                    raise InvalidType(f"{name} of {title} is {computed[name].dtype}, not text", hint="name another column")
                computed[name] = computed[name].astype("string")


def read(settings: Settings, source: object, table_name: str | None, name: str | Schema | None, given: Mapping[str, Role],
          properties: Properties) -> Rows:
    """Return the rows of a source, read by a schema or by the columns that were named and guessed."""
    raw, title = raw_frame(source, table_name)
    table = Table(title, tuple(raw.data_columns))
    given = dict(given)
    if isinstance(given.get("user_id"), tuple | list):
        given["device_id"], given["user_id"] = _pair(given["user_id"])
    schema: Schema | None = None
    if name is not None:
        schema = named(name, table)
    elif not set(REQUIRED) <= given.keys():
        schema = guessed(table)
    if schema is None:
        guessed_roles = guesses(raw, given, title)
        computed = {role: raw[column] for role, column in guessed_roles.items()}
        told = [f"{role} from {column} (guessed)" for role, column in guessed_roles.items() if role != column]
        told += [f"{role} from {column}" for role, column in given.items() if isinstance(column, str)]
        note = f"events of {title}" + (f": {', '.join(told)}" if told else "")
    else:
        note = f"events of {title} by the schema {schema.name}"
        if schema.stacks:
            named_contexts = properties is not None and not isinstance(properties, Mapping)
            contexts = checked_contexts(properties) if named_contexts else settings.global_contexts
            raw, computed = _with_stacks(raw, table, schema, contexts)
            kept = dict.fromkeys((*_STACKS, *contexts))
            properties = {**{name: name for name in kept}, **properties} if isinstance(properties, Mapping) else list(kept)
        else:
            computed = dict(schema.events(raw, ()))
    computed |= {role: resolved(raw, role, column, title) for role, column in given.items()}
    others = _others(raw, computed, schema, properties, title)
    rows = Rows(raw, title, computed, others, note, stacks=schema is not None and schema.stacks)
    rows.bring_into_types()
    return rows


def _with_stacks(raw: DataFrame, table: Table, schema: Schema,
                 contexts: tuple[str, ...]) -> tuple[DataFrame, dict[str, Series]]:
    """Return the rows of a table of Objectiv's events, and the columns of an event frame."""
    state = typed_events(raw, table, schema, contexts)
    frame = frame_of(state, ["event_id", *EVENT_COLUMNS, *contexts])
    stack = frame["location_stack"]
    assert isinstance(stack, SeriesLocationStack)
    computed = {name: frame[name] for name in ("event_id", "user_id", "moment", "event_type")}
    return frame, computed | {"location": LocationStack(stack).nice_name}


def _others(raw: DataFrame, computed: Mapping[str, Series], schema: Schema | None, properties: Properties,
            title: str) -> dict[str, Series]:
    """Return the columns of a source to keep, by their names in the event frame, and properties that were named."""
    if properties is None:
        plain = {expr.name for expr in map(expr_of, computed.values()) if isinstance(expr, Column)}
        wanted: dict[str, Role] = {name: name for name in raw.data_columns if name not in plain}
    elif isinstance(properties, Mapping):
        wanted = dict(properties)
    else:
        wanted = {name if name in raw.data_columns else name.rpartition(".")[2]: name for name in properties}
    # What was asked for by name takes the place of what a schema computes under that name.
    replaced = set() if properties is None else set(COMMON) & wanted.keys()
    taken = {"event_id", *_CORE, *(computed.keys() - replaced)}
    others: dict[str, Series] = {}
    for name, role in wanted.items():
        series = _property(raw, role, schema, title) if isinstance(role, str) else resolved(raw, name, role, title)
        others[unused_name(f"raw_{name}", (*taken, *wanted, *others)) if name in taken else name] = series
    return others


def _property(raw: DataFrame, name: str, schema: Schema | None, title: str) -> Series:
    """Return a column, or a property inside of one. Raises ColumnNotFound, and InvalidType for a column without properties."""
    column, _, key = name.partition(".")
    if name not in raw.data_columns and key and column in raw.data_columns:
        return _inside(raw[column], key, title)
    found = raw[name] if name in raw.data_columns else None if schema is None else schema.of_property(raw, name)
    if found is None:
        raise ColumnNotFound(f"{title} has no column {name!r} to keep", hint=near(name, raw.data_columns))
    return found


def _inside(series: Series, key: str, title: str) -> Series:
    if expr_of(series).type.plain.name not in ("json", "string"):
        raise InvalidType(f"column {series.name!r} of {title} is {series.dtype}, which has no properties",
                          hint="name the column alone")
    found = member(series, key)
    assert found is not None
    return found


def _pair(user_id: Role) -> tuple[str, str]:
    if callable(user_id) or len(user_id) != 2 or not all(isinstance(name, str) for name in user_id):
        raise InvalidType(f"user_id is a column, or a pair of a column of devices and one of users, not {user_id!r}",
                          hint="as in user_id=('device_id', 'user_id')")
    return user_id[0], user_id[1]
