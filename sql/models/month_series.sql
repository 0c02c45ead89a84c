-- month_series: one row per as-of date and month shown with it: the full months before its own, and its own up to the as-of date.
-- materialised: view
SELECT
  d.seq,
  d.as_of,
  m.seq AS month_seq,
  m.as_of AS month_as_of,
  d.month_no - m.month_no AS months_back,
  m.is_partial AS partial
FROM snapshot_date AS d
CROSS JOIN snapshot_date AS m
WHERE
  m.seq = d.seq
  OR (m.as_of = m.month_end AND m.cut_on = m.month_end AND m.month_no < d.month_no)
