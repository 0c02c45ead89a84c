# ruff: noqa: S608 - names go through ident(), texts through literal()
"""Compiles a table's contract and a file's layout into SQL."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.ingestion.landing.formats import DateReading, NumberReading
from fintech_factory.ingestion.landing.layout import Field, Layout

if TYPE_CHECKING:
    from fintech_factory.ingestion.sources.cascade import Column, RowRule, Table

__all__ = [
    "CAREFUL",
    "LENIENT",
    "NUMBERED",
    "TYPED",
    "TYPES",
    "Mode",
    "Statements",
    "csv_relation",
    "ident",
    "is_native",
    "literal",
    "typed_columns",
]

TYPES = {
    "text": "VARCHAR",
    "date": "DATE",
    "money": "DECIMAL(18,6)",
    "rate": "DECIMAL(18,8)",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
}
_TRUE = ("true", "t", "1", "yes", "y", "si", "sí", "s", "verdadero")
_FALSE = ("false", "f", "0", "no", "n", "falso")
_NOT_FINITE = "^[+-]?(nan|inf|infinity|#num!|#div/0!)$"
# Cast to a date, DuckDB also reads the words `infinity` and `epoch`.
_FIRST_DAY, _LAST_DAY = "DATE '1900-01-01'", "DATE '9999-12-31'"


def ident(name: str) -> str:
    """Write a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Write a text as an SQL literal; only for what a statement cannot bind."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Mode:
    """How a file is read.

    `typed`: the parser casts as it goes and stops at the first value it cannot read, a third
    faster than casting text. `numbered`: the file was rewritten with line numbers in front.
    `lenient`: lines of a wrong width are skipped.
    """

    typed: bool = False
    numbered: bool = False
    lenient: bool = False


TYPED = Mode(typed=True)
CAREFUL = Mode()
NUMBERED = Mode(numbered=True)
LENIENT = Mode(lenient=True)


def csv_relation(path: Path, layout: Layout, mode: Mode = CAREFUL) -> str:
    """Name a CSV file as a relation of columns c0, c1, … (after `line_no` if numbered)."""
    columns = {f"c{place}": "VARCHAR" for place in range(len(layout.header))}
    if mode.typed:
        native = (each for each in layout.fields if is_native(each))
        columns |= {f"c{each.place}": TYPES[each.column.type] for each in native}
    if mode.numbered:
        columns = {"line_no": "BIGINT", **columns}
    listed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in columns.items())
    return (
        f"read_csv({literal(str(path))}, header = true, auto_detect = false, "
        f"delim = {literal(layout.delimiter)}, quote = '\"', escape = '\"', "
        f"ignore_errors = {str(mode.lenient).lower()}, columns = {{{listed}}})"
    )


def typed_columns(table: "Table") -> str:
    """List a table's columns with their types, as CREATE TABLE wants them."""
    return ", ".join(f"{ident(n)} {TYPES[c.type]}" for n, c in table.columns.items())


@dataclass(frozen=True, slots=True)
class Statements:
    """The SQL of one file: its sound rows, and its broken rows with their reasons.

    `last_day` is the last day a payment may bear; `loans` names the relation of landed loans
    (loan_id, loan_key, disburse_date).
    """

    table: "Table"
    layout: Layout
    last_day: date
    loans: str = "landed_loans"

    def rows(self, path: Path, mode: Mode) -> str:
        """Give line number and typed columns of every row, the raw text beside where needed."""
        parts = [f"{self._value(f, mode)} AS {ident(f.name)}" for f in self.layout.fields]
        parts += [
            f"c{field.place} AS {ident('raw ' + field.name)}"
            for field in self.layout.fields
            if field.place is not None and _may_fail(field, mode)
        ]
        source = csv_relation(path, self.layout, mode)
        if mode.numbered:
            return f"SELECT line_no, {', '.join(parts)} FROM {source}"
        # Casts stay below the window: above it, the filter would compute each of them again.
        inner = f"SELECT {', '.join(parts)} FROM {source}"
        return f"SELECT row_number() OVER () + 1 AS line_no, * FROM ({inner})"

    def sound(self, path: Path, mode: Mode) -> str:
        """Select the rows that hold every rule of a row, in landed shape."""
        key = f", l.loan_key AS {ident(self.loan_key)}" if self.loan_key else ""
        names = ", ".join(f"r.{ident(field.name)}" for field in self.layout.fields)
        join = (
            f"JOIN {self.loans} l ON l.loan_id = r.{ident(self.loan_column)}" if self.joined else ""
        )
        holds = [*self._sound_fields(mode), *self._sound_rules()]
        where = f"WHERE {' AND '.join(holds)}" if holds else ""
        return f"SELECT r.line_no{key}, {names} FROM ({self.rows(path, mode)}) r {join} {where}"

    def broken(self, path: Path, mode: Mode) -> str:
        """Select the rows that break a rule, each with the list of its `code|note` reasons."""
        names = ", ".join(f"r.{ident(field.name)}" for field in self.layout.fields)
        join = ""
        if self.joined:
            join = f"LEFT JOIN {self.loans} l ON l.loan_id = r.{ident(self.loan_column)}"
        reasons = ", ".join([*self._field_reasons(), *self._rule_reasons()]) or "NULL"
        listed = f"list_filter([{reasons}]::VARCHAR[], lambda reason: reason IS NOT NULL)"
        return (
            f"SELECT * FROM (SELECT r.line_no, {listed} AS reasons, {names}"
            f" FROM ({self.rows(path, mode)}) r {join}) WHERE len(reasons) > 0"
        )

    @property
    def joined(self) -> bool:
        """Tell whether a row must have its loan."""
        return any(each.table == "loans" and not each.keep for each in self.table.references)

    @property
    def loan_column(self) -> str:
        """Name the column that holds the loan's id."""
        return next(each.column for each in self.table.references if each.table == "loans")

    @property
    def loan_key(self) -> str | None:
        """Name the landed column that carries the loan's integer key, if there is one."""
        return next((each.carries for each in self.table.references if each.carries), None)

    def _value(self, field: Field, mode: Mode) -> str:
        kind = TYPES[field.column.type]
        if field.place is None:
            return f"NULL::{kind}"
        raw = f"c{field.place}"
        if mode.typed and is_native(field):
            return raw
        match field.reading:
            case DateReading():
                return _date(raw, field.reading)
            case NumberReading():
                return _number(raw, field.reading, field.column)
        if field.column.type == "boolean":
            return _boolean(raw)
        return _word(raw, field.column) if field.column.values else f"nullif(trim({raw}), '')"

    def _sound_fields(self, mode: Mode) -> list[str]:
        holds = []
        for field in self.layout.fields:
            value, column = f"r.{ident(field.name)}", field.column
            if column.required:
                holds.append(f"{value} IS NOT NULL")
            elif field.place is not None and _may_fail(field, mode):
                holds.append(f"({value} IS NOT NULL OR {_blank(field)})")
            if mode.typed and column.type == "date" and is_native(field):
                holds.append(f"({value} BETWEEN {_FIRST_DAY} AND {_LAST_DAY}) IS NOT FALSE")
            if field.place is not None and (outside := _outside(value, column)):
                holds.append(f"({outside}) IS NOT TRUE")
        return holds

    def _sound_rules(self) -> list[str]:
        return [f"({broken}) IS NOT TRUE" for _, broken in self._rules()]

    def _rules(self) -> list[tuple["RowRule", str]]:
        return [
            (rule, broken)
            for rule in self.table.rules
            if (broken := self._breaks(rule, f"r.{ident(rule.column)}"))
        ]

    def _breaks(self, rule: "RowRule", value: str) -> str:
        tests = []
        if rule.at_least is not None:
            tests.append(f"{value} < {rule.at_least}")
        if rule.not_before == "disbursement":
            tests.append(f"{value} < l.disburse_date")
        if rule.not_after == "as_of":
            tests.append(f"{value} > DATE {literal(self.last_day.isoformat())}")
        return " OR ".join(tests)

    def _field_reasons(self) -> list[str]:
        return [_reason(field) for field in self.layout.fields if _checked(field)]

    def _rule_reasons(self) -> list[str]:
        reasons = [_when(broken, rule.code, rule.column) for rule, broken in self._rules()]
        if self.joined:
            column = self.loan_column
            code = next(each.code for each in self.table.references if each.table == "loans")
            lost = f"l.loan_key IS NULL AND r.{ident(column)} IS NOT NULL"
            reasons.append(_when(lost, code, column))
        return reasons


def is_native(field: Field) -> bool:
    """Tell whether the CSV parser itself reads a column's format."""
    match field.reading:
        case DateReading(format="iso", proven=True):
            return field.place is not None
        case NumberReading(proven=True) as reading:
            # The parser reads 1.5 as a whole number; ours does not.
            return reading.is_plain and field.column.type != "integer"
    return False


def _may_fail(field: Field, mode: Mode = CAREFUL) -> bool:
    if mode.typed and is_native(field):
        return False
    return field.column.type != "text" or bool(field.column.values)


def _checked(field: Field) -> bool:
    return field.place is not None and (field.column.required or _may_fail(field))


def _blank(field: Field) -> str:
    raw = f"r.{ident('raw ' + field.name)}"
    return f"{raw} IS NULL OR trim({raw}) = ''"


def _outside(value: str, column: "Column") -> str:
    tests = []
    if column.min is not None:
        tests.append(f"{value} < {column.min}")
    if column.max is not None:
        tests.append(f"{value} > {column.max}")
    return " OR ".join(tests)


def _when(condition: str, code: str, column: str) -> str:
    return f"CASE WHEN {condition} THEN {literal(f'{code}|{column}')} END"


def _reason(field: Field) -> str:
    value, name = f"r.{ident(field.name)}", field.name
    branches = []
    if not _may_fail(field):
        return _when(f"{value} IS NULL", "missing_required", name)
    blank = _blank(field)
    empty = f"WHEN {blank} THEN " + (
        literal(f"missing_required|{name}") if field.column.required else "NULL"
    )
    branches.append(empty)
    if field.column.type in ("money", "rate", "integer"):
        raw = f"lower(trim(r.{ident('raw ' + name)}))"
        never = f"{value} IS NULL AND regexp_full_match({raw}, {literal(_NOT_FINITE)})"
        branches.append(f"WHEN {never} THEN {literal(f'not_finite|{name}')}")
    code = {"date": "bad_date", "text": "out_of_range", "boolean": "out_of_range"}
    failed = code.get(field.column.type, "bad_number")
    branches.append(f"WHEN {value} IS NULL THEN {literal(f'{failed}|{name}')}")
    if outside := _outside(value, field.column):
        branches.append(f"WHEN {outside} THEN {literal(f'out_of_range|{name}')}")
    return f"CASE {' '.join(branches)} END"


def _date(raw: str, reading: DateReading) -> str:
    if reading.format == "iso":
        day = f"try_cast({raw} AS DATE)"
    else:
        text = f"split_part(trim({raw}), ' ', 1)"
        day = f"try_strptime({text}, {literal(reading.format)})::DATE"
    return f"CASE WHEN {day} BETWEEN {_FIRST_DAY} AND {_LAST_DAY} THEN {day} END"


def _number(raw: str, reading: NumberReading, column: "Column") -> str:
    text = raw
    if not reading.proven:
        # No sign was seen, so none is read: `1.000` fails here and is looked at again.
        text = f"CASE WHEN NOT contains({raw}, '.') THEN {raw} END"
    elif not reading.is_plain:
        bare = f"trim({raw})"
        if reading.group:
            bare = f"regexp_replace({bare}, {literal(reading.group_pattern)}, '', 'g')"
        bare = f"replace({bare}, {literal(reading.decimal)}, '.')"
        fits = f"regexp_full_match(trim({raw}), {literal(reading.pattern)})"
        text = f"CASE WHEN {fits} THEN {bare} END"
    if column.type == "integer":
        # A cast to a whole number rounds; 1.5 is no whole number, 7.0 is one.
        whole = f"try_cast({text} AS BIGINT)"
        return f"CASE WHEN try_cast({text} AS DOUBLE) = {whole} THEN {whole} END"
    return f"try_cast({text} AS {TYPES[column.type]})"


def _boolean(raw: str) -> str:
    # Not `IN (…)`: DuckDB turns a long list into a join, and that makes the window behind it
    # gather the whole file before it numbers a line.
    words = dict.fromkeys(_TRUE, "TRUE") | dict.fromkeys(_FALSE, "FALSE")
    spelt = " ".join(f"WHEN {literal(word)} THEN {truth}" for word, truth in words.items())
    known = f"CASE lower(trim({raw})) {spelt} END"
    return f"CASE {raw} WHEN 'false' THEN FALSE WHEN 'true' THEN TRUE ELSE {known} END"


def _word(raw: str, column: "Column") -> str:
    same = " ".join(f"WHEN {literal(each)} THEN {literal(each)}" for each in column.values)
    spelt = " ".join(
        f"WHEN {literal(other.casefold())} THEN {literal(word)}"
        for word, others in column.values.items()
        for other in dict.fromkeys((word, *others))
    )
    return f"CASE {raw} {same} ELSE CASE lower(trim({raw})) {spelt} END END"
