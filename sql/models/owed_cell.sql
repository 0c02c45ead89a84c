-- owed_cell: one row per as-of date, month of disbursement, entity, product, IFRS 9 stage, ageing bucket and months to the last due date with something owed, at the as-of date's rate.
-- materialised: table
SELECT
  as_of,
  cohort_month,
  entity,
  product,
  stage,
  bucket,
  months_left,
  COUNT(*) AS loans,
  SUM(outstanding) AS outstanding,
  SUM(written_off) AS written_off,
  SUM(CASE WHEN dpd >= 90 THEN balance ELSE 0 END) AS late_90
FROM loan_stage
GROUP BY as_of, cohort_month, entity, product, stage, bucket, months_left
