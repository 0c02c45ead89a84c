-- provisions_cell: one row per as-of date, entity, product, stage, ageing bucket and months to the last due date: what is exposed.
-- materialised: view
-- hidden
-- order: entity, product, stage, bucket_no, months_left
SELECT
  c.as_of,
  c.entity,
  c.product,
  c.stage,
  b.bucket_no,
  c.bucket,
  c.months_left,
  SUM(c.loans) AS loans,
  SUM(c.outstanding) AS outstanding,
  SUM(c.written_off) AS written_off
FROM owed_cell AS c
INNER JOIN bucket AS b
  ON b.bucket = c.bucket
GROUP BY c.as_of, c.entity, c.product, c.stage, b.bucket_no, c.bucket, c.months_left
