"""A facility on a small book, read as the monitor reads it."""

import sys
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

# The facility file that tests change stands beside them, which are not a package.
sys.path.insert(0, str(Path(__file__).parent))

from facilities_book import write_facility

from fintech_factory.ingestion.sources.statements import Statement
from fintech_factory.kpi_engine import Definitions
from fintech_factory.pipeline.facility_facts import Terms, read_monitor
from fintech_factory.pipeline.view_facts import snapshot_dates
from fintech_factory.testing import RULES, Book, Ledger
from fintech_factory.values import LedgerRules
from fintech_factory.views.facilities.checking import load_facilities
from fintech_factory.views.facilities.monitor import Monitor
from fintech_factory.views.makers import Facts
from fintech_factory.views.makers.monitor import MAKER
from fintech_factory.views.table import Shown, ViewDate

Watch = Callable[..., "tuple[Monitor, ViewDate]"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    return folder


@pytest.fixture
def watch(
    ledger_of: Callable[..., Ledger], shipped_kpis: Definitions, config: Path
) -> Callable[..., tuple[Monitor, ViewDate]]:
    """Read a book's monitor at its last date; each text is one facility."""

    def make(
        of: Book,
        *texts: str,
        at: str,
        statements: Sequence[Statement] = (),
        rules: LedgerRules = RULES,
        rates: dict[str, dict[date, Decimal]] | None = None,
    ) -> tuple[Monitor, ViewDate]:
        for no, text in enumerate(texts):
            write_facility(config, text, f"line{no or ''}")
        facilities = load_facilities(config, shipped_kpis.kpis)
        reader = ledger_of(of, at, rules=rules).build
        terms = Terms(facilities, shipped_kpis, statements, "USD", rates or {})
        day = date.fromisoformat(at)
        return read_monitor(reader, terms, [day]), snapshot_dates(reader)[day]

    return make


@pytest.fixture
def show() -> Callable[[Monitor, ViewDate], Shown]:
    def make(monitor: Monitor, on: ViewDate) -> Shown:
        tables, missing = MAKER.make(Facts(on, {}, RULES, {"monitor": monitor}))
        return Shown("monitor", on, on.cut_on, tuple(tables), tuple(missing))

    return make
