"""Analyses of clicks, as programs and as SQL by hand that gives the same numbers."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator

from benchmarks.clicks.sessions import SESSIONS
from objectiv_local import DataFrame, ModelHub

STEPS = ("view", "click", "buy")
WINDOW = datetime.timedelta(days=1)


def programs(source: object, **arguments: object) -> Iterator[tuple[str, Callable[[], DataFrame]]]:
    """Yield the analyses of an event frame, each as a function that builds its frame."""
    hub = ModelHub()
    events = hub.events(source, properties=["device", "plan", "amount"], **arguments)  # type: ignore[arg-type]
    steps = list(STEPS)
    yield "trend", lambda: hub.trend(events).frame[["value"]]
    yield "trend by device", lambda: hub.trend(events, by="week", breakdown="device").matrix()
    yield "active users", lambda: hub.active_users(events).frame[["daily", "weekly", "monthly"]]
    yield "stickiness", lambda: hub.stickiness(events).frame[["users"]]
    yield "lifecycle", lambda: hub.lifecycle(events, by="week").frame[["new", "returning", "resurrecting", "active"]]
    yield "retention", lambda: hub.retention(events, by="week").frame[["cohort_users", "users"]]
    yield "funnel", lambda: hub.funnel(events, steps, WINDOW, ties="strict").frame[["users"]]
    yield "event types", lambda: hub.event_types(events).frame[["events", "users"]]
    yield "sessions", lambda: hub.sessions(events).summary("day")[["sessions"]]
    yield "attribution, last", lambda: hub.attribution(events, "buy", "device").frame[["credit"]]
    yield "attribution, linear", lambda: hub.attribution(events, "buy", "device", "linear").frame[["credit"]]


def by_hand(dialect: str, table: str) -> dict[str, str]:
    """Return the SQL of each question that someone would write who knows the table."""
    on_duckdb = dialect == "duckdb"

    def series(first: str, last: str, step: str) -> str:
        call = f"generate_series({first}, {last}, INTERVAL '{step}')"
        return f"SELECT unnest({call})::date AS d" if on_duckdb else f"SELECT {call}::date AS d"

    week = "date_trunc('week', ts)::date"
    days = f"""days AS (
      {series("(SELECT min(ts)::date::timestamp FROM " + table + ")", "(SELECT max(ts)::date::timestamp FROM " + table + ")",
              "1 day")})"""
    weeks = f"""weeks AS (
      {series("(SELECT date_trunc('week', min(ts))::date::timestamp FROM " + table + ")",
              "(SELECT max(ts)::date::timestamp FROM " + table + ")", "7 days")})"""
    within = f"INTERVAL '{WINDOW.days} days'"
    return {
        "trend": f"""
            WITH {days}, counted AS (SELECT ts::date AS d, count(DISTINCT uid) AS users FROM {table} GROUP BY 1)
            SELECT d AS period, coalesce(users, 0) AS value FROM days LEFT JOIN counted USING (d) ORDER BY 1""",
        "trend by device": f"""
            WITH {weeks}, counted AS (SELECT {week} AS d, device, count(DISTINCT uid) AS users FROM {table} GROUP BY 1, 2)
            SELECT d AS period, {", ".join(
                f"coalesce(max(CASE WHEN device = '{each}' THEN users END), 0) AS {each}"
                for each in ("desktop", "mobile", "tablet"))}
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
        # The attempt from each view on: the first click after it, and the first buy after that one.
        "funnel": f"""
            WITH next_buys AS (
              SELECT uid, ts, action,
                min(CASE WHEN action = 'click' THEN ts END) OVER later AS click_at,
                min(CASE WHEN action = 'buy' THEN ts END) OVER later AS buy_at
              FROM {table} WINDOW later AS (PARTITION BY uid ORDER BY ts DESC RANGE BETWEEN UNBOUNDED PRECEDING
                                            AND INTERVAL '1 microsecond' PRECEDING)),
            next_clicks AS (
              SELECT uid, ts, action, click_at, min(CASE WHEN action = 'click' THEN buy_at END) OVER (
                PARTITION BY uid ORDER BY ts DESC RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '1 microsecond' PRECEDING
              ) AS buy_after_click
              FROM next_buys),
            best AS (SELECT uid, max(CASE WHEN buy_after_click <= ts + {within} THEN 3 WHEN click_at <= ts + {within} THEN 2
                                     ELSE 1 END) AS reached
                     FROM next_clicks WHERE action = 'view' GROUP BY 1)
            SELECT n AS step, count(CASE WHEN reached >= n THEN 1 END) AS users
            FROM best CROSS JOIN (VALUES (1), (2), (3)) AS t (n) GROUP BY 1 ORDER BY 1""",
        "event types": f"""
            SELECT action AS event_type, count(*) AS events, count(DISTINCT uid) AS users FROM {table} GROUP BY 1 ORDER BY 1""",
        "sessions": f"""
            WITH {days}, {SESSIONS.format(table=table)},
            counted AS (SELECT ts::date AS d, count(*) AS sessions FROM sessions WHERE starts = 1 GROUP BY 1)
            SELECT d AS period, coalesce(sessions, 0) AS sessions FROM days LEFT JOIN counted USING (d) ORDER BY 1""",
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
    }
