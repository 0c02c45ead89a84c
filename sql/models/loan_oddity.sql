-- loan_oddity: one row per as-of date, loan and kind of oddity that a reader of the book must know, in the reporting currency.
-- materialised: view
-- dust: a cent or less is left. overpaid: more came than was lent. no schedule: no instalment says when it is due.
-- unknown borrower: the export has no such customer. Not in the source, only in the source: by the source's own balances of that date.
SELECT as_of, 'dust' AS kind, loan_id, borrower_id, entity, product, balance, outstanding, written_off, dpd
FROM loan_snapshot
WHERE balance <> 0 AND ABS(balance) <= 0.01
UNION ALL
SELECT as_of, 'overpaid' AS kind, loan_id, borrower_id, entity, product, balance, outstanding, written_off, dpd
FROM loan_snapshot
WHERE balance < -0.01
UNION ALL
SELECT as_of, 'unknown borrower' AS kind, loan_id, borrower_id, entity, product, balance, outstanding, written_off, dpd
FROM loan_snapshot
WHERE balance <> 0 AND borrower_key IS NULL
UNION ALL
SELECT s.as_of, 'no schedule' AS kind, s.loan_id, s.borrower_id, s.entity, s.product, s.balance, s.outstanding, s.written_off, s.dpd
FROM loan_snapshot AS s
LEFT JOIN fact_schedule AS i
  ON i.loan_key = s.loan_key
WHERE s.balance <> 0 AND i.loan_key IS NULL
UNION ALL
SELECT s.as_of, 'not in the source' AS kind, s.loan_id, s.borrower_id, s.entity, s.product, s.balance, s.outstanding, s.written_off, s.dpd
FROM reconciled_loan AS r
INNER JOIN loan_snapshot AS s
  ON s.loan_key = r.loan_key
  AND s.as_of = r.as_of
WHERE r.source = 'loan_par_balances' AND NOT r.in_source
UNION ALL
SELECT
  as_of,
  'only in the source' AS kind,
  loan_id,
  CAST(NULL AS VARCHAR) AS borrower_id,
  CAST(NULL AS VARCHAR) AS entity,
  CAST(NULL AS VARCHAR) AS product,
  CASE WHEN rate = 1 THEN CAST(source_balance AS DECIMAL(18, 6)) ELSE CAST(ROUND(CAST(source_balance AS DECIMAL(35, 6)) * rate, 6) AS DECIMAL(18, 6)) END AS balance,
  CAST(NULL AS DECIMAL(18, 6)) AS outstanding,
  CAST(NULL AS DECIMAL(18, 6)) AS written_off,
  source_dpd AS dpd
FROM reconciled_loan
WHERE source = 'loan_par_balances' AND NOT in_ours
