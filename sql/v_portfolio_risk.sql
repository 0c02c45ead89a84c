-- v_portfolio_risk: one row per as-of date, with portfolio health and its two inputs in percent.
-- materialised: view
-- Health = (100 - PAR 90) x 0.6 + collection rate x 0.4, shown within 0 and 100 (R054, R055).
-- A view must divide: in DOUBLE, then half-even to 8 places, at which it equals the KPI engine.
WITH input AS (
  SELECT
    as_of,
    outstanding,
    at_risk_90,
    cash_30d,
    CAST(at_risk_90 AS DOUBLE) * 100 / NULLIF(CAST(outstanding AS DOUBLE), 0) AS par_90,
    CAST(cash_30d AS DOUBLE) * 100 / NULLIF(CAST(outstanding AS DOUBLE), 0) AS collection_rate
  FROM par_by_date
),

score AS (
  SELECT
    as_of,
    outstanding,
    at_risk_90,
    cash_30d,
    par_90,
    collection_rate,
    CAST(CAST(outstanding - at_risk_90 AS DOUBLE) * 60 + CAST(cash_30d AS DOUBLE) * 40 AS DOUBLE) / NULLIF(CAST(outstanding AS DOUBLE), 0) AS health
  FROM input
)

SELECT
  as_of,
  outstanding,
  at_risk_90,
  cash_30d,
  CAST(ROUND_EVEN(par_90, 8) AS DECIMAL(28, 8)) AS par_90,
  CAST(ROUND_EVEN(collection_rate, 8) AS DECIMAL(28, 8)) AS collection_rate,
  CAST(ROUND_EVEN(health, 8) AS DECIMAL(28, 8)) AS health_score_raw,
  CAST(ROUND_EVEN(CASE WHEN health > 100 THEN 100 WHEN health < 0 THEN 0 ELSE health END, 8) AS DECIMAL(28, 8)) AS health_score
FROM score
