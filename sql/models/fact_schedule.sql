-- fact_schedule: one row per instalment, numbered by due date within its loan, with what is due up to and including it.
-- materialised: table
SELECT
  loan_key,
  ROW_NUMBER() OVER (PARTITION BY loan_key ORDER BY due_on NULLS FIRST, line_no NULLS FIRST) AS instalment_no,
  line_no,
  due_on,
  principal,
  CAST(total AS DECIMAL(18, 6)) AS total,
  CAST(SUM(principal) OVER (PARTITION BY loan_key ORDER BY due_on NULLS FIRST, line_no NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS DECIMAL(18, 6)) AS principal_due,
  CAST(SUM(total) OVER (PARTITION BY loan_key ORDER BY due_on NULLS FIRST, line_no NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS DECIMAL(18, 6)) AS total_due
FROM stg_schedule
