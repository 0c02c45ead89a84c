-- loan_balance: one row per loan per as-of date on which it has a balance, in the loan's own currency.
-- materialised: stage
WITH step AS (
  SELECT
    s.loan_key,
    s.from_seq,
    s.until_seq,
    s.balance,
    s.total_paid,
    u.due_on
  FROM paid_step AS s
  LEFT JOIN oldest_uncovered AS u
    ON u.loan_key = s.loan_key
    AND u.from_seq = s.from_seq
  WHERE s.balance <> 0
)

SELECT
  s.loan_key,
  d.seq,
  s.balance,
  s.total_paid,
  CASE WHEN s.due_on < d.cut_on THEN s.due_on END AS dpd_on,
  CASE WHEN s.due_on < d.cut_on THEN DATE_DIFF('DAY', s.due_on, d.cut_on) ELSE 0 END AS dpd
FROM step AS s
INNER JOIN snapshot_date AS d
  ON d.seq >= s.from_seq
  AND d.seq < COALESCE(s.until_seq, 2147483647)
