-- cash_flow_contractual: one row per as-of date, dimension, member and month in which instalments fall due; what is past due, written off or not scheduled has rows of its own.
-- materialised: view
-- title: Contractual cash flow by month | Flujo contractual por mes
-- order: dimension, member, due_no, due_month
-- percent: share = principal / member_principal
-- loans: open_instalment on due, due_month by dimension
-- The principal of all rows of a member is its whole balance, written-off included.
-- By entity, product, state and currency: a schedule of years has a row a month.
WITH parted AS (
  SELECT
    c.as_of,
    d.dimension,
    CASE d.dimension
      WHEN 'entity' THEN c.entity
      WHEN 'product' THEN c.product
      WHEN 'state' THEN c.state
      WHEN 'currency' THEN c.currency
      ELSE 'book'
    END AS member,
    CASE c.due WHEN 'written off' THEN 1 WHEN 'overdue' THEN 2 WHEN 'settled' THEN 3 WHEN 'not scheduled' THEN 4 ELSE 5 END AS due_no,
    c.due,
    c.due_month,
    c.instalments,
    c.principal,
    c.charges
  FROM instalment_cell AS c
  CROSS JOIN dimension AS d
  WHERE NOT c.is_book AND d.dimension IN ('book', 'entity', 'product', 'state', 'currency')
),

summed AS (
  SELECT
    as_of,
    dimension,
    member,
    due_no,
    due,
    due_month,
    SUM(instalments) AS instalments,
    SUM(principal) AS principal,
    SUM(charges) AS charges,
    SUM(principal + charges) AS total
  FROM parted
  GROUP BY as_of, dimension, member, due_no, due, due_month
)

SELECT
  as_of,
  dimension,
  member,
  due_no,
  due,
  due_month,
  instalments,
  principal,
  charges,
  total,
  SUM(principal) OVER (PARTITION BY as_of, dimension, member) AS member_principal
FROM summed
