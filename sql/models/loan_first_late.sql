-- loan_first_late: one row per loan and level of lateness at the first month-end that sees it there, with the balance it had then.
-- materialised: table
-- `lasts`: once seen at a month-end it stays counted. A date within a month sees besides what is late on it (not lasting):
-- so that no month-end depends on which other days were asked for.
WITH level AS (
  SELECT '30' AS level, 30 AS from_dpd FROM policy
  UNION ALL
  SELECT '90' AS level, 90 AS from_dpd FROM policy
  UNION ALL
  SELECT 'written off' AS level, write_off_after_dpd + 1 AS from_dpd FROM policy
),

late AS (
  SELECT
    x.loan_key,
    x.seq,
    v.level,
    x.balance,
    d.as_of = d.month_end AS at_month_end
  FROM loan_position AS x
  INNER JOIN snapshot_date AS d
    ON d.seq = x.seq
  INNER JOIN level AS v
    ON x.dpd >= v.from_dpd
  WHERE x.balance > 0 AND x.dpd >= 1
),

placed AS (
  SELECT
    loan_key,
    level,
    seq,
    balance,
    ROW_NUMBER() OVER (PARTITION BY loan_key, level ORDER BY seq NULLS FIRST) AS place
  FROM late
  WHERE at_month_end
)

SELECT loan_key, level, seq, balance, TRUE AS lasts
FROM placed
WHERE place = 1
UNION ALL
SELECT t.loan_key, t.level, t.seq, t.balance, FALSE AS lasts
FROM late AS t
LEFT JOIN placed AS p
  ON p.loan_key = t.loan_key
  AND p.level = t.level
  AND p.place = 1
WHERE NOT t.at_month_end AND (p.seq IS NULL OR p.seq > t.seq)
