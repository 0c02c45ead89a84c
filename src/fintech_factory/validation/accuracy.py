"""The monthly recomputation of all that is published: its score, and when it is due."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from fintech_factory.validation.findings import Examined, Found
from fintech_factory.values import Finding, Severity

__all__ = ["Accuracy", "SourceScore", "examine_accuracy", "next_due"]

_SHOWN = 10
_MONTHS = 12
_WIDE = Context(prec=40, rounding=ROUND_HALF_EVEN)


COVERS = {
    "engines": "published readings that the second engine recomputed from the landed rows",
    "source": "our figures of each loan and date against the source's own: balance, days past due,"
    " ageing bucket, write-off, PAR",
}
"""What each part of the score speaks of."""

NOT_CHECKED = {
    "engines": "readings that are unavailable, that one engine alone can make (observed), or that"
    " an older definition made",
    "source": "balances of loans at dates of which the source reports nothing",
}
"""What each part of the score says nothing of."""


@dataclass(frozen=True, slots=True)
class SourceScore:
    """Our figures of each loan and date against the source's own; close counts as agreeing.

    `not_checked` counts the balances that we hold at dates of which the source reports nothing.
    """

    compared: int
    agreeing: int
    not_checked: int
    disagreed: tuple[dict[str, Any], ...] = ()

    @property
    def score(self) -> Decimal | None:
        """Percent of the compared figures that agree, None of none; 8 places."""
        return _share(self.agreeing, self.compared)

    def as_json(self) -> dict[str, Any]:
        """Give the score as one JSON object."""
        return {
            "covers": COVERS["source"],
            "compared": self.compared,
            "agreeing": self.agreeing,
            "disagreeing": self.compared - self.agreeing,
            "not_checked": self.not_checked,
            "not_checked_are": NOT_CHECKED["source"],
            "score_pct": _text(self.score),
            "disagreed": list(self.disagreed),
        }


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The second engine's verdict over many readings, and the source's over the figures behind.

    Groups of the book count one by one. `not_checked` are the published readings of which the
    second engine has no verdict; `source` is None where a recomputation did not ask the source.
    """

    at: datetime
    as_ofs: tuple[date, ...]
    compared: int
    agreeing: int
    disagreed: tuple[dict[str, Any], ...] = ()
    run_id: str = ""
    not_checked: int = 0
    source: SourceScore | None = None

    @property
    def score(self) -> Decimal | None:
        """Percent of the compared readings that agree, None of none; 8 places."""
        return _share(self.agreeing, self.compared)

    @property
    def is_perfect(self) -> bool:
        """Whether all that was compared agrees, among the engines and with the source."""
        source = self.source
        agrees = source is None or source.agreeing == source.compared
        return self.agreeing == self.compared and agrees

    def as_json(self) -> dict[str, Any]:
        """Give the result as one JSON object."""
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "as_ofs": [day.isoformat() for day in self.as_ofs],
            "covers": COVERS["engines"],
            "compared": self.compared,
            "agreeing": self.agreeing,
            "disagreeing": self.compared - self.agreeing,
            "not_checked": self.not_checked,
            "not_checked_are": NOT_CHECKED["engines"],
            "score_pct": _text(self.score),
            "disagreed": list(self.disagreed),
            "run_id": self.run_id,
            "source": self.source.as_json() if self.source else None,
        }


def _share(agreeing: int, compared: int) -> Decimal | None:
    if not compared:
        return None
    share = _WIDE.divide(Decimal(agreeing * 100), Decimal(compared))
    return share.quantize(Decimal("1e-8"))


def _text(score: Decimal | None) -> str | None:
    return None if score is None else format(score, "f")


def next_due(last: date, due_day: int) -> date:
    """Give the first due day after the day on which everything was last recomputed."""
    due = last.replace(day=due_day)
    if due > last:
        return due
    months = last.year * _MONTHS + last.month
    return date(months // _MONTHS, months % _MONTHS + 1, due_day)


def examine_accuracy(
    result: Accuracy | None, since: date | None, calendar: tuple[date, int], owner: str
) -> list[Examined]:
    """Say what the last recomputation of all month-ends found, and that the next is overdue.

    Args:
        result: the last recomputation, None before the first.
        since: the day from which on there are readings to recompute, None if that is not known.
        calendar: today, and the day of the month by which it is due.
        owner: who answers for it.

    """
    today, due_day = calendar
    last = result.at.date() if result else since
    if last is None:
        return []
    due = next_due(last, due_day)
    late = (Found(_overdue(due), "accuracy_due", owner),) if today > due else ()
    apart = [Examined("accuracy", _apart(result, owner))] if result else []
    return [*apart, Examined("accuracy_due", late)]


def _apart(result: Accuracy, owner: str) -> tuple[Found, ...]:
    if result.agreeing == result.compared:
        return ()
    finding = Finding(
        code="accuracy_imperfect",
        severity=Severity.WARNING,
        message=f"{result.agreeing:,} of {result.compared:,} readings of"
        f" {len(result.as_ofs)} dates agree",
        where="accuracy",
        hint="`factory kpi explain KPI --as-of DATE` shows both figures",
        rows=result.compared - result.agreeing,
        evidence=result.disagreed[:_SHOWN],
    )
    return (Found(finding, "accuracy", owner),)


def _overdue(due: date) -> Finding:
    return Finding(
        code="accuracy_overdue",
        severity=Severity.WARNING,
        message=f"the month-ends were to be recomputed by {due}",
        where="accuracy",
        hint="`factory findings accuracy`",
        rows=1,
    )
