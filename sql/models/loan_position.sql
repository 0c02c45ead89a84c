-- loan_position: one row per loan per as-of date on which it has a balance or has moved, in the loan's own currency.
-- materialised: table
-- `total_paid` is all cash to date; NULL where no balance is left.
SELECT
  COALESCE(b.loan_key, f.loan_key) AS loan_key,
  COALESCE(b.seq, f.seq) AS seq,
  COALESCE(b.balance, 0) AS balance,
  b.total_paid,
  COALESCE(b.dpd, 0) AS dpd,
  b.dpd_on,
  COALESCE(f.cash_30d, 0) AS cash_30d,
  COALESCE(f.cash_month, 0) AS cash_month,
  COALESCE(f.principal_paid_month, 0) AS principal_paid_month,
  COALESCE(f.interest_month, 0) AS interest_month,
  COALESCE(f.fees_month, 0) AS fees_month,
  COALESCE(f.due_month, 0) AS due_month,
  COALESCE(f.due_to_date, 0) AS due_to_date,
  COALESCE(f.disbursed_month, 0) AS disbursed_month,
  COALESCE(f.loans_disbursed_month, 0) AS loans_disbursed_month
FROM loan_flow AS f
FULL OUTER JOIN loan_balance AS b
  ON b.loan_key = f.loan_key
  AND b.seq = f.seq
