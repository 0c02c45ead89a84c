-- characteristics_owed: one row per as-of date, month of disbursement, entity and product: what is still owed at the end of the flows.
-- materialised: view
-- hidden
-- order: cohort_month, entity, product
SELECT
  as_of,
  cohort_month,
  entity,
  product,
  SUM(outstanding) AS outstanding,
  SUM(written_off) AS written_off
FROM owed_cell
GROUP BY as_of, cohort_month, entity, product
