-- delinquency_roll_forward: one row per as-of date and currency: opening + disbursed - principal paid = closing, in that currency.
-- materialised: view
-- title: Roll-forward since the month began | Movimiento del saldo desde el inicio del mes
-- order: currency
SELECT
  as_of,
  currency,
  opening,
  disbursed,
  principal_paid,
  closing,
  variance
FROM roll_forward
