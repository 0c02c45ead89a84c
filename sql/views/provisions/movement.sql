-- provisions_movement: one row per as-of date, stage at the last month-end and stage now: which balances moved.
-- materialised: view
-- title: Stage movement since the last month-end | Movimiento de etapas desde el último cierre de mes
-- order: opening_stage, stage
-- percent: share = opening_balance / stage_opening_balance
-- percent: loans_share = loans / stage_loans
-- loans: loan_stage_roll on opening_stage, stage
-- A loan moves with its whole opening balance; `repaid` is repaid to nothing, a loan that only pays down stays.
WITH summed AS (
  SELECT
    as_of,
    opening_stage,
    stage,
    SUM(loans) AS loans,
    SUM(opening_balance) AS opening_balance,
    SUM(balance) AS balance
  FROM roll_cell
  GROUP BY as_of, opening_stage, stage
)

SELECT
  as_of,
  opening_stage,
  stage,
  loans,
  opening_balance,
  balance,
  SUM(opening_balance) OVER (PARTITION BY as_of, opening_stage) AS stage_opening_balance,
  SUM(loans) OVER (PARTITION BY as_of, opening_stage) AS stage_loans
FROM summed
