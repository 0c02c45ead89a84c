-- provisions_exposure: one row per as-of date, dimension, member, IFRS 9 stage and ageing bucket: what stands there.
-- materialised: view
-- title: Exposure by stage and bucket | Exposición por etapa y antigüedad
-- order: dimension, member, stage, bucket_no
-- percent: share = outstanding / member_outstanding
-- loans: loan_stage on stage, bucket by dimension
WITH cell AS (
  SELECT
    as_of,
    entity,
    product,
    borrower_segment,
    state,
    size_bucket,
    term_bucket,
    currency,
    stage,
    bucket,
    COUNT(*) AS loans,
    SUM(balance) AS balance,
    SUM(outstanding) AS outstanding,
    SUM(written_off) AS written_off
  FROM loan_stage
  GROUP BY as_of, entity, product, borrower_segment, state, size_bucket, term_bucket, currency, stage, bucket
),

parted AS (
  SELECT
    c.as_of,
    d.dimension,
    CASE d.dimension
      WHEN 'entity' THEN c.entity
      WHEN 'product' THEN c.product
      WHEN 'borrower_segment' THEN c.borrower_segment
      WHEN 'state' THEN c.state
      WHEN 'size_bucket' THEN c.size_bucket
      WHEN 'term_bucket' THEN c.term_bucket
      WHEN 'currency' THEN c.currency
      ELSE 'book'
    END AS member,
    c.stage,
    c.bucket,
    c.loans,
    c.balance,
    c.outstanding,
    c.written_off
  FROM cell AS c
  CROSS JOIN dimension AS d
),

summed AS (
  SELECT
    as_of,
    dimension,
    member,
    stage,
    bucket,
    SUM(loans) AS loans,
    SUM(balance) AS balance,
    SUM(outstanding) AS outstanding,
    SUM(written_off) AS written_off
  FROM parted
  GROUP BY as_of, dimension, member, stage, bucket
)

SELECT
  s.as_of,
  s.dimension,
  s.member,
  s.stage,
  b.bucket_no,
  s.bucket,
  s.loans,
  s.balance,
  s.outstanding,
  s.written_off,
  SUM(s.outstanding) OVER (PARTITION BY s.as_of, s.dimension, s.member) AS member_outstanding
FROM summed AS s
INNER JOIN bucket AS b
  ON b.bucket = s.bucket
