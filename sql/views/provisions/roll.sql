-- provisions_roll: one row per as-of date, opening state and outcome: the month's rolls of the whole book.
-- materialised: view
-- hidden
-- order: opening_no, outcome_no
SELECT
  p.as_of,
  d.is_partial AS partial,
  d.as_of = d.month_end AS is_month_end,
  p.opening_no,
  p.opening_state,
  p.outcome_no,
  p.outcome,
  p.loans,
  p.opening_balance
FROM roll_part AS p
INNER JOIN snapshot_date AS d
  ON d.as_of = p.as_of
WHERE p.dimension = 'book' AND p.opening_state <> 'new'
