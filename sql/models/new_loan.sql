-- new_loan: one row per as-of date and loan disbursed in its month up to it, in the reporting currency.
-- materialised: view
SELECT
  w.as_of,
  l.loan_key,
  l.loan_id,
  l.borrower_id,
  l.borrower_key,
  l.entity,
  l.product,
  l.borrower_segment,
  l.state,
  l.size_bucket,
  l.term_bucket,
  l.currency,
  l.disbursed_on,
  l.borrower_kind,
  l.term_days,
  CASE WHEN r.rate = 1 THEN CAST(l.principal AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(l.principal AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS principal,
  CASE WHEN r.rate = 1 THEN CAST(l.cost AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(l.cost AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS cost,
  CASE WHEN r.rate = 1 THEN CAST(l.annual_cost AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(l.annual_cost AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS annual_cost,
  CAST(ROUND(CAST(CASE WHEN r.rate = 1 THEN CAST(l.principal AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(l.principal AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS DECIMAL(35, 6)) * l.term_days, 6) AS DECIMAL(25, 6)) AS principal_days
FROM (
  SELECT d.as_of, d.seq, w.day_on
  FROM snapshot_window AS w
  INNER JOIN snapshot_date AS d
    ON d.seq = w.seq
  WHERE w.in_month_to_date
) AS w
INNER JOIN dim_loan AS l
  ON l.disbursed_on = w.day_on
LEFT JOIN fx_by_snapshot AS r
  ON r.currency = l.currency
  AND r.seq = w.seq
