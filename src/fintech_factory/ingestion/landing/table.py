# ruff: noqa: S608 - names go through ident(), texts through literal()
"""Lands one table: its sound rows as parquet, its broken rows with their reasons."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fintech_factory.errors import IngestError
from fintech_factory.ingestion.landing.formats import Ambiguous
from fintech_factory.ingestion.landing.inspect import Inspected
from fintech_factory.ingestion.landing.layout import Field, Reading, ambiguous, read_column
from fintech_factory.ingestion.landing.numbering import Numbered, number_lines
from fintech_factory.ingestion.landing.statements import (
    CAREFUL,
    LENIENT,
    NUMBERED,
    TYPED,
    TYPES,
    Mode,
    Statements,
    csv_relation,
    ident,
    literal,
    typed_columns,
)
from fintech_factory.values import Finding

if TYPE_CHECKING:
    import duckdb

    from fintech_factory.ingestion.sources.cascade import Column, Table

__all__ = ["LandedTable", "aside", "distinct_texts", "exclude", "land_absent", "land_table"]

# Version 2 packs line numbers and keys to a tenth; a larger dictionary only delays giving it up.
_OPTIONS = "(FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 20000)"
_EVIDENCE = 10_000


@dataclass(frozen=True, slots=True)
class LandedTable:
    """One table's parquet file, and the file it came from (None where the export has none)."""

    name: str
    table: "Table"
    path: Path
    seen: Inspected | None = None
    rows: int = 0

    @property
    def relation(self) -> str:
        """Name the landed rows as a relation."""
        return f"read_parquet({literal(str(self.path))})"


def aside(name: str) -> str:
    """Name the table of rows set aside: line_no, reasons (`code|note`), typed columns."""
    return ident(f"aside_{name}")


def distinct_texts(
    connection: "duckdb.DuckDBPyConnection", relation: str, place: int, column: "Column"
) -> list[str]:
    """Look in a whole file for the texts of one column that can tell its format."""
    text = f"trim(c{place})"
    telling = f"{text} <> ''"
    if column.type != "date":
        # Whole numbers tell nothing; of the others, those of the shape 1.234 tell least.
        telling = f"NOT regexp_full_match({text}, '[+-]?[0-9]*')"
        shape = r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}"
        order = f"ORDER BY regexp_full_match(t, '{shape}')"
    else:
        order = ""
    found = connection.execute(
        f"SELECT t FROM (SELECT DISTINCT {text} AS t FROM {relation} WHERE {telling})"
        f" {order} LIMIT {_EVIDENCE}"
    ).fetchall()
    return sorted(text for (text,) in found)


def land_absent(
    connection: "duckdb.DuckDBPyConnection", name: str, table: "Table", path: Path
) -> LandedTable:
    """Land an optional table that the export does not have: no row, all its columns."""
    _make_aside(connection, name, table)
    keys = [each.carries for each in table.references if each.carries]
    columns = ["NULL::BIGINT AS line_no", *(f"NULL::BIGINT AS {ident(each)}" for each in keys)]
    columns += [f"NULL::{TYPES[c.type]} AS {ident(n)}" for n, c in table.columns.items()]
    _copy(connection, f"SELECT {', '.join(columns)} WHERE false", path)
    return LandedTable(name, table, path)


def land_table(
    connection: "duckdb.DuckDBPyConnection", statements: Statements, seen: Inspected, path: Path
) -> LandedTable | list[Finding]:
    """Land one file in a streaming pass; split off broken rows only if there are any.

    Every row of the file is counted by its line ends, not by the engine that reads it:
    IngestError if landed and broken rows do not add up to them. Findings, and nothing
    landed, if a column turns out to read two ways.
    """
    return _Pass(connection, statements, seen, path).run()


@dataclass(slots=True)
class _Pass:
    connection: "duckdb.DuckDBPyConnection"
    statements: Statements
    seen: Inspected
    path: Path
    numbered: Numbered | None = None

    @property
    def name(self) -> str:
        return self.seen.part.table

    @property
    def source(self) -> Path:
        return self.numbered.path if self.numbered else self.seen.text

    def run(self) -> LandedTable | list[Finding]:
        broken = self._split_whole()
        if broken:
            better = self._settle_open_columns()
            if isinstance(better, list):
                return better
            if better:
                self._use(better)
                self.numbered = None
                self._split_whole()
        self._set_wrong_widths_aside()
        rows = self.numbered.rows if self.numbered else self.seen.rows
        return LandedTable(self.name, self.statements.table, self.path, self.seen, rows)

    def _split_whole(self) -> int:
        """Split sound from broken rows, each way of reading more patient than the last."""
        import duckdb

        for mode in (TYPED, CAREFUL):
            try:
                landed, broken = self._split(mode)
            except (duckdb.InvalidInputException, duckdb.ConversionException):
                continue
            if landed + broken == self.seen.rows:
                self._check_last_line()
                return broken
        self._number()
        landed, broken = self._split(NUMBERED)
        if landed + broken != self._expected():
            raise IngestError(
                f"{self._expected():,} rows came in and {landed + broken:,} are accounted for",
                where=self.seen.where,
                hint="nothing was published; the last good batch stays",
            )
        return broken

    def _check_last_line(self) -> None:
        """Hold the last landed row against the file's last line: numbers must not drift."""
        given = dict(self._last_texts())
        if not given:
            return
        found = self.connection.execute(
            f"SELECT {', '.join(map(ident, given))}"
            f" FROM read_parquet({literal(str(self.path))}) WHERE line_no = ?",
            [self.seen.facts.lines],
        ).fetchone()
        if found is not None and found != tuple(given.values()):
            raise IngestError(
                f"line {self.seen.facts.lines:,} landed under another line's number",
                where=self.seen.where,
                hint="nothing was published; the last good batch stays",
            )

    def _last_texts(self) -> Iterator[tuple[str, str | None]]:
        """Give the cells of the last line that land as they stand, by column."""
        for field in self.seen.layout.fields:
            if field.place is None or field.reading or field.column.values:
                continue
            if field.column.type == "text" and len(self.seen.last) > field.place:
                yield field.name, self.seen.last[field.place].strip(" ") or None

    def _expected(self) -> int:
        if self.numbered is None:
            return self.seen.rows
        return self.numbered.rows - len(self.numbered.wrong_width)

    def _number(self) -> None:
        target = self.path.parent.parent / "scratch" / f"{self.name}.numbered.csv"
        self.numbered = number_lines(self.seen.text, self.seen.layout, target)

    def _split(self, mode: Mode) -> tuple[int, int]:
        _make_aside(self.connection, self.name, self.statements.table)
        sound = self.statements.sound(self.source, mode)
        landed = _copy(self.connection, sound, self.path)
        if landed == self._expected():
            return landed, 0
        # Why a row is broken is told from its text, never from a failed cast.
        reasons = self.statements.broken(self.source, CAREFUL if mode.typed else mode)
        broken = f"INSERT INTO {aside(self.name)} BY NAME {reasons}"
        return landed, _count(self.connection, broken)

    def _settle_open_columns(self) -> dict[str, Reading] | list[Finding]:
        """Look again at columns whose sample showed no sign and whose values then failed."""
        better: dict[str, Reading] = {}
        findings = []
        for field in self.seen.layout.fields:
            if field.place is None or not field.is_open or not self._failed(field):
                continue
            found = read_column(field.column, self._texts(field.place, field.column))
            if isinstance(found, Ambiguous):
                findings.append(ambiguous(field.name, found, self.seen.where))
            elif found is not None and found.proven:
                better[field.name] = found
        return findings or better

    def _failed(self, field: Field) -> bool:
        failed = f"list_has_any(reasons, ['bad_date|{field.name}', 'bad_number|{field.name}'])"
        return (
            _count(self.connection, f"SELECT count(*) FROM {aside(self.name)} WHERE {failed}") > 0
        )

    def _texts(self, place: int, column: "Column") -> list[str]:
        mode = NUMBERED if self.numbered else LENIENT
        relation = csv_relation(self.source, self.seen.layout, mode)
        return distinct_texts(self.connection, relation, place, column)

    def _use(self, better: dict[str, Reading]) -> None:
        layout = self.seen.layout.with_readings(better)
        self.seen = replace(self.seen, layout=layout)
        self.statements = replace(self.statements, layout=layout)

    def _set_wrong_widths_aside(self) -> None:
        if self.numbered is None or not self.numbered.wrong_width:
            return
        width = len(self.seen.layout.header)
        self.connection.executemany(
            f"INSERT INTO {aside(self.name)} (line_no, reasons) VALUES (?, ?)",
            [
                (line, [f"wrong_width|{fields} of {width} fields"])
                for line, fields in self.numbered.wrong_width
            ],
        )


def exclude(connection: "duckdb.DuckDBPyConnection", landed: LandedTable, marks: str) -> None:
    """Move marked rows aside; `marks` names a relation of line_no and reason.

    The parquet file is written again without them, which happens only when there are any.
    """
    name, path = landed.name, landed.path
    listed = "list(DISTINCT reason ORDER BY reason)"
    grouped = f"(SELECT line_no, {listed} AS reasons FROM {marks} GROUP BY line_no)"
    connection.execute(
        f"UPDATE {aside(name)} a SET reasons = list_concat(a.reasons, m.reasons)"
        f" FROM {grouped} m WHERE m.line_no = a.line_no"
    )
    columns = ", ".join(f"t.{ident(each)}" for each in landed.table.columns)
    moved = _count(
        connection,
        f"INSERT INTO {aside(name)} BY NAME SELECT t.line_no, m.reasons, {columns}"
        f" FROM {landed.relation} t JOIN {grouped} m ON m.line_no = t.line_no",
    )
    if not moved:
        return
    whole = path.with_suffix(".whole")
    path.rename(whole)
    kept = (
        f"SELECT * FROM read_parquet({literal(str(whole))}) t"
        f" WHERE NOT EXISTS (SELECT 1 FROM {marks} m WHERE m.line_no = t.line_no)"
    )
    _copy(connection, kept, path)
    whole.unlink()


def _make_aside(connection: "duckdb.DuckDBPyConnection", name: str, table: "Table") -> None:
    connection.execute(
        f"CREATE OR REPLACE TABLE {aside(name)}"
        f" (line_no BIGINT, reasons VARCHAR[], {typed_columns(table)})"
    )


def _copy(connection: "duckdb.DuckDBPyConnection", select: str, path: Path) -> int:
    return _count(connection, f"COPY ({select}) TO {literal(str(path))} {_OPTIONS}")


def _count(connection: "duckdb.DuckDBPyConnection", statement: str) -> int:
    row: Any = connection.execute(statement).fetchone()
    return int(row[0])
