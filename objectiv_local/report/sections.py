"""The sections of a report: which analyses each has."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from objectiv_local.errors import ConnectionFailed, ObjectivError
from objectiv_local.frame import DataFrame
from objectiv_local.hub.analyses.base.analysis import Analysis
from objectiv_local.hub.modelhub import ModelHub
from objectiv_local.report.events import FEATURE, in_range, with_features
from objectiv_local.report.parts import MOST_ROWS, WIDTH, Asked, Section, section, shown_rows
from objectiv_local.report.tables import MISSING, Cell, Table, even, number, percent, table

LOCATION: Final = "location"
#: Steps of a funnel that nobody named.
_STEPS: Final = 4
#: Periods after the first one in the table and the chart of retention.
_PERIODS: Final = 10
_BARS: Final = 15
_NO_LOCATIONS: Final = "The events have no locations: name their column, as in hub.events(..., location='page')."
_TOTALS: Final = (
    "Events with a moment in the range, the distinct users of these, and their distinct sessions. Events per "
    "user and per session are these events, divided by the users and by the sessions."
)


@dataclass(frozen=True, slots=True)
class Questions:
    """What a report is asked: of which hub, by which period, in which range, and what counts as a funnel and a conversion.

    ``start`` and ``end`` are as given, ``first`` and ``until`` the same in UTC.
    """

    hub: ModelHub
    by: str
    start: object
    end: object
    first: datetime.datetime | None
    until: datetime.datetime | None
    funnel: Sequence[object] | Mapping[str, object] | None
    conversion: object

    @property
    def range(self) -> dict[str, Any]:
        """The range, as analyses take it."""
        return {"start": self.start, "end": self.end}

    def ranged(self, events: DataFrame) -> DataFrame:
        """Return the events in the range."""
        return in_range(events, self.first, self.until)


def sections_of(questions: Questions, events: DataFrame, copy: DataFrame) -> list[Section]:
    """Return the sections. ``copy`` has the events, and perhaps fewer columns."""
    steps, lead = _steps(questions, copy)
    return [
        _overview(questions, events, copy),
        _users(questions, events, copy),
        _sessions(questions, events, copy),
        _retention(questions, events, copy),
        _lifecycle(questions, events, copy),
        _places(questions, events, copy),
        _funnels(questions, events, copy, steps, lead),
        _conversions(questions, events, copy, steps),
        _quality(questions, events),
    ]


def _overview(asked: Questions, events: DataFrame, copy: DataFrame) -> Section:
    hub = asked.hub

    def totals(data: DataFrame) -> DataFrame:
        found = asked.ranged(data)
        named: dict[str, Any] = {"events": ("moment", "count"), "users": ("user_id", "nunique")}
        if "session_id" in data.data_columns:
            named["sessions"] = ("session_id", "nunique")
        counted: DataFrame = found.groupby().agg(**named)
        return counted.assign(
            events_per_user=counted.events / counted.users,
            **({"events_per_session": counted.events / counted.sessions} if "sessions" in named else {}),
        )

    def most_used(data: DataFrame) -> Analysis:
        return hub.event_types(data, **asked.range)

    return section(
        "Overview",
        "How much there is, and which events there are.",
        [
            Asked("Totals", totals, numbers=_whole_row, rule=(_TOTALS,)),
            Asked(
                "Event types",
                most_used,
                numbers=lambda made, _: [
                    shown_rows(
                        made.frame.sort_values(["events", "event_type"], ascending=[False, True]),
                        "Event types, the most frequent first",
                        None,
                        "first",
                    )
                ],
            ),
        ],
        events,
        copy,
    )


def _whole_row(made: DataFrame, _: str) -> list[Table]:
    """Return a frame of one row as a table with a row for each column."""
    [row] = made.to_arrow().to_pylist()
    if not row["events"]:
        return []
    rows = tuple(
        (Cell(name.replace("_", " ").capitalize()), Cell(MISSING if value is None else number(value), "number"))
        for name, value in row.items()
    )
    return [Table("Totals", (Cell("measure"), Cell("value", "number")), 1, rows)]


def _users(asked: Questions, events: DataFrame, copy: DataFrame) -> Section:
    hub = asked.hub
    return section(
        "Users",
        "",
        [
            Asked(f"Users by {asked.by}", lambda data: hub.trend(data, by=asked.by, **asked.range), names={"value": "users"}),
            Asked(
                f"New users by {asked.by}",
                lambda data: hub.trend(data, "first_time_users", by=asked.by, **asked.range),
                names={"value": "new users"},
            ),
            Asked(
                "Active users",
                lambda data: hub.active_users(data, **asked.range),
                caption="Daily, weekly and monthly active users",
            ),
        ],
        events,
        copy,
    )


def _sessions(asked: Questions, events: DataFrame, copy: DataFrame) -> Section:
    hub = asked.hub
    if "session_id" not in copy.data_columns:
        return Section("Sessions", "", (), ("The events have no sessions: hub.sessionize(events) adds them.",))
    columns = ["sessions", "users", "hits_per_session", "mean_duration", "median_duration", "bounce_rate", "complete"]
    return section(
        "Sessions",
        "",
        [
            Asked(
                f"Sessions by {asked.by}",
                lambda data: hub.trend(data, "sessions", by=asked.by, **asked.range),
                names={"value": "sessions"},
            ),
            Asked(
                "Durations",
                lambda data: hub.sessions(data, **asked.range),
                numbers=lambda made, _: [
                    shown_rows(made.summary(asked.by), f"Sessions by the {asked.by} that they start in", columns)
                ],
            ),
        ],
        events,
        copy,
    )


def _retention(asked: Questions, events: DataFrame, copy: DataFrame) -> Section:
    def make(data: DataFrame) -> Analysis:
        return asked.hub.retention(data, by=asked.by, periods=_PERIODS, start_date=asked.start, end_date=asked.end)

    lead = f"How many of the users who came first in a {asked.by} came back in the {asked.by}s after it."
    return section(
        "Retention", lead, [Asked("Retention", make, numbers=lambda made, _: [_matrix(made, asked.by)])], events, copy
    )


def _matrix(made: Analysis, by: str) -> Table:
    """Return a row for each cohort that has users, with the share that came back after each number of periods.

    An asterisk marks what may still grow.
    """
    cohorts: dict[Any, dict[int, Any]] = {}
    for row in made.frame.to_arrow().to_pylist():
        if row["cohort_users"]:
            cohorts.setdefault(row["cohort"], {})[row["periods_since"]] = row
    last = max((since for cells in cohorts.values() for since in cells), default=0)
    kept = dict(list(cohorts.items())[-MOST_ROWS:])
    rows: list[tuple[Cell, ...]] = []
    texts: list[str] = []
    for cohort, cells in kept.items():
        shown = []
        for since in range(last + 1):
            cell = cells.get(since)
            rate = None if cell is None else cell["rate"]
            shown.append("" if rate is None else percent(rate) + ("" if cell["complete"] else " *"))
        texts += shown
        rows.append((Cell(str(cohort)), Cell(number(next(iter(cells.values()))["cohort_users"]), "number")))
    alike = iter(even(texts))
    rows = [(*row, *(Cell(next(alike), "number") for _ in range(last + 1))) for row in rows]
    columns = (Cell("cohort"), Cell("users", "number"), *(Cell(f"{by} {since}", "number") for since in range(last + 1)))
    caption = f"Share of each cohort that was active so many {by}s later; * may still grow" + (
        f" (the last {MOST_ROWS} of {len(cohorts):,} cohorts)" if len(cohorts) > MOST_ROWS else ""
    )
    return Table(caption, columns, 1, tuple(rows))


def _lifecycle(asked: Questions, events: DataFrame, copy: DataFrame) -> Section:
    return section(
        "Lifecycle",
        f"New, returning and resurrecting users of each {asked.by}, and those who went dormant.",
        [Asked("Lifecycle", lambda data: asked.hub.lifecycle(data, by=asked.by, **asked.range))],
        events,
        copy,
    )


def _places(asked: Questions, events: DataFrame, copy: DataFrame) -> Section:
    """Return the section of features, if events have location stacks, or of pages, if they have locations."""
    label, title, rule = (
        (FEATURE, "Features", "Events of an interactive type, by the name of their location stack.")
        if FEATURE in copy.data_columns
        else (LOCATION, "Pages", "Events with a location, by that location.")
    )
    if label not in copy.data_columns:
        return Section(title, "", (), (_NO_LOCATIONS,))

    def make(data: DataFrame) -> DataFrame:
        found = asked.ranged(data if label in data.data_columns else with_features(data)).dropna(subset=[label])
        counted = found.groupby(label).agg(users=("user_id", "nunique"), events=("moment", "count"))
        largest: DataFrame = counted.sort_values(["users", label], ascending=[False, True])[:MOST_ROWS]
        return largest

    def draw(made: DataFrame) -> Any:
        chart = made[:_BARS].plot.barh(y="users", width=WIDTH, title=f"Users of each {label}", xlabel="users", ylabel="")
        # Long names are cut for Arial, and other fonts may be wider.
        return chart.properties(padding={"left": 40, "top": 5, "right": 5, "bottom": 5})

    rules = (rule, "Each user counts once. Of equal numbers of users, the first by alphabet comes first.")
    asks = Asked(title, make, caption=f"The {title.lower()} with most users, at most {MOST_ROWS}", draw=draw, rule=rules)
    return section(title, "", [asks], events, copy)


def _steps(asked: Questions, copy: DataFrame) -> tuple[Sequence[object] | Mapping[str, object], str]:
    """Return the steps of the funnel, and what is said of them: those given, or the event types that most users have."""
    if asked.funnel is not None:
        return asked.funnel, ""
    try:
        rows = asked.hub.event_types(copy, **asked.range).frame.to_arrow().to_pylist()
    except ConnectionFailed:
        raise
    except ObjectivError:
        rows = []
    named = [row for row in rows if row["event_type"] and row["users"]]
    named.sort(key=lambda row: (-row["users"], row["event_type"]))
    steps = [row["event_type"] for row in named[:_STEPS]]
    return steps, (
        f"No steps were given, so these are the {len(steps)} event types that most users have, the most common "
        "first. Name the steps of your own product with funnel=[...], or --funnel on the command line."
    )


def _funnels(
    asked: Questions, events: DataFrame, copy: DataFrame, steps: Sequence[object] | Mapping[str, object], lead: str
) -> Section:
    if asked.funnel is None and len(steps) < 2:
        return Section("Funnel", "", (), ("A funnel needs two steps, and the events have fewer types that users have.",))
    columns = ["name", "users", "of_first", "of_previous", "dropped", "pending", "median_time"]
    return section(
        "Funnel", lead, [Asked("Funnel", lambda data: asked.hub.funnel(data, steps, **asked.range), columns)], events, copy
    )


def _conversions(
    asked: Questions, events: DataFrame, copy: DataFrame, steps: Sequence[object] | Mapping[str, object]
) -> Section:
    """Return the users who convert in each period, and their share of all users of it."""
    hub, lead = asked.hub, ""
    conversion = asked.conversion
    if conversion is None:
        if not steps:
            return Section("Conversions", "", (), ("No conversion was given, and the events have no types.",))
        conversion = list(steps.values())[-1] if isinstance(steps, Mapping) else steps[-1]
        lead = (
            "No conversion was given, so it is the last step of the funnel. Name yours with conversion=..., or "
            "--conversion on the command line."
        )

    def make(data: DataFrame) -> Analysis:
        return hub.trend(data, by=asked.by, where=conversion, **asked.range)

    def numbers(made: Analysis, _: str) -> list[Table]:
        all_users = hub.trend(copy, by=asked.by, **asked.range).frame.to_arrow().to_pylist()
        every = {row["period"]: row["value"] for row in all_users}
        rows = []
        for row in made.frame.to_arrow().to_pylist()[-MOST_ROWS:]:
            users = every.get(row["period"], 0)
            rows.append(
                {
                    "period": row["period"],
                    "users": users,
                    "converted": row["value"],
                    "conversion_rate": row["value"] / users if users else None,
                    "complete": row["complete"],
                }
            )
        types = {"period": "date", "users": "int64", "converted": "int64", "conversion_rate": "float64", "complete": "bool"}
        return [table(f"Users who converted in each {asked.by}", rows, types, 1)]

    def draw(made: Analysis) -> Any:
        return made.plot(width=WIDTH, title=f"Users who converted by {asked.by}")

    return section(
        "Conversions",
        lead,
        [
            Asked(
                "Conversions",
                make,
                numbers=numbers,
                draw=draw,
                rule=("The conversion rate divides users who converted in the period by users of the period.",),
            )
        ],
        events,
        copy,
    )


def _quality(asked: Questions, events: DataFrame) -> Section:
    # All columns are checked, and those of a copy may be fewer.
    return section(
        "Data quality",
        "Checks of the events, and how many of them fail. An example is an id, or a moment.",
        [Asked("Data quality", lambda data: asked.hub.quality(data, **asked.range))],
        events,
        events,
    )
