"""Makes every model of a workspace on a build."""

from collections.abc import Callable, Mapping

from fintech_factory.errors import ModelError
from fintech_factory.transform.models import Model, in_order
from fintech_factory.warehouse.protocol import Build

__all__ = ["make_models"]


def make_models(
    build: Build, models: Mapping[str, Model], on_model: Callable[[Model], None] = lambda _: None
) -> None:
    """Make all models in order; the raw and parameter tables are there already.

    Raises:
        ModelError: a statement does not run, or a position found no rate or loan and would be lost.
    """
    for model in in_order(models):
        build.create(model.name, model.sql, model.materialised)
        on_model(model)
    _nothing_lost(build)


def _nothing_lost(build: Build) -> None:
    """Refuse a snapshot that a join made smaller: a missing rate must never read as health."""
    ((positions, priced),) = build.query(
        "SELECT (SELECT COUNT(*) FROM loan_position), (SELECT COUNT(balance) FROM loan_snapshot)"
    )
    if positions != priced:
        ((loans, lost),) = build.query(
            "SELECT (SELECT COUNT(*) FROM dim_loan), COUNT(DISTINCT x.loan_key) "
            "FROM loan_position AS x LEFT JOIN snapshot_date AS d ON d.seq = x.seq "
            "LEFT JOIN loan_snapshot AS s ON s.loan_key = x.loan_key AND s.as_of = d.as_of "
            "WHERE s.balance IS NULL"
        )
        raise ModelError(
            f"{lost} of {loans} loans found no place in the ledger or no rate",
            where="model loan_snapshot",
            hint="every currency needs a rate in config/factory.yaml or in the export",
        )
