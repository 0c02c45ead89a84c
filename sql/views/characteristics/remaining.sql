-- characteristics_remaining: one row per as-of date, entity and product: the principal still to be paid by its schedule, and its days until then.
-- materialised: view
-- hidden
-- order: entity, product
-- What is past its day is due at once: 0 days. Written off has no life left, and of what is not scheduled none is known.
SELECT
  as_of,
  entity,
  product,
  SUM(principal) AS principal,
  SUM(CAST(ROUND(CAST(principal AS DECIMAL(35, 6)) * CASE WHEN due = 'to come' THEN days_ahead ELSE 0 END, 6) AS DECIMAL(25, 6))) AS principal_days
FROM open_instalment
WHERE due IN ('to come', 'overdue', 'settled')
GROUP BY as_of, entity, product
