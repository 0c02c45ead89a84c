-- loan_cohort: one row per loan per as-of date and month since its disbursement: where it stood then, at the rate of its disbursement.
-- materialised: view
SELECT
  s.as_of,
  s.months_back,
  s.month_as_of AS seen_on,
  s.partial,
  l.loan_key,
  l.loan_id,
  l.borrower_id,
  l.entity,
  l.product,
  l.currency,
  l.disbursed_on,
  l.cohort_month,
  l.cohort_quarter,
  m.month_no - EXTRACT(YEAR FROM l.disbursed_on) * 12 - EXTRACT(MONTH FROM l.disbursed_on) AS months_on_book,
  COALESCE(x.dpd, 0) AS dpd,
  o.disbursed,
  o.disbursed - COALESCE(CASE WHEN o.rate = 1 THEN CAST(x.balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(x.balance AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6)) END, 0) AS repaid,
  COALESCE(CASE WHEN o.rate = 1 THEN CAST(x.balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(x.balance AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6)) END, 0) AS balance,
  CASE WHEN x.dpd > p.write_off_after_dpd THEN 0 ELSE COALESCE(CASE WHEN o.rate = 1 THEN CAST(x.balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(x.balance AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6)) END, 0) END AS outstanding,
  CASE WHEN x.dpd > p.write_off_after_dpd THEN CASE WHEN o.rate = 1 THEN CAST(x.balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(x.balance AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6)) END ELSE 0 END AS written_off,
  CASE WHEN x.dpd >= 30 THEN CASE WHEN o.rate = 1 THEN CAST(x.balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(x.balance AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6)) END ELSE 0 END AS late_30,
  CASE WHEN x.dpd >= 90 THEN CASE WHEN o.rate = 1 THEN CAST(x.balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(x.balance AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6)) END ELSE 0 END AS late_90,
  COALESCE(CASE WHEN o.rate = 1 THEN CAST(a.balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(a.balance AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6)) END, 0) AS ever_30,
  COALESCE(CASE WHEN o.rate = 1 THEN CAST(b.balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(b.balance AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6)) END, 0) AS ever_90,
  COALESCE(CASE WHEN o.rate = 1 THEN CAST(w.balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(w.balance AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6)) END, 0) AS ever_written_off
FROM month_series AS s
CROSS JOIN policy AS p
INNER JOIN snapshot_date AS m
  ON m.seq = s.month_seq
INNER JOIN dim_loan AS l
  ON l.disbursed_on <= m.cut_on
INNER JOIN loan_origin AS o
  ON o.loan_key = l.loan_key
LEFT JOIN loan_position AS x
  ON x.loan_key = l.loan_key
  AND x.seq = s.month_seq
LEFT JOIN loan_first_late AS a
  ON a.loan_key = l.loan_key
  AND a.level = '30'
  AND a.seq <= s.month_seq
  AND (a.lasts OR a.seq = s.month_seq)
LEFT JOIN loan_first_late AS b
  ON b.loan_key = l.loan_key
  AND b.level = '90'
  AND b.seq <= s.month_seq
  AND (b.lasts OR b.seq = s.month_seq)
LEFT JOIN loan_first_late AS w
  ON w.loan_key = l.loan_key
  AND w.level = 'written off'
  AND w.seq <= s.month_seq
  AND (w.lasts OR w.seq = s.month_seq)
