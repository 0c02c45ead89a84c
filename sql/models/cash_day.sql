-- cash_day: one row per day, month of disbursement, entity and product on which money moved, all at the rate of the day.
-- materialised: table
-- Cash is principal, interest, fees and everything else that was paid; paid_days weighs principal by the days since its disbursement.
WITH flow AS (
  SELECT
    l.disbursed_on AS day_on,
    l.loan_key,
    o.disbursed,
    CAST(0 AS DECIMAL(18, 6)) AS cash,
    CAST(0 AS DECIMAL(18, 6)) AS paid_principal,
    CAST(0 AS DECIMAL(25, 6)) AS paid_days
  FROM dim_loan AS l
  INNER JOIN loan_origin AS o
    ON o.loan_key = l.loan_key
  UNION ALL
  SELECT
    p.paid_on AS day_on,
    p.loan_key,
    CAST(0 AS DECIMAL(18, 6)) AS disbursed,
    CASE WHEN r.rate = 1 THEN CAST(p.total AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(p.total AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS cash,
    CASE WHEN r.rate = 1 THEN CAST(p.principal AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(p.principal AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS paid_principal,
    CAST(ROUND(CAST(CASE WHEN r.rate = 1 THEN CAST(p.principal AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(p.principal AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS DECIMAL(35, 6)) * DATE_DIFF('DAY', l.disbursed_on, p.paid_on), 6) AS DECIMAL(25, 6)) AS paid_days
  FROM fact_payment AS p
  INNER JOIN dim_loan AS l
    ON l.loan_key = p.loan_key
  LEFT JOIN fx_by_day AS r
    ON r.currency = l.currency
    AND r.day_on = p.paid_on
)

SELECT
  c.seq,
  f.day_on,
  l.cohort_month,
  l.entity,
  l.product,
  SUM(f.disbursed) AS disbursed,
  SUM(f.cash) AS cash,
  SUM(f.paid_principal) AS paid_principal,
  SUM(f.paid_days) AS paid_days
FROM flow AS f
INNER JOIN dim_loan AS l
  ON l.loan_key = f.loan_key
INNER JOIN calendar_day AS c
  ON c.day_on = f.day_on
GROUP BY c.seq, f.day_on, l.cohort_month, l.entity, l.product
