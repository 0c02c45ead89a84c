-- delinquency_roll_matrix_12m: one row per as-of date, opening state and outcome: the rolls of the last 12 full months together.
-- materialised: view
-- title: Roll matrix of the last 12 full months | Matriz de transición de los últimos 12 meses completos
-- order: opening_no, outcome_no
-- percent: share = opening_balance / state_balance
-- percent: loans_share = loans / state_loans
SELECT
  as_of,
  opening_no,
  opening_state,
  outcome_no,
  outcome,
  months,
  loans,
  opening_balance,
  state_balance,
  state_loans,
  FALSE AS partial
FROM roll_year
WHERE dimension = 'book'
