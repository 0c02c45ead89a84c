-- full_month: one row per as-of date and full month up to it; months_before is 0 for the last full month.
-- materialised: view
-- A month is full when the data cover its last day; the month in progress never is.
SELECT
  d.seq,
  d.as_of,
  m.seq AS month_seq,
  m.as_of AS month_as_of,
  CASE WHEN d.cut_on >= d.month_end THEN d.month_no ELSE d.month_no - 1 END - m.month_no AS months_before
FROM snapshot_date AS d
CROSS JOIN snapshot_date AS m
WHERE m.cut_on = m.month_end AND m.as_of = m.month_end AND m.as_of <= d.cut_on
