-- loan_stage_roll: one row per loan per as-of date on which it has a balance or had one at the last month-end, with its IFRS 9 stage then and now, in the reporting currency.
-- materialised: view
SELECT
  r.as_of,
  r.loan_key,
  r.loan_id,
  r.borrower_id,
  r.borrower_key,
  r.entity,
  r.product,
  r.borrower_segment,
  r.state,
  r.size_bucket,
  r.term_bucket,
  r.cohort_month,
  r.currency,
  r.disbursed_on,
  r.opening_dpd,
  r.opening_stage,
  r.dpd,
  r.stage,
  r.opening_balance,
  r.balance
FROM loan_roll AS r
