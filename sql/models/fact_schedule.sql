-- fact_schedule: one row per instalment, numbered by due date within its loan, with what is due up to and including it, and from it on.
-- materialised: table
-- ends_month: the last of its loan in its month. principal_later is what falls due on its day or later: the loan's from the instalment before it (from_on) until that day.
SELECT
  loan_key,
  ROW_NUMBER() OVER (PARTITION BY loan_key ORDER BY due_on NULLS FIRST, line_no NULLS FIRST) AS instalment_no,
  line_no,
  due_on,
  principal,
  CAST(total AS DECIMAL(18, 6)) AS total,
  CAST(SUM(principal) OVER (PARTITION BY loan_key ORDER BY due_on NULLS FIRST, line_no NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS DECIMAL(18, 6)) AS principal_due,
  CAST(SUM(total) OVER (PARTITION BY loan_key ORDER BY due_on NULLS FIRST, line_no NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS DECIMAL(18, 6)) AS total_due,
  CAST(DATE_TRUNC('MONTH', CAST(due_on AS DATE)) AS DATE) AS due_month,
  COALESCE(DATE_TRUNC('MONTH', CAST(LEAD(due_on) OVER (PARTITION BY loan_key ORDER BY due_on NULLS FIRST, line_no NULLS FIRST) AS DATE)) > DATE_TRUNC('MONTH', CAST(due_on AS DATE)), TRUE) AS ends_month,
  COALESCE(LAG(due_on) OVER (PARTITION BY loan_key ORDER BY due_on NULLS FIRST, line_no NULLS FIRST), CAST('0001-01-01' AS DATE)) AS from_on,
  CAST(SUM(principal) OVER (PARTITION BY loan_key ORDER BY due_on NULLS FIRST, line_no NULLS FIRST ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS DECIMAL(18, 6)) AS principal_later
FROM stg_schedule
