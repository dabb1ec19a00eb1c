WITH
-- rows written out here
quality (`check`, severity) AS (
  VALUES
    ('missing_moment', 'error'),
    ('ancient_moment', 'error'),
    ('missing_event_type', 'error'),
    ('missing_user', 'warning'),
    ('repeated_event_id', 'error'),
    ('missing_event_id', 'error'),
    ('busy_user', 'warning'),
    ('similar_event_type', 'warning'),
    ('day_without_events', 'warning'),
    ('odd_day', 'warning')
),
-- adds event_type, user_id; keeps some rows
events_2 AS (
  SELECT moment, event_id, event_type, user_id
  FROM events
  WHERE moment IS NOT NULL
),
-- one row for all
events_checked AS (
  SELECT
    count(*) AS events,
    count(*) FILTER (WHERE moment < TIMESTAMP_NTZ '2000-01-01 00:00:00') AS ancient_moment,
    min(event_id) FILTER (WHERE moment < TIMESTAMP_NTZ '2000-01-01 00:00:00') AS ancient_moment_example,
    count(*) FILTER (WHERE event_type IS NULL OR trim(BOTH ' ' FROM event_type) = '') AS missing_event_type,
    min(event_id) FILTER (WHERE event_type IS NULL OR trim(BOTH ' ' FROM event_type) = '') AS missing_event_type_example,
    count(*) FILTER (WHERE user_id IS NULL) AS missing_user,
    min(event_id) FILTER (WHERE user_id IS NULL) AS missing_user_example
  FROM events_2
),
-- one row for all
all_events AS (
  SELECT
    count(*) AS all_events,
    count(*) FILTER (WHERE moment IS NULL) AS missing_moment,
    min(event_id) FILTER (WHERE moment IS NULL) AS missing_moment_example
  FROM events
),
-- one row for each event_id
ids AS (
  SELECT event_id, count(*) AS times, min(moment) AS moment
  FROM events_2
  GROUP BY event_id
),
-- one row for all; adds repeated_event_id
ids_checked AS (
  SELECT
    min(event_id) FILTER (WHERE event_id IS NOT NULL AND times > 1) AS repeated_event_id_example,
    coalesce(sum(times::decimal(38, 0)) FILTER (WHERE NOT event_id IS NOT NULL)::bigint, 0) AS missing_event_id,
    min(moment) FILTER (WHERE NOT event_id IS NOT NULL) AS missing_event_id_example,
    coalesce(sum(times::decimal(38, 0)) FILTER (WHERE event_id IS NOT NULL)::bigint, 0)
    - count(*) FILTER (WHERE event_id IS NOT NULL) AS repeated_event_id
  FROM ids
),
-- keeps some rows; one row for each user_id, period
days_of_users AS (
  SELECT user_id, count(*) AS events
  FROM events_2
  WHERE user_id IS NOT NULL
  GROUP BY user_id, date_trunc('day', moment)::timestamp_ntz::date
),
-- one row for each user_id
busiest_days AS (
  SELECT user_id, max(events) AS most
  FROM days_of_users
  GROUP BY user_id
),
-- one row for all
users_checked AS (
  SELECT
    count(*) AS users,
    count(*) FILTER (WHERE most > 1000) AS busy_user,
    min(user_id) FILTER (WHERE most > 1000) AS busy_user_example
  FROM busiest_days
),
-- one row for each event_type; adds plain
types AS (
  SELECT event_type, replace(replace(replace(lower(event_type), ' ', ''), '-', ''), '_', '') AS plain
  FROM events_2
  GROUP BY event_type
),
-- one row for each plain, condition
by_plain_condition AS (
  SELECT
    plain,
    event_type IS NOT NULL AS condition,
    count(*) AS size_rows,
    count(event_type) AS count_event_type,
    min(event_type) AS min_event_type
  FROM types
  GROUP BY plain, 2
),
-- adds similar
types_2 AS (
  SELECT
    condition,
    size_rows,
    count_event_type,
    min_event_type,
    sum(size_rows::decimal(38, 0)) OVER (PARTITION BY plain)::bigint AS `similar`
  FROM by_plain_condition
),
-- one row for all
types_checked AS (
  SELECT
    coalesce(sum(count_event_type::decimal(38, 0))::bigint, 0) AS types,
    coalesce(sum(size_rows::decimal(38, 0)) FILTER (WHERE `similar` > 1 AND condition)::bigint, 0) AS similar_event_type,
    min(min_event_type) FILTER (WHERE `similar` > 1 AND condition) AS similar_event_type_example
  FROM types_2
),
-- keeps some rows; one row for all
range AS (
  SELECT
    date_trunc('day', min(moment))::timestamp_ntz::date::timestamp_ntz AS first_period,
    date_trunc('day', max(moment))::timestamp_ntz::date::timestamp_ntz AS last_period,
    max(moment) AS known_until
  FROM events
  WHERE moment IS NOT NULL
),
-- adds count
range_2 AS (
  SELECT
    first_period,
    known_until,
    timestampdiff(MICROSECOND, first_period, last_period) div 86400000000
    - (timestampdiff(MICROSECOND, first_period, last_period) % 86400000000 < 0)::int
    + 1 AS count
  FROM range
),
-- one row for each number
periods AS (
  SELECT
    timestampadd(MICROSECOND, element.position::bigint * 86400000000, range_2.first_period)::date AS period,
    range_2.known_until
  FROM range_2
  CROSS JOIN LATERAL posexplode(CASE WHEN range_2.count > 0 THEN sequence(0, range_2.count - 1) WHEN range_2.count IS NOT NULL THEN array() END) AS element (position, value)
),
-- one row for each period
events_of_days AS (
  SELECT date_trunc('day', moment)::timestamp_ntz::date AS period, count(*) AS events_of_day
  FROM events_2
  GROUP BY 1
),
-- adds next_period
periods_2 AS (
  SELECT
    period,
    timestampadd(MICROSECOND, 86400000000::bigint, period::timestamp_ntz)::date::timestamp_ntz
    <= known_until AS is_complete
  FROM periods
),
-- all rows on the left with those on the right that have equal keys; adds number, weekday
days AS (
  SELECT
    periods_2.period,
    periods_2.is_complete,
    coalesce(events_of_days.events_of_day, 0::bigint)::double AS number,
    weekday(periods_2.period)::bigint AS weekday
  FROM periods_2
  LEFT JOIN events_of_days
    ON periods_2.period = events_of_days.period
),
-- one row for each weekday
medians AS (
  SELECT
    weekday,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY number::double) FILTER (WHERE is_complete)
      * 0.5::double
    + percentile_disc(0.5) WITHIN GROUP (ORDER BY number::double DESC) FILTER (WHERE is_complete)
      * 0.5::double AS middle
  FROM days
  GROUP BY weekday
),
-- all rows on the left with those on the right that have equal keys; adds distance
days_2 AS (
  SELECT
    days.period,
    days.is_complete,
    days.number,
    days.weekday,
    abs(days.number - medians.middle) AS distance
  FROM days
  LEFT JOIN medians
    ON days.weekday = medians.weekday
),
-- one row for each weekday
deviations AS (
  SELECT
    weekday,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY distance::double) FILTER (WHERE is_complete)
      * 0.5::double
    + percentile_disc(0.5) WITHIN GROUP (ORDER BY distance::double DESC) FILTER (WHERE is_complete)
      * 0.5::double AS deviation
  FROM days_2
  GROUP BY weekday
),
-- all rows on the left with those on the right that have equal keys; one row for all
days_checked AS (
  SELECT
    count(*) AS days,
    count(*) FILTER (WHERE days_2.is_complete) AS whole_days,
    count(*) FILTER (WHERE days_2.number = 0.0::double) AS day_without_events,
    count(
      *
    ) FILTER (WHERE days_2.is_complete AND days_2.distance > 3.0::double * deviations.deviation) AS odd_day,
    min(days_2.period) FILTER (WHERE days_2.number = 0.0::double) AS day_without_events_example,
    min(
      days_2.period
    ) FILTER (WHERE days_2.is_complete AND days_2.distance > 3.0::double * deviations.deviation) AS odd_day_example
  FROM days_2
  LEFT JOIN deviations
    ON days_2.weekday = deviations.weekday
),
-- every row of both sides next to each other
facts AS (
  SELECT
    all_events.all_events,
    all_events.missing_moment,
    all_events.missing_moment_example,
    events_checked.events,
    events_checked.ancient_moment,
    events_checked.ancient_moment_example,
    events_checked.missing_event_type,
    events_checked.missing_event_type_example,
    events_checked.missing_user,
    events_checked.missing_user_example,
    ids_checked.repeated_event_id_example,
    ids_checked.missing_event_id,
    ids_checked.missing_event_id_example,
    ids_checked.repeated_event_id,
    users_checked.users,
    users_checked.busy_user,
    users_checked.busy_user_example,
    types_checked.types,
    types_checked.similar_event_type,
    types_checked.similar_event_type_example,
    days_checked.days,
    days_checked.whole_days,
    days_checked.day_without_events,
    days_checked.odd_day,
    days_checked.day_without_events_example,
    days_checked.odd_day_example
  FROM all_events
  CROSS JOIN events_checked
  CROSS JOIN ids_checked
  CROSS JOIN users_checked
  CROSS JOIN types_checked
  CROSS JOIN days_checked
)
SELECT
  quality.`check`,
  quality.severity,
  CASE
    WHEN quality.`check` = 'missing_moment' THEN coalesce(facts.missing_moment, 0::bigint)
    WHEN quality.`check` = 'ancient_moment' THEN coalesce(facts.ancient_moment, 0::bigint)
    WHEN quality.`check` = 'missing_event_type' THEN coalesce(facts.missing_event_type, 0::bigint)
    WHEN quality.`check` = 'missing_user' THEN coalesce(facts.missing_user, 0::bigint)
    WHEN quality.`check` = 'repeated_event_id' THEN coalesce(facts.repeated_event_id, 0::bigint)
    WHEN quality.`check` = 'missing_event_id' THEN coalesce(facts.missing_event_id, 0::bigint)
    WHEN quality.`check` = 'busy_user' THEN coalesce(facts.busy_user, 0::bigint)
    WHEN quality.`check` = 'similar_event_type' THEN coalesce(facts.similar_event_type, 0::bigint)
    WHEN quality.`check` = 'day_without_events' THEN coalesce(facts.day_without_events, 0::bigint)
    WHEN quality.`check` = 'odd_day' THEN coalesce(facts.odd_day, 0::bigint)
  END AS failed,
  CASE
    WHEN quality.`check` = 'missing_moment' THEN facts.all_events
    WHEN quality.`check` = 'ancient_moment' THEN facts.events
    WHEN quality.`check` = 'missing_event_type' THEN facts.events
    WHEN quality.`check` = 'missing_user' THEN facts.events
    WHEN quality.`check` = 'repeated_event_id' THEN facts.events
    WHEN quality.`check` = 'missing_event_id' THEN facts.events
    WHEN quality.`check` = 'busy_user' THEN facts.users
    WHEN quality.`check` = 'similar_event_type' THEN facts.types
    WHEN quality.`check` = 'day_without_events' THEN facts.days
    WHEN quality.`check` = 'odd_day' THEN facts.whole_days
  END AS of,
  CASE
    WHEN quality.`check` = 'missing_moment' THEN facts.missing_moment_example
    WHEN quality.`check` = 'ancient_moment' THEN facts.ancient_moment_example
    WHEN quality.`check` = 'missing_event_type' THEN facts.missing_event_type_example
    WHEN quality.`check` = 'missing_user' THEN facts.missing_user_example
    WHEN quality.`check` = 'repeated_event_id' THEN facts.repeated_event_id_example
    WHEN quality.`check` = 'missing_event_id' THEN date_format(facts.missing_event_id_example, 'yyyy-MM-dd HH:mm:ss.SSSSSS')
    WHEN quality.`check` = 'busy_user' THEN facts.busy_user_example
    WHEN quality.`check` = 'similar_event_type' THEN facts.similar_event_type_example
    WHEN quality.`check` = 'day_without_events' THEN facts.day_without_events_example::string
    WHEN quality.`check` = 'odd_day' THEN facts.odd_day_example::string
  END AS example
FROM quality
CROSS JOIN facts
ORDER BY `check` NULLS LAST
