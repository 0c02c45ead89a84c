-- liquidation_pool: one row per as-of date, month of write-off and months since: what the loans first written off then have paid since.
-- materialised: view
-- A loan enters the pool of the month-end that first sees it written off, with the balance it had, and stays: whatever it
-- pays later liquidates it, also after it came back. All amounts at the rate of its disbursement.
WITH pool AS (
  SELECT
    f.seq,
    COUNT(*) AS loans,
    SUM(CASE WHEN o.rate = 1 THEN CAST(f.balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(f.balance AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6)) END) AS written_off_balance
  FROM loan_first_late AS f
  INNER JOIN loan_origin AS o
    ON o.loan_key = f.loan_key
  WHERE f.lasts AND f.level = 'written off'
  GROUP BY f.seq
),

paid AS (
  SELECT
    f.seq AS pool_seq,
    x.seq,
    SUM(CASE WHEN o.rate = 1 THEN CAST(x.cash_month AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(x.cash_month AS DECIMAL(35, 6)) * o.rate, 6) AS DECIMAL(18, 6)) END) AS collected
  FROM loan_first_late AS f
  INNER JOIN loan_origin AS o
    ON o.loan_key = f.loan_key
  INNER JOIN loan_position AS x
    ON x.loan_key = f.loan_key
    AND x.seq > f.seq
  WHERE f.lasts AND f.level = 'written off'
  GROUP BY f.seq, x.seq
)

SELECT
  s.as_of,
  w.as_of AS written_off_at,
  m.month_no - w.month_no AS months_since,
  s.month_as_of AS seen_on,
  s.partial,
  p.loans,
  p.written_off_balance,
  SUM(COALESCE(y.collected, 0)) OVER (PARTITION BY s.as_of, p.seq ORDER BY s.month_seq NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS collected
FROM month_series AS s
INNER JOIN snapshot_date AS m
  ON m.seq = s.month_seq
INNER JOIN pool AS p
  ON p.seq <= s.month_seq
INNER JOIN snapshot_date AS w
  ON w.seq = p.seq
LEFT JOIN paid AS y
  ON y.pool_seq = p.seq
  AND y.seq = s.month_seq
