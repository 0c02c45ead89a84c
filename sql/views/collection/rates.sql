-- collection_rates: one row per as-of date, dimension and member with the named collection rates; each says what it divides by what.
-- materialised: view
-- title: Collection rates | Tasas de cobranza
-- order: dimension, member
-- percent: collection_rate = cash_30d / outstanding
-- percent: collection_efficiency = cash_month / due_whole_month
-- percent: collection_efficiency_mtd = cash_month / due_to_date
-- percent: collection_due_only = paid_due / due_by_now
-- percent: recovery_rate = recovered / written_off_before
-- loans: loan_snapshot by dimension
-- A month in progress is compared with what was due by now, never with the whole month: due_whole_month is then not given.
-- Recovery is known for the book and by entity, product and state.
WITH part AS (
  SELECT
    as_of,
    dimension,
    member,
    SUM(outstanding) AS outstanding,
    SUM(cash_30d) AS cash_30d,
    SUM(cash_month) AS cash_month,
    SUM(due_month) AS due_month,
    SUM(due_to_date) AS due_to_date,
    SUM(due_by_now) AS due_by_now,
    SUM(paid_due) AS paid_due
  FROM portfolio_part
  GROUP BY as_of, dimension, member
),

recovery AS (
  SELECT
    as_of,
    dimension,
    member,
    SUM(cash_month) AS recovered,
    SUM(opening_balance) AS written_off_before
  FROM roll_part
  WHERE opening_state = 'written off'
  GROUP BY as_of, dimension, member
)

SELECT
  p.as_of,
  p.dimension,
  p.member,
  p.outstanding,
  p.cash_30d,
  p.cash_month,
  CASE WHEN NOT d.is_partial THEN p.due_month END AS due_whole_month,
  p.due_to_date,
  p.due_by_now,
  p.paid_due,
  r.written_off_before,
  r.recovered
FROM part AS p
INNER JOIN snapshot_date AS d
  ON d.as_of = p.as_of
LEFT JOIN recovery AS r
  ON r.as_of = p.as_of
  AND r.dimension = p.dimension
  AND r.member = p.member
