-- cash_flow_ahead: one row per as-of date, kind of due, ageing bucket and number of days ahead: the whole book's open instalments.
-- materialised: view
-- hidden
-- order: due, bucket, days_ahead
SELECT
  as_of,
  due,
  bucket,
  days_ahead,
  SUM(principal) AS principal,
  SUM(charges) AS charges
FROM open_instalment
GROUP BY as_of, due, bucket, days_ahead
