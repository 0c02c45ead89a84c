-- due_later: one row per instalment: the principal that falls due on its day or later, as it stands from the instalment before it until that day.
-- materialised: view
SELECT
  loan_key,
  COALESCE(LAG(due_on) OVER (PARTITION BY loan_key ORDER BY instalment_no NULLS FIRST), CAST('0001-01-01' AS DATE)) AS from_on,
  due_on AS until_on,
  SUM(principal) OVER (PARTITION BY loan_key) - principal_due + principal AS principal_later
FROM fact_schedule
