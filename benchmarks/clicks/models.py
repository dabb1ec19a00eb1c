"""Ten models of the hub over clicks, as programs and as SQL by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.clicks.hand_sql import SESSIONS
from objectiv_local import DataFrame, ModelHub, Series


def programs(source: object, **arguments: object) -> Iterator[tuple[str, Callable[[], DataFrame | Series]]]:
    """Yield the questions to an event frame, each as a function that builds it."""
    hub = ModelHub(time_aggregation="%Y-%m-%d")
    hub.add_conversion_event(name="bought", event_type="buy")
    events = hub.events(source, properties=["device", "plan"], **arguments)  # type: ignore[arg-type]

    def paths() -> Series:
        steps = hub.get_funnel_discovery().get_navigation_paths(events, steps=2, by="session_id")
        first, second = steps.data_columns
        return steps.dropna().groupby([first, second]).size().rename("paths")

    def converted() -> Series:
        df = events.assign(converted=hub.map.conversions_counter(events, "bought"))
        return hub.agg.unique_sessions(df[df.converted > 0], groupby="device")

    yield "daily users", lambda: hub.agg.unique_users(events)
    yield "weekly retention", lambda: hub.agg.retention_matrix(events, time_period="weekly", percentage=False, display=False)
    yield "sessions by device", lambda: hub.agg.unique_sessions(events, groupby="device")
    yield "paths of two pages", paths
    yield "new users a day", lambda: hub.agg.unique_users(events[hub.map.is_new_user(events)])
    yield "sessions that bought", converted
    yield "where users were last", lambda: hub.agg.drop_off_locations(events)
    yield "session duration a day", lambda: hub.agg.session_duration(events)
    yield "frequency", lambda: hub.agg.frequency(events)
    yield "users by plan", lambda: hub.agg.unique_users(events, groupby="plan")


_DAY = {"duckdb": "strftime({}, '%Y-%m-%d')", "postgres": "to_char({}, 'YYYY-MM-DD')"}
_MICROSECONDS = {"duckdb": "epoch_us({})", "postgres": "(extract(epoch FROM {}) * 1000000)"}


def by_hand(dialect: str, table: str, weeks_of_data: int) -> dict[str, str]:
    """Return the SQL of each question that someone would write who knows the table."""
    day, sessions = _DAY[dialect].format, SESSIONS.format(table=table)
    cells = ", ".join(f"max(CASE WHEN week = {week} THEN users END) AS _{week}" for week in range(weeks_of_data))
    weeks = {
        "duckdb": "date_diff('week', first, date_trunc('week', ts))",
        "postgres": "((date_trunc('week', ts)::date - first::date) / 7)",
    }[dialect]
    return {
        "daily users": f"SELECT {day('ts')} AS day, count(DISTINCT uid) AS unique_users FROM {table} GROUP BY 1 ORDER BY 1",
        "weekly retention": f"""
            WITH firsts AS (SELECT uid, date_trunc('week', min(ts)) AS first FROM {table} GROUP BY 1),
            weeks AS (SELECT first, {weeks} AS week, count(DISTINCT uid) AS users FROM {table} JOIN firsts USING (uid)
                      GROUP BY 1, 2)
            SELECT {day("first")} AS first_cohort, {cells} FROM weeks GROUP BY 1 ORDER BY 1""",
        "sessions by device": f"""
            WITH {sessions} SELECT device, count(DISTINCT (uid, visit)) AS unique_sessions FROM sessions GROUP BY 1
            ORDER BY 1""",
        "paths of two pages": f"""
            WITH {sessions}, steps AS (
              SELECT page AS one, lead(page) OVER (PARTITION BY uid, visit ORDER BY ts, event_id) AS two FROM sessions)
            SELECT one, two, count(*) AS paths FROM steps WHERE two IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2""",
        "new users a day": f"""
            WITH {sessions} SELECT {day("ts")} AS day, count(DISTINCT uid) AS unique_users FROM sessions WHERE visit = 1
            GROUP BY 1 ORDER BY 1""",
        "sessions that bought": f"""
            WITH {sessions}, bought AS (
              SELECT *, max(CASE WHEN action = 'buy' THEN 1 ELSE 0 END) OVER (PARTITION BY uid, visit) AS sold FROM sessions)
            SELECT device, count(DISTINCT (uid, visit)) AS unique_sessions FROM bought WHERE sold = 1 GROUP BY 1 ORDER BY 1""",
        "where users were last": f"""
            WITH numbered AS (
              SELECT page, row_number() OVER (PARTITION BY uid ORDER BY ts DESC, event_id DESC) AS n FROM {table})
            SELECT page AS location, count(*) AS value_counts FROM numbered WHERE n = 1 GROUP BY 1
            ORDER BY value_counts DESC, location""",
        "session duration a day": f"""
            WITH {sessions}, lengths AS (
              SELECT {day("ts")} AS day, max(ts) - min(ts) AS length FROM sessions GROUP BY uid, visit, 1)
            SELECT day, avg({_MICROSECONDS[dialect].format("length")}) AS session_duration FROM lengths
            WHERE length > INTERVAL '0 seconds' GROUP BY 1 ORDER BY 1""",
        "frequency": f"""
            WITH {sessions}, visits AS (SELECT uid, max(visit) AS visits FROM sessions GROUP BY 1)
            SELECT visits, count(*) AS user_id_nunique FROM visits GROUP BY 1 ORDER BY 1""",
        "users by plan": f"SELECT plan, count(DISTINCT uid) AS unique_users FROM {table} GROUP BY 1 ORDER BY 1",
    }
