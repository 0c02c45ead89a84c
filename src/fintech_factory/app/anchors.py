"""Sends the audit trail's head away once a UTC day, and says where it was received."""

import hashlib
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from fintech_factory.durable import replace_file
from fintech_factory.errors import ConfigError, FactoryError, StateError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fintech_factory.alerting.receiver import Destination
    from fintech_factory.app.audit import Told
    from fintech_factory.app.factory import Factory
    from fintech_factory.message import Attachment
    from fintech_factory.pipeline.audit_anchors import Anchored, Place
    from fintech_factory.state.audit_seal import Pin

__all__ = ["Anchoring", "Anchors", "Outcome"]

log = logging.getLogger(__name__)

_FOLDER = "anchors"
_MEDIA_TYPE = "application/json"


class Outcome(StrEnum):
    """What became of a day's anchor in one look."""

    ANCHORED = "anchored"
    BEFORE = "anchored before"
    UNCHANGED = "nothing has changed"
    NOBODY = "nobody receives it"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Anchoring:
    """What became of a day's anchor; `reason` is for people, empty where nothing is wrong."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True)
class Anchors:
    """The daily anchors of one workspace's audit trail."""

    factory: "Factory"

    def due(self) -> Anchoring:
        """Put the day's anchor into the outbox, unless it is there or nothing has changed.

        A key that is not there, or a full disk, keeps nobody from being told of alerts: that is
        given back, and the next round tries again.

        Raises:
            StateError: the database cannot be written.
            ConfigError: config/alerts.yaml is wrong.
        """
        today = self._day()
        if self._is_anchored(today):
            return Anchoring(Outcome.BEFORE)
        receivers = self.factory.alerts.alerting.anchored_at
        if not receivers:
            return Anchoring(Outcome.NOBODY, "config/alerts.yaml names no receiver: audit.anchor")
        try:
            with self.factory.audit.transaction() as told:
                return self._anchored(told, receivers)
        except (StateError, ConfigError):
            raise
        except (FactoryError, OSError) as failed:
            reason = failed.what if isinstance(failed, FactoryError) else str(failed.strerror)
            log.warning("audit trail not anchored", extra={"day": today, "reason": reason})
            return Anchoring(Outcome.FAILED, reason)

    def sent(self, limit: int) -> "list[tuple[Anchored, list[Place]]]":
        """Give the newest anchors and where each was sent, the newest first."""
        from fintech_factory.pipeline.audit_anchors import anchored, places

        with self.factory.state.reading() as connection:
            found = anchored(connection, limit)
            sent = places(connection, found)
        return [(each, sent.get(each.told, [])) for each in found]

    # ---- parts ---------------------------------------------------------------------------------

    def _is_anchored(self, day: date) -> bool:
        """Ask before anything is loaded or locked: a round a minute finds it so all day."""
        from fintech_factory.state.audit import ANCHORED

        with self.factory.state.rows() as rows:
            found = rows.query(
                "SELECT subject FROM audit_entry WHERE action = ? ORDER BY sequence DESC LIMIT 1",
                [ANCHORED],
            )
        # A clock that was set back finds a later day's.
        return bool(found) and date.fromisoformat(found[0][0]) >= day

    def _anchored(self, told: "Told", receivers: tuple[str, ...]) -> Anchoring:
        """Sign the head, and write the messages and the entry that tells of them, in one go.

        Two processes take turns by the trail's lock: the second finds the first one's entry.
        """
        from fintech_factory.distribution.outbox import enqueue
        from fintech_factory.distribution.retry import Policy
        from fintech_factory.pipeline.audit_anchors import (
            anchored,
            entry_of,
            has_changed_since,
            posts_of,
        )
        from fintech_factory.state.audit import chain_head, lock_chain
        from fintech_factory.state.audit_message import anchor_message

        lock_chain(told.connection)
        at = self.factory.clock.now()
        day, last = self._day(at), next(iter(anchored(told.connection)), None)
        if last is not None and last.day >= day:
            return Anchoring(Outcome.BEFORE)
        nothing = (
            chain_head(told.connection).sequence == 0
            if last is None
            else not has_changed_since(told.connection, last)
        )
        if nothing:
            return Anchoring(Outcome.UNCHANGED)
        to = self._open(told.connection, receivers, at)
        if not to:
            names = ", ".join(receivers)
            return Anchoring(Outcome.NOBODY, f"no channel of {names} is switched on")
        pin = self.factory.audit.pin_on(told.connection, at)
        attachment = self._written(pin, day)
        posts = posts_of(day, anchor_message(pin, [attachment]), to)
        enqueue(told.connection, posts, at, Policy())
        told.append(told.connection, [entry_of(day, pin, attachment.path, posts)])
        return Anchoring(Outcome.ANCHORED)

    def _open(
        self, connection: "Connection", receivers: Iterable[str], at: datetime
    ) -> "list[Destination]":
        """Give each place of the receivers whose channel is switched on."""
        from fintech_factory.pipeline.alert_circumstances import circumstances

        alerting = self.factory.alerts.alerting
        overrides = circumstances(connection, at, ()).overrides
        found = alerting.directory.destinations(receivers, at, overrides)
        return [each for each in found if alerting.channels.get(each.channel, False)]

    def _written(self, pin: "Pin", day: date) -> "Attachment":
        """Write the file that goes along, whole: what `factory audit verify --anchor` reads."""
        from fintech_factory.message import Attachment

        content = (json.dumps(pin.as_json(), indent=2) + "\n").encode()
        folder = self.factory.workspace.outputs / _FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"anchor-{day}.json"
        replace_file(path, content)
        sha256 = hashlib.sha256(content).hexdigest()
        return Attachment(path.name, _MEDIA_TYPE, f"{_FOLDER}/{path.name}", sha256)

    def _day(self, at: datetime | None = None) -> date:
        return (at or self.factory.clock.now()).astimezone(UTC).date()


def as_json(anchor: "Anchored", sent: "Iterable[Place]") -> dict[str, Any]:
    """Give one anchor and its places as one JSON object."""
    return {
        "day": anchor.day,
        "at": anchor.at.isoformat(),
        "sequence": anchor.head.sequence,
        "head": anchor.head.hash,
        "file": anchor.file,
        "places": [
            {
                "channel": each.channel,
                "address": each.address,
                "status": each.status,
                "received_at": each.received_at.isoformat() if each.received_at else None,
                "reason": each.reason,
            }
            for each in sent
        ],
    }
