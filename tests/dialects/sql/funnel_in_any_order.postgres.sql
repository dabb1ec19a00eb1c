WITH
-- adds step_1, step_2, step_3, breakdown; keeps some rows
events_2 AS NOT MATERIALIZED (
  SELECT
    user_id,
    moment,
    event_id,
    coalesce(event_type = 'view', FALSE) AS step_1,
    coalesce(event_type = 'cart', FALSE) AS step_2,
    coalesce(event_type = 'buy', FALSE) AS step_3,
    coalesce(country, '(none)') AS breakdown
  FROM events
  WHERE moment IS NOT NULL AND user_id IS NOT NULL
),
-- keeps some rows; adds next_1, next_2, next_3
next_steps AS (
  SELECT
    user_id,
    moment,
    min(moment) FILTER (WHERE step_1) OVER w AS next_1,
    min(moment) FILTER (WHERE step_2) OVER w AS next_2,
    min(moment) FILTER (WHERE step_3) OVER w AS next_3
  FROM events_2
  WHERE step_1 OR step_2 OR step_3
  WINDOW
    w AS (PARTITION BY user_id ORDER BY moment DESC NULLS LAST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
-- adds next_1_rank, next_2_rank, next_3_rank; OFFSET 0 has it computed once
ranked AS (
  SELECT
    user_id,
    moment,
    next_1,
    next_2,
    next_3,
    CASE
      WHEN next_1 IS NOT NULL THEN 1
        + CASE WHEN next_2 < next_1 THEN 1::bigint ELSE 0 END
        + CASE WHEN next_3 < next_1 THEN 1::bigint ELSE 0 END
    END AS next_1_rank,
    CASE
      WHEN next_2 IS NOT NULL THEN 1
        + CASE WHEN next_1 <= next_2 THEN 1::bigint ELSE 0 END
        + CASE WHEN next_3 < next_2 THEN 1::bigint ELSE 0 END
    END AS next_2_rank,
    CASE
      WHEN next_3 IS NOT NULL THEN 1
        + CASE WHEN next_1 <= next_3 THEN 1::bigint ELSE 0 END
        + CASE WHEN next_2 <= next_3 THEN 1::bigint ELSE 0 END
    END AS next_3_rank
  FROM next_steps
  OFFSET 0
),
-- columns of ranked
attempts AS (
  SELECT
    user_id,
    moment AS entered,
    CASE
      WHEN next_1_rank = 2 THEN next_1
      WHEN next_2_rank = 2 THEN next_2
      WHEN next_3_rank = 2 THEN next_3
    END AS moment_2,
    CASE
      WHEN next_1_rank = 3 THEN next_1
      WHEN next_2_rank = 3 THEN next_2
      WHEN next_3_rank = 3 THEN next_3
    END AS moment_3
  FROM ranked
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
    user_id,
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
    user_id,
    reached,
    entered,
    moment_2,
    moment_3,
    reached < 3 AND coalesce(last + INTERVAL '1 days' > (SELECT last_moment FROM last_moment), FALSE) AS pending
  FROM units
  WHERE reached = best
  OFFSET 0
),
-- keeps some rows; one row for each user_id, moment; MATERIALIZED has it computed once
step_values AS MATERIALIZED (
  SELECT
    user_id,
    moment,
    (array_agg(
        CASE WHEN breakdown <> '(none)' THEN breakdown END
        ORDER BY moment, event_id COLLATE "C"
      ) FILTER (WHERE CASE WHEN breakdown <> '(none)' THEN breakdown END IS NOT NULL))[1] AS value_1
  FROM events_2
  WHERE step_1 OR step_2 OR step_3
  GROUP BY user_id, moment
),
-- columns of units_2
labeled AS (
  SELECT
    user_id,
    reached,
    entered,
    moment_2,
    moment_3,
    pending,
    CASE WHEN 1 <= reached THEN entered END AS at_1
  FROM units_2
),
-- all rows on the left with those on the right that have equal keys
labeled_2 AS (
  SELECT
    labeled.reached,
    labeled.entered,
    labeled.moment_2,
    labeled.moment_3,
    labeled.pending,
    coalesce(step_values.value_1, '(none)') AS breakdown
  FROM labeled
  LEFT JOIN step_values
    ON labeled.user_id = step_values.user_id AND labeled.at_1 = step_values.moment
),
-- one row for each breakdown; only the first rows
top_breakdown AS (
  SELECT breakdown
  FROM labeled_2
  GROUP BY breakdown
  ORDER BY count(*) DESC NULLS LAST, breakdown COLLATE "C"
  LIMIT 10
),
-- columns of labeled_2
labeled_3 AS (
  SELECT
    reached,
    entered,
    moment_2,
    moment_3,
    pending,
    CASE
      WHEN coalesce(breakdown IN (SELECT breakdown FROM top_breakdown), FALSE) THEN breakdown
      ELSE '(other)'
    END AS breakdown
  FROM labeled_2
),
-- rows written out here
steps (step, name) AS (
  VALUES
    (1::bigint, 'view'),
    (2::bigint, 'cart'),
    (3::bigint, 'buy')
),
-- one row for each breakdown
groups AS (
  SELECT breakdown
  FROM labeled_3
  GROUP BY breakdown
),
-- every row of both sides next to each other; adds came, moment, stayed
unit_steps AS (
  SELECT
    labeled_3.reached,
    labeled_3.entered,
    labeled_3.pending,
    labeled_3.breakdown,
    steps.step,
    steps.step <= labeled_3.reached AS came,
    CASE
      WHEN steps.step <= labeled_3.reached AND steps.step = 1 THEN labeled_3.entered
      WHEN steps.step <= labeled_3.reached AND steps.step = 2 THEN labeled_3.moment_2
      WHEN steps.step <= labeled_3.reached AND steps.step = 3 THEN labeled_3.moment_3
    END AS moment,
    steps.step = labeled_3.reached AND steps.step < 3 AS stayed
  FROM labeled_3
  CROSS JOIN steps
),
-- adds time, dropped, pending; one row for each breakdown, step; MATERIALIZED has it computed once
steps_counted AS MATERIALIZED (
  SELECT
    breakdown,
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
  GROUP BY breakdown, step
),
-- every row of both sides next to each other; all rows on the left with those on the right that have equal keys; adds users, entered_users, previous, dropped, pending, of_first, of_previous
rates AS (
  SELECT
    groups.breakdown,
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
  FROM groups
  CROSS JOIN steps
  LEFT JOIN steps_counted
    ON groups.breakdown = steps_counted.breakdown AND steps.step = steps_counted.step
),
-- columns of rates
rates_2 AS (
  SELECT
    breakdown,
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
    breakdown,
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
  breakdown AS country,
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
ORDER BY breakdown COLLATE "C", step
