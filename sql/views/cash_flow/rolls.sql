-- cash_flow_rolls: one row per as-of date, class at the last month-end and class now: how the principal of instalments moved.
-- materialised: view
-- hidden
-- order: opening_class, closing_class
SELECT
  r.as_of,
  d.is_partial AS partial,
  d.as_of = d.month_end AS is_month_end,
  r.opening_class,
  r.closing_class,
  r.instalments,
  r.opening_principal,
  r.left_principal
FROM instalment_roll AS r
INNER JOIN snapshot_date AS d
  ON d.as_of = r.as_of
