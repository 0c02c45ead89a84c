"""The second engine in a process of its own: the same readings, its errors, its end."""

import pickle
import subprocess
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from fintech_factory.errors import WarehouseError
from fintech_factory.kpi_engine import Definitions, Scope
from fintech_factory.kpi_engine.models import MODELS, Model
from fintech_factory.pipeline import apart
from fintech_factory.pipeline.apart import Recount, recounting
from fintech_factory.testing import RULES, Book, book
from fintech_factory.values import LedgerRules
from fintech_factory.warehouse.duckdb import DuckDBBuild, DuckDBLimits, DuckDBWarehouse

LONG = 1_000_000
DAY = date(2025, 4, 30)


@pytest.fixture
def build(tmp_path: Path) -> Iterator[DuckDBBuild]:
    folder = tmp_path / "scratch"
    folder.mkdir()
    made = DuckDBWarehouse(tmp_path, DuckDBLimits(threads=1)).scratch(folder)
    yield made
    made.discard()


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Every process that the module has begun."""
    begun: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *command: object, **how: object) -> None:
            super().__init__(*command, **how)  # type: ignore[call-overload]
            begun.append(self)

    monkeypatch.setattr(apart.subprocess, "Popen", Noted)
    return begun


def _recount(
    build: DuckDBBuild, kpis: Definitions, of: Book, folder: Path, rules: LedgerRules = RULES
) -> Recount:
    for table, parquet in of.land(folder / "raw").tables.items():
        build.attach_raw(table, parquet)
    scope = Scope((DAY,), of.data_through, of.first_day, "run-1", ("batch-1",))
    return Recount(build.landed(), kpis, scope, rules)


def _of() -> Book:
    """70 of 100 are owed and 41 days late on 30 April; 50 are not yet due."""
    return (
        book()
        .loan(100, instalments=[("2025-03-20", 100)], payments=[("2025-04-02", 30)])
        .loan(50, disbursed="2025-04-10", instalments=[("2025-06-10", 50)])
        .ending("2025-04-30")
    )


def test_a_process_gives_the_readings_that_this_one_gives(
    build: DuckDBBuild,
    shipped_kpis: Definitions,
    tmp_path: Path,
    processes: list[subprocess.Popen[bytes]],
) -> None:
    recount = _recount(build, shipped_kpis, _of(), tmp_path)
    with recounting(recount, LONG) as readings:
        apart_from_it = readings()
    assert apart_from_it == recount.run()
    of_book = {each.kpi: each for each in apart_from_it if not each.dimension}
    assert (of_book["par_30"].part, of_book["par_30"].whole) == (Decimal(70), Decimal(120))
    assert [each.returncode for each in processes] == [0]


def test_it_works_while_the_block_changes_the_build(
    build: DuckDBBuild, shipped_kpis: Definitions, tmp_path: Path
) -> None:
    recount = _recount(build, shipped_kpis, _of(), tmp_path)
    expected = recount.run()
    with recounting(recount, LONG) as readings:
        build.query("DROP VIEW raw_loans")
        assert readings() == expected


def test_a_short_book_is_not_worth_a_process(
    build: DuckDBBuild,
    shipped_kpis: Definitions,
    tmp_path: Path,
    processes: list[subprocess.Popen[bytes]],
) -> None:
    recount = _recount(build, shipped_kpis, _of(), tmp_path)
    with recounting(recount, 19_999) as readings:
        assert readings() == recount.run()
    assert processes == []
    with recounting(recount, 20_000) as readings:
        readings()
    assert len(processes) == 1


def test_what_the_engine_refuses_is_refused_here_with_its_place(
    build: DuckDBBuild, shipped_kpis: Definitions, tmp_path: Path
) -> None:
    of = book().loan(100, currency="MXN").ending("2025-04-30")
    recount = _recount(build, shipped_kpis, of, tmp_path)
    with pytest.raises(WarehouseError) as here:
        recount.run()
    with recounting(recount, LONG) as readings, pytest.raises(WarehouseError) as there:
        readings()
    assert str(there.value) == str(here.value)
    assert "MXN" in str(there.value)


def test_a_process_that_dies_says_its_last_words(
    build: DuckDBBuild, shipped_kpis: Definitions, tmp_path: Path
) -> None:
    recount = _recount(build, shipped_kpis, _of(), tmp_path)
    for parquet in (tmp_path / "raw").rglob("transactions.parquet"):
        parquet.unlink()
    with (
        recounting(recount, LONG) as readings,
        pytest.raises(WarehouseError, match=r"transactions\.parquet") as error,
    ):
        readings()
    assert error.value.where == "second engine"


def test_the_process_ends_with_a_block_that_fails(
    build: DuckDBBuild,
    shipped_kpis: Definitions,
    tmp_path: Path,
    processes: list[subprocess.Popen[bytes]],
) -> None:
    recount = _recount(build, shipped_kpis, _of(), tmp_path)
    with pytest.raises(RuntimeError, match="no model"), recounting(recount, LONG):
        raise RuntimeError("no model")
    assert [each.returncode for each in processes] == [-9]


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda each: each.name)
def test_a_model_travels_as_itself(model: Model) -> None:
    assert pickle.loads(pickle.dumps(model)) is model  # noqa: S301 - made in this line
