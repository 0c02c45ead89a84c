-- curves_history: one row per as-of date, dimension, member and month up to it with the sums that its curves are made of.
-- materialised: view
-- hidden
-- order: dimension, member, months_back
SELECT
  s.as_of,
  s.months_back,
  s.month_as_of AS month_end,
  s.partial,
  c.dimension,
  c.member,
  c.opening_outstanding,
  c.became_written_off,
  c.prepayable,
  c.prepaid,
  c.opening_written_off,
  c.recovered
FROM month_series AS s
INNER JOIN curve_part AS c
  ON c.as_of = s.month_as_of
WHERE c.dimension IN ('book', 'entity', 'product')
