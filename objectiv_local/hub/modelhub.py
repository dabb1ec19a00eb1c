"""The model hub: one object that makes event frames and offers the models over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import strftime_pieces
from objectiv_local.frame.unique import check_aligned
from objectiv_local.hub import sankey
from objectiv_local.hub.aggregate import Aggregate
from objectiv_local.hub.checks import require
from objectiv_local.hub.events import checked_contexts, event_frame
from objectiv_local.hub.funnel import FunnelDiscovery
from objectiv_local.hub.logistic import LogisticRegression
from objectiv_local.hub.map import Map


@checked
class ModelHub:
    """Models of product analytics over frames of events.

    ``time_aggregation`` is the format of strftime that makes periods of moments wherever none is given.
    ``global_contexts`` names the global contexts that event frames get as columns, such as ``['application']``; a name
    stands for the context type in camel case, so ``cookie_id`` is the CookieIdContext. ``global_contexts`` stands for all
    of them in one column, with what ``.gc`` offers.

    >>> from objectiv_local import ModelHub
    >>> ModelHub(time_aggregation="%Y-%m-%d").time_aggregation
    '%Y-%m-%d'
    """

    @checked
    def __init__(self, time_aggregation: str = "%Y-%m-%d %H:%M:%S.%f",
                 global_contexts: Sequence[str] | None = None) -> None:
        self._time_aggregation = _checked_format(time_aggregation)
        self._global_contexts = checked_contexts(global_contexts)
        self._conversion_events: dict[str, tuple[Series | None, str | None]] = {}
        self.map = Map(self)
        self.aggregate = Aggregate(self)
        self.agg = self.aggregate

    @property
    def time_aggregation(self) -> str:
        """The format that makes periods of moments."""
        return self._time_aggregation

    @property
    def global_contexts(self) -> tuple[str, ...]:
        """The names of the global contexts that event frames get."""
        return self._global_contexts

    @property
    def conversion_events(self) -> dict[str, tuple[Series | None, str | None]]:
        """The registered conversion events: name to (location stack, event type)."""
        return dict(self._conversion_events)

    def __repr__(self) -> str:
        return (f"ModelHub(time_aggregation={self._time_aggregation!r}, global_contexts={list(self._global_contexts)!r})"
                + (f" with conversion events {', '.join(self._conversion_events)}" if self._conversion_events else ""))

    def get_objectiv_dataframe(self, *, db_url: object = None, table_name: str | None = None,
                               start_date: object = None, end_date: object = None,
                               with_sessionized_data: bool = True, session_gap_seconds: float = 1800,
                               identity_resolution: str | None = None,
                               anonymize_unidentified_users: bool = True) -> DataFrame:
        """Return a frame of events, one row each, from a raw table. Looks the table up once and reads no rows.

        ``db_url`` is anything that ``objectiv_local.connect`` takes: a ``postgresql://`` URL, a Parquet file, a
        directory, a ``.duckdb`` file, a connection, or a table in memory. Without it, the environment variable ``DSN``
        counts, and then the bundled sample, with a notice. ``table_name`` is ``data`` by default, or the one table
        that the target has.

        The raw table has event_id, day, moment, cookie_id and value, the event as JSON; ids, days, moments and JSON
        stored as text are cast. Event ids have to be unique, as the collector stores them; for a table with repeated ids, use a
        view without the duplicates. ``start_date`` and ``end_date``, dates or strings as ``YYYY-MM-DD``, are inclusive and
        filter on ``day`` before sessions are made, so a session that began earlier starts on the first day instead.

        The index is ``event_id``. Columns: day, moment, user_id, location_stack, event_type, stack_event_types; then
        session_id and session_hit_number, unless ``with_sessionized_data=False``; then one for each global context. A
        session ends with a pause longer than ``session_gap_seconds``. Sessions are numbered by their first hit over the
        whole frame, so the number of a session changes when the dates do.

        ``identity_resolution`` is the ``id`` of an IdentityContext, such as ``'email'``: ``user_id`` becomes
        ``<value>|<id>`` of the last such context that the cookie sent within the frame, as text, and sessions are those of
        that user. Users who sent none keep their cookie for the sessions, and have no ``user_id`` afterwards; with
        ``anonymize_unidentified_users=False`` their ``user_id`` is the cookie.

        A table of Snowplow's pipelines is read too: event_id, collector_tstamp, network_userid, domain_sessionid,
        se_action, se_category, true_tstamp, and either a column ``contexts`` or one for each kind of context. Of events
        with one id the first one collected is kept, and the ids of events and users are text.

        Raises TableNotFound, ConnectionFailed, InvalidValue for a table without the columns of events and for dates
        that are none, and InvalidType for columns of other types. A value that cannot be cast raises DataInvalid when
        rows are fetched.
        """
        return event_frame(db_url, table_name, start_date, end_date, self._global_contexts, with_sessionized_data,
                           session_gap_seconds, identity_resolution, anonymize_unidentified_users)

    def get_funnel_discovery(self) -> FunnelDiscovery:
        """Return what finds the paths that users take."""
        return FunnelDiscovery()

    def get_logistic_regression(self, *args: object, **kwargs: object) -> LogisticRegression:
        """Return scikit-learn's LogisticRegression over frames, with scikit-learn's parameters."""
        return LogisticRegression(*args, **kwargs)

    def visualize_location_stack(self, data: DataFrame, root_location: str | None = None,
                                 location_stack: Series | str | None = None, n_top_examples: int | None = 40,
                                 return_df: bool = False, show: bool = True) -> DataFrame | None:
        """Draw how locations stand in each other, as a Sankey diagram, for events within one root location.

        ``root_location`` is the id of that location, the first RootLocationContext of an event's ``location_stack``; by
        default it is the one with most events. The locations are those of the argument ``location_stack``, a series of
        stacks or the name of a column. The ``n_top_examples`` most frequent pairs are drawn. With ``return_df``
        all pairs are returned: ``source`` and the location right in it, ``target``, each as ``<_type>: <id>``, and
        ``value``, the number of events, the most frequent first. With ``show=False`` nothing is drawn.
        """
        sankey.check_most(n_top_examples)
        pairs = sankey.stack_flows(data, root_location, location_stack)
        if show:
            sankey.diagram(pairs, n_top_examples, "Locations and those within them, by events").show()
        return pairs if return_df else None

    def to_metabase(self, data: DataFrame | Series, model_type: str | None = None,
                    config: Mapping[str, object] | None = None) -> dict[str, str]:
        """Put the SQL of a frame on a Metabase dashboard, as a card, and return the addresses of both.

        ``model_type`` is a preset of how the card looks: ``unique_users``, ``unique_sessions`` or ``default``. ``config``
        sets more: display, name, description, dimensions (by default the index), metrics (the columns). A card of the same
        name and description is updated. Address and login come from the environment: METABASE_URL, METABASE_USERNAME,
        METABASE_PASSWORD, METABASE_DATABASE_ID, METABASE_DASHBOARD_ID, METABASE_COLLECTION_ID, METABASE_WEB_URL.

        Raises ConnectionFailed when the server does not answer within 30 seconds or refuses, and InvalidValue for settings
        that it does not have.
        """
        from objectiv_local.hub import metabase

        frame = data.to_frame() if isinstance(data, Series) else require(data, "to_metabase")
        if frame.engine is not None:
            check_aligned(frame._state.plan, frame.engine)
        settings = metabase.card_settings(frame, model_type, config)
        return metabase.Metabase().add_update_card(frame.view_sql(), settings)

    def time_agg(self, data: DataFrame, time_aggregation: str | None = None) -> Series:
        """Return the period of each hit: ``moment`` as text by a format, by default the hub's."""
        data = require(data, "time_agg", moment="timestamp")
        format_ = self._time_aggregation if time_aggregation is None else _checked_format(time_aggregation)
        moment = data.moment
        return moment._call("strftime", format_).rename("time_aggregation")

    def add_conversion_event(self, location_stack: Series | None = None, event_type: str | None = None,
                             name: str | None = None) -> None:
        """Register a conversion: hits whose ``location_stack`` has elements, that have ``event_type``, or both.

        ``location_stack`` is a series of location stacks, such as the slice
        ``df.location_stack.json[{'id': 'Quickstart Guide', '_type': 'LinkContext'}:]``, which has elements where such a
        link is in the stack. The name is ``conversion_<number>`` by default; a name that exists is replaced.

        The conversion is stored as an expression over the columns that ``location_stack`` is computed from. Models apply it to
        any event frame that has these columns: later states of the frame (filtered, materialized, sampled, appended) and
        frames of other dates or tables. If a frame lacks such a column, or it was replaced, models that need it raise
        ColumnNotFound.
        """
        if location_stack is None and event_type is None:
            raise InvalidValue("a conversion needs a location_stack, an event_type, or both")
        if location_stack is not None and (not isinstance(location_stack, Series)
                                           or location_stack._expr.type.name != "json"):
            raise InvalidType("location_stack has to be a series of location stacks",
                              hint="for instance df.location_stack.json[{'id': 'Quickstart Guide'}:]")
        if name == "":
            raise InvalidValue("the name of a conversion cannot be empty")
        self._conversion_events[name or f"conversion_{len(self._conversion_events) + 1}"] = (location_stack, event_type)


def _checked_format(format_: object) -> str:
    if not isinstance(format_, str) or not format_:
        raise InvalidType(f"time_aggregation has to be a format of strftime, not {format_!r}", hint="such as '%Y-%m-%d'")
    strftime_pieces(format_)
    return format_
