"""What people set up around alerts: silences, windows, stand-ins; and what they send again."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fintech_factory.app.audit import Note
from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from fintech_factory.alerting.match import Match, Subject
    from fintech_factory.alerting.rota import Override
    from fintech_factory.alerting.rule import Rule
    from fintech_factory.alerting.silence import Silence
    from fintech_factory.alerting.window import AdHoc
    from fintech_factory.app.factory import Factory

__all__ = ["AlertUpkeep"]


def _name(kind: str) -> str:
    return f"{kind}-{secrets.token_hex(4)}"


@dataclass(frozen=True)
class AlertUpkeep:
    """What people set up around the alerts of one workspace; each thing is in the audit trail."""

    factory: "Factory"

    def silence(self, wanted: "Silence") -> "Silence":
        """Let nothing that it means be told until its end; a breach always is.

        Raises:
            UsageError: it has no owner, reason or end, or means everything, nothing that can
                alert, or breaches alone.
        """
        from fintech_factory.alerting.silence import make_silence
        from fintech_factory.pipeline.alert_circumstances import match_json
        from fintech_factory.state.tables import metadata

        self._check_meant(wanted.match)
        made = replace(make_silence(wanted), id=_name("silence"))
        row = {
            "matchers": match_json(made.match),
            "owner": made.owner,
            "reason": made.reason,
            "starts_at": made.starts_at,
            "ends_at": made.ends_at,
        }
        with self.factory.audit.transaction() as told:
            table = metadata.tables["silence"]
            told.connection.execute(table.insert().values(silence_id=made.id, **row))
            told.note(Note("silence.made", made.id, after=row, reason=made.reason, by=made.owner))
        return made

    def end_silence(self, name: str, by: str) -> None:
        """End a silence before its time.

        Raises:
            UsageError: none of that name holds.
        """
        from sqlalchemy import update

        from fintech_factory.state.tables import metadata

        table = metadata.tables["silence"]
        now = self.factory.clock.now()
        with self.factory.audit.transaction() as told:
            ended = told.connection.execute(
                update(table)
                .where(table.c.silence_id == name, table.c.ends_at > now)
                .values(ends_at=now, ended_by=by)
            )
            if ended.rowcount != 1:
                raise UsageError(f"no silence called `{name}` holds", hint="factory alerts silence")
            told.note(Note("silence.ended", name, by=by))

    def silences(self) -> "tuple[Silence, ...]":
        """Give the silences that have not ended, those of the settings too."""
        from fintech_factory.pipeline.alert_circumstances import silences

        now = self.factory.clock.now()
        with self.factory.state.reading() as connection:
            made = silences(connection, now)
        planned = self.factory.alerts.alerting.silences
        return (*made, *(each for each in planned if each.ends_at > now))

    def announce(self, window: "AdHoc") -> str:
        """Announce a maintenance window; give its name.

        Raises:
            UsageError: it comes less than 24 hours ahead and no reason is given (R098).
        """
        from fintech_factory.alerting.window import announce
        from fintech_factory.state.tables import metadata

        made = announce(window, self.factory.alerts.alerting.notice)
        row = {
            "name": made.name,
            "starts_at": made.starts_at,
            "ends_at": made.ends_at,
            "announced_at": made.announced_at,
            "announced_by": made.announced_by,
            "override_reason": made.override_reason,
        }
        name = _name("window")
        with self.factory.audit.transaction() as told:
            table = metadata.tables["maintenance_window"]
            told.connection.execute(table.insert().values(window_id=name, **row))
            told.note(
                Note(
                    "window.announced",
                    name,
                    after=row,
                    reason=made.override_reason,
                    by=made.announced_by,
                )
            )
        return name

    def cancel_window(self, name: str, by: str) -> str:
        """Cancel an announced window, begun or not; what it held back is due at once.

        Gives what it is called.

        Raises:
            UsageError: none of that name is announced.
        """
        from sqlalchemy import update

        from fintech_factory.pipeline.slot_store import release
        from fintech_factory.state.tables import metadata

        table, now = metadata.tables["maintenance_window"], self.factory.clock.now()
        holds = (table.c.ends_at > now, table.c.cancelled_at.is_(None))
        with self.factory.audit.transaction() as told:
            called = told.connection.execute(
                update(table)
                .where(table.c.window_id == name, *holds)
                .values(cancelled_at=now)
                .returning(table.c.name)
            ).scalar()
            if called is None:
                raise UsageError(
                    f"no window that was announced is called `{name}`",
                    where="--cancel",
                    hint="`factory alerts window` lists them",
                )
            release(told.connection, called, now)
            told.note(Note("window.cancelled", name, by=by))
        return str(called)

    def windows(self) -> "list[dict[str, Any]]":
        """Give the announced windows that have not ended, the next first."""
        from sqlalchemy import select

        from fintech_factory.state.tables import metadata

        table, now = metadata.tables["maintenance_window"], self.factory.clock.now()
        wanted = select(table).where(table.c.ends_at > now, table.c.cancelled_at.is_(None))
        with self.factory.state.reading() as connection:
            rows = connection.execute(wanted.order_by(table.c.starts_at, table.c.window_id)).all()
        return [
            {
                "id": row.window_id,
                "name": row.name,
                "from": row.starts_at.isoformat(timespec="minutes"),
                "to": row.ends_at.isoformat(timespec="minutes"),
                "by": row.announced_by,
                "override_reason": row.override_reason or None,
            }
            for row in rows
        ]

    def stand_in(self, override: "Override") -> str:
        """Put somebody on call in another's place; give its name.

        Raises:
            UsageError: no such rota or person, or it ends before it begins.
        """
        from fintech_factory.alerting.rota import make_override
        from fintech_factory.registry import suggestion
        from fintech_factory.state.tables import metadata

        directory = self.factory.alerts.alerting.directory
        if override.rota not in directory.rotas:
            hint = suggestion(override.rota, list(directory.rotas))
            raise UsageError(f"no rota is called `{override.rota}`", hint=hint)
        made = make_override(override, list(directory.people))
        row = {
            "rota": made.rota,
            "person": made.person,
            "starts_at": made.starts_at,
            "ends_at": made.ends_at,
            "reason": made.reason,
            "made_by": made.made_by,
        }
        name = _name("override")
        with self.factory.audit.transaction() as told:
            table = metadata.tables["rota_override"]
            told.connection.execute(table.insert().values(override_id=name, **row))
            told.note(Note("rota.override", name, after=row, reason=made.reason, by=made.made_by))
        return name

    def replay(self, keys: Sequence[str], by: str) -> int:
        """Put dead and unknown messages back into the outbox, all of them without keys.

        One that may have arrived says that it may be a repeat. Gives how many.

        Raises:
            UsageError: a key names none that ended so.
        """
        from fintech_factory.distribution.outbox import dead_letters, replay
        from fintech_factory.distribution.retry import Policy

        now = self.factory.clock.now()
        with self.factory.audit.transaction() as told:
            wanted = list(keys) or [row.key for row in dead_letters(told.connection)]
            rows = replay(told.connection, wanted, now, Policy())
            missing = {*wanted} - {row.key for row in rows}
            if missing:
                raise UsageError(
                    f"no dead letter has the key {', '.join(sorted(missing))}",
                    hint="`factory alerts replay --list` names them",
                )
            told.note(
                *(Note("delivery.replayed", row.key, {"status": row.status}, by=by) for row in rows)
            )
        return len(rows)

    def take_back(self, response: str, by: str, reason: str) -> None:
        """Take back what was done without anybody.

        Raises:
            UsageError: there is no such thing, or it is taken back already.
        """
        from fintech_factory.pipeline.alert_responses import take_back

        now = self.factory.clock.now()
        with self.factory.audit.transaction() as told:
            entry = take_back(told.connection, response, by, reason, now)
            told.append(told.connection, [entry])

    def breaches_of(self, match: "Match") -> tuple[str, ...]:
        """Give the rules whose breaches a silence would mean, and which are told all the same."""
        found = {each.rule: None for each in self._meant(match) if each.compliance}
        return tuple(found)

    def _meant(self, match: "Match") -> "list[Subject]":
        from fintech_factory.alerting.check_rules import subjects_of

        rules = self.factory.alerts.alerting.rules.values()
        with_such_parts = [each for each in rules if _has_parts(each, match.members)]
        return [each for each in subjects_of(with_such_parts, match) if match.fits(each)]

    def _check_meant(self, match: "Match") -> None:
        """Refuse what would be no silence: an unknown rule, nothing at all, breaches alone."""
        for rule in match.rules:
            self.factory.alerts.alerting.rule(rule)
        if match.means_everything or match.compliance:
            # What makes a silence says so.
            return
        meant = self._meant(match)
        if not meant:
            raise UsageError(
                "no alert can be meant by this",
                hint="no rule named has such a level, or such a part of the book",
            )
        if all(each.compliance for each in meant):
            raise UsageError(
                "all that this means are compliance breaches, which are always told",
                hint="acknowledge the alert instead",
            )

    def now(self) -> datetime:
        """Give the present moment, by the workspace's clock."""
        return self.factory.clock.now()


def _has_parts(rule: "Rule", members: Sequence[str]) -> bool:
    """Say whether a rule may alert of one of some parts; of none, any rule does."""
    if not members or not rule.judges_figures:
        return True
    return bool(rule.dimension) and (not rule.members or bool({*members} & {*rule.members}))
