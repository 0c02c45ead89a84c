-- cash_flow_weeks: one row per as-of date and week, of the 13 that begin with the last day of data, in which something falls due.
-- materialised: view
-- title: Contractual cash flow of the next 13 weeks | Flujo contractual de las próximas 13 semanas
-- order: week
-- loans: open_instalment on week
-- What falls due on the last day of data and is not paid yet is still to come: it stands in week 1.
SELECT
  as_of,
  week,
  (week - 1) * 7 AS from_day,
  week * 7 - 1 AS to_day,
  SUM(instalments) AS instalments,
  SUM(principal) AS principal,
  SUM(charges) AS charges,
  SUM(principal + charges) AS total
FROM instalment_cell
WHERE is_book AND week IS NOT NULL
GROUP BY as_of, week
