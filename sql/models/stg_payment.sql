-- stg_payment: one row per landed payment; disbursements are no payments (R053).
-- materialised: stage
SELECT
  loan_key,
  line_no,
  date_paid AS paid_on,
  COALESCE(principal, 0) AS principal,
  COALESCE(interest, 0) AS interest,
  COALESCE(fees, 0) AS fees,
  COALESCE(other, 0) AS other,
  COALESCE(to_tax, 0) AS tax,
  COALESCE(principal, 0) + COALESCE(interest, 0) + COALESCE(fees, 0) + COALESCE(other, 0) + COALESCE(to_tax, 0) AS total
FROM raw_transactions
WHERE transaction_type = 'PAYMENT'
