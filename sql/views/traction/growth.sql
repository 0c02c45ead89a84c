-- traction_growth: one row per as-of date, dimension and member: the last full month's volume against those 1, 3 and 12 months earlier.
-- materialised: view
-- title: Growth of full months | Crecimiento de meses completos
-- order: dimension, member
-- percent: change_1m = difference_1m / month_1
-- percent: change_3m = difference_3m / month_3
-- percent: change_12m = difference_12m / month_12
-- The month in progress takes no part. A member without a loan in a month disbursed 0 in it; a month before the book is unknown.
WITH members AS (
  SELECT DISTINCT dimension, member
  FROM new_loan_part
),

volume AS (
  SELECT as_of, dimension, member, SUM(principal) AS disbursed
  FROM new_loan_part
  GROUP BY as_of, dimension, member
),

by_month AS (
  SELECT
    f.as_of,
    m.dimension,
    m.member,
    f.months_before,
    COALESCE(v.disbursed, 0) AS disbursed
  FROM full_month AS f
  CROSS JOIN members AS m
  LEFT JOIN volume AS v
    ON v.as_of = f.month_as_of
    AND v.dimension = m.dimension
    AND v.member = m.member
  WHERE f.months_before <= 12
),

spread AS (
  SELECT
    as_of,
    dimension,
    member,
    SUM(CASE WHEN months_before = 0 THEN disbursed END) AS month_0,
    SUM(CASE WHEN months_before = 1 THEN disbursed END) AS month_1,
    SUM(CASE WHEN months_before = 3 THEN disbursed END) AS month_3,
    SUM(CASE WHEN months_before = 12 THEN disbursed END) AS month_12,
    SUM(CASE WHEN months_before < 3 THEN disbursed END) AS sum_3m,
    SUM(CASE WHEN months_before < 12 THEN disbursed END) AS sum_12m,
    COUNT(CASE WHEN months_before < 12 THEN 1 END) AS months
  FROM by_month
  GROUP BY as_of, dimension, member
)

SELECT
  as_of,
  dimension,
  member,
  months,
  month_0,
  month_1,
  month_0 - month_1 AS difference_1m,
  month_3,
  month_0 - month_3 AS difference_3m,
  month_12,
  month_0 - month_12 AS difference_12m,
  sum_3m,
  sum_12m,
  FALSE AS partial
FROM spread
WHERE sum_12m <> 0 OR month_12 <> 0
