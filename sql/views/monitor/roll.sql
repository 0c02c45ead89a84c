-- monitor_roll: one row per as-of date, opening state and outcome: what the last 3 full months did to balances, new lending under the state `new`.
-- materialised: view
-- hidden
WITH month AS (
  SELECT m.seq, COUNT(*) AS months
  FROM full_month AS m
  WHERE m.months_before < 3
  GROUP BY m.seq
)

SELECT
  d.as_of,
  n.months,
  c.opening_state,
  c.outcome,
  SUM(c.opening_balance) AS opening_balance,
  SUM(c.balance) AS balance
FROM snapshot_date AS d
INNER JOIN month AS n
  ON n.seq = d.seq
INNER JOIN full_month AS m
  ON m.seq = d.seq
INNER JOIN roll_cell AS c
  ON c.as_of = m.month_as_of
WHERE m.months_before < 3
GROUP BY d.as_of, n.months, c.opening_state, c.outcome
