"""The sections of a report and their analyses."""

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
from objectiv_local.report.parts import MOST_ROWS, WIDTH, PartRequest, Section, section, shown_rows
from objectiv_local.report.tables import MISSING, Cell, Table, even, number, percent, table

LOCATION: Final = "location"
#: Number of steps of the default funnel.
_STEPS: Final = 4
#: Number of periods after the first one in the table and the chart of retention.
_PERIODS: Final = 10
_BARS: Final = 15
_NO_LOCATIONS: Final = "The events have no locations. Set the column with hub.events(..., location='page')."
_TOTALS: Final = (
    "The number of events with a moment in the range, of their distinct users, and of their distinct sessions. Events per "
    "user and per session are the number of these events divided by the number of users and of sessions."
)


@dataclass(frozen=True, slots=True)
class Questions:
    """The arguments of a report: hub, period, range, funnel and conversion.

    ``start`` and ``end`` are as passed by the user; ``first`` and ``until`` are the same moments in UTC.
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
        """The range as keyword arguments of an analysis."""
        return {"start": self.start, "end": self.end}

    def ranged(self, events: DataFrame) -> DataFrame:
        """Return the events in the range."""
        return in_range(events, self.first, self.until)


def sections_of(questions: Questions, events: DataFrame, copy: DataFrame) -> list[Section]:
    """Return the sections. ``copy`` has the same events, possibly with fewer columns."""
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


def _overview(questions: Questions, events: DataFrame, copy: DataFrame) -> Section:
    hub = questions.hub

    def totals(data: DataFrame) -> DataFrame:
        found = questions.ranged(data)
        named: dict[str, Any] = {"events": ("moment", "count"), "users": ("user_id", "nunique")}
        if "session_id" in data.data_columns:
            named["sessions"] = ("session_id", "nunique")
        counted: DataFrame = found.groupby().agg(**named)
        return counted.assign(
            events_per_user=counted.events / counted.users,
            **({"events_per_session": counted.events / counted.sessions} if "sessions" in named else {}),
        )

    def most_used(data: DataFrame) -> Analysis:
        return hub.event_types(data, **questions.range)

    return section(
        "Overview",
        "The size of the data and the types of events.",
        [
            PartRequest("Totals", totals, numbers=_whole_row, rule=(_TOTALS,)),
            PartRequest(
                "Event types",
                most_used,
                numbers=lambda made, _: [
                    shown_rows(
                        made.frame.sort_values(["events", "event_type"], ascending=[False, True]),
                        "Event types, most frequent first",
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
    """Return a frame with one row as a table with one row per column."""
    [row] = made.to_arrow().to_pylist()
    if not row["events"]:
        return []
    rows = tuple(
        (Cell(name.replace("_", " ").capitalize()), Cell(MISSING if value is None else number(value), "number"))
        for name, value in row.items()
    )
    return [Table("Totals", (Cell("measure"), Cell("value", "number")), 1, rows)]


def _users(questions: Questions, events: DataFrame, copy: DataFrame) -> Section:
    hub = questions.hub
    return section(
        "Users",
        "",
        [
            PartRequest(
                f"Users by {questions.by}",
                lambda data: hub.trend(data, by=questions.by, **questions.range),
                names={"value": "users"},
            ),
            PartRequest(
                f"New users by {questions.by}",
                lambda data: hub.trend(data, "first_time_users", by=questions.by, **questions.range),
                names={"value": "new users"},
            ),
            PartRequest(
                "Active users",
                lambda data: hub.active_users(data, **questions.range),
                caption="Daily, weekly and monthly active users",
            ),
        ],
        events,
        copy,
    )


def _sessions(questions: Questions, events: DataFrame, copy: DataFrame) -> Section:
    hub = questions.hub
    if "session_id" not in copy.data_columns:
        return Section("Sessions", "", (), ("The events have no sessions. Add them with hub.sessionize(events).",))
    columns = ["sessions", "users", "hits_per_session", "mean_duration", "median_duration", "bounce_rate", "complete"]
    return section(
        "Sessions",
        "",
        [
            PartRequest(
                f"Sessions by {questions.by}",
                lambda data: hub.trend(data, "sessions", by=questions.by, **questions.range),
                names={"value": "sessions"},
            ),
            PartRequest(
                "Durations",
                lambda data: hub.sessions(data, **questions.range),
                numbers=lambda made, _: [
                    shown_rows(made.summary(questions.by), f"Sessions by the {questions.by} in which they start", columns)
                ],
            ),
        ],
        events,
        copy,
    )


def _retention(questions: Questions, events: DataFrame, copy: DataFrame) -> Section:
    def make(data: DataFrame) -> Analysis:
        return questions.hub.retention(
            data, by=questions.by, periods=_PERIODS, start_date=questions.start, end_date=questions.end
        )

    lead = f"How many of the users who first came in a {questions.by} came back in later {questions.by}s."
    return section(
        "Retention", lead, [PartRequest("Retention", make, numbers=lambda made, _: [_matrix(made, questions.by)])], events, copy
    )


def _matrix(made: Analysis, by: str) -> Table:
    """Return one row per cohort with users: the share that came back after each number of periods.

    An asterisk marks shares that may still grow.
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
    caption = f"Share of each cohort that was active after so many {by}s; * may still grow" + (
        f" (the last {MOST_ROWS} of {len(cohorts):,} cohorts)" if len(cohorts) > MOST_ROWS else ""
    )
    return Table(caption, columns, 1, tuple(rows))


def _lifecycle(questions: Questions, events: DataFrame, copy: DataFrame) -> Section:
    return section(
        "Lifecycle",
        f"New, returning and resurrecting users of each {questions.by}, and users who became dormant.",
        [PartRequest("Lifecycle", lambda data: questions.hub.lifecycle(data, by=questions.by, **questions.range))],
        events,
        copy,
    )


def _places(questions: Questions, events: DataFrame, copy: DataFrame) -> Section:
    """Return the section on features, if events have location stacks, or on pages, if they have locations."""
    label, title, rule = (
        (FEATURE, "Features", "Interactive events, by the name of their location stack.")
        if FEATURE in copy.data_columns
        else (LOCATION, "Pages", "Events with a location, by location.")
    )
    if label not in copy.data_columns:
        return Section(title, "", (), (_NO_LOCATIONS,))

    def make(data: DataFrame) -> DataFrame:
        found = questions.ranged(data if label in data.data_columns else with_features(data)).dropna(subset=[label])
        counted = found.groupby(label).agg(users=("user_id", "nunique"), events=("moment", "count"))
        largest: DataFrame = counted.sort_values(["users", label], ascending=[False, True])[:MOST_ROWS]
        return largest

    def draw(made: DataFrame) -> Any:
        chart = made[:_BARS].plot.barh(y="users", width=WIDTH, title=f"Users of each {label}", xlabel="users", ylabel="")
        # Long names are truncated to fit in Arial, and other fonts may be wider.
        return chart.properties(padding={"left": 40, "top": 5, "right": 5, "bottom": 5})

    rules = (rule, "Each user counts once. Ties are ordered alphabetically.")
    asks = PartRequest(
        title, make, caption=f"The {title.lower()} with the most users, at most {MOST_ROWS}", draw=draw, rule=rules
    )
    return section(title, "", [asks], events, copy)


def _steps(questions: Questions, copy: DataFrame) -> tuple[Sequence[object] | Mapping[str, object], str]:
    """Return the steps of the funnel with an explanation: the given steps, or the event types with the most users."""
    if questions.funnel is not None:
        return questions.funnel, ""
    try:
        rows = questions.hub.event_types(copy, **questions.range).frame.to_arrow().to_pylist()
    except ConnectionFailed:
        raise
    except ObjectivError:
        rows = []
    named = [row for row in rows if row["event_type"] and row["users"]]
    named.sort(key=lambda row: (-row["users"], row["event_type"]))
    steps = [row["event_type"] for row in named[:_STEPS]]
    return steps, (
        f"No steps were given, so these are the {len(steps)} event types with the most users, in that order. "
        "Set the steps of your own product with funnel=[...], or --funnel on the command line."
    )


def _funnels(
    questions: Questions, events: DataFrame, copy: DataFrame, steps: Sequence[object] | Mapping[str, object], lead: str
) -> Section:
    if questions.funnel is None and len(steps) < 2:
        return Section("Funnel", "", (), ("A funnel needs two steps, and fewer event types have users.",))
    columns = ["name", "users", "of_first", "of_previous", "dropped", "pending", "median_time"]
    return section(
        "Funnel",
        lead,
        [PartRequest("Funnel", lambda data: questions.hub.funnel(data, steps, **questions.range), columns)],
        events,
        copy,
    )


def _conversions(
    questions: Questions, events: DataFrame, copy: DataFrame, steps: Sequence[object] | Mapping[str, object]
) -> Section:
    """Return the users who convert in each period, and their share of all users in it."""
    hub, lead = questions.hub, ""
    conversion = questions.conversion
    if conversion is None:
        if not steps:
            return Section("Conversions", "", (), ("No conversion was given, and the events have no event types.",))
        conversion = list(steps.values())[-1] if isinstance(steps, Mapping) else steps[-1]
        lead = (
            "No conversion was given, so the last step of the funnel is used. Set your own with conversion=..., or "
            "--conversion on the command line."
        )

    def make(data: DataFrame) -> Analysis:
        return hub.trend(data, by=questions.by, where=conversion, **questions.range)

    def numbers(made: Analysis, _: str) -> list[Table]:
        all_users = hub.trend(copy, by=questions.by, **questions.range).frame.to_arrow().to_pylist()
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
        return [table(f"Users who converted in each {questions.by}", rows, types, 1)]

    def draw(made: Analysis) -> Any:
        return made.plot(width=WIDTH, title=f"Users who converted by {questions.by}")

    return section(
        "Conversions",
        lead,
        [
            PartRequest(
                "Conversions",
                make,
                numbers=numbers,
                draw=draw,
                rule=("The conversion rate is the users who converted in the period divided by all users of the period.",),
            )
        ],
        events,
        copy,
    )


def _quality(questions: Questions, events: DataFrame) -> Section:
    # Checks the original events, because the copy may have fewer columns.
    return section(
        "Data quality",
        "Checks of the events, and how many rows fail each one. An example is an id or a moment.",
        [PartRequest("Data quality", lambda data: questions.hub.quality(data, **questions.range))],
        events,
        events,
    )
