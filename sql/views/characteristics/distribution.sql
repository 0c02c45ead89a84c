-- characteristics_distribution: one row per as-of date, scope, dimension and member: what the loans are made of.
-- materialised: view
-- title: Active and new loans by size, term and simple all-in APR; buckets computed from dates and amounts | Préstamos activos y nuevos por monto, plazo y tasa simple total; rangos calculados de fechas y montos
-- order: scope, dimension, member_no, member
-- percent: share = principal / scope_principal
-- percent: apr = annual_cost / priced_principal
-- loans: loan_trait on scope by dimension
-- APR is the all-in simple rate, (interest + fees) / principal x 365 / term, weighted by principal; loans without a term take no part.
WITH part AS (
  SELECT
    c.as_of,
    c.scope,
    d.dimension,
    CASE d.dimension
      WHEN 'entity' THEN c.entity
      WHEN 'product' THEN c.product
      WHEN 'size_bucket' THEN c.size_bucket
      WHEN 'term_bucket' THEN c.term_bucket
      WHEN 'apr_band' THEN c.apr_band
      ELSE 'book'
    END AS member,
    c.loans,
    c.principal,
    c.cost,
    c.annual_cost,
    c.priced_principal,
    c.termed_principal,
    c.principal_days,
    c.life_principal,
    c.life_days
  FROM trait_cell AS c
  CROSS JOIN (
    SELECT v.dimension
    FROM dimension AS v
    WHERE v.dimension IN ('book', 'entity', 'product', 'size_bucket', 'term_bucket')
    UNION ALL
    SELECT 'apr_band' AS dimension
    FROM policy
  ) AS d
),

ordered AS (
  SELECT 'size_bucket' AS dimension, b.size_bucket AS member, b.size_no AS member_no FROM size_bucket AS b
  UNION ALL
  SELECT 'term_bucket' AS dimension, b.term_bucket AS member, b.term_no AS member_no FROM term_bucket AS b
  UNION ALL
  SELECT 'apr_band' AS dimension, b.apr_band AS member, b.band_no AS member_no FROM apr_band AS b
)

SELECT
  p.as_of,
  p.scope,
  p.dimension,
  COALESCE(n.member_no, 0) AS member_no,
  p.member,
  SUM(p.loans) AS loans,
  SUM(p.principal) AS principal,
  SUM(p.cost) AS cost,
  SUM(p.annual_cost) AS annual_cost,
  SUM(p.priced_principal) AS priced_principal,
  SUM(p.termed_principal) AS termed_principal,
  SUM(p.principal_days) AS principal_days,
  SUM(p.life_principal) AS life_principal,
  SUM(p.life_days) AS life_days,
  SUM(SUM(p.principal)) OVER (PARTITION BY p.as_of, p.scope, p.dimension) AS scope_principal
FROM part AS p
LEFT JOIN ordered AS n
  ON n.dimension = p.dimension
  AND n.member = p.member
GROUP BY p.as_of, p.scope, p.dimension, COALESCE(n.member_no, 0), p.member
