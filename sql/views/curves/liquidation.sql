-- curves_liquidation: one row per as-of date and months since write-off: all pools that old together.
-- materialised: view
-- title: Liquidation: all cash since write-off, of the balance written off, not annualised | Liquidación: todo el efectivo desde el castigo, del saldo castigado, sin anualizar
-- order: months_since
-- percent: liquidation_rate = collected / written_off_balance
-- loans: loan_liquidation on months_since where NOT partial
-- Only full months: every loan in a row was written off at least that many months before a month-end that the data cover.
SELECT
  as_of,
  months_since,
  COUNT(*) AS pools,
  FALSE AS partial,
  SUM(loans) AS loans,
  SUM(written_off_balance) AS written_off_balance,
  SUM(collected) AS collected
FROM liquidation_pool
WHERE NOT partial
GROUP BY as_of, months_since
