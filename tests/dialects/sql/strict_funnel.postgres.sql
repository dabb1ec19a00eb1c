WITH
-- rows written out here
steps (step, name) AS (
  VALUES
    (1::bigint, 'view'),
    (2::bigint, 'cart'),
    (3::bigint, 'buy')
),
-- adds step_1, step_2, step_3; keeps some rows; one row for each user_id, moment
moments AS (
  SELECT
    user_id,
    moment,
    coalesce(bool_or(coalesce(event_type = 'view', FALSE)), FALSE) AS is_1,
    coalesce(bool_or(coalesce(event_type = 'cart', FALSE)), FALSE) AS is_2,
    coalesce(bool_or(coalesce(event_type = 'buy', FALSE)), FALSE) AS is_3,
    count(*) AS events
  FROM events
  WHERE moment IS NOT NULL AND user_id IS NOT NULL
  GROUP BY user_id, moment
),
-- adds moment_2_from_2_here, moment_3_from_3_here, moment_2_from_2, moment_3_from_3
next_moments AS (
  SELECT
    user_id,
    moment,
    is_1,
    is_2,
    is_3,
    events,
    lead(CASE WHEN is_2 THEN moment END) OVER w AS moment_2_from_2,
    lead(CASE WHEN is_3 THEN moment END) OVER w AS moment_3_from_3
  FROM moments
  WINDOW w AS (PARTITION BY user_id ORDER BY moment)
),
-- adds moment_3_from_2_here, moment_3_from_2
next_moments_2 AS (
  SELECT
    user_id,
    moment,
    is_1,
    is_2,
    is_3,
    moment_2_from_2,
    moment_3_from_3,
    lead(CASE WHEN is_2 AND is_3 THEN moment WHEN events = 1 AND is_2 THEN moment_3_from_3 END) OVER (
      PARTITION BY user_id
      ORDER BY moment
    ) AS moment_3_from_2
  FROM next_moments
),
-- keeps some rows
attempts AS (
  SELECT
    user_id,
    moment AS entered,
    CASE
      WHEN is_1 AND is_2 THEN moment
      WHEN is_1 AND moment_2_from_2 IS NOT NULL THEN moment_2_from_2
    END AS moment_2,
    CASE
      WHEN is_1 AND is_2 AND is_3 THEN moment
      WHEN is_1 AND is_2 AND moment_3_from_3 IS NOT NULL THEN moment_3_from_3
      WHEN is_1 AND moment_3_from_2 IS NOT NULL THEN moment_3_from_2
    END AS moment_3
  FROM next_moments_2
  WHERE is_1
),
-- adds reached; one row for each user_id, reached
best_attempts AS (
  SELECT
    user_id,
    CASE
      WHEN moment_3 <= entered + INTERVAL '1 days' THEN 3::bigint
      WHEN moment_2 <= entered + INTERVAL '1 days' THEN 2
      ELSE 1
    END AS reached,
    min(entered) AS entered,
    min(moment_2) AS moment_2,
    min(moment_3) AS moment_3,
    max(entered) AS last_entered
  FROM attempts
  GROUP BY user_id, 2
),
-- adds best, last
units AS (
  SELECT
    reached,
    entered,
    moment_2,
    moment_3,
    max(reached) OVER (PARTITION BY user_id) AS best,
    max(last_entered) OVER (PARTITION BY user_id) AS last
  FROM best_attempts
),
-- keeps some rows; one row for all; MATERIALIZED has it computed once
last_moment AS MATERIALIZED (
  SELECT max(moment) AS last_moment
  FROM events
  WHERE moment IS NOT NULL
),
-- keeps some rows; adds pending; OFFSET 0 has it computed once
units_2 AS (
  SELECT
    reached,
    entered,
    moment_2,
    moment_3,
    reached < 3 AND coalesce(last + INTERVAL '1 days' > (SELECT last_moment FROM last_moment), FALSE) AS pending
  FROM units
  WHERE reached = best
  OFFSET 0
),
-- every row of both sides next to each other; adds came, moment, stayed
unit_steps AS (
  SELECT
    units_2.reached,
    units_2.entered,
    units_2.pending,
    steps.step,
    steps.step <= units_2.reached AS came,
    CASE
      WHEN steps.step <= units_2.reached AND steps.step = 1 THEN units_2.entered
      WHEN steps.step <= units_2.reached AND steps.step = 2 THEN units_2.moment_2
      WHEN steps.step <= units_2.reached AND steps.step = 3 THEN units_2.moment_3
    END AS moment,
    steps.step = units_2.reached AND steps.step < 3 AS stayed
  FROM units_2
  CROSS JOIN steps
),
-- adds time, dropped, pending; one row for each step; MATERIALIZED has it computed once
steps_counted AS MATERIALIZED (
  SELECT
    step,
    count(*) AS entered_users,
    count(*) FILTER (WHERE came) AS users,
    count(*) FILTER (WHERE reached >= step - 1) AS previous,
    count(*) FILTER (WHERE stayed AND NOT pending) AS dropped,
    count(*) FILTER (WHERE stayed AND pending) AS pending,
    (
        percentile_disc(0.5) WITHIN GROUP (ORDER BY (extract(epoch FROM moment - entered) * 1000000)::bigint)
        + percentile_disc(0.5) WITHIN GROUP (ORDER BY (extract(epoch FROM moment - entered) * 1000000)::bigint DESC)
      )
    / 2 AS median_time,
    avg((extract(epoch FROM moment - entered) * 1000000)::bigint::float8)::bigint AS mean_time,
    trunc(percentile_cont(0.9) WITHIN GROUP (ORDER BY (extract(epoch FROM moment - entered) * 1000000)::bigint::float8))::bigint AS p90_time
  FROM unit_steps
  GROUP BY step
),
-- all rows on the left with those on the right that have equal keys; adds users, entered_users, previous, dropped, pending, of_first, of_previous
rates AS (
  SELECT
    steps.step,
    steps.name,
    coalesce(steps_counted.entered_users, 0::bigint) AS entered_users,
    coalesce(steps_counted.users, 0::bigint) AS users,
    coalesce(steps_counted.dropped, 0::bigint) AS dropped,
    coalesce(steps_counted.pending, 0::bigint) AS pending,
    steps_counted.median_time,
    steps_counted.mean_time,
    steps_counted.p90_time,
    CASE
      WHEN coalesce(steps_counted.entered_users, 0::bigint) > 0 THEN CASE
          WHEN coalesce(steps_counted.entered_users, 0::bigint) = 0 THEN coalesce(steps_counted.users, 0::bigint)::float8 * 'Infinity'::float8
          ELSE coalesce(steps_counted.users, 0::bigint)::float8
            / coalesce(steps_counted.entered_users, 0::bigint)::float8
        END
    END AS of_first,
    CASE
      WHEN coalesce(steps_counted.previous, 0::bigint) > 0 THEN CASE
          WHEN coalesce(steps_counted.previous, 0::bigint) = 0 THEN coalesce(steps_counted.users, 0::bigint)::float8 * 'Infinity'::float8
          ELSE coalesce(steps_counted.users, 0::bigint)::float8
            / coalesce(steps_counted.previous, 0::bigint)::float8
        END
    END AS of_previous
  FROM steps
  LEFT JOIN steps_counted
    ON steps.step = steps_counted.step
),
-- columns of rates
rates_2 AS (
  SELECT
    step,
    name,
    entered_users,
    users,
    dropped,
    pending,
    median_time,
    mean_time,
    p90_time,
    of_first,
    of_previous,
    of_first * (1.0::float8 - of_first) * entered_users::float8 + '0.9603647051735309'::float8 AS add_3
  FROM rates
),
-- columns of rates_2
rates_3 AS (
  SELECT
    step,
    name,
    entered_users,
    users,
    dropped,
    pending,
    median_time,
    mean_time,
    p90_time,
    of_first,
    of_previous,
    of_first * entered_users::float8 + '1.9207294103470618'::float8 AS add,
    entered_users::float8 + '3.8414588206941236'::float8 AS add_2,
    '1.9599639845400536'::float8
    * CASE WHEN add_3 < 0.0::float8 THEN 'NaN'::float8 ELSE sqrt(add_3) END AS mul
  FROM rates_2
)
SELECT
  step,
  name,
  users,
  of_first,
  of_previous,
  dropped,
  pending,
  median_time,
  mean_time,
  p90_time,
  CASE
    WHEN of_first = 0.0::float8 THEN 0.0::float8
    WHEN entered_users::float8 > 0.0::float8 THEN CASE
          WHEN add_2 = 0.0::float8 THEN add * CASE WHEN add_2::text = '-0' THEN '-Infinity'::float8 ELSE 'Infinity'::float8 END
          ELSE add / add_2
        END
      - CASE
          WHEN add_2 = 0.0::float8 THEN mul * CASE WHEN add_2::text = '-0' THEN '-Infinity'::float8 ELSE 'Infinity'::float8 END
          ELSE mul / add_2
        END
  END AS ci_low,
  CASE
    WHEN of_first = 1.0::float8 THEN 1.0::float8
    WHEN entered_users::float8 > 0.0::float8 THEN CASE
          WHEN add_2 = 0.0::float8 THEN add * CASE WHEN add_2::text = '-0' THEN '-Infinity'::float8 ELSE 'Infinity'::float8 END
          ELSE add / add_2
        END
      + CASE
          WHEN add_2 = 0.0::float8 THEN mul * CASE WHEN add_2::text = '-0' THEN '-Infinity'::float8 ELSE 'Infinity'::float8 END
          ELSE mul / add_2
        END
  END AS ci_high
FROM rates_3
ORDER BY step
