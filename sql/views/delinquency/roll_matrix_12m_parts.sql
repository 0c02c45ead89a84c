-- delinquency_roll_matrix_12m_parts: one row per as-of date, entity or product, opening state and outcome: its rolls of the last 12 full months together.
-- materialised: view
-- title: Roll matrix of the last 12 full months, by entity and product | Matriz de transición de los últimos 12 meses completos, por entidad y producto
-- order: dimension, member, opening_no, outcome_no
-- percent: share = opening_balance / state_balance
-- percent: loans_share = loans / state_loans
-- A part of the book with few rolls has a matrix of few loans: `loans` says how many. The PD of provisions takes the whole book.
SELECT
  as_of,
  dimension,
  member,
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
WHERE dimension IN ('entity', 'product')
