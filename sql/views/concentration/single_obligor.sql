-- concentration_single_obligor: one row per as-of date with the borrower who owes the most.
-- materialised: view
-- title: Single obligor | Deudor único
-- percent: share = outstanding / book_outstanding
-- loans: loan_snapshot on borrower_id where balance <> 0
SELECT as_of, borrower_id, loans, outstanding, balance, book_outstanding
FROM borrower_rank
WHERE place = 1 AND outstanding > 0
