"""Views of small books, made without a run, and the builders that the tests of views share."""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.pipeline.view_facts import Asked, show_view, snapshot_dates
from fintech_factory.testing import RULES, Ledger, default_models
from fintech_factory.views.catalogue import Catalogue

# Tests are not a package; their builders are found beside them.
sys.path.insert(0, str(Path(__file__).parent))

Rows = list[dict[str, Any]]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.of(default_models())


@pytest.fixture(scope="session")
def shown(catalogue: Catalogue) -> Callable[..., Rows]:
    """Show one table of a view at a date, the rows with the given cells."""

    def show(ledger: Ledger, table: str, as_of: str, **where: object) -> Rows:
        view, _, name = table.partition(".")
        on = snapshot_dates(ledger.build)[date.fromisoformat(as_of)]
        asked = Asked((on,), on.cut_on, RULES, {})
        (at,) = show_view(ledger.build, catalogue.get(view), asked)
        (found,) = [each for each in at.tables if each.name == name]
        return [
            dict(row) for row in found.rows if all(row[key] == cell for key, cell in where.items())
        ]

    return show
