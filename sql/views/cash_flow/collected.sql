-- cash_flow_collected: one row per as-of date and state at the last month-end: principal and cash that came since.
-- materialised: view
-- hidden
-- order: opening_state
-- `all` is the book's whole cash: it holds that of loans which were disbursed and repaid in between.
SELECT
  p.as_of,
  d.is_partial AS partial,
  d.as_of = d.month_end AS is_month_end,
  p.opening_state,
  SUM(p.principal_paid_month) AS principal_paid,
  SUM(p.cash_month) AS cash
FROM roll_part AS p
INNER JOIN snapshot_date AS d
  ON d.as_of = p.as_of
WHERE p.dimension = 'book'
GROUP BY p.as_of, d.is_partial, d.as_of, d.month_end, p.opening_state
UNION ALL
SELECT
  b.as_of,
  b.is_partial AS partial,
  b.is_month_end,
  'all' AS opening_state,
  CAST(NULL AS DECIMAL(18, 6)) AS principal_paid,
  b.cash_month AS cash
FROM book_month AS b
