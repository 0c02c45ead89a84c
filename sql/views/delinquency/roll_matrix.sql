-- delinquency_roll_matrix: one row per as-of date, dimension, member, opening state and outcome: where the last month-end's balances are now.
-- materialised: view
-- title: Roll matrix of the month | Matriz de transición del mes
-- order: dimension, member, opening_no, outcome_no
-- percent: share = opening_balance / state_balance
-- percent: loans_share = loans / state_loans
-- loans: loan_roll on opening_state, outcome by dimension
-- A loan moves with its whole opening balance: `repaid` is repaid to nothing. Written-off is an outcome and never a cure.
SELECT
  as_of,
  dimension,
  member,
  opening_no,
  opening_state,
  outcome_no,
  outcome,
  loans,
  opening_balance,
  balance,
  SUM(opening_balance) OVER (PARTITION BY as_of, dimension, member, opening_state) AS state_balance,
  SUM(loans) OVER (PARTITION BY as_of, dimension, member, opening_state) AS state_loans
FROM roll_part
WHERE opening_state <> 'new'
