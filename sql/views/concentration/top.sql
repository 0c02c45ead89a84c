-- concentration_top: one row per as-of date and number of largest borrowers, ranked by and divided by outstanding, and both with written-off.
-- materialised: view
-- title: Share of the largest borrowers | Participación de los mayores deudores
-- order: largest
-- percent: share = top_outstanding / book_outstanding
-- percent: share_incl_writeoff = top_balance / book_balance
WITH top AS (
  SELECT 1 AS largest FROM policy
  UNION ALL
  SELECT 5 AS largest FROM policy
  UNION ALL
  SELECT 10 AS largest FROM policy
  UNION ALL
  SELECT 20 AS largest FROM policy
)

SELECT
  r.as_of,
  t.largest,
  SUM(CASE WHEN r.place <= t.largest THEN r.outstanding ELSE 0 END) AS top_outstanding,
  SUM(r.outstanding) AS book_outstanding,
  SUM(CASE WHEN r.place_incl_writeoff <= t.largest THEN r.balance ELSE 0 END) AS top_balance,
  SUM(r.balance) AS book_balance
FROM borrower_rank AS r
CROSS JOIN top AS t
GROUP BY r.as_of, t.largest
