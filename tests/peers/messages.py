"""A message as an alert's is, with everything that one can have."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from fintech_factory.message import Action, Fact, Link, Message, Occasion, Text
from fintech_factory.values import LimitState, Severity, Unit

__all__ = ["AS_OF", "alert"]

AS_OF = date(2025, 12, 10)
_MOVERS = Text("What moved it", "Qué lo movió")


def alert(**changed: object) -> Message:
    """Give the alert of PAR 90 at 5.46 % with one mover, changed as asked."""
    return replace(_ALERT, **changed)


_ALERT = Message(
    thread="alert/par_90",
    occasion=Occasion.ALERT,
    severity=Severity.CRITICAL,
    subject=Text("PAR 90 is 5.46 %, above 5 %", "PAR 90 es 5.46 %, sobre 5 %"),
    summary=Text("It rose from 4.87 %.", "Subió de 4.87 %."),
    facts=(
        Fact(
            label=Text.same("PAR 90"),
            value=Decimal("5.4612"),
            unit=Unit.PERCENT,
            as_of=AS_OF,
            note=Text("Limits 3 · 5 %", "Límites 3 · 5 %"),
            state=LimitState.CRITICAL,
        ),
        Fact(Text("Outstanding", "Saldo"), Decimal("6670123.4"), Unit.MONEY, currency="USD"),
        Fact(Text("Debt to equity", "Deuda a capital"), None, Unit.TIMES),
        Fact(Text.same("B-0007"), Decimal("0.31"), Unit.PERCENT, section=_MOVERS),
    ),
    next_step=Text("Call the borrowers.", "Llamar a los deudores."),
    runbook=Link(
        Text("PAR 90 above limit", "PAR 90 sobre límite"), "https://f.test/runbooks/par_90"
    ),
    links=(Link(Text("Rows", "Filas"), "https://f.test/kpi/par_90?rows=1&on=2025-12-10"),),
    actions=(
        Action("acknowledge", Text("Acknowledge", "Confirmar"), "https://f.test/a?t=1", "tok-1"),
        Action("open", Text("Open", "Abrir"), "https://f.test/alerts/1"),
    ),
    as_of=AS_OF,
    data_through=AS_OF,
    marks={"rule": "par_90", "level": "critical", "owner": "Head of risk"},
)
