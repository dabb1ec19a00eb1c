"""Event frames from any table: adds ids, days, users and sessions to rows that were read by a schema or by column names."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping

from objectiv_local.errors import DataInvalid, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Column,
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
    walk,
)
from objectiv_local.hub.events.ids import made_id, without_copies
from objectiv_local.hub.events.moments import limit, within
from objectiv_local.hub.events.reading import FIRST, Properties, Rows, read
from objectiv_local.hub.events.roles import Role
from objectiv_local.hub.events.sessionize import gap_seconds
from objectiv_local.hub.events.snapshots import of_snapshot
from objectiv_local.hub.events.source import raw_frame
from objectiv_local.hub.identity_map import resolve_identity
from objectiv_local.hub.schemas.parts import first_of
from objectiv_local.hub.schemas.schema import Schema
from objectiv_local.hub.sessions import with_sessions
from objectiv_local.hub.settings import Settings
from objectiv_local.types import DATE

logger = logging.getLogger("objectiv_local")
#: The moments that Python's datetime can hold, except for the last microsecond.
_YEARS = (datetime.datetime.min, datetime.datetime.max)


def events(
    settings: Settings,
    source: object = None,
    *,
    schema: str | Schema | None = None,
    table_name: str | None = None,
    event_id: Role | None = None,
    user_id: Role | None = None,
    moment: Role | None = None,
    event_type: Role | None = None,
    session_id: Role | None = None,
    location: Role | None = None,
    properties: Properties = None,
    start: object = None,
    end: object = None,
    session_gap: datetime.timedelta = datetime.timedelta(minutes=30),
    identity: str | None = None,
    dedup: bool = False,
    dtypes: Mapping[str, str] | None = None,
) -> DataFrame:
    """Return an event frame, one row per event, built from any table of events. Every model of the hub takes it.

    ``source`` is a frame, which may be filtered or joined beforehand, or anything that ``objectiv_local.connect`` accepts: a
    file, a directory, a database. If it has several tables, ``table_name`` selects one. ``dtypes`` overrides the types of
    individual stored columns, such as ``{'amount': 'decimal(18, 2)'}`` for a Postgres numeric without a scale. A snapshot of an
    event frame is opened as it was written; see ``DataFrame.snapshot``.

    ``schema`` is the layout of the table: ``'objectiv'``, ``'snowplow'``, ``'ga4'``, ``'posthog'``, ``'segment'`` (also
    RudderStack), ``'amplitude'``, ``'mixpanel'``, or ``'table'`` for any other layout. docs/events.md lists what each reads,
    and how to write your own ``Schema``. By default, the schema is recognized by its columns. For a ``'table'``, columns that
    are not given are guessed from their names and types; the repr of the frame shows which columns were used.

    ``event_id``, ``user_id``, ``moment``, ``event_type``, ``session_id`` and ``location`` are column names, or functions of the
    source frame that return a series or a constant string. They override the schema. ``user_id`` can be a pair of columns,
    ``(device, user)``, where the user is known for some events only. ``session_id`` can be a list of columns that together
    identify a session.

    The index is ``event_id``. Columns:

    ======================  =======================================================================================
    column                  content
    ======================  =======================================================================================
    ``day``                 date of the moment, in the time zone of the hub
    ``moment``              timestamp in UTC; a date counts as its start in the time zone of the hub. Events without a
                            moment are dropped, as are infinite moments and those before the year 1 or after 9999
    ``user_id``             the user, or the device if the user is missing
    ``event_type``          name of the event, a string
    ``location``            page, screen or other place, a string; only if the source has it. For web pages, the URL path
    ``session_id``          session id of the source, if it has one; otherwise sessions are computed and numbered by their
                            first event, and missing for events without a user. For the schema ``'objectiv'``, all events
                            without a user count as those of a single user
    ``session_hit_number``  position of the event in its session, from 1, ordered by moment, then by event id
    ``device_id``           device or browser, if the source distinguishes it from the user
    others                  ``page_url``, ``referrer``, ``utm_source``, ``utm_medium``, ``utm_campaign``, ``country``,
                            ``device`` and ``platform``, if the schema has them; then all other columns of the source. A
                            source column whose name is taken by one of these is renamed to ``raw_<name>``
    ======================  =======================================================================================

    ``properties`` selects the other columns to keep. It can also name a key inside a JSON column, as ``'column.key'``, or as
    ``'key'`` if the schema has one JSON column of properties; the result is a string column. A mapping assigns new names, and
    takes functions of the source frame, as in ``{'plan': 'context.plan', 'paid': lambda rows: rows['amount'] > 0}``. Keys of a
    JSON column of the event frame are available as ``events.context['key']``. For the schema ``'objectiv'``, ``properties``
    names global contexts.

    Moments can be timestamps, dates, ISO 8601 strings, or numbers since 1970, whose unit is inferred from their size.
    Timestamps, and strings with a time but no offset, are in UTC; for another time zone, pass
    ``moment=lambda rows: to_datetime(rows['at'], tz='Asia/Tokyo')``. ``start`` is inclusive and ``end`` is exclusive; both are
    timestamps or dates, in the time zone of the hub unless they have an offset. Sessions are computed from the events in
    between.

    Ids are strings, uuids or integers. If the source has no event ids, they are built from the user, the moment, the event type
    and a counter. If ids repeat, a warning is logged; ``dedup=True`` keeps the first event of each id, ordered by moment and
    then by the other columns. Without event ids, it drops duplicate rows.

    ``session_gap`` is the inactivity that ends a computed session. ``identity`` assigns events without a user to a user of the
    same device: ``'last_known'``, ``'first_known'``, ``'forward_only'`` or ``'graph'``; see ``resolve_identity``. It uses all
    events of the source, including those before ``start`` and after ``end``, and needs a device and a user.

    No rows are fetched, but queries check what the schema cannot guarantee: that strings are moments, the unit of numbers,
    that event ids are unique, unless they are a primary key, and that users do not share a guessed session id.

    Raises TableNotFound, ConnectionFailed, ColumnNotFound; InvalidValue for an unknown schema, for columns that cannot be found
    or are ambiguous, and for an empty range; InvalidType for a column of an unsuitable type; and DataInvalid for strings and
    numbers that are not moments.

    >>> import objectiv_local as ol
    >>> clicks = ol.DataFrame.from_schema({"uid": "string", "ts": "timestamp", "action": "string"}, dialect="duckdb",
    ...                                   table_name="clicks")
    >>> ol.ModelHub().events(clicks, user_id="uid").columns
    ['day', 'moment', 'user_id', 'event_type', 'session_id', 'session_hit_number']
    """
    source, table_name, opened = of_snapshot(
        settings,
        source,
        table_name,
        schema=schema,
        event_id=event_id,
        user_id=user_id,
        moment=moment,
        event_type=event_type,
        session_id=session_id,
        location=location,
        properties=properties,
        start=start,
        end=end,
        identity=identity,
        dedup=dedup or None,
        dtypes=dtypes,
    )
    if opened is not None:
        return opened
    bounds = limit(start, "start", settings.time_zone), limit(end, "end", settings.time_zone)
    if bounds[0] is not None and bounds[1] is not None and bounds[1] <= bounds[0]:
        raise InvalidValue(f"end {end} is not after start {start}", hint="start is inclusive, end is exclusive")
    gap = gap_seconds(session_gap)
    given = {
        name: role
        for name, role in (
            ("event_id", event_id),
            ("user_id", user_id),
            ("moment", moment),
            ("event_type", event_type),
            ("session_id", session_id),
            ("location", location),
        )
        if role is not None
    }
    raw, title = raw_frame(source, table_name, dtypes)
    rows = read(settings, raw, title, schema, given, properties)
    if identity is None:
        state = _with_ids(rows, bounds, dedup=dedup)
    else:
        state = _resolved(_with_ids(rows.with_known_users(), (None, None), dedup=dedup), identity, title)
        state = state.with_plan(_filtered(state.plan, within(state.column("moment"), *bounds)))
    local = settings.clocks(series_of(state, state.column("moment"), "moment"))
    state = state.extended([("day", cast(expr_of(local), DATE))], "events").with_note(
        rows.note + (f"; users are the {identity} ones of their devices" if identity else "")
    )
    names = [name for name in state.plan.types if name != "event_id"]
    state = _numbered(state) if "session_id" in rows.computed else with_sessions(state, gap, null_is_one_user=rows.stacks)
    first = [name for name in FIRST if name in state.plan.types]
    return frame_of(state, [*first, *(name for name in names if name not in first)])


def _with_ids(rows: Rows, bounds: tuple[datetime.datetime | None, datetime.datetime | None], *, dedup: bool) -> State:
    """Return the events between two moments, with an event id, deduplicated if ``dedup`` is true."""
    computed = dict(rows.computed)
    user: Series | None = computed["user_id"]
    if rows.device_stands_in:
        user = first_of(user, computed["device_id"])
    assert user is not None
    if not rows.known_only:
        computed["user_id"] = user
    columns = {name: _on(rows, series) for name, series in (*computed.items(), *rows.others.items())}
    # Reading moments can add steps to the plan; all other columns are computed on top of them.
    moment, state = expr_of(computed["moment"]), state_of(computed["moment"])
    columns["moment"] = moment
    made = "event_id" not in columns
    if made:
        # Ids use the device if the user is missing, so that they do not depend on identity resolution.
        columns["event_id"] = made_id(state.plan, rows.raw.data_columns, _on(rows, user), moment, columns["event_type"])
    # Windows have to see all rows of the source, and a duplicate may be outside the range, so the filter comes last. The window
    # of generated ids only compares events of the same moment.
    late = dedup or any(expr.has_window for name, expr in columns.items() if not (made and name == "event_id"))
    plan = without_copies(state.plan, rows.raw.data_columns, moment) if dedup and made else state.plan
    plan = plan if late else _filtered(plan, within(moment, *bounds))
    plan = Select(plan, tuple(columns.items()), "events")
    if dedup and not made:
        ids = plan.column("event_id")
        number = over(aggregation("row_number"), [ids], [Ordering(plan.column("moment"))])
        # Events without an id are not duplicates of each other.
        plan = Filter(plan, call("or", call("is_null", ids), call("eq", number, literal(1))), "events")
    if late:
        plan = _filtered(plan, within(plan.column("moment"), *bounds))
    state = state.with_rows(plan, ("event_id",))
    # Strings and numbers cannot be infinite moments.
    stored = any(isinstance(part, Column) and part.type.name in ("timestamp", "date") for part in walk(moment))
    if stored and None in bounds and _has_endless(state, rows.title):
        state = state.with_plan(_filtered(plan, within(plan.column("moment"), *_YEARS)))
        plan = state.plan
    unique = plan.key == ("event_id",) or _are_unique(state, rows.title, made=made)
    if plan.key != ("event_id",) or bounds == (None, None):
        # With bounds, missing moments are already dropped, and the filter only declares the key.
        there = call("not_null", plan.column("moment"))
        state = state.with_plan(Filter(plan, there, "events", left_key=("event_id",) if unique else None))
    return state


def _has_endless(state: State, title: str) -> bool:
    """Return whether there are moments that are infinite, or before the year 1 or after 9999. Logs how many there are."""
    if state.engine is None:
        return False
    first, last = (literal(each) for each in _YEARS)
    ends = Aggregate(state.plan, (), tuple((op, aggregation(op, state.column("moment"))) for op in ("min", "max")), "moments")
    beyond = call("or", call("lt", ends.column("min"), first), call("ge", ends.column("max"), last))
    found = frame_of(state.with_rows(Select(ends, (("beyond", beyond),), "moments"), ()), ["beyond"]).to_arrow().to_pylist()
    if not found[0]["beyond"]:
        return False
    moment = state.column("moment")
    outside = call("or", call("lt", moment, first), call("ge", moment, last))
    counted = Aggregate(
        state.plan, (), (("rows", aggregation("size")), ("beyond", aggregation("size", where=outside))), "moments"
    )
    row = frame_of(state.with_rows(counted, ()), ["rows", "beyond"]).to_arrow().to_pylist()[0]
    logger.warning(
        "%d of %d rows of %s have a moment that is infinite or outside the years 1 to 9999, and are left out",
        row["beyond"],
        row["rows"],
        title,
    )
    return True


def _resolved(state: State, identity: str, title: str) -> State:
    """Return the events with users assigned by an identity rule. Raises InvalidValue for events without devices."""
    if "device_id" not in state.plan.types:
        raise InvalidValue(
            f"identity needs devices, and {title} has no column of devices",
            hint="name the columns of devices and users, as in user_id=('device_id', 'user_id')",
        )
    events = frame_of(state, [name for name in state.plan.types if name != "event_id"])
    return state_of(resolve_identity(events, rule=identity))


def _filtered(plan: Node, conditions: list[Expr]) -> Node:
    for condition in conditions:
        plan = Filter(plan, condition, "events")
    return plan


def _on(rows: Rows, series: Series) -> Expr:
    """Return a series as an expression over the rows of the source."""
    own = on_rows_of(rows.raw, series)
    return expr_of(series if own is None else own)


def _are_unique(state: State, title: str, *, made: bool) -> bool:
    """Return whether event ids are unique and not missing (always true if ``made``). Logs the exceptions and missing moments.

    Raises DataInvalid if there are rows but no moments.
    """
    if state.engine is None:
        return made
    there = call("not_null", state.column("moment"))
    # Generated ids are unique, so there is no need to compute and count them.
    ids = state.column("moment" if made else "event_id")
    counted = Aggregate(
        state.plan,
        (),
        (
            ("rows", aggregation("size")),
            ("events", aggregation("size", where=there)),
            ("with_id", aggregation("count", ids, where=there)),
            ("ids", aggregation("nunique", ids, where=there)),
        ),
        "ids",
    )
    row = frame_of(state.with_rows(counted, ()), ["rows", "events", "with_id", "ids"]).to_arrow().to_pylist()[0]
    rows, events, with_id, ids_ = row["rows"], row["events"], row["with_id"], row["ids"]
    if rows and not events:
        raise DataInvalid(
            f"none of the {rows:,} rows of {title} has a moment",
            hint="check that it is a table of events, and name the column with moment=...",
        )
    if rows > events:
        logger.warning("%d of %d rows of %s have no moment, and are left out", rows - events, rows, title)
    if made:
        return True
    if with_id > ids_:
        logger.warning(
            "%d of %d events of %s repeat the id of another event; dedup=True keeps one event per id",
            with_id - ids_,
            events,
            title,
        )
    if events > with_id:
        logger.warning("%d of %d events of %s have no id", events - with_id, events, title)
    return bool(events == ids_)


def _numbered(state: State) -> State:
    """Return the state with the position of each event in its session."""
    session = state.column("session_id")
    order = [Ordering(state.column(name)) for name in ("moment", "event_id")]
    number = case([(call("not_null", session), over(aggregation("row_number"), [session], order))])
    return state.extended([("session_hit_number", number)], "sessions")
