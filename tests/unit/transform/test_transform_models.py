"""Reading SQL models, putting them in order, and making them."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fintech_factory.errors import ModelError
from fintech_factory.testing import default_models
from fintech_factory.transform.models import Model, in_order, read_models
from fintech_factory.transform.run import make_models
from fintech_factory.warehouse.duckdb import DuckDBLimits, DuckDBWarehouse
from fintech_factory.warehouse.protocol import Materialised

Write = Callable[..., Path]


@pytest.fixture
def sql(tmp_path: Path) -> Write:
    """Write models, each given as `name=statement`, under a proper header."""

    def write(**models: str) -> Path:
        folder = tmp_path / "sql"
        (folder / "models").mkdir(parents=True)
        for name, statement in models.items():
            text = f"-- {name}: one row per thing.\n-- materialised: table\n{statement}\n"
            (folder / "models" / f"{name}.sql").write_text(text, encoding="utf-8")
        return folder

    return write


def names(models: list[Model]) -> list[str]:
    return [model.name for model in models]


def test_a_model_comes_after_all_it_reads(sql: Write) -> None:
    folder = sql(a="SELECT * FROM c", b="SELECT 1", c="SELECT * FROM b")
    assert names(in_order(read_models(folder))) == ["b", "c", "a"]


def test_models_that_do_not_read_each_other_come_by_name(sql: Write) -> None:
    folder = sql(c="SELECT 1", a="SELECT 1", b="SELECT 1")
    assert names(in_order(read_models(folder))) == ["a", "b", "c"]


def test_a_view_beside_the_models_is_a_model_too(sql: Write) -> None:
    folder = sql(a="SELECT 1 AS n")
    view = "-- v: one row per a.\n-- materialised: view\nSELECT n FROM a\n"
    (folder / "v.sql").write_text(view, encoding="utf-8")
    models = read_models(folder)
    assert names(in_order(models)) == ["a", "v"]
    assert models["v"].materialised is Materialised.VIEW


def test_a_comment_is_no_reading(sql: Write) -> None:
    models = read_models(sql(a="-- as in b\nSELECT 1", b="SELECT 1"))
    assert models["a"].reads == frozenset()


def test_a_name_within_a_longer_name_is_no_reading(sql: Write) -> None:
    models = read_models(sql(loan="SELECT 1", a="SELECT loan_id FROM raw_loan"))
    assert models["a"].reads == frozenset()


def test_models_in_a_circle_are_named(sql: Write) -> None:
    folder = sql(a="SELECT * FROM b", b="SELECT * FROM c", c="SELECT * FROM a", d="SELECT 1")
    with pytest.raises(ModelError, match="circle") as error:
        in_order(read_models(folder))
    assert error.value.where == "a, b, c"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "-- a: one row per thing.\nSELECT 1",
        "-- materialised: table\n-- a: one row per thing.\nSELECT 1",
        "-- a: some rows.\n-- materialised: table\nSELECT 1",
        "-- b: one row per thing.\n-- materialised: table\nSELECT 1",
        "",
    ],
)
def test_a_model_without_its_two_lines_is_refused_with_what_they_look_like(
    sql: Write, text: str
) -> None:
    path = sql() / "models" / "a.sql"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match="a model starts with its grain") as error:
        read_models(path.parents[1])
    assert error.value.where == f"{path}:1"
    assert error.value.hint == "-- a: one row per ...\n-- materialised: table"


def test_an_unknown_way_to_materialise_is_refused_with_the_known_ones(sql: Write) -> None:
    path = sql() / "models" / "a.sql"
    path.write_text("-- a: one row per thing.\n-- materialised: cube\nSELECT 1")
    with pytest.raises(ModelError, match="'cube' is no way") as error:
        read_models(path.parents[1])
    assert error.value.where == f"{path}:2"
    assert error.value.hint == "one of table, view, temporary, stage"


def test_a_statement_that_does_not_run_names_its_model(sql: Write, tmp_path: Path) -> None:
    build = DuckDBWarehouse(tmp_path, DuckDBLimits(threads=1)).scratch(tmp_path)
    models = read_models(sql(a="SELECT 1 AS n", b="SELECT missing FROM a"))
    with pytest.raises(ModelError, match="missing") as error:
        make_models(build, models)
    build.discard()
    assert error.value.where == "model b"


@pytest.mark.parametrize("model", default_models().values(), ids=lambda model: model.name)
def test_a_shipped_model_is_named_after_its_file_and_says_its_grain(model: Model) -> None:
    folder = model.path.parent
    view = f"{folder.name}_" if folder.parent.name == "views" else ""
    assert f"{view}{model.path.stem}" == model.name
    assert re.match(r"one row per .+\.$|one row per .+:.+\.$", model.grain)


def test_the_shipped_models_can_be_put_in_order() -> None:
    ordered = names(in_order(default_models()))
    assert ordered.index("loan_position") < ordered.index("loan_snapshot")
    assert ordered.index("par_by_date") < ordered.index("v_portfolio_risk")
