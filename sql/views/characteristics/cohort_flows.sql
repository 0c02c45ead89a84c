-- characteristics_cohort_flows: one row per day and month of disbursement on which money moved, under the first as-of date whose data hold it.
-- materialised: view
-- hidden
-- order: day_on, cohort_month
SELECT
  d.as_of,
  c.day_on,
  c.cohort_month,
  SUM(c.disbursed) AS disbursed,
  SUM(c.cash) AS cash
FROM cash_day AS c
INNER JOIN snapshot_date AS d
  ON d.seq = c.seq
GROUP BY d.as_of, c.day_on, c.cohort_month
