-- concentration_hhi: one row per as-of date and dimension: the Herfindahl-Hirschman index of what is outstanding.
-- materialised: view
-- title: HHI in percent (100 is one member; times 100 for points) | IHH en por ciento (100 es un solo miembro; por 100 en puntos)
-- order: dimension
-- percent: hhi = sum_of_squares / square_of_sum
WITH part AS (
  SELECT as_of, dimension, member, SUM(outstanding) AS outstanding
  FROM portfolio_part
  WHERE dimension <> 'book'
  GROUP BY as_of, dimension, member
  UNION ALL
  SELECT as_of, 'borrower_id' AS dimension, borrower_id AS member, outstanding
  FROM borrower_rank
),

summed AS (
  SELECT
    as_of,
    dimension,
    COUNT(CASE WHEN outstanding > 0 THEN 1 END) AS members,
    SUM(outstanding) AS outstanding,
    SUM(CAST(ROUND(CAST(outstanding AS DECIMAL(35, 6)) * CAST(outstanding AS DECIMAL(18, 6)), 6) AS DECIMAL(35, 6))) AS sum_of_squares
  FROM part
  GROUP BY as_of, dimension
)

SELECT
  as_of,
  dimension,
  members,
  outstanding,
  sum_of_squares,
  CAST(ROUND(CAST(outstanding AS DECIMAL(35, 6)) * CAST(outstanding AS DECIMAL(18, 6)), 6) AS DECIMAL(35, 6)) AS square_of_sum
FROM summed
