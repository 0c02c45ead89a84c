-- curves_liquidation_pools: one row per as-of date, month-end of write-off and months since.
-- materialised: view
-- title: Liquidation of each month's write-offs, not annualised | Liquidación de los castigos de cada mes, sin anualizar
-- order: written_off_at, months_since
-- percent: liquidation_rate = collected / written_off_balance
-- loans: loan_liquidation on written_off_at, months_since
-- A pool of less than one unit of money is dust and left out.
SELECT
  as_of,
  written_off_at,
  months_since,
  seen_on,
  partial,
  loans,
  written_off_balance,
  collected
FROM liquidation_pool
WHERE written_off_balance >= 1
