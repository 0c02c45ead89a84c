-- loan_position: one row per loan per as-of date on which it has a balance or has moved, in the loan's own currency.
-- materialised: table
-- `total_paid` is all cash to date; NULL where no balance is left.
-- `paid_due` is what cash has paid of what fell due in the month to date; NULL where nothing did.
-- Cash pays the oldest instalment first: what it pays of the month's is what the earlier ones leave, up to all of them.
WITH position AS (
  SELECT
    COALESCE(b.loan_key, f.loan_key) AS loan_key,
    COALESCE(b.seq, f.seq) AS seq,
    COALESCE(b.balance, 0) AS balance,
    b.total_paid,
    COALESCE(b.total_paid, z.total_paid, 0) AS cash,
    COALESCE(b.dpd, 0) AS dpd,
    b.dpd_on,
    COALESCE(f.cash_30d, 0) AS cash_30d,
    COALESCE(f.cash_month, 0) AS cash_month,
    COALESCE(f.principal_paid_month, 0) AS principal_paid_month,
    COALESCE(f.interest_month, 0) AS interest_month,
    COALESCE(f.fees_month, 0) AS fees_month,
    COALESCE(f.due_month, 0) AS due_month,
    COALESCE(f.due_to_date, 0) AS due_to_date,
    -- A rebate that is scheduled before is no cash.
    CASE WHEN f.due_before > 0 THEN f.due_before ELSE 0 END AS due_before,
    COALESCE(f.disbursed_month, 0) AS disbursed_month,
    COALESCE(f.loans_disbursed_month, 0) AS loans_disbursed_month
  FROM loan_flow AS f
  FULL OUTER JOIN loan_balance AS b
    ON b.loan_key = f.loan_key
    AND b.seq = f.seq
  -- Of a loan that is repaid already, what it had paid by then.
  LEFT JOIN paid_step AS z
    ON z.loan_key = f.loan_key
    AND z.balance = 0
    AND z.from_seq <= f.seq
    AND f.seq < COALESCE(z.until_seq, 2147483647)
)

SELECT
  loan_key,
  seq,
  balance,
  total_paid,
  dpd,
  dpd_on,
  cash_30d,
  cash_month,
  principal_paid_month,
  interest_month,
  fees_month,
  due_month,
  due_to_date,
  CASE
    WHEN due_to_date <= 0 THEN NULL
    WHEN cash <= due_before THEN 0
    WHEN cash - due_before >= due_to_date THEN due_to_date
    ELSE cash - due_before
  END AS paid_due,
  disbursed_month,
  loans_disbursed_month
FROM position
