"""What a Cascade export is: the settings of config/integrations/cascade.yaml."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fintech_factory.config import Secret, Settings
from fintech_factory.registry import suggestion

__all__ = [
    "Archive",
    "CascadeSettings",
    "Column",
    "Download",
    "Habits",
    "Reference",
    "RowRule",
    "Table",
    "Unique",
]

ColumnType = Literal["text", "date", "money", "rate", "integer", "boolean"]
Patterns = Annotated[tuple[str, ...], Field(min_length=1)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Column(Settings):
    """One column of a table: its type, its other names, what its values may be."""

    type: ColumnType = Field(description="What the column holds.")
    aliases: tuple[str, ...] = Field(
        default=(), description="Other headers it arrives under; case, accents and signs aside."
    )
    required: bool = Field(
        default=False, description="The file must have the column, and every row a value in it."
    )
    min: Decimal | None = Field(default=None, description="Smallest value a row may have.")
    max: Decimal | None = Field(default=None, description="Largest value a row may have.")
    values: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="The words a row may have, each with its other spellings.",
    )
    format: str | None = Field(
        default=None,
        description="How it is written, where that cannot be told from the file:"
        " %d/%m/%Y for a date, 1.234,56 for a number.",
    )


class Unique(Settings):
    """Columns that no two rows of a table may share."""

    columns: Patterns = Field(description="The columns that together name a row.")
    code: Code = Field(description="The reason a second row is set aside with.")
    conflicting: Literal["set_aside", "keep"] = Field(
        default="set_aside",
        description="Rows that share the key and differ elsewhere: set all aside, or keep them.",
    )


class Reference(Settings):
    """A column whose values must stand in another table."""

    column: str = Field(description="The column that refers.")
    table: str = Field(description="The table it refers to, by that table's own key.")
    code: Code = Field(description="The reason a row without its counterpart is set aside with.")
    keep: bool = Field(default=False, description="Keep such rows; they are a finding only.")
    carries: str | None = Field(
        default=None, description="Landed column for the line number of the row referred to."
    )


class RowRule(Settings):
    """One thing every row must hold; a row that breaks it is set aside under the rule's code."""

    code: Code = Field(description="The reason a row is set aside with.")
    column: str = Field(description="The column that is looked at.")
    at_least: Decimal | None = Field(default=None, description="Smallest value that holds.")
    not_before: Literal["disbursement"] | None = Field(
        default=None, description="The day must not lie before the loan's disbursement."
    )
    not_after: Literal["as_of"] | None = Field(
        default=None,
        description="The day must not lie after the as-of date (without one, the arrival).",
    )


class Table(Settings):
    """One table of the export."""

    files: Patterns = Field(description="File or sheet names it arrives under, with * and ?.")
    required: bool = Field(default=False, description="Without it the export is refused.")
    columns: dict[str, Column] = Field(min_length=1, description="Its columns, in landed order.")
    unique: Unique | None = Field(default=None, description="What names a row.")
    references: tuple[Reference, ...] = Field(default=(), description="What rows refer to.")
    rules: tuple[RowRule, ...] = Field(default=(), description="What every row must hold.")

    @model_validator(mode="after")
    def _known_columns(self) -> Self:
        named = [each.column for each in self.references] + [each.column for each in self.rules]
        named += self.unique.columns if self.unique else ()
        for name in named:
            if name not in self.columns:
                hint = suggestion(name, [*self.columns])
                raise ValueError(f"`{name}` is no column of this table\nhint: {hint}")
        return self


class Archive(Settings):
    """What a ZIP may unpack to."""

    max_files: int = Field(default=50, gt=0, description="Files in one archive.")
    max_bytes: int = Field(default=20_000_000_000, gt=0, description="Bytes unpacked in all.")
    max_ratio: int = Field(default=200, gt=1, description="Unpacked bytes for one packed byte.")


class Download(Settings):
    """How the export is fetched from its HTTPS address."""

    bearer: Secret | None = Field(default=None, description="Token sent as a bearer.")
    cookie: Secret | None = Field(default=None, description="Cookie header that signs in.")
    timeout_s: int = Field(default=60, gt=0, description="Seconds without a byte before giving up.")
    max_bytes: int = Field(default=5_000_000_000, gt=0, description="Largest download.")
    max_wait_s: int = Field(
        default=120, gt=0, description="Longest wait that a busy server may ask for."
    )


class Habits(Settings):
    """Words of this source that oddities are told by."""

    closed_statuses: tuple[str, ...] = Field(
        default=("complete",), description="Statuses that say a loan is repaid."
    )
    default_statuses: tuple[str, ...] = Field(
        default=("default",), description="Statuses that say a loan is in default."
    )
    no_place: tuple[str, ...] = Field(
        default=("not provided",), description="Words that stand for a missing place."
    )
    default_from_dpd: int = Field(
        default=90, gt=0, description="Days past due from which `default` is no surprise."
    )


class CascadeSettings(Settings):
    """How a Cascade export is read, and what its rows must hold."""

    max_bad_row_pct: Decimal = Field(
        default=Decimal(1),
        ge=0,
        le=100,
        description="More rows set aside in one file than this percentage refuses the export.",
    )
    overpayment_tolerance: Decimal = Field(
        default=Decimal("0.01"),
        ge=0,
        description="Principal paid may exceed the disbursed principal by this much per loan.",
    )
    dictionary: Patterns = Field(
        default=("export_definitions*",), description="File names of the source's own dictionary."
    )
    archive: Archive = Field(default_factory=Archive, description="Limits of a ZIP.")
    download: Download = Field(default_factory=Download, description="How an address is read.")
    habits: Habits = Field(default_factory=Habits, description="Words of this source.")
    tables: dict[str, Table] = Field(min_length=1, description="The tables of the export.")

    @model_validator(mode="after")
    def _known_tables(self) -> Self:
        for table in self.tables.values():
            for reference in table.references:
                target = self.tables.get(reference.table)
                if target is None or target.unique is None:
                    hint = suggestion(reference.table, [*self.tables])
                    raise ValueError(f"`{reference.table}` is no table with a key\nhint: {hint}")
        return self
