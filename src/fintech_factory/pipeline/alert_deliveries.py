"""What follows from deliveries: audit entries, and alerts of channels that fail."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from fintech_factory.alerting.observation import Observation, fingerprint
from fintech_factory.alerting.rule import Kind
from fintech_factory.distribution.dispatch import Done
from fintech_factory.distribution.retry import Standing
from fintech_factory.pipeline import alert_store
from fintech_factory.pipeline.alert_desk import Desk, commit, judge
from fintech_factory.state.audit import Entry, Head
from fintech_factory.values import Severity

__all__ = ["Deliveries"]

_ACTOR = "delivery"
_FAILED = frozenset({Standing.DEAD, Standing.UNKNOWN})
_CHANNEL = "channel"


@dataclass(slots=True)
class Deliveries:
    """Takes note of outcomes, in the transaction that writes them down.

    `head` is the audit trail's once something was noted and kept; whoever sends seals it
    afterwards. One that was never committed must not be sealed: it would be missed in the trail.
    """

    desk: Desk
    head: Head | None = None
    _noted: Head | None = None

    def note(self, connection: Connection, done: Sequence[Done], at: datetime) -> None:
        """Write an entry for each delivery that has ended, and alert where one has failed.

        A dead letter is told by every other channel; what fails there as well is in the inbox.
        """
        ended = [each for each in done if each.then.standing is not Standing.WAITING]
        if not ended:
            return
        self._noted = self.desk.append(connection, [_entry(each, at) for each in ended])
        observations = self._observations(connection, ended, at)
        committed = commit(
            connection, self.desk, judge(connection, self.desk, observations, at), at
        )
        self._noted = committed.head or self._noted

    def kept(self) -> None:
        """Take what was noted last as written down: its transaction is committed."""
        self.head = self._noted

    def _observations(
        self, connection: Connection, ended: Sequence[Done], at: datetime
    ) -> list[Observation]:
        """See each channel as its last delivery left it; one that works only where one failed."""
        last = {each.leased.channel: each for each in ended}
        last |= {each.leased.channel: each for each in ended if each.then.standing in _FAILED}
        found = []
        for rule in self.desk.alerting.rules.values():
            if rule.kind is not Kind.DELIVERY:
                continue
            listed = alert_store.Listed(rule=rule.id)
            live = {each.fingerprint for each in alert_store.listed(connection, listed)}
            found += [
                _observation(rule.id, each, at)
                for channel, each in last.items()
                if (not rule.codes or channel in rule.codes)
                and (
                    each.then.standing in _FAILED or fingerprint(rule.id, _CHANNEL, channel) in live
                )
            ]
        return found


def _observation(rule: str, done: Done, at: datetime) -> Observation:
    today = at.astimezone(UTC).date()
    has_failed = done.then.standing in _FAILED
    # Within a day a channel may fail and recover more than once.
    look = f"{done.leased.delivery.key} {done.leased.tried.attempts}"
    return Observation(
        rule=rule,
        as_of=today,
        data_through=today,
        batch_set=hashlib.sha256(look.encode()).hexdigest()[:40],
        dimension=_CHANNEL,
        member=done.leased.channel,
        severity=Severity.WARNING if has_failed else None,
        reason=f"{done.then.standing.value}: {done.then.reason}" if has_failed else "",
    )


def _entry(done: Done, at: datetime) -> Entry:
    leased, then = done.leased, done.then
    return Entry(
        at=at,
        actor=_ACTOR,
        action=f"delivery.{then.standing.value}",
        subject=leased.delivery.key,
        after={
            "channel": leased.channel,
            "alert": leased.alert_id,
            "attempts": leased.tried.attempts,
            "provider_id": done.outcome.provider_id,
            "may_repeat": then.may_repeat,
        },
        reason=then.reason,
    )
