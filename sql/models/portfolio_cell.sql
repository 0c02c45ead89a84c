-- portfolio_cell: one row per as-of date, IFRS 9 stage, ageing bucket and set of loan traits: the book in cells that add up to any part of it.
-- materialised: table
SELECT
  as_of,
  entity,
  product,
  borrower_segment,
  state,
  size_bucket,
  term_bucket,
  currency,
  stage,
  bucket,
  COUNT(CASE WHEN balance <> 0 THEN 1 END) AS loans,
  COUNT(CASE WHEN outstanding > 0 THEN 1 END) AS active_loans,
  SUM(balance) AS balance,
  SUM(outstanding) AS outstanding,
  SUM(written_off) AS written_off,
  SUM(cash_30d) AS cash_30d,
  SUM(cash_month) AS cash_month,
  SUM(interest_month) AS interest_month,
  SUM(fees_month) AS fees_month,
  SUM(due_month) AS due_month,
  SUM(due_to_date) AS due_to_date,
  SUM(CASE WHEN paid_due IS NOT NULL THEN due_to_date END) AS due_by_now,
  SUM(paid_due) AS paid_due,
  SUM(disbursed_month) AS disbursed_month,
  SUM(loans_disbursed_month) AS loans_disbursed_month,
  SUM(CASE WHEN balance <> 0 THEN principal ELSE 0 END) AS principal
FROM loan_snapshot
GROUP BY as_of, entity, product, borrower_segment, state, size_bucket, term_bucket, currency, stage, bucket
