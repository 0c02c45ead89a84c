-- delinquency_par_ladder: one row per as-of date, dimension, member and rung: portfolio at risk in its three definitions.
-- materialised: view
-- title: PAR ladder: n days or more, beyond n, beyond n with written-off | Escalera PAR: n días o más, más de n, más de n con castigados
-- order: dimension, member, days
-- percent: par_at_least = at_risk_at_least / member_outstanding
-- percent: par_beyond = at_risk_beyond / member_outstanding
-- percent: par_beyond_incl_writeoff = at_risk_beyond_incl_writeoff / member_balance
-- `at_least` is the source's rule, `beyond` the specification's; they part on loans of exactly n days.
WITH rung AS (
  SELECT 1 AS days FROM policy
  UNION ALL
  SELECT 7 AS days FROM policy
  UNION ALL
  SELECT 30 AS days FROM policy
  UNION ALL
  SELECT 60 AS days FROM policy
  UNION ALL
  SELECT 90 AS days FROM policy
  UNION ALL
  SELECT 180 AS days FROM policy
),

past_due AS (
  SELECT
    s.as_of,
    d.dimension,
    CASE d.dimension
      WHEN 'entity' THEN s.entity
      WHEN 'product' THEN s.product
      WHEN 'borrower_segment' THEN s.borrower_segment
      WHEN 'state' THEN s.state
      WHEN 'size_bucket' THEN s.size_bucket
      WHEN 'term_bucket' THEN s.term_bucket
      WHEN 'currency' THEN s.currency
      ELSE 'book'
    END AS member,
    s.dpd,
    s.outstanding,
    s.balance
  FROM loan_snapshot AS s
  CROSS JOIN dimension AS d
  WHERE s.dpd >= 1
),

at_risk AS (
  SELECT
    p.as_of,
    p.dimension,
    p.member,
    r.days,
    SUM(p.outstanding) AS at_least,
    SUM(CASE WHEN p.dpd > r.days THEN p.outstanding ELSE 0 END) AS beyond,
    SUM(CASE WHEN p.dpd > r.days THEN p.balance ELSE 0 END) AS incl_writeoff
  FROM past_due AS p
  CROSS JOIN rung AS r
  WHERE p.dpd >= r.days
  GROUP BY p.as_of, p.dimension, p.member, r.days
),

whole AS (
  SELECT
    as_of,
    dimension,
    member,
    SUM(outstanding) AS outstanding,
    SUM(balance) AS balance
  FROM portfolio_part
  GROUP BY as_of, dimension, member
)

SELECT
  w.as_of,
  w.dimension,
  w.member,
  r.days,
  COALESCE(a.at_least, 0) AS at_risk_at_least,
  COALESCE(a.beyond, 0) AS at_risk_beyond,
  COALESCE(a.incl_writeoff, 0) AS at_risk_beyond_incl_writeoff,
  w.outstanding AS member_outstanding,
  w.balance AS member_balance
FROM whole AS w
CROSS JOIN rung AS r
LEFT JOIN at_risk AS a
  ON a.as_of = w.as_of
  AND a.dimension = w.dimension
  AND a.member = w.member
  AND a.days = r.days
