-- loan_rdr: one row per loan per as-of date and age in months that it has reached, with what of it is 90 days late, written-off included.
-- materialised: view
SELECT
  a.from_months,
  l.as_of,
  l.loan_key,
  l.loan_id,
  l.borrower_id,
  l.entity,
  l.product,
  l.cohort_month,
  l.currency,
  l.disbursed_on,
  l.months_on_book,
  l.dpd,
  l.is_written_off,
  l.principal,
  l.balance,
  CASE WHEN l.dpd >= 90 THEN l.balance ELSE 0 END AS late_90
FROM loan_lifetime AS l
INNER JOIN rdr_age AS a
  ON a.from_months <= l.months_on_book
