-- prepayment_cell: one row per as-of date and part of the book: what could be prepaid in its month, and what was up to it.
-- materialised: table
SELECT
  as_of,
  entity,
  product,
  state,
  SUM(prepayable) AS prepayable,
  SUM(prepaid) AS prepaid
FROM loan_prepayment
GROUP BY as_of, entity, product, state
