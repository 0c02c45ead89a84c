-- paid_step: one row per loan and as-of date at which its cumulative payments change; it holds up to (not including) until_seq.
-- materialised: temporary
WITH movement AS (
  -- The disbursement opens the loan's first step, at nothing paid.
  SELECT
    l.loan_key,
    c.seq,
    l.principal AS disbursed,
    CAST(0 AS DECIMAL(18, 6)) AS principal,
    CAST(0 AS DECIMAL(18, 6)) AS total
  FROM dim_loan AS l
  INNER JOIN calendar_day AS c
    ON c.day_on = l.disbursed_on
  UNION ALL
  SELECT
    p.loan_key,
    c.seq,
    CAST(0 AS DECIMAL(18, 6)) AS disbursed,
    p.principal,
    p.total
  FROM fact_payment AS p
  INNER JOIN calendar_day AS c
    ON c.day_on = p.paid_on
),

moved AS (
  SELECT
    loan_key,
    seq,
    SUM(disbursed) AS disbursed,
    SUM(principal) AS principal,
    SUM(total) AS total
  FROM movement
  GROUP BY loan_key, seq
),

step AS (
  SELECT
    loan_key,
    seq AS from_seq,
    LEAD(seq) OVER (PARTITION BY loan_key ORDER BY seq NULLS FIRST) AS until_seq,
    CAST(SUM(disbursed - principal) OVER (PARTITION BY loan_key ORDER BY seq NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS DECIMAL(18, 6)) AS balance,
    CAST(SUM(principal) OVER (PARTITION BY loan_key ORDER BY seq NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS DECIMAL(18, 6)) AS principal_paid,
    CAST(SUM(total) OVER (PARTITION BY loan_key ORDER BY seq NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS DECIMAL(18, 6)) AS total_paid
  FROM moved
)

SELECT
  s.loan_key,
  s.from_seq,
  s.until_seq,
  COALESCE(d.cut_on, CAST('9999-12-31' AS DATE)) AS until_on,
  s.balance,
  s.principal_paid,
  s.total_paid
FROM step AS s
LEFT JOIN snapshot_date AS d
  ON d.seq = s.until_seq
