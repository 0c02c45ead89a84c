-- portfolio_part: one row per as-of date, dimension, member, IFRS 9 stage and ageing bucket; the dimension `book` is the whole.
-- materialised: table
WITH cell AS (
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
    c.active_loans,
    c.balance,
    c.outstanding,
    c.written_off,
    c.cash_30d,
    c.cash_month,
    c.interest_month,
    c.fees_month,
    c.due_month,
    c.due_to_date,
    c.due_by_now,
    c.paid_due,
    c.disbursed_month,
    c.loans_disbursed_month,
    c.principal
  FROM portfolio_cell AS c
  CROSS JOIN dimension AS d
)

SELECT
  as_of,
  dimension,
  member,
  stage,
  bucket,
  SUM(loans) AS loans,
  SUM(active_loans) AS active_loans,
  SUM(balance) AS balance,
  SUM(outstanding) AS outstanding,
  SUM(written_off) AS written_off,
  SUM(cash_30d) AS cash_30d,
  SUM(cash_month) AS cash_month,
  SUM(interest_month) AS interest_month,
  SUM(fees_month) AS fees_month,
  SUM(due_month) AS due_month,
  SUM(due_to_date) AS due_to_date,
  SUM(due_by_now) AS due_by_now,
  SUM(paid_due) AS paid_due,
  SUM(disbursed_month) AS disbursed_month,
  SUM(loans_disbursed_month) AS loans_disbursed_month,
  SUM(principal) AS principal
FROM cell
GROUP BY as_of, dimension, member, stage, bucket
