-- collection_months: one row per as-of date and month: its own and the 24 full months before.
-- materialised: view
-- title: Collection month by month | Cobranza mes a mes
-- order: months_back
-- percent: collection_rate = cash_30d / outstanding
-- percent: collection_efficiency = cash_month / due_whole_month
-- percent: collection_efficiency_mtd = cash_month / due_to_date
-- percent: collection_due_only = paid_due / due_by_now
-- percent: recovery_rate = recovered / written_off_before
SELECT
  s.as_of,
  s.months_back,
  s.month_as_of AS month_end,
  s.partial,
  r.outstanding,
  r.cash_30d,
  r.cash_month,
  r.due_whole_month,
  r.due_to_date,
  r.due_by_now,
  r.paid_due,
  r.written_off_before,
  r.recovered
FROM month_series AS s
INNER JOIN collection_rates AS r
  ON r.as_of = s.month_as_of
WHERE r.dimension = 'book' AND s.months_back <= 24
