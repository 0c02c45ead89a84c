-- v_portfolio_risk: one row per as-of date, with portfolio health and its two inputs in percent.
-- materialised: view
-- Health = (100 - PAR 90) x 0.6 + collection rate x 0.4, shown within 0 and 100 (R054, R055).
-- A quotient of decimals is a DOUBLE in some engines. So the DOUBLE only proposes the eighth digit, and what is left
-- over, which is exact, settles it half to even: the view equals the KPI engine at 8 places, ties included.
WITH fraction AS (
  SELECT as_of, 'par_90' AS figure, CAST(at_risk_90 AS DECIMAL(22, 6)) * 100 AS part, CAST(outstanding AS DECIMAL(22, 6)) AS whole
  FROM par_by_date
  UNION ALL
  SELECT as_of, 'collection_rate' AS figure, CAST(cash_30d AS DECIMAL(22, 6)) * 100 AS part, CAST(outstanding AS DECIMAL(22, 6)) AS whole
  FROM par_by_date
  UNION ALL
  SELECT
    as_of,
    'health' AS figure,
    CAST(outstanding - at_risk_90 AS DECIMAL(22, 6)) * 60 + CAST(cash_30d AS DECIMAL(22, 6)) * 40 AS part,
    CAST(outstanding AS DECIMAL(22, 6)) AS whole
  FROM par_by_date
),

proposed AS (
  SELECT
    as_of,
    figure,
    part,
    whole,
    CAST(ROUND(CAST(part AS DOUBLE) / NULLIF(CAST(whole AS DOUBLE), 0), 8) AS DECIMAL(28, 8)) AS quotient
  FROM fraction
  WHERE whole > 0
),

refined AS (
  -- Beyond 10^7 a DOUBLE has no eighth digit; what it left over is divided once more.
  SELECT
    as_of,
    figure,
    part,
    whole,
    quotient + CAST(ROUND(CAST(part - quotient * CAST(whole AS DECIMAL(30, 6)) AS DOUBLE) / NULLIF(CAST(whole AS DOUBLE), 0), 8) AS DECIMAL(28, 8)) AS quotient
  FROM proposed
),

remaining AS (
  SELECT
    as_of,
    figure,
    CAST(quotient AS DECIMAL(28, 8)) AS quotient,
    part - quotient * CAST(whole AS DECIMAL(30, 6)) AS remainder,
    CAST(whole AS DECIMAL(30, 6)) * CAST(0.000000005 AS DECIMAL(9, 9)) AS half,
    FLOOR(CAST(quotient AS DECIMAL(30, 8)) * 50000000) <> CAST(quotient AS DECIMAL(30, 8)) * 50000000 AS is_odd
  FROM refined
),

settled AS (
  SELECT
    as_of,
    figure,
    CASE
      WHEN remainder > half OR (remainder = half AND is_odd) THEN quotient + CAST(0.00000001 AS DECIMAL(28, 8))
      WHEN remainder < -half OR (remainder = -half AND is_odd) THEN quotient - CAST(0.00000001 AS DECIMAL(28, 8))
      ELSE quotient
    END AS percent
  FROM remaining
),

side_by_side AS (
  SELECT
    as_of,
    MAX(CASE WHEN figure = 'par_90' THEN percent END) AS par_90,
    MAX(CASE WHEN figure = 'collection_rate' THEN percent END) AS collection_rate,
    MAX(CASE WHEN figure = 'health' THEN percent END) AS health
  FROM settled
  GROUP BY as_of
)

SELECT
  p.as_of,
  p.outstanding,
  p.at_risk_90,
  p.cash_30d,
  s.par_90,
  s.collection_rate,
  s.health AS health_score_raw,
  CASE WHEN s.health > 100 THEN CAST(100 AS DECIMAL(28, 8)) WHEN s.health < 0 THEN CAST(0 AS DECIMAL(28, 8)) ELSE s.health END AS health_score
FROM par_by_date AS p
LEFT JOIN side_by_side AS s
  ON s.as_of = p.as_of
