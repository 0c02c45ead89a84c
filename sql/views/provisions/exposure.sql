-- provisions_exposure: one row per as-of date, dimension, member, IFRS 9 stage and ageing bucket: what stands there.
-- materialised: view
-- title: Exposure by stage and bucket | Exposición por etapa y antigüedad
-- order: dimension, member, stage, bucket_no
-- percent: share = outstanding / member_outstanding
-- loans: loan_stage on stage, bucket by dimension
SELECT
  p.as_of,
  p.dimension,
  p.member,
  p.stage,
  b.bucket_no,
  p.bucket,
  p.loans,
  p.balance,
  p.outstanding,
  p.written_off,
  SUM(p.outstanding) OVER (PARTITION BY p.as_of, p.dimension, p.member) AS member_outstanding
FROM portfolio_part AS p
INNER JOIN bucket AS b
  ON b.bucket = p.bucket
WHERE p.loans > 0
