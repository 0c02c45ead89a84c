-- dim_borrower: one row per borrower that the export names.
-- materialised: table
SELECT
  line_no AS borrower_key,
  customer_id AS borrower_id,
  COALESCE(customer_type, 'not provided') AS borrower_segment,
  geography_city AS city,
  geography_state AS state,
  geography_country AS country
FROM raw_customers
