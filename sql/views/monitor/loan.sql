-- monitor_loan: one row per loan per as-of date on which it has a balance, with what a facility's rules may ask of it, in the reporting currency.
-- materialised: view
-- hidden
SELECT
  s.as_of,
  s.loan_key,
  s.loan_id,
  s.borrower_id,
  s.entity,
  s.product,
  s.borrower_segment,
  s.state,
  s.size_bucket,
  s.term_bucket,
  s.currency,
  s.disbursed_on,
  l.matures_on,
  l.term_days,
  DATE_DIFF('DAY', d.cut_on, l.matures_on) AS days_to_maturity,
  DATE_DIFF('DAY', s.disbursed_on, d.cut_on) AS days_on_book,
  l.borrower_kind,
  l.apr,
  s.principal,
  s.balance,
  s.outstanding,
  s.written_off,
  s.dpd,
  s.bucket,
  s.is_written_off
FROM loan_snapshot AS s
INNER JOIN snapshot_date AS d
  ON d.as_of = s.as_of
INNER JOIN dim_loan AS l
  ON l.loan_key = s.loan_key
WHERE s.balance <> 0
