"""Event frames of any table: days, ids, users and sessions, of rows that a schema or named columns made readable."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping

from objectiv_local.errors import DataInvalid, InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Filter,
    Node,
    Ordering,
    Select,
    State,
    aggregation,
    call,
    case,
    cast,
    expr_of,
    frame_of,
    literal,
    on_rows_of,
    over,
    series_of,
    state_of,
)
from objectiv_local.hub.events.ids import made_id, without_copies
from objectiv_local.hub.events.moments import limit, within
from objectiv_local.hub.events.reading import FIRST, Properties, Rows, read
from objectiv_local.hub.events.roles import Role
from objectiv_local.hub.events.sessionize import gap_seconds
from objectiv_local.hub.events.source import raw_frame
from objectiv_local.hub.identity_map import resolve_identity
from objectiv_local.hub.schemas.parts import first_of
from objectiv_local.hub.schemas.schema import Schema
from objectiv_local.hub.sessions import with_sessions
from objectiv_local.hub.settings import Settings
from objectiv_local.types import DATE

logger = logging.getLogger("objectiv_local")


def events(settings: Settings, source: object = None, *, schema: str | Schema | None = None, table_name: str | None = None,
           event_id: Role | None = None, user_id: Role | None = None, moment: Role | None = None,
           event_type: Role | None = None, session_id: Role | None = None, location: Role | None = None,
           properties: Properties = None, start: object = None, end: object = None,
           session_gap: datetime.timedelta = datetime.timedelta(minutes=30), identity: str | None = None,
           dedup: bool = False, dtypes: Mapping[str, str] | None = None) -> DataFrame:
    """Return a frame of events, one row each, from any table of events, that every model of the hub takes.

    ``source`` is a frame, filtered or joined beforehand, or anything that ``objectiv_local.connect`` takes: a file, a
    directory, a database. Of several tables, ``table_name`` names one. ``dtypes`` sets the types of single columns that are
    stored otherwise, such as ``{'amount': 'decimal(18, 2)'}`` for a Postgres numeric without a scale.

    ``schema`` says how the table is laid out: ``'objectiv'``, ``'snowplow'``, ``'ga4'``, ``'posthog'``, ``'segment'``
    (RudderStack too), ``'amplitude'``, ``'mixpanel'``, or ``'table'`` for any other one; docs/events.md says what each
    reads, and how to write a ``Schema`` of your own. Left out, it is the schema whose
    columns the table has. Of a ``'table'``, columns that are not named are guessed from names and types; the repr of the
    frame shows how the table was read.

    ``event_id``, ``user_id``, ``moment``, ``event_type``, ``session_id`` and ``location`` name columns of the source, or
    are functions of its frame that return a series, or a text that all rows get; they take the place of what the schema has.
    ``user_id`` may be a pair of columns: the device, which every event has, and the user, who is known of some;
    ``session_id`` may be several columns whose values tell sessions apart together.

    The index is ``event_id``. Columns:

    ======================  =======================================================================================
    column                  what it has
    ======================  =======================================================================================
    ``day``                 the date of the moment in the time zone of the hub
    ``moment``              the moment, a timestamp in UTC; of dates, their start in the time zone of the hub. Events
                            without one are left out
    ``user_id``             the user, or the device where the user is missing
    ``event_type``          what happened, as text
    ``location``            where it happened, as text; only if the source has it. Of web pages, the path
    ``session_id``          the session as the source has it, if it has; else numbered by its first hit, over all events
                            of the frame, and missing where there is no user; Objectiv's events without a user are those
                            of one user
    ``session_hit_number``  the number of the event in its session, from 1, by moment, then by event id
    ``device_id``           the device or browser, if the source tells it from the user
    others                  ``page_url``, ``referrer``, ``utm_source``, ``utm_medium``, ``utm_campaign``, ``country``,
                            ``device`` and ``platform`` where the schema has them; then the other columns of the source. One
                            that has a name of this table and another meaning is named ``raw_<name>``
    ======================  =======================================================================================

    ``properties`` chooses the columns of the source to keep. It also names properties inside of a JSON column of the source, by
    ``'column.key'``, or by the key alone where the schema has one such column; these become columns of text. Properties of
    other JSON columns are reached as ``events.context['key']``. A mapping gives them new names, and takes functions of the
    source's frame too, as in ``{'plan': 'context.plan', 'paid': lambda rows: rows['amount'] > 0}``. Of Objectiv's tables,
    it names global contexts.

    Moments are timestamps, dates, ISO 8601 text, or numbers since 1970, whose unit is told from their size. Timestamps, and
    text with a time of day and without an offset, are in UTC; ``moment=lambda rows: to_datetime(rows['at'], tz='Asia/Tokyo')``
    reads those of a time zone. ``start`` is inclusive and ``end`` is not; both are moments, or days, whose start counts.
    Without an offset, they are in the time zone of the hub. Sessions are made of the events in between.

    Ids are text, uuids or whole numbers. If the source has no event ids, they are made from the user, the moment, the event
    type, and a number for events that are equal in these. If ids repeat, the log says so; with ``dedup``, one event of each id
    is kept, the first by moment, then by the other columns; without ids, one of rows that are equal in all columns.

    ``session_gap`` is the pause that ends a session, if the source has no sessions. ``identity`` says whose the events of a
    device without a user are: ``'last_known'``, ``'first_known'``, ``'forward_only'`` or ``'graph'``, as ``resolve_identity``
    does, over all events of the source and not only over those of the range. It needs devices and users.

    Reads no rows, except to check what cannot be known otherwise: text as moments, the unit of numbers, and whether event ids
    repeat that are no primary key. Raises TableNotFound, ConnectionFailed, ColumnNotFound; InvalidValue for a table in which
    columns are not found or ambiguous, an unknown schema, and a range that ends before it starts; InvalidType for columns of
    types that cannot have their role; and DataInvalid for moments that cannot be read.

    >>> import objectiv_local as ol
    >>> clicks = ol.DataFrame.from_schema({"uid": "string", "ts": "timestamp", "action": "string"}, dialect="duckdb",
    ...                                   table_name="clicks")
    >>> ol.ModelHub().events(clicks, user_id="uid").columns
    ['day', 'moment', 'user_id', 'event_type', 'session_id', 'session_hit_number']
    """
    bounds = limit(start, "start", settings.time_zone), limit(end, "end", settings.time_zone)
    if bounds[0] is not None and bounds[1] is not None and bounds[1] <= bounds[0]:
        raise InvalidValue(f"end {end} is not after start {start}", hint="start is inclusive and end is not")
    gap = gap_seconds(session_gap)
    given = {name: role for name, role in (("event_id", event_id), ("user_id", user_id), ("moment", moment),
                                           ("event_type", event_type), ("session_id", session_id), ("location", location))
             if role is not None}
    raw, title = raw_frame(source, table_name, dtypes)
    rows = read(settings, raw, title, schema, given, properties)
    if identity is None:
        state = _with_ids(rows, bounds, dedup=dedup)
    else:
        state = _resolved(_with_ids(rows.with_known_users(), (None, None), dedup=dedup), identity, title)
        state = state.with_plan(_filtered(state.plan, within(state.column("moment"), *bounds)))
    local = settings.clocks(series_of(state, state.column("moment"), "moment"))
    state = state.extended([("day", cast(expr_of(local), DATE))], "events").with_note(
        rows.note + (f"; users are the {identity} ones of their devices" if identity else ""))
    names = [name for name in state.plan.types if name != "event_id"]
    state = _numbered(state) if "session_id" in rows.computed else with_sessions(state, gap, nobody=rows.stacks)
    first = [name for name in FIRST if name in state.plan.types]
    return frame_of(state, [*first, *(name for name in names if name not in first)])


def _with_ids(rows: Rows, bounds: tuple[datetime.datetime | None, datetime.datetime | None], *, dedup: bool) -> State:
    """Return the events between two moments as rows with an id, each once with ``dedup``."""
    computed = dict(rows.computed)
    if rows.device_stands_in:
        user = first_of(computed["user_id"], computed["device_id"])
        assert user is not None
        computed["user_id"] = user
    columns = {name: expr_of(series if (own := on_rows_of(rows.raw, series)) is None else own)
               for name, series in (*computed.items(), *rows.others.items())}
    # What a moment is read from may take steps of its own, over which everything is computed.
    moment, state = expr_of(computed["moment"]), state_of(computed["moment"])
    columns["moment"] = moment
    made = "event_id" not in columns
    if made:
        columns["event_id"] = made_id(state.plan, rows.raw.data_columns, columns["user_id"], moment, columns["event_type"])
    # Windows look at all rows of the source, except that which numbers equal events; a copy of an event may be out of range.
    late = dedup or any(expr.has_window for name, expr in columns.items() if not (made and name == "event_id"))
    plan = without_copies(state.plan, rows.raw.data_columns, moment) if dedup and made else state.plan
    plan = plan if late else _filtered(plan, within(moment, *bounds))
    plan = Select(plan, tuple(columns.items()), "events")
    if dedup and not made:
        ids = plan.column("event_id")
        number = over(aggregation("row_number"), [ids], [Ordering(plan.column("moment"))])
        # Events without an id are no copies of each other.
        plan = Filter(plan, call("or", call("is_null", ids), call("eq", number, literal(1))), "events")
    if late:
        plan = _filtered(plan, within(plan.column("moment"), *bounds))
    state = state.with_rows(plan, ("event_id",))
    unique = made or plan.key == ("event_id",) or _are_unique(state, rows.title)
    if plan.key != ("event_id",) or bounds == (None, None):
        # Between bounds all events have a moment; the filter then says what tells them apart.
        there = call("not_null", plan.column("moment"))
        state = state.with_plan(Filter(plan, there, "events", left_key=("event_id",) if unique else None))
    return state


def _resolved(state: State, identity: str, title: str) -> State:
    """Return the events with users by a rule of identity. Raises InvalidValue for events without devices."""
    if "device_id" not in state.plan.types:
        raise InvalidValue(f"identity needs devices, and none are known of {title}",
                           hint="name them beside the users, as in user_id=('device_id', 'user_id')")
    events = frame_of(state, [name for name in state.plan.types if name != "event_id"])
    return state_of(resolve_identity(events, rule=identity))


def _filtered(plan: Node, conditions: list[Expr]) -> Node:
    for condition in conditions:
        plan = Filter(plan, condition, "events")
    return plan


def _are_unique(state: State, title: str) -> bool:
    """Return whether the ids of events differ and none is missing. The log says of how many not, and which have no moment.

    Raises DataInvalid if there are rows, and none has a moment.
    """
    if state.engine is None:
        return False
    ids, there = state.column("event_id"), call("not_null", state.column("moment"))
    counted = Aggregate(state.plan, (), (
        ("rows", aggregation("size")), ("events", aggregation("size", where=there)),
        ("with_id", aggregation("count", ids, where=there)), ("ids", aggregation("nunique", ids, where=there))), "ids")
    row = frame_of(state.with_rows(counted, ()), ["rows", "events", "with_id", "ids"]).to_arrow().to_pylist()[0]
    rows, events, with_id, ids_ = row["rows"], row["events"], row["with_id"], row["ids"]
    if rows and not events:
        raise DataInvalid(f"none of the {rows:,} rows of {title} has a moment", hint="is it a table of events? Name its moment")
    if rows > events:
        logger.warning("%d of %d rows of %s have no moment, and are left out", rows - events, rows, title)
    if with_id > ids_:
        logger.warning("%d of %d events of %s have the id of another one; dedup=True keeps one of each id", with_id - ids_,
                       events, title)
    if events > with_id:
        logger.warning("%d of %d events of %s have no id", events - with_id, events, title)
    return bool(events == ids_)


def _numbered(state: State) -> State:
    """Return the state with the number of each event in its session."""
    session = state.column("session_id")
    order = [Ordering(state.column(name)) for name in ("moment", "event_id")]
    number = case([(call("not_null", session), over(aggregation("row_number"), [session], order))])
    return state.extended([("session_hit_number", number)], "sessions")
