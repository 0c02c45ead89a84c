-- cohort_rdr: one row per as-of date, dimension, member and age in months: loans at least that old, at the as-of date's rate.
-- materialised: view
-- title: RDR 90: balance 90 days late or more, written-off included, of all disbursed | RDR 90: saldo con 90 días de mora o más, con castigados, de todo lo desembolsado
-- order: dimension, member, from_months
-- percent: rdr_90 = late_90 / principal
-- loans: loan_rdr on from_months by dimension
WITH aged AS (
  SELECT
    as_of,
    entity,
    product,
    months_on_book,
    COUNT(*) AS loans,
    SUM(principal) AS principal,
    SUM(balance) AS balance,
    SUM(CASE WHEN dpd >= 90 THEN balance ELSE 0 END) AS late_90
  FROM loan_lifetime
  GROUP BY as_of, entity, product, months_on_book
)

SELECT
  g.as_of,
  d.dimension,
  CASE d.dimension WHEN 'entity' THEN g.entity WHEN 'product' THEN g.product ELSE 'book' END AS member,
  a.from_months,
  SUM(g.loans) AS loans,
  SUM(g.principal) AS principal,
  SUM(g.balance) AS balance,
  SUM(g.late_90) AS late_90
FROM aged AS g
INNER JOIN rdr_age AS a
  ON a.from_months <= g.months_on_book
CROSS JOIN dimension AS d
WHERE d.dimension IN ('book', 'entity', 'product')
GROUP BY g.as_of, d.dimension, CASE d.dimension WHEN 'entity' THEN g.entity WHEN 'product' THEN g.product ELSE 'book' END, a.from_months
