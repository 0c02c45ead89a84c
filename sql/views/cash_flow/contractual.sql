-- cash_flow_contractual: one row per as-of date, dimension, member and month in which instalments fall due; what is past due, written off or not scheduled has rows of its own.
-- materialised: view
-- title: Contractual cash flow by month | Flujo contractual por mes
-- order: dimension, member, due_no, due_month
-- percent: share = principal / member_principal
-- loans: open_instalment on due, due_month by dimension
-- The principal of all rows of a member is its whole balance, written-off included.
WITH cell AS (
  SELECT
    i.as_of,
    d.dimension,
    CASE d.dimension
      WHEN 'entity' THEN i.entity
      WHEN 'product' THEN i.product
      WHEN 'borrower_segment' THEN i.borrower_segment
      WHEN 'state' THEN i.state
      WHEN 'size_bucket' THEN i.size_bucket
      WHEN 'term_bucket' THEN i.term_bucket
      WHEN 'currency' THEN i.currency
      ELSE 'book'
    END AS member,
    CASE i.due WHEN 'written off' THEN 1 WHEN 'overdue' THEN 2 WHEN 'settled' THEN 3 WHEN 'not scheduled' THEN 4 ELSE 5 END AS due_no,
    i.due,
    i.due_month,
    i.principal,
    i.charges,
    i.total
  FROM open_instalment AS i
  CROSS JOIN dimension AS d
),

summed AS (
  SELECT
    as_of,
    dimension,
    member,
    due_no,
    due,
    due_month,
    COUNT(*) AS instalments,
    SUM(principal) AS principal,
    SUM(charges) AS charges,
    SUM(total) AS total
  FROM cell
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
