-- characteristics_flows: one row per day, entity and product on which money moved, under the first as-of date whose data hold it.
-- materialised: view
-- hidden
-- order: day_on, entity, product
SELECT
  d.as_of,
  c.day_on,
  c.entity,
  c.product,
  SUM(c.disbursed) AS disbursed,
  SUM(c.cash) AS cash,
  SUM(c.paid_principal) AS paid_principal,
  SUM(c.paid_days) AS paid_days
FROM cash_day AS c
INNER JOIN snapshot_date AS d
  ON d.seq = c.seq
GROUP BY d.as_of, c.day_on, c.entity, c.product
