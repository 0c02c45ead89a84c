"""What is printed: one JSON document, tables for people, bars on a terminal only."""

import io
import json
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import MappingProxyType

import pytest

from fintech_factory.cli import output
from fintech_factory.values import Finding, Severity


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Reading:
    value: Decimal
    as_of: date


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("5.00"), "5.00"),
        (Decimal("5.68E-14"), "0.0000000000000568"),
        (Decimal("1E+3"), "1000"),
        (date(2025, 12, 31), "2025-12-31"),
        (datetime(2025, 12, 31, 6, tzinfo=UTC), "2025-12-31T06:00:00+00:00"),
        (Severity.WARNING, "warning"),
        (Colour.RED, "red"),
        (Path("a/b"), "a/b"),
        (("x", 1, None, True), ["x", 1, None, True]),
        (frozenset({"b", "a"}), ["a", "b"]),
        (MappingProxyType({"a": Decimal(1)}), {"a": "1"}),
        (Reading(Decimal("0.1"), date(2025, 1, 1)), {"value": "0.1", "as_of": "2025-01-01"}),
    ],
)
def test_json_keeps_decimals_exact_and_dates_iso(
    capsys: pytest.CaptureFixture[str], value: object, written: object
) -> None:
    output.emit_json({"value": value})
    assert json.loads(capsys.readouterr().out) == {"value": written}


def test_a_finding_is_written_by_its_own_form(capsys: pytest.CaptureFixture[str]) -> None:
    finding = Finding("orphan", Severity.INFO, "m", evidence=({"amount": Decimal("1.50")},))
    output.emit_json([finding])
    (document,) = json.loads(capsys.readouterr().out)
    assert document["evidence"] == [{"amount": "1.50"}]
    assert document["severity"] == "info"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), Reading])
def test_what_json_cannot_say_is_an_error_and_prints_nothing(
    capsys: pytest.CaptureFixture[str], value: object
) -> None:
    with pytest.raises((ValueError, TypeError)):
        output.emit_json({"value": value})
    assert capsys.readouterr().out == ""


def test_json_is_ascii_whatever_the_terminal_speaks(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit_json({"título": "Cobranza ñ"})
    text = capsys.readouterr().out
    assert text.isascii()
    assert json.loads(text) == {"título": "Cobranza ñ"}


def test_a_plain_table_is_aligned_with_numbers_to_the_right(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [("par_90", Decimal("5.00"), True), ("outstanding", Decimal("123.4"), None)]
    output.print_table(("kpi", "value", "fresh"), rows, title="KPIs")
    assert capsys.readouterr().out == (
        "KPIs\n"
        "kpi          value  fresh\n"
        "par_90        5.00  yes\n"
        "outstanding  123.4  n/a\n"
    )  # fmt: skip


def test_what_is_absent_is_not_zero() -> None:
    assert output.cell(None) == "n/a"
    assert output.cell(Decimal(0)) == "0"


def test_an_empty_table_prints_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(("a", "b"), [])
    assert capsys.readouterr().out == "a  b\n"


def test_a_terminal_gets_a_drawn_table(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("NO_COLOR", "1")
    output.print_table(("kpi", "value"), [("[red]par_90", Decimal(5))], title="KPIs")
    assert "─" in terminal.getvalue()
    assert "[red]par_90" in terminal.getvalue()


@pytest.mark.parametrize("printer", [output.say, output.note, output.say_error])
def test_a_name_cannot_drive_the_terminal(
    capsys: pytest.CaptureFixture[str], printer: "output.Advance"
) -> None:
    printer("a\x1b[2Jb\rc")  # type: ignore[arg-type]
    captured = capsys.readouterr()
    assert (captured.out + captured.err) == "a\ufffd[2Jb\ufffdc\n"
    assert output.cell("a\x1b\nb") == "a\ufffd b"


def test_notes_go_to_stderr_and_stay_away_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    output.note("landed")
    output.note("hushed", quiet=True)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "landed\n")


@pytest.mark.parametrize(("terminal", "quiet"), [(False, False), (True, True)])
def test_no_bar_off_a_terminal_or_when_quiet(
    monkeypatch: pytest.MonkeyPatch, *, terminal: bool, quiet: bool
) -> None:
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with output.progress("landing", 10, quiet=quiet) as advance:
        advance(3)
    assert stream.getvalue() == ""


def test_a_bar_on_a_terminal_shows_what_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with output.progress("landing", 10) as advance:
        advance(10)
    assert "landing" in stream.getvalue()
    assert "100%" in stream.getvalue()
    assert capsys.readouterr().out == ""
