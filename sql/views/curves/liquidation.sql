-- curves_liquidation: one row per as-of date and months since write-off: all pools that old together.
-- materialised: view
-- title: What was written off and what came of it, by months since write-off | Lo castigado y lo que entró de ello, por meses desde el castigo
-- order: months_since
-- loans: loan_liquidation on months_since where NOT partial AND pool_balance >= 1
-- A pool of less than one unit of money is dust and left out. `mature`: three pools or more; below, a row is theirs alone.
-- A percentage of a row would fall where an old pool that paid well drops out: liquidation_curve holds the rate.
-- Only full months: every loan in a row was written off at least that many months before a month-end that the data cover.
SELECT
  p.as_of,
  p.months_since,
  COUNT(*) AS pools,
  COUNT(*) >= 3 AS mature,
  FALSE AS partial,
  SUM(p.loans) AS loans,
  SUM(p.written_off_balance) AS written_off_balance,
  SUM(p.collected) AS collected
FROM liquidation_pool AS p
WHERE NOT p.partial AND p.written_off_balance >= 1
GROUP BY p.as_of, p.months_since
