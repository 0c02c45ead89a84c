-- roll_forward: one row per as-of date and currency: opening + disbursed - principal paid = closing, in that currency.
-- materialised: table
-- Opening and flows come from the base facts by day; closing from the loan positions: two ways to one figure.
WITH movement AS (
  SELECT currency, disbursed_on AS day_on, principal AS disbursed, CAST(0 AS DECIMAL(18, 6)) AS paid
  FROM dim_loan
  UNION ALL
  SELECT l.currency, p.paid_on AS day_on, CAST(0 AS DECIMAL(18, 6)) AS disbursed, p.principal AS paid
  FROM fact_payment AS p
  INNER JOIN dim_loan AS l
    ON l.loan_key = p.loan_key
),

by_day AS (
  SELECT currency, day_on, SUM(disbursed) AS disbursed, SUM(paid) AS paid
  FROM movement
  GROUP BY currency, day_on
),

flow AS (
  SELECT
    d.seq,
    m.currency,
    SUM(CASE WHEN m.day_on < d.month_start THEN m.disbursed - m.paid ELSE 0 END) AS opening,
    SUM(CASE WHEN m.day_on >= d.month_start THEN m.disbursed ELSE 0 END) AS disbursed,
    SUM(CASE WHEN m.day_on >= d.month_start THEN m.paid ELSE 0 END) AS principal_paid
  FROM snapshot_date AS d
  INNER JOIN by_day AS m
    ON m.day_on <= d.cut_on
  GROUP BY d.seq, m.currency
),

stock AS (
  SELECT x.seq, l.currency, SUM(x.balance) AS closing
  FROM loan_position AS x
  INNER JOIN dim_loan AS l
    ON l.loan_key = x.loan_key
  GROUP BY x.seq, l.currency
)

SELECT
  d.as_of,
  f.currency,
  f.opening,
  f.disbursed,
  f.principal_paid,
  COALESCE(s.closing, 0) AS closing,
  f.opening + f.disbursed - f.principal_paid - COALESCE(s.closing, 0) AS variance
FROM flow AS f
INNER JOIN snapshot_date AS d
  ON d.seq = f.seq
LEFT JOIN stock AS s
  ON s.seq = f.seq
  AND s.currency = f.currency
