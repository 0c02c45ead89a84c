-- loan_cure: one row per loan that was past due at the last month-end and state that it is counted in: its own, and all past due together.
-- materialised: view
-- Written-off loans stand in their own state alone: they are recovered, not cured.
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
  r.opening_balance,
  r.opening_dpd,
  r.opening_bucket,
  r.opening_state,
  r.balance,
  r.outstanding,
  r.dpd,
  r.bucket,
  r.outcome,
  r.principal_paid_month,
  r.cash_month
FROM loan_roll AS r
WHERE r.opening_balance <> 0 AND r.opening_dpd > 0
UNION ALL
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
  r.opening_balance,
  r.opening_dpd,
  r.opening_bucket,
  'all past due' AS opening_state,
  r.balance,
  r.outstanding,
  r.dpd,
  r.bucket,
  r.outcome,
  r.principal_paid_month,
  r.cash_month
FROM loan_roll AS r
WHERE r.opening_balance <> 0 AND r.opening_dpd > 0 AND NOT r.was_written_off
