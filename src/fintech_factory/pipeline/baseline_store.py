"""Baselines as the last run made them, and every reset with its reason."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fintech_factory.state import logs
from fintech_factory.state.store import State
from fintech_factory.validation.baseline import Baseline

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["BaselineLog", "Reset", "starts_at"]

_LOG = "baselines"


@dataclass(frozen=True, slots=True)
class Reset:
    """Somebody said that a figure's past no longer counts: only what is of `since` or later does.

    `name` is a baseline's, or what several begin with: `volume.loans` is all figures of loans.
    """

    name: str
    since: date
    at: datetime
    by: str
    reason: str

    def covers(self, baseline: str) -> bool:
        """Say whether it speaks of a baseline: of that name, or of one below it."""
        return baseline == self.name or baseline.startswith(f"{self.name}.")

    def answers(self, check: str) -> bool:
        """Say whether what a check found has this reset for an answer."""
        return self.covers(check) or self.name.startswith(f"{check}.")


def starts_at(resets: Iterable[Reset], baseline: str) -> date:
    """Give the first day that counts for a baseline: that of its last reset, if there is one."""
    return max((each.since for each in resets if each.covers(baseline)), default=date.min)


@dataclass(frozen=True, slots=True)
class BaselineLog:
    """The log `baselines`: every reset, and the latest of each baseline."""

    state: State

    def latest(self) -> dict[str, Baseline]:
        """Give each baseline as the last run made it, by name."""
        rows = (row["baseline"] for row in self._rows() if "baseline" in row)
        return {row["name"]: _baseline(row) for row in rows}

    def resets(self) -> list[Reset]:
        """Give every reset, oldest first."""
        return [_reset(row["reset"]) for row in self._rows() if "reset" in row]

    def keep(self, connection: "Connection", baselines: Iterable[Baseline]) -> None:
        """Keep baselines in place of those of the same name, unless those are of a later date.

        All within the caller's transaction.
        """
        known = self.latest()
        merged = known | {
            each.name: each
            for each in baselines
            if each.name not in known or each.as_of >= known[each.name].as_of
        }
        if merged != known:
            _write(connection, self.resets(), merged.values())

    def reset(self, connection: "Connection", reset: Reset) -> None:
        """Keep a reset, and drop the baselines that it empties, in the caller's transaction."""
        kept = [each for each in self.latest().values() if not reset.covers(each.name)]
        _write(connection, [*self.resets(), reset], kept)

    def _rows(self) -> list[dict[str, Any]]:
        with self.state.rows() as rows:
            return logs.entries(rows, _LOG)


def _write(
    connection: "Connection", resets: Iterable[Reset], baselines: Iterable[Baseline]
) -> None:
    logs.replace(
        connection,
        _LOG,
        [
            *({"reset": _reset_row(each)} for each in resets),
            *({"baseline": each.as_json()} for each in baselines),
        ],
    )


def _reset_row(reset: Reset) -> dict[str, Any]:
    return {**asdict(reset), "since": reset.since.isoformat(), "at": reset.at.isoformat()}


def _baseline(row: dict[str, Any]) -> Baseline:
    return Baseline(
        name=row["name"],
        as_of=date.fromisoformat(row["as_of"]),
        dates=tuple(row["dates"]),
        mean=_decimal(row["mean"]),
        sd=_decimal(row["sd"]),
        median=_decimal(row["median"]),
        mad=_decimal(row["mad"]),
        reason=row["reason"] or "",
    )


def _reset(row: dict[str, Any]) -> Reset:
    return Reset(
        name=row["name"],
        since=date.fromisoformat(row["since"]),
        at=datetime.fromisoformat(row["at"]),
        by=row["by"],
        reason=row["reason"],
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
