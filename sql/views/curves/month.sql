-- curves_month: one row per as-of date, dimension and member: what became in the month of the balances it opened with.
-- materialised: view
-- title: The month behind the curves, not annualised | El mes detrás de las curvas, sin anualizar
-- order: dimension, member
-- percent: mdr = became_written_off / opening_outstanding
-- percent: smm = prepaid / prepayable
-- percent: recovery_rate = recovered / opening_written_off
-- loans: loan_curve by dimension
-- prepayable = opening outstanding - scheduled: what falls due only after the month is over. recovered is all cash of loans written off at its opening.
SELECT
  as_of,
  dimension,
  member,
  opening_outstanding,
  became_written_off,
  opening_outstanding - prepayable AS scheduled,
  prepayable,
  prepaid,
  opening_written_off,
  recovered,
  came_back
FROM curve_part
