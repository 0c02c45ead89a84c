"""Recomputes every reading from the landed rows alone, in plain Python Decimal."""

from collections.abc import Sequence
from decimal import localcontext

from fintech_factory.kpi_engine.arithmetic import EXACT
from fintech_factory.kpi_engine.compile import measures_of
from fintech_factory.kpi_engine.definitions import Definitions
from fintech_factory.kpi_engine.evaluate import Cells, read_cells
from fintech_factory.kpi_engine.fold import Fold
from fintech_factory.kpi_engine.landed import Landed
from fintech_factory.kpi_engine.ledger import RECORDS, loan_books
from fintech_factory.kpi_engine.models import Model
from fintech_factory.kpi_engine.readings import Reading
from fintech_factory.kpi_engine.scope import Scope
from fintech_factory.values import LedgerRules

__all__ = ["Landed", "recompute"]


def recompute(
    definitions: Definitions, scope: Scope, landed: Landed, rules: LedgerRules
) -> tuple[Reading, ...]:
    """Read every KPI again; shares no SQL and no model with the first engine.

    Streams: what it holds is one borrower's loans and one cell per date and group. Rows are made
    only of models that a KPI is measured on.
    WarehouseError if the landed rows are out of order or in a currency without a rate.
    """
    # Sums of amounts are exact in both engines, whatever the caller's context.
    with localcontext(EXACT):
        cells = _cells(definitions, scope, landed, rules)
    return read_cells(definitions, scope, cells)


def _cells(definitions: Definitions, scope: Scope, landed: Landed, rules: LedgerRules) -> Cells:
    models: Sequence[Model] = definitions.models()
    folds = [Fold(model, measures_of(definitions.of_model(model))) for model in models]
    makers = [(RECORDS[model.name], fold) for model, fold in zip(models, folds, strict=True)]
    now: object = None
    for book in loan_books(landed, scope, rules):
        if book.loan.customer_id != now:
            for fold in folds:
                fold.end_borrower()
            now = book.loan.customer_id
        for records_of, fold in makers:
            fold.take(records_of(book))
    as_ofs = scope.answerable()
    return {model.name: fold.by_group(as_ofs) for model, fold in zip(models, folds, strict=True)}
