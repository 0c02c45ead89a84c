-- roll_cell: one row per as-of date, part of the book, opening state and outcome: what became of the last month-end's balances.
-- materialised: table
SELECT
  as_of,
  entity,
  product,
  state,
  opening_state,
  outcome,
  COUNT(*) AS loans,
  SUM(opening_balance) AS opening_balance,
  SUM(opening_outstanding) AS opening_outstanding,
  SUM(balance) AS balance,
  SUM(outstanding) AS outstanding,
  SUM(disbursed_month) AS disbursed_month,
  SUM(principal_paid_month) AS principal_paid_month,
  SUM(cash_month) AS cash_month
FROM loan_roll
GROUP BY as_of, entity, product, state, opening_state, outcome
