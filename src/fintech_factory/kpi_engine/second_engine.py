"""Recomputes every reading from the landed rows alone, in plain Python Decimal."""

from decimal import localcontext

from fintech_factory.kpi_engine.arithmetic import EXACT
from fintech_factory.kpi_engine.compile import measures_of
from fintech_factory.kpi_engine.definitions import Definitions
from fintech_factory.kpi_engine.evaluate import read_cells
from fintech_factory.kpi_engine.fold import fold_records
from fintech_factory.kpi_engine.ledger import Landed, loan_records
from fintech_factory.kpi_engine.models import LOAN_SNAPSHOT
from fintech_factory.kpi_engine.readings import Reading
from fintech_factory.kpi_engine.scope import Scope
from fintech_factory.values import LedgerRules

__all__ = ["Landed", "recompute"]


def recompute(
    definitions: Definitions, scope: Scope, landed: Landed, rules: LedgerRules
) -> tuple[Reading, ...]:
    """Read every KPI on `loan_snapshot` again; shares no SQL and no model with the first.

    Streams: what it holds is one borrower's loans and one cell per date and group.
    WarehouseError if the landed rows are out of order or in a currency without a rate.
    """
    measures = measures_of(definitions.of_model(LOAN_SNAPSHOT))
    # Sums of amounts are exact in both engines, whatever the caller's context.
    with localcontext(EXACT):
        records = loan_records(landed, scope, rules)
        cells = fold_records(records, LOAN_SNAPSHOT, measures, scope.answerable())
    return read_cells(definitions, scope, {LOAN_SNAPSHOT.name: cells})
