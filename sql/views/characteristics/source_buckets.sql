-- characteristics_source_buckets: one row per as-of date, kind of bucket, our bucket and the source's: loans, and the smallest and largest of them.
-- materialised: view
-- title: Buckets: ours beside the source's, which are never used | Rangos: los nuestros junto a los de la fuente, que nunca se usan
-- order: kind, bucket_no, source_bucket
-- loans: loan_source_bucket on kind, bucket, source_bucket
-- Cells are made of loans of one first as-of date before they are added up to the others.
WITH first_seen AS (
  SELECT
    o.from_seq,
    'size_bucket' AS kind,
    l.size_bucket AS bucket,
    o.source_size_bucket AS source_bucket,
    COUNT(*) AS loans,
    MIN(l.principal) AS smallest,
    MAX(l.principal) AS largest
  FROM dim_loan AS l
  INNER JOIN loan_origin AS o
    ON o.loan_key = l.loan_key
  GROUP BY o.from_seq, l.size_bucket, o.source_size_bucket
  UNION ALL
  SELECT
    o.from_seq,
    'term_bucket' AS kind,
    l.term_bucket AS bucket,
    o.source_term_bucket AS source_bucket,
    COUNT(*) AS loans,
    MIN(CAST(l.term_days AS DECIMAL(18, 6))) AS smallest,
    MAX(CAST(l.term_days AS DECIMAL(18, 6))) AS largest
  FROM dim_loan AS l
  INNER JOIN loan_origin AS o
    ON o.loan_key = l.loan_key
  GROUP BY o.from_seq, l.term_bucket, o.source_term_bucket
),

ordered AS (
  SELECT 'size_bucket' AS kind, b.size_bucket AS bucket, b.size_no AS bucket_no FROM size_bucket AS b
  UNION ALL
  SELECT 'term_bucket' AS kind, b.term_bucket AS bucket, b.term_no AS bucket_no FROM term_bucket AS b
)

SELECT
  d.as_of,
  f.kind,
  COALESCE(n.bucket_no, 0) AS bucket_no,
  f.bucket,
  f.source_bucket,
  SUM(f.loans) AS loans,
  MIN(f.smallest) AS smallest,
  MAX(f.largest) AS largest
FROM first_seen AS f
INNER JOIN snapshot_date AS d
  ON d.seq >= f.from_seq
LEFT JOIN ordered AS n
  ON n.kind = f.kind
  AND n.bucket = f.bucket
GROUP BY d.as_of, f.kind, COALESCE(n.bucket_no, 0), f.bucket, f.source_bucket
