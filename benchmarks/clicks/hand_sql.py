"""SQL by hand of analyses of users and paths, that gives the same numbers."""

from __future__ import annotations

#: Sessions, numbered within each user.
SESSIONS = """starts AS (
  SELECT *, CASE WHEN ts - lag(ts) OVER w > INTERVAL '30 minutes' OR lag(ts) OVER w IS NULL THEN 1 ELSE 0 END AS starts
  FROM {table} WINDOW w AS (PARTITION BY uid ORDER BY ts, event_id)
), sessions AS (
  SELECT *, sum(starts) OVER (PARTITION BY uid ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS visit FROM starts
)"""


def paths(table: str, *, on_duckdb: bool) -> str:
    """Return the SQL of the transitions of the first five events of sessions."""
    median = (
        "quantile_cont(epoch_us(later - ts), 0.5)" if on_duckdb else "percentile_cont(0.5) WITHIN GROUP (ORDER BY later - ts)"
    )
    return f"""
        WITH {SESSIONS.format(table=table)},
        placed AS (
          SELECT uid, action, ts, row_number() OVER v AS place, lead(action) OVER v AS target, lead(ts) OVER v AS later
          FROM sessions WINDOW v AS (PARTITION BY uid, visit ORDER BY ts, event_id))
        SELECT place AS step, action AS source, coalesce(target, '(exit)') AS target, count(*) AS count,
          count(DISTINCT uid) AS users, {median} AS median_time
        FROM placed WHERE place < 5 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""


def drivers(table: str) -> str:
    """Return the SQL of the users who go from a view to a purchase within a day, and who click on a device before that."""
    return f"""
        WITH next_buys AS (
          SELECT uid, ts, action, min(CASE WHEN action = 'buy' THEN ts END) OVER (PARTITION BY uid ORDER BY ts DESC) AS buy_at
          FROM {table} WHERE action IN ('view', 'buy')),
        attempts AS (
          SELECT uid, ts, buy_at, CASE WHEN buy_at <= ts + INTERVAL '1 day' THEN 1 ELSE 0 END AS bought
          FROM next_buys WHERE action = 'view'),
        best AS (
          SELECT uid, max(bought) AS bought, min(ts) AS first_view, max(ts) AS last_view,
            min(CASE WHEN bought = 1 THEN ts END) AS first_of_buyers, min(CASE WHEN bought = 1 THEN buy_at END) AS buy_at
          FROM attempts GROUP BY 1),
        users AS (
          SELECT uid, bought = 1 AS converted, coalesce(first_of_buyers, first_view) AS entered,
            coalesce(buy_at, first_view + INTERVAL '1 day') AS until
          FROM best WHERE bought = 1 OR last_view + INTERVAL '1 day' <= (SELECT max(ts) FROM {table})),
        exposed AS (
          SELECT DISTINCT c.uid, c.device, u.converted FROM {table} c JOIN users u ON c.uid = u.uid
          WHERE c.action NOT IN ('view', 'buy') AND c.device IS NOT NULL AND c.ts > u.entered
            AND CASE WHEN u.converted THEN c.ts < u.until ELSE c.ts <= u.until END),
        counted AS (
          SELECT device, count(*) AS exposed_users, count(*) FILTER (WHERE converted) AS exposed_converted
          FROM exposed GROUP BY 1)
        SELECT (SELECT count(*) FROM users) AS all_users, (SELECT count(*) FROM users WHERE converted) AS all_converted,
          device AS label, exposed_users, exposed_converted FROM counted"""


def impact(table: str) -> str:
    """Return the SQL of the users who used a device before they bought, or for as long as one who bought took."""
    return f"""
        WITH users AS (
          SELECT uid, min(ts) AS first_at, min(CASE WHEN action = 'buy' THEN ts END) AS bought_at FROM {table} GROUP BY 1),
        first_buys AS (
          SELECT c.uid, min(c.event_id) AS bought_by FROM {table} c JOIN users u ON c.uid = u.uid AND c.ts = u.bought_at
          WHERE c.action = 'buy' GROUP BY 1),
        buyers AS (
          SELECT row_number() OVER (ORDER BY bought_at - first_at, uid) - 1 AS place, bought_at - first_at AS took
          FROM users WHERE bought_at IS NOT NULL),
        others AS (
          SELECT uid, first_at, row_number() OVER (ORDER BY first_at, uid) % (SELECT count(*) FROM buyers) AS place
          FROM users WHERE bought_at IS NULL),
        observed AS (
          SELECT uid, TRUE AS converted, bought_at AS until, bought_by FROM users JOIN first_buys USING (uid)
          UNION ALL
          SELECT uid, FALSE, first_at + took, NULL FROM others JOIN buyers USING (place)),
        used AS (
          SELECT DISTINCT c.uid, c.device, o.converted FROM {table} c JOIN observed o ON c.uid = o.uid
          WHERE c.device IS NOT NULL AND (c.ts < o.until OR (c.ts = o.until AND c.event_id < o.bought_by)))
        SELECT device AS feature, count(*) AS exposed, count(*) FILTER (WHERE converted) AS "both" FROM used GROUP BY 1"""


def experiment(table: str) -> str:
    """Return the SQL of the users of a plan who bought after their first view, and of what they spent."""
    return f"""
        WITH exposed AS (
          SELECT DISTINCT ON (uid) uid, plan, ts, event_id FROM {table} WHERE action = 'view' AND plan IS NOT NULL
          ORDER BY uid, ts, event_id),
        units AS (
          SELECT e.uid, e.plan, CASE WHEN count(c.uid) > 0 THEN 1.0::float8 ELSE 0.0::float8 END AS bought,
            coalesce(sum(c.amount), 0.0::float8) AS spent
          FROM exposed e LEFT JOIN {table} c
            ON c.uid = e.uid AND c.action = 'buy' AND (c.ts > e.ts OR (c.ts = e.ts AND c.event_id > e.event_id))
          GROUP BY 1, 2)
        SELECT plan AS variant, count(*) AS users, avg(bought) AS mean_metric_0_0, var_samp(bought) AS variance_metric_0_0,
          avg(spent) AS mean_metric_1_0, var_samp(spent) AS variance_metric_1_0 FROM units GROUP BY 1"""


def cohort(table: str) -> str:
    """Return the SQL of the users who bought twice and clicked, and since when."""
    return f"""
        WITH numbered AS (
          SELECT uid, ts, action, row_number() OVER (PARTITION BY uid, action ORDER BY ts, event_id) AS n
          FROM {table} WHERE action IN ('buy', 'click')),
        met AS (
          SELECT uid, min(CASE WHEN action = 'buy' AND n = 2 THEN ts END) AS bought,
            min(CASE WHEN action = 'click' THEN ts END) AS clicked FROM numbered GROUP BY 1)
        SELECT uid AS user_id, greatest(bought, clicked) AS entered_at FROM met
        WHERE bought IS NOT NULL AND clicked IS NOT NULL ORDER BY 1"""


def rfm(table: str) -> str:
    """Return the SQL of recency, frequency and monetary value with their scores."""

    def score(rank: str) -> str:
        parts = " ".join(f"WHEN ({rank} - 1) * 5 >= {part} * (units - 1) THEN {part + 1}" for part in (4, 3, 2, 1))
        return f"CASE WHEN {rank} = 1 THEN 1 {parts} ELSE 1 END"

    return f"""
        WITH orders AS (
          SELECT uid, count(*) AS frequency, avg(coalesce(amount, 0)) AS monetary,
            (SELECT max(ts)::date FROM {table}) - max(ts)::date AS recency,
            (SELECT max(ts)::date FROM {table}) - min(ts)::date AS age
          FROM {table} WHERE action = 'buy' GROUP BY 1),
        ranked AS (
          SELECT *, rank() OVER (ORDER BY recency DESC) AS by_recency, rank() OVER (ORDER BY frequency) AS by_frequency,
            rank() OVER (ORDER BY round(monetary::numeric(30, 12), 9)) AS by_value, count(*) OVER () AS units FROM orders)
        SELECT uid AS user_id, recency, frequency, monetary, age, {score("by_recency")} AS recency_score,
          {score("by_frequency")} AS frequency_score, {score("by_value")} AS monetary_score FROM ranked ORDER BY 1"""
