-- borrower_rank: one row per as-of date and borrower with a balance, placed by outstanding and, with written-off, by balance.
-- materialised: view
WITH borrower AS (
  SELECT
    as_of,
    borrower_id,
    COUNT(*) AS loans,
    SUM(balance) AS balance,
    SUM(outstanding) AS outstanding
  FROM loan_snapshot
  WHERE balance <> 0
  GROUP BY as_of, borrower_id
)

SELECT
  as_of,
  borrower_id,
  loans,
  balance,
  outstanding,
  ROW_NUMBER() OVER (PARTITION BY as_of ORDER BY outstanding DESC, borrower_id NULLS FIRST) AS place,
  ROW_NUMBER() OVER (PARTITION BY as_of ORDER BY balance DESC, borrower_id NULLS FIRST) AS place_incl_writeoff,
  SUM(outstanding) OVER (PARTITION BY as_of) AS book_outstanding,
  SUM(balance) OVER (PARTITION BY as_of) AS book_balance
FROM borrower
