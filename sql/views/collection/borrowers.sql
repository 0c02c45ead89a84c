-- collection_borrowers: one row per as-of date and borrower among the 50 who were to pay most in the month to date.
-- materialised: view
-- title: Borrowers with most due | Deudores con más por pagar
-- order: place
-- percent: collection_efficiency_mtd = cash_month / due_to_date
-- percent: collection_rate = cash_30d / outstanding
-- loans: loan_snapshot on borrower_id
WITH borrower AS (
  SELECT
    as_of,
    borrower_id,
    SUM(outstanding) AS outstanding,
    SUM(cash_30d) AS cash_30d,
    SUM(cash_month) AS cash_month,
    SUM(due_to_date) AS due_to_date
  FROM loan_snapshot
  GROUP BY as_of, borrower_id
),

placed AS (
  SELECT
    as_of,
    ROW_NUMBER() OVER (PARTITION BY as_of ORDER BY due_to_date DESC, borrower_id NULLS FIRST) AS place,
    borrower_id,
    outstanding,
    cash_30d,
    cash_month,
    due_to_date
  FROM borrower
  WHERE due_to_date > 0
)

SELECT as_of, place, borrower_id, outstanding, cash_30d, cash_month, due_to_date
FROM placed
WHERE place <= 50
