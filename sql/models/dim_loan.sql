-- dim_loan: one row per loan.
-- materialised: table
-- Term and buckets are computed from dates and amounts, never taken from the source.
WITH borrowed AS (
  SELECT DISTINCT borrower_id, disbursed_on
  FROM stg_loan
),

borrowed_before AS (
  SELECT
    borrower_id,
    disbursed_on,
    LAG(disbursed_on) OVER (PARTITION BY borrower_id ORDER BY disbursed_on NULLS FIRST) AS last_on
  FROM borrowed
),

measured AS (
  SELECT
    l.loan_key,
    l.loan_id,
    l.borrower_id,
    b.borrower_key,
    l.entity,
    l.product,
    COALESCE(b.borrower_segment, 'not provided') AS borrower_segment,
    l.currency,
    l.disbursed_on,
    l.matures_on,
    l.principal,
    l.interest,
    l.fees,
    COALESCE(l.interest, 0) + COALESCE(l.fees, 0) AS cost,
    l.apr,
    CASE WHEN l.matures_on IS NULL THEN l.term_days ELSE DATE_DIFF('DAY', l.disbursed_on, l.matures_on) END AS term_days,
    COALESCE(p.place, 'not provided') AS state,
    CASE
      WHEN k.last_on IS NULL THEN 'new'
      WHEN DATE_DIFF('DAY', k.last_on, l.disbursed_on) > y.reactivated_after_days THEN 'reactivated'
      ELSE 'repeat'
    END AS borrower_kind,
    -- A size is one whatever the date: at the rate of the first snapshot that holds the loan.
    CASE WHEN r.rate = 1 THEN l.principal ELSE CAST(ROUND(CAST(l.principal AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS size
  FROM stg_loan AS l
  CROSS JOIN policy AS y
  LEFT JOIN dim_borrower AS b
    ON b.borrower_id = l.borrower_id
  LEFT JOIN borrowed_before AS k
    ON k.borrower_id = l.borrower_id
    AND k.disbursed_on = l.disbursed_on
  LEFT JOIN place_name AS p
    ON p.spelling = l.place
  LEFT JOIN calendar_day AS c
    ON c.day_on = l.disbursed_on
  LEFT JOIN fx_by_snapshot AS r
    ON r.currency = l.currency
    AND r.seq = c.seq
),

sized AS (
  SELECT m.loan_key, b.size_bucket
  FROM measured AS m
  CROSS JOIN size_bucket AS b
  WHERE m.size >= b.from_amount AND (b.to_amount IS NULL OR m.size < b.to_amount)
)

SELECT
  m.loan_key,
  m.loan_id,
  m.borrower_id,
  m.borrower_key,
  m.entity,
  m.product,
  m.borrower_segment,
  m.currency,
  m.disbursed_on,
  CAST(DATE_TRUNC('MONTH', CAST(m.disbursed_on AS DATE)) AS DATE) AS cohort_month,
  CAST(DATE_TRUNC('QUARTER', CAST(m.disbursed_on AS DATE)) AS DATE) AS cohort_quarter,
  m.matures_on,
  m.principal,
  m.interest,
  m.fees,
  m.cost,
  -- 365 / term comes with 8 places from its table, so that no engine divides.
  CAST(ROUND(CAST(m.cost AS DECIMAL(35, 6)) * t.annual_factor, 6) AS DECIMAL(18, 6)) AS annual_cost,
  m.apr,
  m.term_days,
  m.state,
  m.borrower_kind,
  COALESCE(s.size_bucket, 'not provided') AS size_bucket,
  COALESCE(t.term_bucket, 'not provided') AS term_bucket
FROM measured AS m
LEFT JOIN sized AS s
  ON s.loan_key = m.loan_key
LEFT JOIN term AS t
  ON t.term_days = m.term_days
