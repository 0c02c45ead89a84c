-- roll_cell: one row per as-of date, part of the book, opening state and stage, outcome and stage now: what became of the last month-end's balances.
-- materialised: table
SELECT
  as_of,
  entity,
  product,
  state,
  opening_state,
  opening_stage,
  outcome,
  stage,
  COUNT(*) AS loans,
  SUM(opening_balance) AS opening_balance,
  SUM(opening_outstanding) AS opening_outstanding,
  SUM(balance) AS balance,
  SUM(outstanding) AS outstanding,
  SUM(disbursed_month) AS disbursed_month,
  SUM(principal_paid_month) AS principal_paid_month,
  SUM(cash_month) AS cash_month,
  SUM(prepayable) AS prepayable,
  SUM(prepaid) AS prepaid
FROM loan_roll
GROUP BY as_of, entity, product, state, opening_state, opening_stage, outcome, stage
