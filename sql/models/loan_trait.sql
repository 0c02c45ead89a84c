-- loan_trait: one row per scope, as-of date and loan in it: `active` has something outstanding, `new` was disbursed in the month up to it.
-- materialised: view
WITH scoped AS (
  SELECT 'active' AS scope, x.seq, x.loan_key
  FROM loan_position AS x
  CROSS JOIN policy AS p
  WHERE x.balance > 0 AND x.dpd <= p.write_off_after_dpd
  UNION ALL
  SELECT 'new' AS scope, x.seq, x.loan_key
  FROM loan_position AS x
  WHERE x.loans_disbursed_month > 0
)

SELECT
  d.as_of,
  c.scope,
  c.loan_key,
  l.loan_id,
  l.borrower_id,
  l.entity,
  l.product,
  l.size_bucket,
  l.term_bucket,
  o.apr_band,
  l.currency,
  l.disbursed_on,
  l.term_days,
  CASE WHEN r.rate = 1 THEN CAST(l.principal AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(l.principal AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS principal,
  CASE WHEN r.rate = 1 THEN CAST(l.cost AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(l.cost AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS cost,
  CASE WHEN r.rate = 1 THEN CAST(l.annual_cost AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(l.annual_cost AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS annual_cost,
  -- Only loans whose term is known weigh in it, and only those that have a schedule in its life.
  CASE WHEN l.annual_cost IS NULL THEN 0 ELSE CASE WHEN r.rate = 1 THEN CAST(l.principal AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(l.principal AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END END AS priced_principal,
  CASE WHEN l.term_days IS NULL THEN 0 ELSE CASE WHEN r.rate = 1 THEN CAST(l.principal AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(l.principal AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END END AS termed_principal,
  CAST(ROUND(CAST(CASE WHEN r.rate = 1 THEN CAST(l.principal AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(l.principal AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS DECIMAL(35, 6)) * COALESCE(l.term_days, 0), 6) AS DECIMAL(25, 6)) AS principal_days,
  COALESCE(CASE WHEN r.rate = 1 THEN CAST(o.life_principal AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(o.life_principal AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END, 0) AS life_principal,
  COALESCE(CASE WHEN r.rate = 1 THEN CAST(o.life_days AS DECIMAL(25, 6)) ELSE CAST(ROUND(CAST(o.life_days AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(25, 6)) END, 0) AS life_days
FROM scoped AS c
INNER JOIN snapshot_date AS d
  ON d.seq = c.seq
INNER JOIN dim_loan AS l
  ON l.loan_key = c.loan_key
INNER JOIN loan_origin AS o
  ON o.loan_key = c.loan_key
LEFT JOIN fx_by_snapshot AS r
  ON r.currency = l.currency
  AND r.seq = c.seq
