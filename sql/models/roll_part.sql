-- roll_part: one row per as-of date, dimension, member, opening state and outcome.
-- materialised: view
WITH cell AS (
  SELECT
    c.as_of,
    d.dimension,
    CASE d.dimension WHEN 'entity' THEN c.entity WHEN 'product' THEN c.product WHEN 'state' THEN c.state ELSE 'book' END AS member,
    c.opening_state,
    c.outcome,
    c.loans,
    c.opening_balance,
    c.opening_outstanding,
    c.balance,
    c.outstanding,
    c.disbursed_month,
    c.principal_paid_month,
    c.cash_month
  FROM roll_cell AS c
  CROSS JOIN dimension AS d
  WHERE d.dimension IN ('book', 'entity', 'product', 'state')
)

SELECT
  c.as_of,
  c.dimension,
  c.member,
  o.state_no AS opening_no,
  c.opening_state,
  t.state_no AS outcome_no,
  c.outcome,
  SUM(c.loans) AS loans,
  SUM(c.opening_balance) AS opening_balance,
  SUM(c.opening_outstanding) AS opening_outstanding,
  SUM(c.balance) AS balance,
  SUM(c.outstanding) AS outstanding,
  SUM(c.disbursed_month) AS disbursed_month,
  SUM(c.principal_paid_month) AS principal_paid_month,
  SUM(c.cash_month) AS cash_month
FROM cell AS c
INNER JOIN roll_state AS o
  ON o.state = c.opening_state
INNER JOIN roll_state AS t
  ON t.state = c.outcome
GROUP BY c.as_of, c.dimension, c.member, o.state_no, c.opening_state, t.state_no, c.outcome
