-- provisions_cell: one row per as-of date, entity, product, stage, ageing bucket and months to the last due date: what is exposed.
-- materialised: view
-- hidden
-- order: entity, product, stage, bucket_no, months_left
SELECT
  s.as_of,
  s.entity,
  s.product,
  s.stage,
  b.bucket_no,
  s.bucket,
  s.months_left,
  COUNT(*) AS loans,
  SUM(s.outstanding) AS outstanding,
  SUM(s.written_off) AS written_off
FROM loan_stage AS s
INNER JOIN bucket AS b
  ON b.bucket = s.bucket
GROUP BY s.as_of, s.entity, s.product, s.stage, b.bucket_no, s.bucket, s.months_left
