"""Identity resolution: assigns events without a user to a user of the same device, by one of several rules.

Events with a user keep it, except that the rule ``graph`` merges users. An event whose device never had a user gets the id of
the device.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import (
    Aggregate,
    Call,
    Column,
    Expr,
    Extend,
    Filter,
    Join,
    JoinSide,
    Node,
    Ordering,
    Select,
    State,
    WindowFrame,
    aggregation,
    call,
    case,
    cast,
    frame_of,
    literal,
    over,
    state_of,
    unused_name,
)
from objectiv_local.hub.checks import require
from objectiv_local.hub.hits import by_event
from objectiv_local.hub.identity_graph import connected
from objectiv_local.types import INT64, STRING, TIMESTAMP, UUID

if TYPE_CHECKING:
    import pyarrow

logger = logging.getLogger("objectiv_local")

RULES = ("last_known", "first_known", "forward_only", "graph")
COLUMNS = ("kind", "raw_id", "user_id", "rule", "from", "to")
DEVICE, USER = "device", "user"
#: Prefix of device ids that equal a user id.
PREFIX = "device:"
_IDS = (STRING, UUID, INT64)


def resolve_identity(
    data: DataFrame, device: str = "device_id", user: str = "user_id", rule: str = "last_known", *, max_ids: int = 10
) -> DataFrame:
    """Return the frame with ``user_id`` resolved. Rows and all other columns are unchanged.

    ``device`` names the column with the id of the device or browser, which most events have, and ``user`` the column with the
    id of the user, which is only known for some events. An event without a user gets one by ``rule``:

    ================  ==============================================================================================
    ``last_known``    the last user of its device, over all events
    ``first_known``   the first user of its device, over all events
    ``forward_only``  the last user of its device up to the event; events before the first login are not changed
    ``graph``         all devices and users that are connected by events are one person, whose id is the smallest of its
                      user ids; users are also replaced by their person
    ================  ==============================================================================================

    If no user is known, ``user_id`` is the id of the device, or missing if there is no device. The first and last user are
    determined by moment, then by event id; events without a moment are ignored for this. With ``graph``, components of more
    than ``max_ids`` ids are not merged, because a shared device would merge unrelated people; their number is logged, and
    ``identity_map`` lists them.

    Ids are strings, uuids or integers. ``user_id`` has their type if both columns are strings or both are uuids, and is a
    string otherwise. If both columns are uuids, equal ids are the same identity. Otherwise, a device id that equals some user
    id is written as ``device:<id>``, so that the two are not merged.

    Resolve users before computing sessions: ``hub.sessionize(hub.resolve_identity(events))``. The rule ``graph`` fetches the
    pairs of devices and users once, and uploads the resulting map for the lifetime of the connection; other rules fetch no
    rows. Raises ColumnNotFound; InvalidType for ids of other types; InvalidValue for an unknown rule, and for a frame that has
    a column user_id in addition to ``user``.

    >>> from objectiv_local import DataFrame, ModelHub
    >>> hits = DataFrame.from_schema({"event_id": "int64", "device_id": "string", "login": "string", "moment": "timestamp"},
    ...                              index="event_id", table_name="hits")
    >>> ModelHub().resolve_identity(hits, user="login", rule="first_known").columns
    ['device_id', 'login', 'moment', 'user_id']
    """
    rows = _rows(data, device, user, rule, max_ids, "resolve_identity")
    if user != "user_id" and "user_id" in data.data_columns:
        raise InvalidValue(
            f"the frame has a column user_id in addition to {user!r}, the users to resolve",
            hint="drop or rename it: frame.drop(columns=['user_id'])",
        )
    plan: Node = rows.state.plan
    known: list[Expr]
    if rule == "graph":
        people = _people(rows, max_ids)
        plan, of_user = _looked_up(plan, _of_kind(people, USER), rows.user)
        plan, of_device = _looked_up(plan, _of_kind(people, DEVICE), rows.device)
        known = [of_user, rows.user, of_device]
    elif rule == "forward_only":
        plan, so_far = _so_far(rows)
        known = [rows.user, so_far]
    else:
        plan, of_device = _looked_up(plan, _of_devices(rows, rule), rows.device)
        known = [rows.user, of_device]
    alone: Expr = rows.device
    if rows.user.type == STRING:
        users = _known(rows, [("raw_id", rows.user)], call("not_null", rows.user))
        users = Aggregate(users, (("raw_id", users.column("raw_id")),), (), "users")
        plan, same = _looked_up(plan, users, rows.device, "raw_id")
        alone = case([(call("not_null", same), call("concat", literal(PREFIX), alone))], alone)
    for each in reversed(known):
        alone = call("coalesce", each, alone)
    state = rows.state.with_plan(plan).extended([("user_id", alone)], "identified_events")
    return frame_of(state, list(dict.fromkeys([*data.data_columns, "user_id"])))


def identity_map(
    data: DataFrame, device: str = "device_id", user: str = "user_id", rule: str = "last_known", *, max_ids: int = 10
) -> DataFrame:
    """Return the ids that ``resolve_identity`` replaces, and the user that replaces each. Takes the same arguments.

    Columns: ``kind``, which is ``'device'`` or ``'user'``; ``raw_id``; ``user_id``; ``rule``; ``from`` and ``to``. Each device
    that a user has used has one row. With ``forward_only``, it has one row for each of its successive users: ``from``
    (inclusive) and ``to`` (exclusive) are the time in which the device belongs to the user, and ``to`` is missing for the last
    one. With the other rules, ``from`` and ``to`` are missing. With ``graph``, each user has a row as well, and ids in
    components of more than ``max_ids`` ids, which are not merged, have no ``user_id``.

    To count the ids of each person: ``hub.identity_map(events).groupby('user_id').raw_id.nunique()``. See ``resolve_identity``
    for the rules and errors.

    >>> from objectiv_local import DataFrame, ModelHub
    >>> hits = DataFrame.from_schema({"event_id": "int64", "device_id": "string", "user_id": "string", "moment": "timestamp"},
    ...                              index="event_id", table_name="hits")
    >>> ModelHub().identity_map(hits).columns
    ['kind', 'raw_id', 'user_id', 'rule', 'from', 'to']
    """
    rows = _rows(data, device, user, rule, max_ids, "identity_map")
    always = (("from", literal(None, TIMESTAMP)), ("to", literal(None, TIMESTAMP)))
    if rule == "graph":
        plan = _people(rows, max_ids)
        kind: Expr = plan.column("kind")
    else:
        plan = _turns(rows) if rule == "forward_only" else _of_devices(rows, rule)
        kind = literal(DEVICE)
    span = always if rule != "forward_only" else (("from", plan.column("from")), ("to", plan.column("to")))
    plan = Select(
        plan,
        (
            ("kind", kind),
            ("raw_id", plan.column("raw_id")),
            ("user_id", plan.column("user_id")),
            ("rule", literal(rule)),
            *span,
        ),
        "identities",
    )
    order = tuple(Ordering(plan.column(name)) for name in ("kind", "raw_id", "from", "to"))
    return frame_of(rows.state.with_rows(plan, (), order), COLUMNS)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Event rows, with the ids of device and user cast to one type."""

    state: State
    device: Column
    user: Column
    #: The user as it is stored.
    given: Column

    @property
    def order(self) -> tuple[Ordering, ...]:
        """The order of events; those without a moment come first."""
        return (Ordering(self.state.column("moment"), nulls_last=False), *by_event(self.state))

    @property
    def has_known_user(self) -> Expr:
        """Whether an event shows which user its device had, and when."""
        return call("and", self.both, call("not_null", self.state.column("moment")))

    @property
    def both(self) -> Expr:
        """Whether an event has a device and a user."""
        return call("and", call("not_null", self.device), call("not_null", self.user))


def _rows(data: DataFrame, device: str, user: str, rule: str, max_ids: int, model: str) -> _Rows:
    if rule not in RULES:
        raise InvalidValue(f"unknown rule of identity resolution: {rule!r}", hint=near(rule, RULES))
    if isinstance(max_ids, bool) or max_ids < 2:
        raise InvalidValue(f"max_ids has to be a whole number of at least 2, not {max_ids!r}")
    data = require(data, model, [device, user], **({} if rule == "graph" else {"moment": "timestamp"}))
    if device == user:
        raise InvalidValue(f"device and user are the same column, {user!r}", hint="name two columns")
    state = state_of(data)
    if _has_devices_for_users(state.plan, device, user):
        raise InvalidValue(
            f"{user} of this frame is replaced by the device if it is missing, so users can no longer be resolved",
            hint="resolve users when creating the event frame: hub.events(..., identity='last_known')",
        )
    given = state.column(user)
    for name in (device, user):
        if state.column(name).type not in _IDS:
            raise InvalidType(
                f"{name} is {state.column(name).type}, and ids have to be strings, uuids or whole numbers",
                hint=f"cast it: df[{name!r}] = df[{name!r}].astype('string')",
            )
    type_ = UUID if state.column(device).type == given.type == UUID else STRING
    names = [unused_name(name, state.plan.types) for name in ("identity_device", "identity_user")]
    columns = [cast(each, type_) if each.type != type_ else each for each in (state.column(device), given)]
    state = state.extended(zip(names, columns, strict=True), "events")
    return _Rows(state, state.column(names[0]), state.column(names[1]), given)


def _known(rows: _Rows, columns: list[tuple[str, Expr]], condition: Expr) -> Node:
    """Return columns of the events that match a condition."""
    return Select(Filter(rows.state.plan, condition, "known_users"), tuple(columns), "known_users")


def _of_devices(rows: _Rows, rule: str) -> Node:
    """Return the first or last user of each device."""
    order = rows.order
    events = _known(
        rows,
        [("raw_id", rows.device), ("user_id", rows.user), *((f"order_{place}", each.expr) for place, each in enumerate(order))],
        rows.has_known_user,
    )
    own = tuple(Ordering(events.column(f"order_{place}")) for place, _ in enumerate(order))
    which = aggregation("last" if rule == "last_known" else "first", events.column("user_id"), order=own)
    return Aggregate(events, (("raw_id", events.column("raw_id")),), (("user_id", which),), "identities")


def _so_far(rows: _Rows) -> tuple[Node, Expr]:
    """Return the plan with the number of a device's events with a user so far, and the last of these users."""
    plan = rows.state.plan
    number, so_far = unused_name("identity_number", plan.types), WindowFrame("ROWS", None, 0)
    counted = over(aggregation("size", where=rows.has_known_user), [rows.device], rows.order, so_far)
    plan = Extend(plan, ((number, counted),), "known_users")
    user = over(aggregation("first_value", rows.user), [rows.device, plan.column(number)], rows.order, so_far)
    return plan, case([(call("gt", plan.column(number), literal(0)), user)])


def _turns(rows: _Rows) -> Node:
    """Return the successive users of each device, with the start and end of each one's time."""
    order = rows.order
    plan = _known(
        rows,
        [
            ("raw_id", rows.device),
            ("user_id", rows.user),
            ("from", order[0].expr),
            *((f"order_{place}", each.expr) for place, each in enumerate(order[1:])),
        ],
        rows.has_known_user,
    )
    device, user, start = (plan.column(name) for name in ("raw_id", "user_id", "from"))
    own = (Ordering(start), *(Ordering(plan.column(f"order_{place}")) for place, _ in enumerate(order[1:])))
    before = over(aggregation("lag", user, literal(1), literal(None, user.type)), [device], own)
    plan = Extend(plan, (("before", before),), "known_users")
    begins = call("or", call("is_null", plan.column("before")), call("ne", plan.column("before"), user))
    plan = Filter(plan, begins, "known_users")
    after = over(aggregation("lead", start, literal(1), literal(None, TIMESTAMP)), [device], own)
    return Extend(plan, (("to", after),), "known_users")


def _people(rows: _Rows, max_ids: int) -> Node:
    """Return the person of each device and user connected by events, as rows of a table that is uploaded now."""
    # Imported here because few users of the hub need Arrow before they fetch results.
    # Loads Arrow, which few users of the hub need before they fetch.
    import pyarrow as pa

    engine = rows.state.connected()
    pairs = Aggregate(
        _known(rows, [("device", rows.device), ("user", rows.given)], rows.both),
        (("device", Column("device", rows.device.type)), ("user", Column("user", rows.given.type))),
        (),
        "pairs",
    )
    fetched: pyarrow.Table = frame_of(rows.state.with_rows(pairs, ()), ["device", "user"]).to_arrow()
    devices, users = connected(zip(*(column.to_pylist() for column in fetched.columns), strict=True))
    sizes = Counter(devices.values()) + Counter(users.values())
    too_large = {person for person, size in sizes.items() if size > max_ids}
    if too_large:
        logger.warning(
            "%d components of the identity graph have more than %d ids each (%d ids in total) and are not merged",
            len(too_large),
            max_ids,
            sum(sizes[person] for person in too_large),
        )
    raw = [*devices, *users]
    people = [None if person in too_large else str(person) for person in (*devices.values(), *users.values())]
    kinds = [DEVICE] * len(devices) + [USER] * len(users)
    table = pa.table(
        {"kind": kinds, "raw_id": list(map(str, raw)), "user_id": people},
        schema=pa.schema([(name, pa.string()) for name in ("kind", "raw_id", "user_id")]),
    )
    plan = state_of(DataFrame.from_arrow(engine, table, name="identities")).plan
    type_ = rows.user.type
    if type_ == STRING:
        return plan
    return Extend(plan, tuple((name, cast(plan.column(name), type_)) for name in ("raw_id", "user_id")), "identities")


def _of_kind(people: Node, kind: str) -> Node:
    return Filter(people, call("eq", people.column("kind"), literal(kind)), "identities")


def _looked_up(plan: Node, there: Node, key: Column, value: str = "user_id") -> tuple[Node, Column]:
    """Return a plan with a column of the row of ``there`` whose ``raw_id`` equals ``key``; NULL if there is none."""
    name = unused_name("identity", plan.types)
    columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(each, "left", (each, each)) for each in plan.types]
    columns.append((name, "right", (value, value)))
    joined = Join(plan, there, "left", ((key.name, "raw_id"),), tuple(columns), step="identified_events", key=plan.key)
    return joined, joined.column(name)


def _has_devices_for_users(plan: Node, device: str, user: str) -> bool:
    """Return whether a plan replaces missing users by devices, as ``hub.events`` does without ``identity``."""
    while isinstance(plan, Extend | Filter):
        if isinstance(plan, Extend) and {device, user} & {name for name, _ in plan.columns}:
            return False
        plan = plan.child
    if not isinstance(plan, Select) or plan.step != "events":
        return False
    columns = dict(plan.columns)
    match columns.get(user):
        case Call("coalesce", (_, other)):
            return device in columns and other == cast(columns[device], other.type)
    return False
