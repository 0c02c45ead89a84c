"""The head of one written file, open for planting."""

from dataclasses import dataclass, field
from pathlib import Path

from fintech_factory.book.hazards.key import Planted

__all__ = ["Mark", "Row", "Sheet"]

LOAN_COLUMNS = ("loan_id", "loan_id_raw")


@dataclass(frozen=True, slots=True)
class Mark:
    """A fault before its line is known."""

    hazard: str
    column: str | None
    planted: str
    expected: str
    code: str | None


@dataclass(slots=True)
class Row:
    """One line of the file, without its end, and the faults it carries."""

    text: str
    at: int = 0
    marks: list[Mark] = field(default_factory=list)

    def cells(self) -> list[str]:
        """Split the line; the generator quotes nothing in the files that are planted."""
        return self.text.split(",")


class Sheet:
    """The first rows of a file, to be changed in memory; the rest of the file stays as it is."""

    def __init__(self, path: Path, rows: int) -> None:
        """Read the header and at most `rows` rows."""
        self.path = path
        with path.open(encoding="utf-8", newline="") as file:
            header = file.readline()
            lines = [line for _, line in zip(range(rows), file, strict=False)]
        self._read_bytes = len((header + "".join(lines)).encode())
        self.header = Row(header.rstrip("\n"))
        self.columns = self.header.cells()
        self.rows = [Row(line.rstrip("\n"), at) for at, line in enumerate(lines)]
        self._added: list[Row] = []
        self._place = {name: index for index, name in enumerate(self.columns)}
        self._loan = next((name for name in LOAN_COLUMNS if name in self._place), None)
        self._by_loan: dict[str, list[Row]] | None = None

    def get(self, row: Row, column: str) -> str:
        """Read a cell."""
        return row.cells()[self._place[column]]

    def number(self, row: Row, column: str) -> float:
        """Read a cell of a number."""
        return float(self.get(row, column))

    def loan_id(self, row: Row) -> str | None:
        """Read the loan's id, None where the file has none."""
        return self.get(row, self._loan) if self._loan else None

    def of_loan(self, loan_id: str) -> list[Row]:
        """Give the rows of a loan that the generator wrote, in the file's order."""
        if self._by_loan is None:
            self._by_loan = {}
            for row in self.rows:
                self._by_loan.setdefault(self.loan_id(row) or "", []).append(row)
        return self._by_loan.get(loan_id, [])

    def write(self, row: Row, column: str, text: str, mark: Mark) -> None:
        """Change a cell and mark the row."""
        row.text = self._with(row, {column: text})
        row.marks.append(mark)

    def insert(self, template: Row, cells: dict[str, str], mark: Mark, ahead: int) -> None:
        """Add a copy of a row with some cells changed, `ahead` rows after it or at the end."""
        at = min(template.at + ahead, len(self.rows) - 1)
        self._added.append(Row(self._with(template, cells), at, [mark]))

    def drop(self, loan_id: str) -> None:
        """Take all rows of a loan out."""
        gone = {id(row) for row in self.of_loan(loan_id)}
        self.rows = [row for row in self.rows if id(row) not in gone]

    def rewrite(self) -> list[Planted]:
        """Write the file anew, its untouched rest copied; list the faults with their lines."""
        lines = [self.header, *sorted([*self.rows, *self._added], key=lambda row: row.at)]
        changed = self.path.with_suffix(".planting")
        with self.path.open("rb") as old, changed.open("wb") as new:
            new.write("".join(f"{row.text}\n" for row in lines).encode())
            old.seek(self._read_bytes)
            while block := old.read(1 << 20):
                new.write(block)
        changed.replace(self.path)
        return [
            self._planted(row, mark, line)
            for line, row in enumerate(lines, start=1)
            for mark in row.marks
        ]

    def _with(self, row: Row, cells: dict[str, str]) -> str:
        changed = row.cells()
        for column, text in cells.items():
            changed[self._place[column]] = text
        return ",".join(changed)

    def _planted(self, row: Row, mark: Mark, line: int) -> Planted:
        return Planted(
            hazard=mark.hazard,
            table=self.path.stem,
            file=self.path.name,
            line=line,
            loan_id=None if row is self.header else self.loan_id(row) or None,
            column=mark.column,
            planted=mark.planted,
            expected=mark.expected,
            code=mark.code,
        )
