-- roll_state: one row per state that a loan rolls from or to, in order from best to worst.
-- materialised: view
SELECT b.bucket AS state, b.bucket_no AS state_no, b.from_dpd, b.to_dpd
FROM bucket AS b
UNION ALL
SELECT 'new' AS state, -2 AS state_no, CAST(NULL AS BIGINT) AS from_dpd, CAST(NULL AS BIGINT) AS to_dpd
FROM policy
UNION ALL
SELECT 'repaid' AS state, -1 AS state_no, CAST(NULL AS BIGINT) AS from_dpd, CAST(NULL AS BIGINT) AS to_dpd
FROM policy
UNION ALL
SELECT 'written off' AS state, 1000 AS state_no, CAST(NULL AS BIGINT) AS from_dpd, CAST(NULL AS BIGINT) AS to_dpd
FROM policy
