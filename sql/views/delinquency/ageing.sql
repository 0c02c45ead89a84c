-- delinquency_ageing: one row per as-of date, dimension, member and ageing bucket, written-off loans in their own bucket.
-- materialised: view
-- title: Ageing | Antigüedad de saldos
-- order: dimension, member, bucket_no
-- percent: share = balance / total_balance
-- loans: loan_snapshot on bucket by dimension where balance <> 0
WITH cell AS (
  SELECT
    as_of,
    entity,
    product,
    state,
    bucket,
    SUM(balance) AS balance,
    SUM(outstanding) AS outstanding,
    SUM(written_off) AS written_off,
    COUNT(*) AS loans
  FROM loan_snapshot
  WHERE balance <> 0
  GROUP BY as_of, entity, product, state, bucket
),

rolled AS (
  SELECT
    as_of,
    CASE
      WHEN GROUPING(entity) = 0 THEN 'entity'
      WHEN GROUPING(product) = 0 THEN 'product'
      WHEN GROUPING(state) = 0 THEN 'state'
      ELSE 'book'
    END AS dimension,
    COALESCE(entity, product, state, 'book') AS member,
    bucket,
    SUM(balance) AS balance,
    SUM(outstanding) AS outstanding,
    SUM(written_off) AS written_off,
    SUM(loans) AS loans
  FROM cell
  GROUP BY GROUPING SETS ((as_of, bucket), (as_of, bucket, entity), (as_of, bucket, product), (as_of, bucket, state))
)

SELECT
  r.as_of,
  r.dimension,
  r.member,
  b.bucket_no,
  r.bucket,
  r.loans,
  r.balance,
  r.outstanding,
  r.written_off,
  SUM(r.balance) OVER (PARTITION BY r.as_of, r.dimension, r.member) AS total_balance
FROM rolled AS r
INNER JOIN bucket AS b
  ON b.bucket = r.bucket
