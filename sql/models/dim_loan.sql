-- dim_loan: one row per loan.
-- materialised: table
SELECT
  l.loan_key,
  l.loan_id,
  l.borrower_id,
  b.borrower_key,
  l.entity,
  l.product,
  COALESCE(b.borrower_segment, 'not provided') AS borrower_segment,
  l.currency,
  l.disbursed_on,
  l.matures_on,
  l.principal,
  l.interest,
  l.fees,
  l.apr,
  l.term_days,
  l.state
FROM stg_loan AS l
LEFT JOIN dim_borrower AS b
  ON b.borrower_id = l.borrower_id
