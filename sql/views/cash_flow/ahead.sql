-- cash_flow_ahead: one row per as-of date, kind of due, ageing bucket and window of 30 days: the whole book's open instalments.
-- materialised: view
-- hidden
-- order: due, bucket, window_no
SELECT
  as_of,
  due,
  bucket,
  window_no,
  SUM(principal) AS principal,
  SUM(charges) AS charges
FROM instalment_cell
WHERE is_book
GROUP BY as_of, due, bucket, window_no
