"""What every table of the operational database is declared on."""

from sqlalchemy import BigInteger, Integer, MetaData

__all__ = ["SEQUENCE", "metadata"]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only where the key is its INTEGER.
SEQUENCE = BigInteger().with_variant(Integer, "sqlite")
