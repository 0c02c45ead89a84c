-- stg_loan: one row per landed loan, in the glossary's words.
-- materialised: stage
SELECT
  line_no AS loan_key,
  loan_id,
  customer_id AS borrower_id,
  COALESCE(company, 'not provided') AS entity,
  COALESCE(product_type, 'not provided') AS product,
  currency,
  disburse_date AS disbursed_on,
  maturity_date AS matures_on,
  disburse_principal AS principal,
  total_interest AS interest,
  total_fees AS fees,
  interest_rate AS apr,
  term AS term_days,
  location_state_province AS place
FROM raw_loans
