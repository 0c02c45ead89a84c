-- due_ahead: one row per as-of date and day, not before its last day of data, on which an instalment falls due: the week and the window it stands in.
-- materialised: view
-- `week` is one of the 13 that begin with the last day of data, else NULL; the windows are 12 of 30 days, and a 13th for what comes after.
WITH due_day AS (
  SELECT DISTINCT due_on
  FROM fact_schedule
),

ahead AS (
  SELECT
    d.as_of,
    d.seq,
    i.due_on,
    DATE_DIFF('DAY', d.cut_on, i.due_on) AS days_ahead
  FROM snapshot_date AS d
  INNER JOIN due_day AS i
    ON i.due_on >= d.cut_on
)

SELECT
  as_of,
  seq,
  due_on,
  days_ahead,
  CASE
    WHEN days_ahead < 7 THEN 1
    WHEN days_ahead < 14 THEN 2
    WHEN days_ahead < 21 THEN 3
    WHEN days_ahead < 28 THEN 4
    WHEN days_ahead < 35 THEN 5
    WHEN days_ahead < 42 THEN 6
    WHEN days_ahead < 49 THEN 7
    WHEN days_ahead < 56 THEN 8
    WHEN days_ahead < 63 THEN 9
    WHEN days_ahead < 70 THEN 10
    WHEN days_ahead < 77 THEN 11
    WHEN days_ahead < 84 THEN 12
    WHEN days_ahead < 91 THEN 13
  END AS week,
  CASE
    WHEN days_ahead < 30 THEN 1
    WHEN days_ahead < 60 THEN 2
    WHEN days_ahead < 90 THEN 3
    WHEN days_ahead < 120 THEN 4
    WHEN days_ahead < 150 THEN 5
    WHEN days_ahead < 180 THEN 6
    WHEN days_ahead < 210 THEN 7
    WHEN days_ahead < 240 THEN 8
    WHEN days_ahead < 270 THEN 9
    WHEN days_ahead < 300 THEN 10
    WHEN days_ahead < 330 THEN 11
    WHEN days_ahead < 360 THEN 12
    ELSE 13
  END AS window_no
FROM ahead
