-- loan_curve: one row per loan per as-of date that had a balance at the last month-end: what of it was written off, prepaid or recovered since.
-- materialised: view
SELECT
  l.as_of,
  l.loan_key,
  l.loan_id,
  l.borrower_id,
  l.entity,
  l.product,
  l.state,
  l.currency,
  l.disbursed_on,
  l.opening_state,
  l.outcome,
  l.dpd,
  l.opening_outstanding,
  CASE WHEN NOT l.was_written_off AND l.outcome = 'written off' THEN l.balance ELSE 0 END AS became_written_off,
  l.prepayable,
  l.prepaid,
  CASE WHEN l.was_written_off THEN l.opening_balance ELSE 0 END AS opening_written_off,
  CASE WHEN l.was_written_off THEN l.cash_month ELSE 0 END AS recovered,
  CASE WHEN l.was_written_off THEN l.outstanding ELSE 0 END AS came_back
FROM loan_roll AS l
WHERE l.opening_balance <> 0
