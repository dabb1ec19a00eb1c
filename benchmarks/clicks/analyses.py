"""Analyses of clicks, as programs and as SQL by hand that gives the same numbers."""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Callable, Iterator

from benchmarks.clicks import hand_sql
from objectiv_local import DataFrame, ModelHub, did
from objectiv_local.hub.analyses.base.analysis import Analysis

STEPS = ("view", "click", "buy")
WINDOW = datetime.timedelta(days=1)


def programs(source: object, **arguments: object) -> Iterator[tuple[str, Callable[[], DataFrame | Analysis]]]:
    """Yield the analyses of an event frame, each as a function that builds it. Its SQL is that of what it answers or, where
    statistics are computed in memory, that of the counts for them.
    """
    hub = ModelHub()
    events = hub.events(source, properties=["device", "plan", "amount"], **arguments)  # type: ignore[arg-type]
    steps = list(STEPS)
    yield "trend", lambda: hub.trend(events).frame[["value"]]
    yield "trend by device", lambda: hub.trend(events, by="week", breakdown="device").matrix()
    yield "active users", lambda: hub.active_users(events).frame[["daily", "weekly", "monthly"]]
    yield "stickiness", lambda: hub.stickiness(events).frame[["users"]]
    yield "lifecycle", lambda: hub.lifecycle(events, by="week").frame[["new", "returning", "resurrecting", "active"]]
    yield "retention", lambda: hub.retention(events, by="week").frame[["cohort_users", "users"]]
    yield "funnel", lambda: hub.funnel(events, steps, WINDOW).frame.drop(columns="name")
    yield "event types", lambda: hub.event_types(events).frame[["events", "users"]]
    yield "sessions", lambda: hub.sessions(events).summary("day")[["sessions", "users", "hits", "mean_duration", "bounces"]]
    yield "attribution, last", lambda: hub.attribution(events, "buy", "device").frame[["credit"]]
    yield "attribution, linear", lambda: hub.attribution(events, "buy", "device", "linear").frame[["credit"]]
    yield "paths", lambda: hub.paths(events)
    yield "drivers", lambda: hub.drivers(events, "view", "buy", window=WINDOW, by="device")
    yield "impact", lambda: hub.impact(events, "buy", feature="device")
    metrics = {"bought": "buy", "spent": ("sum", "amount", "buy")}
    yield "experiment", lambda: hub.experiment(events, "view", "plan", metrics, control="free", several="first")
    yield "cohort", lambda: hub.cohort(events, did("buy", count=2), did("click"))
    yield "rfm", lambda: hub.rfm(events, "amount", where="buy")


def calls(source: str) -> dict[str, Callable[[], DataFrame]]:
    """Return whole calls that answer as retentioneering does, from the file on."""
    hub = ModelHub()
    # An event fills a step only after the one before it, at whatever time.
    ages = datetime.timedelta(days=10_000)

    def transitions() -> DataFrame:
        found = hub.paths(hub.events(source), by="user_id").transitions().frame.reset_index()
        return found[found.target.isin(STEPS)][["source", "target", "count"]]

    return {
        "transitions of users": lambda: transitions().to_arrow(),
        "funnel of users": lambda: hub.funnel(hub.events(source), list(STEPS), ages).frame[["users"]].to_arrow(),
        "number of sessions": lambda: hub.sessions(hub.events(source)).summary()[["sessions"]].to_arrow(),
    }


def by_hand(dialect: str, table: str) -> dict[str, str]:
    """Return the SQL of each question that someone would write who knows the table."""
    on_duckdb = dialect == "duckdb"

    def series(first: str, last: str, step: str) -> str:
        call = f"generate_series({first}, {last}, INTERVAL '{step}')"
        return f"SELECT unnest({call})::date AS d" if on_duckdb else f"SELECT {call}::date AS d"

    week = "date_trunc('week', ts)::date"
    days = f"""days AS (
      {
        series(
            "(SELECT min(ts)::date::timestamp FROM " + table + ")",
            "(SELECT max(ts)::date::timestamp FROM " + table + ")",
            "1 day",
        )
    })"""
    weeks = f"""weeks AS (
      {
        series(
            "(SELECT date_trunc('week', min(ts))::date::timestamp FROM " + table + ")",
            "(SELECT max(ts)::date::timestamp FROM " + table + ")",
            "7 days",
        )
    })"""
    # DuckDB averages intervals by months and days of fixed length, in floats.
    duration = "epoch_us(max(ts) - min(ts))" if on_duckdb else "max(ts) - min(ts)"
    quantile = "quantile_cont({1}, {0})" if on_duckdb else "percentile_cont({}) WITHIN GROUP (ORDER BY {})"
    time = "CASE n WHEN 1 THEN ts WHEN 2 THEN click_at ELSE buy_after_click END"
    time = f"epoch_us({time} - ts)" if on_duckdb else f"{time} - ts"
    z = statistics.NormalDist().inv_cdf(0.975)
    within = f"INTERVAL '{WINDOW.days} days'"
    return {
        "trend": f"""
            WITH {days}, counted AS (SELECT ts::date AS d, count(DISTINCT uid) AS users FROM {table} GROUP BY 1)
            SELECT d AS period, coalesce(users, 0) AS value FROM days LEFT JOIN counted USING (d) ORDER BY 1""",
        "trend by device": f"""
            WITH {weeks},
            largest AS (SELECT device FROM {table} GROUP BY 1 ORDER BY count(DISTINCT uid) DESC, device LIMIT 10),
            labeled AS (
              SELECT {week} AS d, CASE WHEN device IN (SELECT device FROM largest) THEN device ELSE '(other)' END AS device, uid
              FROM {table}),
            counted AS (SELECT d, device, count(DISTINCT uid) AS users FROM labeled GROUP BY 1, 2)
            SELECT d AS period, {
            ", ".join(
                f"coalesce(max(CASE WHEN device = '{each}' THEN users END), 0) AS {each}"
                for each in ("desktop", "mobile", "tablet")
            )
        }
            FROM weeks LEFT JOIN counted USING (d) GROUP BY 1 ORDER BY 1""",
        "active users": f"""
            WITH {days}, active AS (SELECT DISTINCT uid, ts::date AS a FROM {table})
            SELECT d AS day, count(DISTINCT CASE WHEN a = d THEN uid END) AS daily,
              count(DISTINCT CASE WHEN a > d - 7 THEN uid END) AS weekly, count(DISTINCT uid) AS monthly
            FROM days LEFT JOIN active ON a BETWEEN d - 29 AND d GROUP BY 1 ORDER BY 1""",
        "stickiness": f"""
            WITH {weeks}, grid AS (SELECT d, n FROM weeks CROSS JOIN (VALUES (1), (2), (3), (4), (5), (6), (7)) AS t (n)),
            active AS (SELECT uid, {week} AS d, count(DISTINCT ts::date) AS n FROM {table} GROUP BY 1, 2),
            counted AS (SELECT d, n, count(*) AS users FROM active GROUP BY 1, 2)
            SELECT d AS period, n AS active, coalesce(users, 0) AS users FROM grid LEFT JOIN counted USING (d, n)
            ORDER BY 1, 2""",
        "lifecycle": f"""
            WITH {weeks}, active AS (SELECT DISTINCT uid, {week} AS d FROM {table}),
            known AS (SELECT uid, d, lag(d) OVER w AS before FROM active WINDOW w AS (PARTITION BY uid ORDER BY d)),
            counted AS (SELECT d, sum(CASE WHEN before IS NULL THEN 1 ELSE 0 END) AS new,
                          sum(CASE WHEN before = d - 7 THEN 1 ELSE 0 END) AS stayed,
                          sum(CASE WHEN before < d - 7 THEN 1 ELSE 0 END) AS resurrecting, count(*) AS active
                        FROM known GROUP BY 1)
            SELECT d AS period, coalesce(new, 0) AS new, coalesce(stayed, 0) AS "returning",
              coalesce(resurrecting, 0) AS resurrecting, coalesce(active, 0) AS active
            FROM weeks LEFT JOIN counted USING (d) ORDER BY 1""",
        "retention": f"""
            WITH {weeks}, active AS (SELECT DISTINCT uid, {week} AS d FROM {table}),
            cohorts AS (SELECT uid, d, min(d) OVER (PARTITION BY uid) AS cohort FROM active),
            counted AS (SELECT cohort, (d - cohort) / 7 AS k, count(*) AS users FROM cohorts GROUP BY 1, 2),
            grid AS (SELECT c.d AS cohort, (w.d - c.d) / 7 AS k FROM weeks c JOIN weeks w ON w.d >= c.d)
            SELECT cohort, k AS periods_since,
              coalesce(max(CASE WHEN k = 0 THEN users END) OVER (PARTITION BY cohort), 0) AS cohort_users,
              coalesce(users, 0) AS users FROM grid LEFT JOIN counted USING (cohort, k) ORDER BY 1, 2""",
        # The attempt from each view on: the first click from then on, and the first buy from that one on.
        "funnel": f"""
            WITH next_buys AS (
              SELECT uid, ts, action,
                min(CASE WHEN action = 'click' THEN ts END) OVER later AS click_at,
                min(CASE WHEN action = 'buy' THEN ts END) OVER later AS buy_at
              FROM {table} WINDOW later AS (PARTITION BY uid ORDER BY ts DESC)),
            next_clicks AS (
              SELECT uid, ts, action, click_at, min(CASE WHEN action = 'click' THEN buy_at END) OVER (
                PARTITION BY uid ORDER BY ts DESC) AS buy_after_click
              FROM next_buys),
            attempts AS (
              SELECT uid, ts, click_at, buy_after_click, CASE WHEN buy_after_click <= ts + {within} THEN 3
                WHEN click_at <= ts + {within} THEN 2 ELSE 1 END AS reached
              FROM next_clicks WHERE action = 'view'),
            ranked AS (
              SELECT *, row_number() OVER (PARTITION BY uid ORDER BY reached DESC, ts) AS rank,
                max(ts) OVER (PARTITION BY uid) AS last_view FROM attempts),
            best AS (
              SELECT reached, ts, click_at, buy_after_click,
                reached < 3 AND last_view + {within} > (SELECT max(ts) FROM {table}) AS is_open
              FROM ranked WHERE rank = 1),
            timed AS (
              SELECT n, reached, is_open,
                CASE WHEN n <= reached THEN {time} END AS time
              FROM best CROSS JOIN (VALUES (1), (2), (3)) AS t (n)),
            counted AS (
              SELECT n, count(*)::float8 AS entered, count(CASE WHEN reached >= n THEN 1 END) AS users,
                count(CASE WHEN reached >= n - 1 THEN 1 END) AS previous,
                count(CASE WHEN reached = n AND n < 3 AND NOT is_open THEN 1 END) AS dropped,
                count(CASE WHEN reached = n AND is_open THEN 1 END) AS pending,
                {quantile.format("0.5", "time")} AS median_time, avg(time) AS mean_time,
                {quantile.format("0.9", "time")} AS p90_time
              FROM timed GROUP BY 1)
            SELECT n AS step, users, users / entered AS of_first, users::float8 / previous AS of_previous, dropped, pending,
              median_time, mean_time, p90_time,
              CASE WHEN users = 0 THEN 0 ELSE (users + {z * z / 2}) / (entered + {z * z}) - {z} * sqrt(
                users * (entered - users) / entered + {z * z / 4}) / (entered + {z * z}) END AS ci_low,
              CASE WHEN users = entered THEN 1 ELSE (users + {z * z / 2}) / (entered + {z * z}) + {z} * sqrt(
                users * (entered - users) / entered + {z * z / 4}) / (entered + {z * z}) END AS ci_high
            FROM counted ORDER BY 1""",
        "event types": f"""
            SELECT action AS event_type, count(*) AS events, count(DISTINCT uid) AS users FROM {table} GROUP BY 1 ORDER BY 1""",
        "sessions": f"""
            WITH {days}, {hand_sql.SESSIONS.format(table=table)},
            visits AS (SELECT uid, min(ts)::date AS d, {duration} AS duration, count(*) AS hits
                       FROM sessions GROUP BY uid, visit),
            counted AS (SELECT d, count(*) AS sessions, count(DISTINCT uid) AS users, sum(hits) AS hits,
                          avg(duration) AS mean_duration, count(*) FILTER (WHERE hits = 1) AS bounces FROM visits GROUP BY 1)
            SELECT d AS period, coalesce(sessions, 0) AS sessions, coalesce(users, 0) AS users, coalesce(hits, 0) AS hits,
              mean_duration, coalesce(bounces, 0) AS bounces FROM days LEFT JOIN counted USING (d) ORDER BY 1""",
        "attribution, last": f"""
            WITH touched AS (
              SELECT uid, ts, action, lag(device) OVER w AS touch, lag(ts) OVER w AS touched_at
              FROM {table} WINDOW w AS (PARTITION BY uid ORDER BY ts, event_id))
            SELECT CASE WHEN touched_at >= ts - INTERVAL '30 days' THEN touch ELSE '(direct)' END AS device,
              count(*)::float8 AS credit
            FROM touched WHERE action = 'buy' GROUP BY 1 ORDER BY 1""",
        "attribution, linear": f"""
            WITH numbered AS (
              SELECT uid, ts, action, device, row_number() OVER (PARTITION BY uid ORDER BY ts, event_id) AS n FROM {table}),
            pairs AS (
              SELECT b.uid, b.n, t.device, count(*) OVER (PARTITION BY b.uid, b.n) AS touches
              FROM numbered b JOIN numbered t
                ON t.uid = b.uid AND t.n < b.n AND t.ts >= b.ts - INTERVAL '30 days' WHERE b.action = 'buy'),
            alone AS (
              SELECT b.uid FROM numbered b LEFT JOIN numbered t
                ON t.uid = b.uid AND t.n = b.n - 1 AND t.ts >= b.ts - INTERVAL '30 days'
              WHERE b.action = 'buy' AND t.uid IS NULL)
            SELECT device, sum(1.0::float8 / touches) AS credit FROM pairs GROUP BY 1
            UNION ALL SELECT '(direct)', count(*)::float8 FROM alone HAVING count(*) > 0 ORDER BY 1""",
        "paths": hand_sql.paths(table, on_duckdb=on_duckdb),
        "drivers": hand_sql.drivers(table),
        "impact": hand_sql.impact(table),
        "experiment": hand_sql.experiment(table),
        "cohort": hand_sql.cohort(table),
        "rfm": hand_sql.rfm(table),
    }
