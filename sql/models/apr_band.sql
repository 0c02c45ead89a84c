-- apr_band: one row per band of the all-in simple APR in percent, from its first rate up to, not with, the next one's.
-- materialised: view
SELECT 0 AS band_no, 'below 0 %' AS apr_band, CAST(NULL AS BIGINT) AS from_percent, 0 AS to_percent FROM policy
UNION ALL
SELECT 1 AS band_no, '0-25 %' AS apr_band, 0 AS from_percent, 25 AS to_percent FROM policy
UNION ALL
SELECT 2 AS band_no, '25-50 %' AS apr_band, 25 AS from_percent, 50 AS to_percent FROM policy
UNION ALL
SELECT 3 AS band_no, '50-75 %' AS apr_band, 50 AS from_percent, 75 AS to_percent FROM policy
UNION ALL
SELECT 4 AS band_no, '75-100 %' AS apr_band, 75 AS from_percent, 100 AS to_percent FROM policy
UNION ALL
SELECT 5 AS band_no, '100-150 %' AS apr_band, 100 AS from_percent, 150 AS to_percent FROM policy
UNION ALL
SELECT 6 AS band_no, '150+ %' AS apr_band, 150 AS from_percent, CAST(NULL AS BIGINT) AS to_percent FROM policy
