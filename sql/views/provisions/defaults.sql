-- provisions_defaults: one row per as-of date and month of default: what was owed when loans first stood in stage 3, and what of it still is.
-- materialised: view
-- title: Defaults and what came of them | Incumplimientos y lo recuperado
-- order: months_since
-- percent: recovery_rate = recovered / balance_at_default
-- A default is the first full month-end at which a loan is at or past the stage 3 day. Recovered is principal, at the as-of date's rate.
-- Dust loans owed a cent or less: they are counted here, and are no history for a loss given default.
WITH first_default AS (
  SELECT x.loan_key, MIN(x.seq) AS seq
  FROM loan_position AS x
  CROSS JOIN policy AS p
  INNER JOIN snapshot_date AS d
    ON d.seq = x.seq
  WHERE x.balance <> 0 AND x.dpd >= p.stage_3_from_dpd AND d.as_of = d.month_end AND d.cut_on = d.month_end
  GROUP BY x.loan_key
),

followed AS (
  SELECT
    d.as_of,
    d.seq,
    m.as_of AS defaulted_on,
    d.month_no - m.month_no AS months_since,
    f.loan_key,
    l.currency,
    o.balance AS balance_at_default
  FROM first_default AS f
  INNER JOIN snapshot_date AS m
    ON m.seq = f.seq
  INNER JOIN dim_loan AS l
    ON l.loan_key = f.loan_key
  INNER JOIN loan_position AS o
    ON o.loan_key = f.loan_key
    AND o.seq = f.seq
  INNER JOIN snapshot_date AS d
    ON d.seq >= m.seq
),

converted AS (
  SELECT
    w.as_of,
    w.defaulted_on,
    w.months_since,
    CASE WHEN r.rate = 1 THEN w.balance_at_default ELSE CAST(ROUND(CAST(w.balance_at_default AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS balance_at_default,
    CASE WHEN r.rate = 1 THEN COALESCE(x.balance, 0) ELSE CAST(ROUND(CAST(COALESCE(x.balance, 0) AS DECIMAL(35, 6)) * r.rate, 6) AS DECIMAL(18, 6)) END AS balance_now
  FROM followed AS w
  LEFT JOIN loan_position AS x
    ON x.loan_key = w.loan_key
    AND x.seq = w.seq
  LEFT JOIN fx_by_snapshot AS r
    ON r.currency = w.currency
    AND r.seq = w.seq
)

SELECT
  as_of,
  defaulted_on,
  months_since,
  COUNT(*) AS loans,
  COUNT(CASE WHEN ABS(balance_at_default) <= 0.01 THEN 1 END) AS dust_loans,
  SUM(balance_at_default) AS balance_at_default,
  SUM(balance_at_default - balance_now) AS recovered,
  SUM(balance_now) AS balance_now
FROM converted
GROUP BY as_of, defaulted_on, months_since
