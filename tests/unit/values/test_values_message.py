"""A message comes back from JSON as it was."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from fintech_factory.message import Action, Attachment, Fact, Link, Message, Occasion, Text
from fintech_factory.message_json import decode, encode
from fintech_factory.values import Severity, Unit


def _message() -> Message:
    return Message(
        thread="alert/1",
        occasion=Occasion.ALERT,
        severity=Severity.CRITICAL,
        subject=Text("PAR 90 is critical", "PAR 90 es crítico"),
        summary=Text.same("5.0000001 > 5"),
        facts=(
            Fact(Text("Value", "Valor"), Decimal("5.00000010"), Unit.PERCENT, 2, date(2025, 1, 31)),
            Fact(Text.same("Loans"), 7, Unit.COUNT),
            Fact(Text.same("Day"), date(2025, 1, 31)),
            Fact(Text.same("Seen"), datetime(2025, 1, 31, 3, 0, tzinfo=UTC)),
            Fact(Text.same("Owner"), Text("Head of risk", "Responsable de riesgos")),
            Fact(Text.same("Name"), "Norte"),
            Fact(Text.same("Unknown"), None),
        ),
        next_step=Text("Call", "Llamar"),
        runbook=Link(Text.same("Runbook"), "https://factory.test/runbook"),
        links=(Link(Text.same("Rows"), "https://factory.test/rows"),),
        actions=(Action("acknowledge", Text("Acknowledge", "Confirmar"), "https://f.test/a", "t"),),
        attachments=(Attachment("pack.pdf", "application/pdf", "pack.pdf", "ab" * 32),),
        chart="par_90@2025-01-31",
        as_of=date(2025, 1, 31),
        data_through=date(2025, 1, 30),
        marks={"rule": "par_90"},
    )


def test_every_part_of_a_message_comes_back_exactly() -> None:
    assert decode(json.loads(json.dumps(encode(_message())))) == _message()


def test_a_decimal_keeps_its_digits() -> None:
    fact = decode(json.loads(json.dumps(encode(_message())))).facts[0]
    assert str(fact.value) == "5.00000010"


def test_a_message_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format 2"):
        decode({**encode(_message()), "format": 2})
