-- trait_cell: one row per as-of date, scope and set of traits that loans are priced and made by.
-- materialised: table
SELECT
  as_of,
  scope,
  entity,
  product,
  size_bucket,
  term_bucket,
  apr_band,
  COUNT(*) AS loans,
  SUM(principal) AS principal,
  SUM(cost) AS cost,
  SUM(annual_cost) AS annual_cost,
  SUM(priced_principal) AS priced_principal,
  SUM(termed_principal) AS termed_principal,
  SUM(principal_days) AS principal_days,
  SUM(life_principal) AS life_principal,
  SUM(life_days) AS life_days
FROM loan_trait
GROUP BY as_of, scope, entity, product, size_bucket, term_bucket, apr_band
