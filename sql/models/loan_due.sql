-- loan_due: one row per loan per as-of date up to which an instalment of its fell due in the month, in the reporting currency.
-- materialised: view
SELECT
  d.as_of,
  x.loan_key,
  l.loan_id,
  l.borrower_id,
  l.borrower_key,
  l.entity,
  l.product,
  l.borrower_segment,
  l.state,
  l.size_bucket,
  l.term_bucket,
  l.cohort_month,
  l.currency,
  l.disbursed_on,
  CASE WHEN r.rate = 1 THEN CAST(x.due_to_date AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(x.due_to_date AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS due_to_date,
  CASE WHEN r.rate = 1 THEN CAST(x.paid_due AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(x.paid_due AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS paid_due
FROM loan_position AS x
INNER JOIN snapshot_date AS d
  ON d.seq = x.seq
INNER JOIN dim_loan AS l
  ON l.loan_key = x.loan_key
LEFT JOIN fx_by_snapshot AS r
  ON r.currency = l.currency
  AND r.seq = x.seq
WHERE x.paid_due IS NOT NULL
