-- fx_by_snapshot: one row per currency per as-of date, with the rate to the reporting currency.
-- materialised: table
-- The latest rate up to the as-of date; before the first known rate, the first one (A19).
WITH ranked AS (
  SELECT
    r.currency,
    d.seq,
    r.rate,
    ROW_NUMBER() OVER (
      PARTITION BY r.currency, d.seq
      ORDER BY
        CASE WHEN r.rate_on <= d.as_of THEN 0 ELSE 1 END,
        ABS(DATE_DIFF('DAY', r.rate_on, d.as_of))
    ) AS choice
  FROM raw_fx_rates AS r
  CROSS JOIN snapshot_date AS d
)

SELECT currency, seq, rate
FROM ranked
WHERE choice = 1
UNION ALL
SELECT p.reporting_currency AS currency, d.seq, CAST(1 AS DECIMAL(18, 8)) AS rate
FROM policy AS p
CROSS JOIN snapshot_date AS d
