-- fx_by_day: one row per currency and day of the book, with that day's rate to the reporting currency.
-- materialised: table
-- The latest rate up to the day; before the first known rate, the first one (A19).
WITH ranged AS (
  SELECT
    currency,
    rate,
    CASE
      WHEN LAG(rate_on) OVER (PARTITION BY currency ORDER BY rate_on NULLS FIRST) IS NULL THEN CAST('0001-01-01' AS DATE)
      ELSE rate_on
    END AS from_on,
    COALESCE(LEAD(rate_on) OVER (PARTITION BY currency ORDER BY rate_on NULLS FIRST), CAST('9999-12-31' AS DATE)) AS until_on
  FROM raw_fx_rates
)

SELECT r.currency, c.day_on, r.rate
FROM calendar_day AS c
INNER JOIN ranged AS r
  ON c.day_on >= r.from_on
  AND c.day_on < r.until_on
UNION ALL
SELECT p.reporting_currency AS currency, c.day_on, CAST(1 AS DECIMAL(18, 8)) AS rate
FROM policy AS p
CROSS JOIN calendar_day AS c
