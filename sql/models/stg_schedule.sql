-- stg_schedule: one row per landed instalment, in the glossary's words.
-- materialised: stage
SELECT
  loan_key,
  line_no,
  date_due AS due_on,
  principal,
  principal + COALESCE(interest, 0) + COALESCE(fees, 0) + COALESCE(other, 0) + COALESCE(to_tax, 0) AS total
FROM raw_schedules
