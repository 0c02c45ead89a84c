"""Each rule of portable SQL refuses what it is about, and nothing of what the models need."""

import pytest

from fintech_factory.errors import ModelError
from fintech_factory.transform.portable_lint import lint

REFUSED = {
    "an ASOF join": ("SELECT a.x FROM a ASOF JOIN b ON a.x >= b.x", "ASOF"),
    "PIVOT": ("SELECT a FROM t PIVOT (SUM(b) FOR c IN (1, 2))", "PIVOT"),
    "MEDIAN": ("SELECT MEDIAN(a) AS m FROM t", "MEDIAN"),
    "arg_max": ("SELECT arg_max(a, b) AS m FROM t", "ARG_MAX"),
    "concat_ws": ("SELECT concat_ws('-', a, b) AS m FROM t", "CONCAT_WS"),
    "AVG": ("SELECT AVG(a) AS m FROM t", "AVG"),
    "LEAST": ("SELECT LEAST(a, b) AS m FROM t", "LEAST"),
    "today": ("SELECT CURRENT_DATE AS today FROM t", "CURRENT_DATE"),
    "an unknown function": ("SELECT regexp_full_match(a, b) AS m FROM t", "portable functions"),
    "generate_series": ("SELECT g FROM generate_series(1, 3) AS s(g)", "portable functions"),
    "a lateral alias": ("SELECT a + 1 AS b, b + 1 AS c FROM t", "alias of the same SELECT"),
    "an alias in WHERE": ("SELECT a + 1 AS b FROM t WHERE b > 1", "alias of the same SELECT"),
    "a named window": ("SELECT SUM(a) OVER w AS s FROM t WINDOW w AS (PARTITION BY b)", "named"),
    "a sum without NULLS FIRST": ("SELECT SUM(a) OVER (ORDER BY b) AS s FROM t", "NULL sorts"),
    "FILTER": ("SELECT SUM(a) FILTER (WHERE b > 1) AS s FROM t", "FILTER"),
    "QUALIFY": (
        "SELECT a FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) = 1",
        "QUALIFY",
    ),
    "DISTINCT ON": ("SELECT DISTINCT ON (a) b FROM t", "DISTINCT ON"),
    "a star": ("SELECT * FROM t", "name the columns"),
    "date minus date": ("SELECT due_on - paid_on AS days FROM t", "arithmetic on a date"),
    "date plus number": ("SELECT CAST(a AS DATE) + 1 AS tomorrow FROM t", "arithmetic on a date"),
    "an INTERVAL": ("SELECT a + INTERVAL 1 DAY AS tomorrow FROM t", "INTERVAL"),
    "months between dates": ("SELECT DATE_DIFF('month', a, b) AS m FROM t", "whole spans"),
    "DATE_TRUNC of anything": ("SELECT DATE_TRUNC('month', a) AS m FROM t", "untyped"),
    "a left join on an inequality": (
        "SELECT a.x FROM a LEFT JOIN b ON a.x >= b.x",
        "without an equality",
    ),
    "a type of DuckDB's own": ("SELECT CAST(a AS HUGEINT) AS a FROM t", "INT128"),
    "a cast that rounds": ("SELECT CAST(a * 2 AS DECIMAL(18, 6)) AS a FROM t", "rounds"),
    "a product of decimals": ("SELECT a * b AS c FROM t", "9 digits"),
    "a quotient of decimals": ("SELECT a / NULLIF(b, 0) AS c FROM t", "quotient"),
    "a division by what may be 0": (
        "SELECT CAST(a AS DOUBLE) / CAST(b AS DOUBLE) AS c FROM t",
        "NULLIF",
    ),
    "a DOUBLE compared for equality": (
        "WITH r AS (SELECT CAST(a AS DOUBLE) AS q FROM t) SELECT 1 AS one FROM r WHERE q = 0.1",
        "DOUBLE",
    ),
    "a grouping by a DOUBLE": (
        "SELECT COUNT(*) AS n FROM t GROUP BY CAST(a AS DOUBLE)",
        "DOUBLE",
    ),
    "a sum of DOUBLE": ("SELECT SUM(CAST(a AS DOUBLE)) AS n FROM t", "DOUBLE"),
}

ALLOWED = {
    "an alias of the name of its own column": "SELECT SUM(a) AS a, SUM(a + b) AS c FROM t",
    "a running sum": "SELECT SUM(a) OVER (PARTITION BY b ORDER BY c NULLS FIRST) AS s FROM t",
    "a row number": "SELECT ROW_NUMBER() OVER (PARTITION BY b ORDER BY c) AS n FROM t",
    "a month": "SELECT DATE_TRUNC('month', CAST(a AS DATE)) AS m FROM t",
    "days between dates": "SELECT DATE_DIFF('DAY', a, b) AS days FROM t",
    "a count": "SELECT COUNT(*) AS n, COUNT(DISTINCT a) AS m FROM t",
    "a converted amount": (
        "SELECT CAST(ROUND(CAST(a AS DECIMAL(35, 6)) * rate, 6) AS DECIMAL(18, 6)) AS a FROM t"
    ),
    "a view's ratio": (
        "SELECT CAST(ROUND_EVEN(CAST(a AS DOUBLE) * 100 / NULLIF(CAST(b AS DOUBLE), 0), 8)"
        " AS DECIMAL(28, 8)) AS ratio FROM t"
    ),
    "a full join on keys": "SELECT a.x FROM a FULL OUTER JOIN b ON a.x = b.x AND a.y > b.y",
    "a left join on an expression": "SELECT a.x FROM a LEFT JOIN b ON b.x = ABS(a.x)",
    "an inner join on a range": "SELECT a.x FROM a INNER JOIN b ON a.x >= b.x",
}


@pytest.mark.parametrize("case", REFUSED)
def test_lint_refuses(case: str) -> None:
    sql, says = REFUSED[case]

    assert any(says in problem.message + problem.hint for problem in lint(sql))


@pytest.mark.parametrize("case", ALLOWED)
def test_lint_allows(case: str) -> None:
    assert lint(ALLOWED[case]) == []


def test_a_problem_stands_at_its_line_and_column() -> None:
    text = "-- book: one row per loan.\nSELECT\n  loan_key,\n  MEDIAN(balance) AS middle\nFROM t\n"

    (problem,) = lint(text, "sql/models/book.sql")

    assert str(problem).startswith("sql/models/book.sql:4:3: MEDIAN")


def test_all_problems_come_at_once_in_the_order_of_the_text() -> None:
    problems = lint("SELECT *\nFROM t\nWHERE MEDIAN(a) > 1")

    assert [problem.line for problem in problems] == [1, 3]


def test_lint_reads_one_query_only() -> None:
    with pytest.raises(ModelError, match="one SELECT"):
        lint("SELECT 1 AS one; SELECT 2 AS two")
