-- overview_parts: one row per as-of date, dimension and member: what the part holds, owes late and brought.
-- materialised: view
-- title: Parts of the book | Partes de la cartera
-- order: dimension, member
-- percent: share = outstanding / book_outstanding
-- percent: par_30 = at_risk_30 / outstanding
-- percent: par_90 = at_risk_90 / outstanding
-- percent: collection_rate = cash_30d / outstanding
-- loans: loan_snapshot by dimension
-- par_30 counts loans of 30 days or more, par_90 loans beyond 90, written-off left out of both.
WITH part AS (
  SELECT
    as_of,
    dimension,
    member,
    SUM(loans) AS loans,
    SUM(active_loans) AS active_loans,
    SUM(balance) AS balance,
    SUM(outstanding) AS outstanding,
    SUM(written_off) AS written_off,
    SUM(cash_30d) AS cash_30d,
    SUM(cash_month) AS cash_month,
    SUM(due_to_date) AS due_to_date,
    SUM(disbursed_month) AS disbursed_month
  FROM portfolio_part
  GROUP BY as_of, dimension, member
)

SELECT
  p.as_of,
  p.dimension,
  p.member,
  p.loans,
  p.active_loans,
  p.balance,
  p.outstanding,
  p.written_off,
  p.cash_30d,
  p.cash_month,
  p.due_to_date,
  p.disbursed_month,
  a.at_risk_at_least AS at_risk_30,
  b.at_risk_beyond AS at_risk_90,
  SUM(p.outstanding) OVER (PARTITION BY p.as_of, p.dimension) AS book_outstanding
FROM part AS p
LEFT JOIN delinquency_par_ladder AS a
  ON a.as_of = p.as_of
  AND a.dimension = p.dimension
  AND a.member = p.member
  AND a.days = 30
LEFT JOIN delinquency_par_ladder AS b
  ON b.as_of = p.as_of
  AND b.dimension = p.dimension
  AND b.member = p.member
  AND b.days = 90
