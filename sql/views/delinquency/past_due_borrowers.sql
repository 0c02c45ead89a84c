-- delinquency_past_due_borrowers: one row per as-of date and borrower among the 50 with the most past due, written-off included.
-- materialised: view
-- title: Largest past-due borrowers | Mayores deudores en mora
-- order: place
-- percent: past_due_share = past_due_balance / balance
-- loans: loan_snapshot on borrower_id where balance <> 0
WITH borrower AS (
  SELECT
    as_of,
    borrower_id,
    SUM(balance) AS balance,
    SUM(outstanding) AS outstanding,
    SUM(written_off) AS written_off,
    SUM(CASE WHEN dpd >= 1 THEN balance ELSE 0 END) AS past_due_balance,
    COUNT(CASE WHEN dpd >= 1 AND balance <> 0 THEN 1 END) AS past_due_loans,
    MAX(dpd) AS worst_dpd
  FROM loan_snapshot
  WHERE balance <> 0
  GROUP BY as_of, borrower_id
),

placed AS (
  SELECT
    as_of,
    ROW_NUMBER() OVER (PARTITION BY as_of ORDER BY past_due_balance DESC, borrower_id NULLS FIRST) AS place,
    borrower_id,
    balance,
    outstanding,
    written_off,
    past_due_balance,
    past_due_loans,
    worst_dpd
  FROM borrower
  WHERE past_due_balance > 0
)

SELECT
  as_of,
  place,
  borrower_id,
  balance,
  outstanding,
  written_off,
  past_due_balance,
  past_due_loans,
  worst_dpd
FROM placed
WHERE place <= 50
