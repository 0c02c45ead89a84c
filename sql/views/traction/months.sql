-- traction_months: one row per as-of date and month: disbursed volume, loans and borrowers by kind, its own month and the 24 before.
-- materialised: view
-- title: Disbursed month by month | Desembolsado mes a mes
-- order: months_back
-- percent: new_share = new_principal / disbursed
-- percent: apr = annual_cost / disbursed
SELECT
  s.as_of,
  s.months_back,
  s.month_as_of AS month_end,
  s.partial,
  COALESCE(SUM(p.principal), 0) AS disbursed,
  COALESCE(SUM(p.loans), 0) AS loans,
  COALESCE(SUM(CASE WHEN p.borrower_kind = 'new' THEN p.principal END), 0) AS new_principal,
  COALESCE(SUM(CASE WHEN p.borrower_kind = 'repeat' THEN p.principal END), 0) AS repeat_principal,
  COALESCE(SUM(CASE WHEN p.borrower_kind = 'reactivated' THEN p.principal END), 0) AS reactivated_principal,
  COALESCE(SUM(CASE WHEN p.borrower_kind = 'new' THEN p.borrowers END), 0) AS new_borrowers,
  COALESCE(SUM(CASE WHEN p.borrower_kind = 'repeat' THEN p.borrowers END), 0) AS repeat_borrowers,
  COALESCE(SUM(CASE WHEN p.borrower_kind = 'reactivated' THEN p.borrowers END), 0) AS reactivated_borrowers,
  COALESCE(SUM(p.annual_cost), 0) AS annual_cost
FROM month_series AS s
LEFT JOIN new_loan_part AS p
  ON p.as_of = s.month_as_of
  AND p.dimension = 'book'
WHERE s.months_back <= 24
GROUP BY s.as_of, s.months_back, s.month_as_of, s.partial
