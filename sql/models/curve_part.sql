-- curve_part: one row per as-of date, dimension and member with a balance at the last month-end: the sums behind its curves.
-- materialised: view
WITH cell AS (
  SELECT
    as_of,
    entity,
    product,
    state,
    CASE WHEN opening_state <> 'new' THEN opening_outstanding ELSE 0 END AS opening_outstanding,
    CASE WHEN opening_state NOT IN ('new', 'written off') AND outcome = 'written off' THEN balance ELSE 0 END AS became_written_off,
    prepayable,
    prepaid,
    CASE WHEN opening_state = 'written off' THEN opening_balance ELSE 0 END AS opening_written_off,
    CASE WHEN opening_state = 'written off' THEN cash_month ELSE 0 END AS recovered,
    CASE WHEN opening_state = 'written off' THEN outstanding ELSE 0 END AS came_back
  FROM roll_cell
  WHERE opening_state <> 'new'
)

SELECT
  c.as_of,
  d.dimension,
  CASE d.dimension WHEN 'entity' THEN c.entity WHEN 'product' THEN c.product WHEN 'state' THEN c.state ELSE 'book' END AS member,
  SUM(c.opening_outstanding) AS opening_outstanding,
  SUM(c.became_written_off) AS became_written_off,
  SUM(c.prepayable) AS prepayable,
  SUM(c.prepaid) AS prepaid,
  SUM(c.opening_written_off) AS opening_written_off,
  SUM(c.recovered) AS recovered,
  SUM(c.came_back) AS came_back
FROM cell AS c
CROSS JOIN dimension AS d
WHERE d.dimension IN ('book', 'entity', 'product', 'state')
GROUP BY c.as_of, d.dimension, CASE d.dimension WHEN 'entity' THEN c.entity WHEN 'product' THEN c.product WHEN 'state' THEN c.state ELSE 'book' END
