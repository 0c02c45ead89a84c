-- rdr_age: one row per age in months from which RDR 90 is asked for.
-- materialised: view
SELECT 0 AS from_months FROM policy
UNION ALL
SELECT 3 AS from_months FROM policy
UNION ALL
SELECT 6 AS from_months FROM policy
UNION ALL
SELECT 9 AS from_months FROM policy
UNION ALL
SELECT 12 AS from_months FROM policy
UNION ALL
SELECT 18 AS from_months FROM policy
UNION ALL
SELECT 24 AS from_months FROM policy
