-- loan_origin: one row per loan as it was disbursed: at that day's rate, its APR band, the life and the end of its schedule, the source's own buckets.
-- materialised: table
-- The source's buckets are kept only to be held against ours.
WITH life AS (
  SELECT
    i.loan_key,
    MAX(i.due_on) AS ends_on,
    SUM(i.principal) AS life_principal,
    SUM(CAST(ROUND(CAST(i.principal AS DECIMAL(35, 6)) * DATE_DIFF('DAY', l.disbursed_on, i.due_on), 6) AS DECIMAL(25, 6))) AS life_days
  FROM fact_schedule AS i
  INNER JOIN dim_loan AS l
    ON l.loan_key = i.loan_key
  GROUP BY i.loan_key
),

-- The pool of a loan is named by its first loan: a number to group by where four names would be slow.
pool AS (
  SELECT entity, product, state, currency, MIN(loan_key) AS pool_key
  FROM dim_loan
  GROUP BY entity, product, state, currency
),

banded AS (
  SELECT l.loan_key, b.apr_band
  FROM dim_loan AS l
  CROSS JOIN apr_band AS b
  WHERE
    l.principal > 0
    AND (b.from_percent IS NULL OR ROUND(CAST(l.annual_cost AS DECIMAL(35, 6)) * 100, 6) >= ROUND(CAST(l.principal AS DECIMAL(35, 6)) * b.from_percent, 6))
    AND (b.to_percent IS NULL OR ROUND(CAST(l.annual_cost AS DECIMAL(35, 6)) * 100, 6) < ROUND(CAST(l.principal AS DECIMAL(35, 6)) * b.to_percent, 6))
)

SELECT
  l.loan_key,
  k.pool_key,
  c.seq AS from_seq,
  r.rate,
  CASE WHEN r.rate = 1 THEN CAST(l.principal AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(l.principal AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS disbursed,
  COALESCE(b.apr_band, 'not provided') AS apr_band,
  CAST(f.life_principal AS DECIMAL(18, 6)) AS life_principal,
  CAST(f.life_days AS DECIMAL(25, 6)) AS life_days,
  f.ends_on,
  COALESCE(w.amount_buckets, 'not provided') AS source_size_bucket,
  COALESCE(w.term_buckets, 'not provided') AS source_term_bucket
FROM dim_loan AS l
INNER JOIN calendar_day AS c
  ON c.day_on = l.disbursed_on
LEFT JOIN fx_by_day AS r
  ON r.currency = l.currency
  AND r.day_on = l.disbursed_on
INNER JOIN pool AS k
  ON k.entity = l.entity
  AND k.product = l.product
  AND k.state = l.state
  AND k.currency = l.currency
LEFT JOIN life AS f
  ON f.loan_key = l.loan_key
LEFT JOIN banded AS b
  ON b.loan_key = l.loan_key
LEFT JOIN raw_loans AS w
  ON w.line_no = l.loan_key
