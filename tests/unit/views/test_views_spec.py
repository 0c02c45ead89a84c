"""What the head of a view's SQL file says, and what is refused."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from fintech_factory.errors import ModelError, UsageError
from fintech_factory.testing import default_models
from fintech_factory.transform.models import Model, read_models
from fintech_factory.views.catalogue import Catalogue
from fintech_factory.views.spec import Drill, Percent, read_spec
from fintech_factory.views.table import ViewDate, shape

HEAD = """\
-- delinquency_ageing: one row per as-of date and bucket.
-- materialised: view
-- title: Ageing | Antigüedad
-- order: bucket_no, bucket
-- percent: share = balance / total
-- percent: bad_share = bad / balance
-- loans: loan_snapshot on bucket, entity by dimension where balance <> 0
-- A remark for people.
SELECT 1 AS as_of
"""
ON = ViewDate(date(2025, 6, 30), date(2025, 6, 30), partial=False)


def model(folder: Path, text: str, name: str = "ageing") -> Model:
    path = folder / "views" / "delinquency" / f"{name}.sql"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return read_models(folder)[f"delinquency_{name}"]


def test_the_head_names_title_order_percentages_and_loans(tmp_path: Path) -> None:
    spec = read_spec("delinquency", model(tmp_path, HEAD))
    assert (spec.view, spec.table, spec.model) == ("delinquency", "ageing", "delinquency_ageing")
    assert (spec.title("en"), spec.title("es")) == ("Ageing", "Antigüedad")
    assert spec.order == ("bucket_no", "bucket")
    assert spec.percents == (
        Percent("share", "balance", "total"),
        Percent("bad_share", "bad", "balance"),
    )
    assert spec.drill == Drill(
        "loan_snapshot", ("bucket", "entity"), by_dimension=True, where="balance <> 0"
    )
    assert spec.shown


def test_a_hidden_table_needs_no_title(tmp_path: Path) -> None:
    text = HEAD.replace("-- title: Ageing | Antigüedad\n", "-- hidden\n")
    assert not read_spec("delinquency", model(tmp_path, text)).shown


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ("-- title: Ageing | Antigüedad", "-- title: Ageing", "two titles"),
        ("-- percent: share = balance / total", "-- percent: share", "no percentage"),
        ("-- loans: loan_snapshot on bucket, entity", "-- loans: on what", "names no loans"),
    ],
)
def test_a_note_that_cannot_be_read_is_refused_with_its_line(
    tmp_path: Path, line: str, instead: str, said: str
) -> None:
    place = HEAD.splitlines().index(next(each for each in HEAD.splitlines() if line in each)) + 1
    with pytest.raises(ModelError, match=said) as error:
        read_spec("delinquency", model(tmp_path, HEAD.replace(line, instead)))
    assert error.value.where.endswith(f"ageing.sql:{place}")


def test_a_folder_that_is_no_view_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "views" / "delinquent" / "ageing.sql"
    path.parent.mkdir(parents=True)
    path.write_text(HEAD.replace("delinquency_", "delinquent_"), encoding="utf-8")
    with pytest.raises(ModelError, match="'delinquent' is no view"):
        Catalogue.of(read_models(tmp_path))


def test_every_shipped_view_has_tables_with_titles_in_two_languages() -> None:
    catalogue = Catalogue.of(default_models())
    for view in catalogue.views.values():
        assert view.table_names, view.name
        assert len(set(view.table_names)) == len(view.table_names), view.name
        for spec in view.specs:
            if spec.shown:
                assert all([spec.title_en, spec.title_es]), spec.model


def test_an_unknown_view_or_table_is_refused_with_the_nearest_name() -> None:
    catalogue = Catalogue.of(default_models())
    with pytest.raises(UsageError, match="delinquncy") as error:
        catalogue.get("delinquncy")
    assert "delinquency" in error.value.hint
    with pytest.raises(UsageError, match="agein") as error:
        catalogue.get("delinquency").spec("agein")
    assert "ageing" in error.value.hint


def test_a_share_is_exact_to_the_eighth_place_and_absent_of_nothing(tmp_path: Path) -> None:
    spec = read_spec("delinquency", model(tmp_path, HEAD))
    columns = ("as_of", "bad", "balance", "total")
    rows = [
        (ON.as_of, Decimal(0), Decimal(1), Decimal(3)),
        (ON.as_of, None, Decimal(0), Decimal(0)),
    ]
    first, second = shape(spec, columns, rows, ON).rows
    assert (first["share"], first["bad_share"]) == (Decimal("33.33333333"), Decimal(0))
    assert (second["share"], second["bad_share"]) == (None, None)


@pytest.mark.parametrize(
    ("whole", "share"),
    [
        ("0.99", None),
        ("-0.03", None),
        ("0.000001", None),
        ("1", 10_000),
        ("-1", -10_000),
        (2, 5000),
    ],
)
def test_a_percentage_over_dust_is_none_and_its_sums_stay(
    tmp_path: Path, whole: str | int, share: int | None
) -> None:
    """Less than one unit of money is dust: 244,250 paid over 0.03 left is no collection rate."""
    line = "-- percent: bad_share = bad / balance\n"
    spec = read_spec("delinquency", model(tmp_path, HEAD.replace(line, "")))
    row = (ON.as_of, Decimal(100), Decimal(whole))
    (made,) = shape(spec, ("as_of", "balance", "total"), [row], ON).rows
    assert (made["share"], made["balance"], made["total"]) == (share, 100, Decimal(whole))


def test_a_row_says_itself_that_it_is_partial_or_else_its_date_does(tmp_path: Path) -> None:
    lines = [line for line in HEAD.splitlines(keepends=True) if "percent" not in line]
    spec = read_spec("delinquency", model(tmp_path, "".join(lines)))
    running = ViewDate(date(2025, 6, 30), date(2025, 6, 10), partial=True)
    assert shape(spec, ("as_of",), [(ON.as_of,)], running).rows[0]["partial"] is True
    table = shape(spec, ("partial", "as_of"), [(False, ON.as_of)], running)
    assert table.rows[0]["partial"] is False
    assert table.columns == ("as_of", "partial")
