-- roll_year: one row per as-of date, dimension, member, opening state and outcome: the rolls of the last 12 full months together.
-- materialised: view
WITH summed AS (
  SELECT
    d.as_of,
    p.dimension,
    p.member,
    p.opening_no,
    p.opening_state,
    p.outcome_no,
    p.outcome,
    COUNT(DISTINCT p.as_of) AS months,
    SUM(p.loans) AS loans,
    SUM(p.opening_balance) AS opening_balance
  FROM snapshot_date AS d
  INNER JOIN full_month AS m
    ON m.seq = d.seq
  INNER JOIN roll_part AS p
    ON p.as_of = m.month_as_of
  WHERE p.opening_state <> 'new' AND m.months_before < 12
  GROUP BY d.as_of, p.dimension, p.member, p.opening_no, p.opening_state, p.outcome_no, p.outcome
)

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
  SUM(opening_balance) OVER (PARTITION BY as_of, dimension, member, opening_state) AS state_balance,
  SUM(loans) OVER (PARTITION BY as_of, dimension, member, opening_state) AS state_loans
FROM summed
