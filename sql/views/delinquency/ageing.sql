-- delinquency_ageing: one row per as-of date, dimension, member and ageing bucket, written-off loans in the buckets of their days.
-- materialised: view
-- title: Ageing | Antigüedad de saldos
-- order: dimension, member, bucket_no
-- percent: share = balance / member_balance
-- loans: loan_snapshot on bucket by dimension where balance <> 0
WITH aged AS (
  SELECT
    as_of,
    dimension,
    member,
    bucket,
    SUM(loans) AS loans,
    SUM(balance) AS balance,
    SUM(outstanding) AS outstanding,
    SUM(written_off) AS written_off
  FROM portfolio_part
  WHERE loans > 0
  GROUP BY as_of, dimension, member, bucket
)

SELECT
  p.as_of,
  p.dimension,
  p.member,
  b.bucket_no,
  p.bucket,
  p.loans,
  p.balance,
  p.outstanding,
  p.written_off,
  SUM(p.balance) OVER (PARTITION BY p.as_of, p.dimension, p.member) AS member_balance
FROM aged AS p
INNER JOIN bucket AS b
  ON b.bucket = p.bucket
