-- loan_source_bucket: one row per kind of bucket, as-of date and loan disbursed by it: our bucket beside the one that the source states.
-- materialised: view
SELECT
  d.as_of,
  'size_bucket' AS kind,
  l.loan_key,
  l.loan_id,
  l.borrower_id,
  l.entity,
  l.product,
  l.currency,
  l.disbursed_on,
  l.size_bucket AS bucket,
  o.source_size_bucket AS source_bucket,
  CAST(l.principal AS DECIMAL(18, 6)) AS measure
FROM dim_loan AS l
INNER JOIN loan_origin AS o
  ON o.loan_key = l.loan_key
INNER JOIN snapshot_date AS d
  ON d.seq >= o.from_seq
UNION ALL
SELECT
  d.as_of,
  'term_bucket' AS kind,
  l.loan_key,
  l.loan_id,
  l.borrower_id,
  l.entity,
  l.product,
  l.currency,
  l.disbursed_on,
  l.term_bucket AS bucket,
  o.source_term_bucket AS source_bucket,
  CAST(l.term_days AS DECIMAL(18, 6)) AS measure
FROM dim_loan AS l
INNER JOIN loan_origin AS o
  ON o.loan_key = l.loan_key
INNER JOIN snapshot_date AS d
  ON d.seq >= o.from_seq
