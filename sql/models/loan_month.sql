-- loan_month: one row per as-of date, loan and full month compared with it (months_before 0, 1, 3, 12) in which it was disbursed or has something outstanding.
-- materialised: view
-- The month in progress takes no part; a month before the book began has no row. Each month is at its own rate.
SELECT
  f.as_of,
  s.loan_key,
  s.loan_id,
  s.borrower_id,
  s.borrower_key,
  s.entity,
  s.product,
  s.borrower_segment,
  s.state,
  s.size_bucket,
  s.term_bucket,
  s.cohort_month,
  s.currency,
  s.disbursed_on,
  f.months_before,
  f.month_as_of,
  s.outstanding,
  s.outstanding > 0 AS is_active,
  s.disbursed_month,
  s.loans_disbursed_month
FROM full_month AS f
INNER JOIN loan_snapshot AS s
  ON s.as_of = f.month_as_of
WHERE
  f.months_before IN (0, 1, 3, 12)
  AND (s.outstanding <> 0 OR s.loans_disbursed_month > 0)
