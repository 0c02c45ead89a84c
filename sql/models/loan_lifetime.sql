-- loan_lifetime: one row per loan per as-of date from its disbursement on, repaid loans included, in the reporting currency.
-- materialised: view
WITH alive AS (
  SELECT
    d.as_of,
    d.seq,
    d.cut_on,
    d.month_start,
    d.month_end,
    d.month_no,
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
    l.cohort_month,
    l.cohort_quarter,
    l.currency,
    l.disbursed_on,
    l.borrower_kind,
    l.term_days,
    l.principal,
    l.cost,
    l.annual_cost
  FROM dim_loan AS l
  INNER JOIN snapshot_date AS d
    ON d.cut_on >= l.disbursed_on
)

SELECT
  v.as_of,
  v.loan_key,
  v.loan_id,
  v.borrower_id,
  v.borrower_key,
  v.entity,
  v.product,
  v.borrower_segment,
  v.state,
  v.size_bucket,
  v.term_bucket,
  v.cohort_month,
  v.cohort_quarter,
  v.currency,
  v.disbursed_on,
  v.month_no - EXTRACT(YEAR FROM v.disbursed_on) * 12 - EXTRACT(MONTH FROM v.disbursed_on) AS months_on_book,
  -- 0: disbursed in the last full month; -1: in the month in progress.
  v.month_no - EXTRACT(YEAR FROM v.disbursed_on) * 12 - EXTRACT(MONTH FROM v.disbursed_on) - CASE WHEN v.cut_on >= v.month_end THEN 0 ELSE 1 END AS full_months_ago,
  v.borrower_kind,
  v.term_days,
  v.disbursed_on >= v.month_start AS disbursed_this_month,
  CASE WHEN r.rate = 1 THEN v.principal ELSE CAST(ROUND(CAST(v.principal AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS principal,
  CASE WHEN r.rate = 1 THEN CAST(v.cost AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(v.cost AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS cost,
  CASE WHEN r.rate = 1 THEN CAST(v.annual_cost AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(v.annual_cost AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS annual_cost,
  CASE
    WHEN r.rate = 1 THEN CAST(ROUND(CAST(v.principal AS DECIMAL(35, 6)) * v.term_days, 6) AS DECIMAL(25, 6))
    ELSE CAST(ROUND(CAST(ROUND(CAST(v.principal AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(35, 6)) * v.term_days, 6) AS DECIMAL(25, 6))
  END AS principal_days,
  CASE WHEN r.rate = 1 THEN COALESCE(x.balance, 0) ELSE CAST(ROUND(CAST(COALESCE(x.balance, 0) AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS balance,
  CASE
    WHEN COALESCE(x.dpd, 0) > p.write_off_after_dpd THEN 0
    WHEN r.rate = 1 THEN COALESCE(x.balance, 0)
    ELSE CAST(ROUND(CAST(COALESCE(x.balance, 0) AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6))
  END AS outstanding,
  COALESCE(x.dpd, 0) AS dpd,
  COALESCE(x.dpd, 0) > p.write_off_after_dpd AS is_written_off
FROM alive AS v
CROSS JOIN policy AS p
LEFT JOIN loan_position AS x
  ON x.loan_key = v.loan_key
  AND x.seq = v.seq
LEFT JOIN fx_by_snapshot AS r
  ON r.currency = v.currency
  AND r.seq = v.seq
