"""The model hub: one object that creates event frames and offers models over them."""

from __future__ import annotations

from collections.abc import Sequence

from objectiv_local import zones
from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import Series
from objectiv_local.frame.authoring import box, days_after_monday, expr_of, names_and_values
from objectiv_local.hub.aggregate import Aggregate
from objectiv_local.hub.analyses.active_users import active_users
from objectiv_local.hub.analyses.attribution import attribution
from objectiv_local.hub.analyses.base.specs import from_spec, metrics
from objectiv_local.hub.analyses.cohort import cohort, read_cohort
from objectiv_local.hub.analyses.drivers import drivers
from objectiv_local.hub.analyses.event_types import event_types
from objectiv_local.hub.analyses.experiment import experiment
from objectiv_local.hub.analyses.funnel import funnel
from objectiv_local.hub.analyses.impact import impact
from objectiv_local.hub.analyses.lifecycle import lifecycle
from objectiv_local.hub.analyses.paths import paths
from objectiv_local.hub.analyses.properties import properties
from objectiv_local.hub.analyses.quality import quality
from objectiv_local.hub.analyses.retention import retention
from objectiv_local.hub.analyses.rfm import rfm
from objectiv_local.hub.analyses.sessions import sessions
from objectiv_local.hub.analyses.stickiness import stickiness
from objectiv_local.hub.analyses.trend import trend
from objectiv_local.hub.cards import to_metabase
from objectiv_local.hub.events import checked_contexts, events, get_objectiv_dataframe, sessionize
from objectiv_local.hub.funnel import FunnelDiscovery
from objectiv_local.hub.identity_map import identity_map, resolve_identity
from objectiv_local.hub.map import Map
from objectiv_local.hub.methods import WithSettings, method
from objectiv_local.hub.models.logistic import BinaryLogisticRegression
from objectiv_local.hub.models.nested_locations import visualize_location_stack
from objectiv_local.hub.models.periods import checked_format, time_agg
from objectiv_local.hub.reporting import report
from objectiv_local.hub.settings import Condition, Conversion, Settings


@checked
class ModelHub(WithSettings):
    """Product analytics models over event frames.

    ``time_aggregation`` is the default strftime format that turns moments into periods. ``global_contexts`` names the global
    contexts that event frames get as columns, such as ``['application']``. Each name is the context type in snake case:
    ``cookie_id`` is the CookieIdContext. The name ``global_contexts`` adds one column with all contexts, which has the accessor
    ``.gc``.

    ``time_zone`` defines the hours, days, weeks, months and years of the models, for instance ``'Europe/Amsterdam'``. Moments
    of events stay in UTC, and durations are elapsed time. ``week_start`` is the day on which weeks start, in lower case.

    Raises InvalidValue for an unknown time zone and for an unknown day of the week.

    >>> from objectiv_local import ModelHub
    >>> ModelHub(time_aggregation="%Y-%m-%d").time_aggregation
    '%Y-%m-%d'
    """

    @checked
    def __init__(
        self,
        time_aggregation: str = "%Y-%m-%d %H:%M:%S.%f",
        global_contexts: Sequence[str] | None = None,
        time_zone: str = "UTC",
        week_start: str = "monday",
    ) -> None:
        days_after_monday(week_start)
        super().__init__(
            Settings(checked_format(time_aggregation), checked_contexts(global_contexts), zones.zone(time_zone).key, week_start)
        )
        self.map = Map(self._settings)
        self.aggregate = Aggregate(self._settings)
        self.agg = self.aggregate

    @property
    def time_aggregation(self) -> str:
        """The strftime format that turns moments into periods."""
        return self._settings.time_aggregation

    @property
    def global_contexts(self) -> tuple[str, ...]:
        """The names of the global contexts that event frames get as columns."""
        return self._settings.global_contexts

    @property
    def time_zone(self) -> str:
        """The time zone of days, weeks, months and years."""
        return self._settings.time_zone

    @property
    def week_start(self) -> str:
        """The day on which weeks start."""
        return self._settings.week_start

    @property
    def conversion_events(self) -> dict[str, Conversion]:
        """The registered conversion events: a dict from name to (location stack, event type), or to the ``where`` function."""
        return dict(self._settings.conversions)

    def __repr__(self) -> str:
        known = self._settings.conversions
        return (
            f"ModelHub(time_aggregation={self.time_aggregation!r}, global_contexts={list(self.global_contexts)!r}, "
            f"time_zone={self.time_zone!r}, week_start={self.week_start!r})"
            + (f" with conversion events {', '.join(known)}" if known else "")
        )

    def _repr_html_(self) -> str:
        known = ", ".join(self._settings.conversions)
        settings = [
            ("time zone", self.time_zone),
            ("week starts on", self.week_start),
            ("time aggregation", self.time_aggregation),
            ("global contexts", ", ".join(self.global_contexts)),
            ("conversion events", known),
        ]
        return box(
            "ModelHub",
            [],
            names_and_values((name, value) for name, value in settings if value),
            ["hub.events(source) reads events; hub.trend, hub.retention, hub.funnel and others analyze them"],
        )

    events = method(events)
    get_objectiv_dataframe = method(get_objectiv_dataframe)
    resolve_identity = method(resolve_identity)
    identity_map = method(identity_map)
    sessionize = method(sessionize)
    time_agg = method(time_agg)
    visualize_location_stack = method(visualize_location_stack)
    to_metabase = method(to_metabase)

    from_spec = method(from_spec)
    metrics = method(metrics)
    funnel = method(funnel)
    drivers = method(drivers)
    paths = method(paths)
    trend = method(trend)
    attribution = method(attribution)
    experiment = method(experiment)
    rfm = method(rfm)
    impact = method(impact)
    active_users = method(active_users)
    stickiness = method(stickiness)
    lifecycle = method(lifecycle)
    retention = method(retention)
    sessions = method(sessions)
    cohort = method(cohort)
    read_cohort = method(read_cohort)
    event_types = method(event_types)
    properties = method(properties)
    quality = method(quality)
    report = report

    def get_funnel_discovery(self) -> FunnelDiscovery:
        """Return the funnel-discovery models."""
        return FunnelDiscovery()

    def get_logistic_regression(self, *args: object, **kwargs: object) -> BinaryLogisticRegression:
        """Return scikit-learn's LogisticRegression over frames, with scikit-learn's parameters."""
        return BinaryLogisticRegression(*args, **kwargs)

    def add_conversion_event(
        self,
        location_stack: Series | None = None,
        event_type: str | None = None,
        name: str | None = None,
        *,
        where: Condition | None = None,
    ) -> None:
        """Register a conversion, defined by ``where``, or by ``location_stack``, ``event_type`` or both.

        ``where`` is a function that takes the event frame that a model is applied to and returns a bool series of it, such as
        ``lambda events: (events.event_type == 'buy') & (events.amount > 100)``. Windows and aggregates in it are computed over
        the rows of that frame. Hits for which the condition is missing do not convert.

        ``location_stack`` is a series of location stacks, such as the slice
        ``df.location_stack.json[{'id': 'Quickstart Guide', '_type': 'LinkContext'}:]``; a hit converts if it has elements, in
        this case if such a link is in the stack. ``event_type`` is the event type of hits that convert. With both, a hit has to
        match both. ``name`` is ``conversion_<number>`` by default; a conversion with the same name is replaced.

        The conversion is stored as an expression over the columns that ``location_stack`` is computed from. Models apply it to
        any event frame that has these columns: later states of the frame (filtered, materialized, sampled, appended) and
        frames of other dates or tables. If a frame lacks such a column, or if the column was replaced, models that need it
        raise ColumnNotFound.

        Raises InvalidValue for a conversion without any of these arguments, and for ``where`` combined with another one.
        """
        if where is not None and (location_stack is not None or event_type is not None):
            raise InvalidValue(
                "a conversion takes either where, or location_stack and event_type, not both",
                hint="combine them in one condition: where=lambda events: (events.event_type == 'buy') & ...",
            )
        if where is None and location_stack is None and event_type is None:
            raise InvalidValue(
                "a conversion needs a condition, a location_stack, or an event_type",
                hint="for instance where=lambda events: events.event_type == 'buy'",
            )
        if location_stack is not None and (
            not isinstance(location_stack, Series) or expr_of(location_stack).type.name != "json"
        ):
            raise InvalidType(
                "location_stack has to be a series of location stacks",
                hint="for instance df.location_stack.json[{'id': 'Quickstart Guide'}:]",
            )
        if name == "":
            raise InvalidValue("the name of a conversion cannot be empty")
        conversion = (location_stack, event_type) if where is None else where
        self._settings.conversions[name or f"conversion_{len(self._settings.conversions) + 1}"] = conversion
