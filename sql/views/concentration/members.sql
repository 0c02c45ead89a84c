-- concentration_members: one row per as-of date, dimension and member with something outstanding, the largest first.
-- materialised: view
-- title: Shares of entity, product, state and the rest | Participación por entidad, producto, departamento y demás
-- order: dimension, place
-- percent: share = outstanding / book_outstanding
-- percent: share_incl_writeoff = balance / book_balance
-- loans: loan_snapshot by dimension where balance <> 0
WITH part AS (
  SELECT
    as_of,
    dimension,
    member,
    SUM(loans) AS loans,
    SUM(balance) AS balance,
    SUM(outstanding) AS outstanding
  FROM portfolio_part
  WHERE dimension <> 'book'
  GROUP BY as_of, dimension, member
)

SELECT
  as_of,
  dimension,
  ROW_NUMBER() OVER (PARTITION BY as_of, dimension ORDER BY outstanding DESC, member NULLS FIRST) AS place,
  member,
  loans,
  outstanding,
  balance,
  SUM(outstanding) OVER (PARTITION BY as_of, dimension) AS book_outstanding,
  SUM(balance) OVER (PARTITION BY as_of, dimension) AS book_balance
FROM part
WHERE loans > 0
