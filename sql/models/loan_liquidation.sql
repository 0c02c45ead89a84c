-- loan_liquidation: one row per loan ever written off per as-of date and month since: what it had paid by then.
-- materialised: view
SELECT
  s.as_of,
  w.as_of AS written_off_at,
  m.month_no - w.month_no AS months_since,
  s.month_as_of AS seen_on,
  s.partial,
  l.loan_key,
  l.loan_id,
  l.borrower_id,
  l.entity,
  l.product,
  l.currency,
  l.disbursed_on,
  CASE WHEN o.rate = 1 THEN CAST(f.balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(f.balance AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6)) END AS written_off_balance,
  SUM(CASE WHEN o.rate = 1 THEN CAST(f.balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(f.balance AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6)) END) OVER (PARTITION BY s.as_of, s.month_seq, f.seq) AS pool_balance,
  SUM(CASE
    WHEN x.seq IS NULL THEN 0
    WHEN o.rate = 1 THEN CAST(x.cash_month AS DECIMAL(18, 6))
    ELSE CAST(ROUND(CAST(x.cash_month AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6))
  END) OVER (PARTITION BY s.as_of, f.loan_key ORDER BY s.month_seq NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS collected
FROM month_series AS s
INNER JOIN snapshot_date AS m
  ON m.seq = s.month_seq
INNER JOIN loan_first_late AS f
  ON f.seq <= s.month_seq
INNER JOIN snapshot_date AS w
  ON w.seq = f.seq
INNER JOIN dim_loan AS l
  ON l.loan_key = f.loan_key
INNER JOIN loan_origin AS o
  ON o.loan_key = f.loan_key
LEFT JOIN loan_position AS x
  ON x.loan_key = f.loan_key
  AND x.seq = s.month_seq
  AND x.seq > f.seq
WHERE f.lasts AND f.level = 'written off'
