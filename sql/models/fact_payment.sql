-- fact_payment: one row per payment.
-- materialised: table
SELECT
  loan_key,
  line_no,
  paid_on,
  principal,
  interest,
  fees,
  other,
  tax,
  CAST(total AS DECIMAL(18, 6)) AS total
FROM stg_payment
