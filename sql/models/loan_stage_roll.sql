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
  CASE
    WHEN r.opening_state = 'new' THEN 'new'
    WHEN r.was_written_off THEN 'written off'
    WHEN r.opening_dpd >= p.stage_3_from_dpd THEN '3'
    WHEN r.opening_dpd > p.stage_2_after_dpd THEN '2'
    ELSE '1'
  END AS opening_stage,
  r.dpd,
  CASE
    WHEN r.outcome = 'repaid' THEN 'repaid'
    WHEN r.is_written_off THEN 'written off'
    WHEN r.dpd >= p.stage_3_from_dpd THEN '3'
    WHEN r.dpd > p.stage_2_after_dpd THEN '2'
    ELSE '1'
  END AS stage,
  r.opening_balance,
  r.balance
FROM loan_roll AS r
CROSS JOIN policy AS p
