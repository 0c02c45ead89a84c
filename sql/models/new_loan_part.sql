-- new_loan_part: one row per as-of date, dimension, member and kind of borrower: what was disbursed in the month.
-- materialised: table
SELECT
  n.as_of,
  d.dimension,
  CASE d.dimension
    WHEN 'entity' THEN n.entity
    WHEN 'product' THEN n.product
    WHEN 'borrower_segment' THEN n.borrower_segment
    WHEN 'state' THEN n.state
    WHEN 'size_bucket' THEN n.size_bucket
    WHEN 'term_bucket' THEN n.term_bucket
    WHEN 'currency' THEN n.currency
    ELSE 'book'
  END AS member,
  n.borrower_kind,
  COUNT(*) AS loans,
  COUNT(DISTINCT n.borrower_id) AS borrowers,
  SUM(n.principal) AS principal,
  SUM(n.cost) AS cost,
  SUM(n.annual_cost) AS annual_cost,
  SUM(n.principal_days) AS principal_days
FROM new_loan AS n
CROSS JOIN dimension AS d
GROUP BY n.as_of, d.dimension, CASE d.dimension
    WHEN 'entity' THEN n.entity
    WHEN 'product' THEN n.product
    WHEN 'borrower_segment' THEN n.borrower_segment
    WHEN 'state' THEN n.state
    WHEN 'size_bucket' THEN n.size_bucket
    WHEN 'term_bucket' THEN n.term_bucket
    WHEN 'currency' THEN n.currency
    ELSE 'book'
  END, n.borrower_kind
