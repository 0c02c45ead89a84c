-- due_part: one row per as-of date, dimension and member: what fell due in the month to date and what was paid of just that.
-- materialised: view
WITH cell AS (
  SELECT
    u.as_of,
    d.dimension,
    CASE d.dimension
      WHEN 'entity' THEN u.entity
      WHEN 'product' THEN u.product
      WHEN 'borrower_segment' THEN u.borrower_segment
      WHEN 'state' THEN u.state
      WHEN 'size_bucket' THEN u.size_bucket
      WHEN 'term_bucket' THEN u.term_bucket
      WHEN 'currency' THEN u.currency
      ELSE 'book'
    END AS member,
    u.due_to_date,
    u.paid_due
  FROM loan_due AS u
  CROSS JOIN dimension AS d
)

SELECT
  as_of,
  dimension,
  member,
  COUNT(*) AS loans,
  SUM(due_to_date) AS due_to_date,
  SUM(paid_due) AS paid_due
FROM cell
GROUP BY as_of, dimension, member
