-- concentration_borrowers: one row per as-of date and borrower among the 50 with the most outstanding.
-- materialised: view
-- title: Largest borrowers | Mayores deudores
-- order: place
-- percent: share = outstanding / book_outstanding
-- percent: cumulative_share = cumulative_outstanding / book_outstanding
-- percent: share_incl_writeoff = balance / book_balance
-- loans: loan_snapshot on borrower_id where balance <> 0
WITH cumulated AS (
  SELECT
    as_of,
    place,
    borrower_id,
    loans,
    outstanding,
    SUM(outstanding) OVER (PARTITION BY as_of ORDER BY place NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS cumulative_outstanding,
    balance,
    book_outstanding,
    book_balance
  FROM borrower_rank
  WHERE outstanding > 0
)

SELECT as_of, place, borrower_id, loans, outstanding, cumulative_outstanding, balance, book_outstanding, book_balance
FROM cumulated
WHERE place <= 50
