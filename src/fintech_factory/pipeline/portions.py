"""Says how many dates of a book one question may look at."""

from fintech_factory.warehouse.protocol import Reader

__all__ = ["kpi_dates", "view_dates"]

# What a question holds grows with its loans at all of its dates: with these it stays within
# the default memory limit of 2 GB, for views within the 4 GB of a whole process.
_POSITIONS = 1_500_000
_LOANS = 3_000_000


def view_dates(reader: Reader) -> int:
    """Give how many dates a view's question may look at, 1 at least, by the positions of a date."""
    ((positions, snapshots),) = reader.query(
        "SELECT (SELECT COUNT(*) FROM loan_position), (SELECT COUNT(*) FROM snapshot_date)"
    )
    return int(max(_POSITIONS // max(positions // max(snapshots, 1), 1), 1))


def kpi_dates(reader: Reader) -> int:
    """Give how many dates a KPI query may look at, 1 at least: it may ask for repaid loans too."""
    ((loans,),) = reader.query("SELECT COUNT(*) FROM dim_loan")
    return int(max(_LOANS // max(loans, 1), 1))
