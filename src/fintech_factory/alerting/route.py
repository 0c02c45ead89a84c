"""Finds who is told of one step of an alert, by which channel, or why not."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from fintech_factory.alerting.address import INBOX, QUIET
from fintech_factory.alerting.alert import AlertState, Move, Transition
from fintech_factory.alerting.cap import Sent, capped
from fintech_factory.alerting.group import bundle_of, group_key
from fintech_factory.alerting.inhibit import UNTIL_FREED, Causes, causes_of
from fintech_factory.alerting.level import LimitState, at_least
from fintech_factory.alerting.match import Subject, subject_of
from fintech_factory.alerting.notice import OCCASIONS, Notice, Stop, Withheld
from fintech_factory.alerting.receiver import Destination
from fintech_factory.alerting.rota import Override
from fintech_factory.alerting.rule import Kind
from fintech_factory.alerting.setup import Alerting, Route
from fintech_factory.alerting.silence import Silence, silenced
from fintech_factory.alerting.window import AdHoc, open_window
from fintech_factory.message import Language, Occasion

__all__ = ["Circumstances", "Outcome", "Routing", "held_until", "route"]

_LEVEL_1 = 1
# Who was told at the worst level hears how it goes on.
_OF_THE_PEAK = frozenset({Occasion.UPDATE, Occasion.RESOLVED})
_UNSTOPPED = frozenset({Occasion.RESOLVED})

Outcome = Notice | Withheld


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What holds at the moment beside the settings: what people have set up, and what is sent."""

    silences: tuple[Silence, ...] = ()
    windows: tuple[AdHoc, ...] = ()
    overrides: tuple[Override, ...] = ()
    live: tuple[AlertState, ...] = ()
    sent_today: Sent = field(default_factory=dict)


@dataclass(frozen=True)
class Routing:
    """The settings and the circumstances that decide who is told; make one for many alerts."""

    alerting: Alerting
    now: Circumstances = field(default_factory=Circumstances)

    @cached_property
    def causes(self) -> Causes:
        """What explains other alerts at the moment."""
        return causes_of(self.now.live, self.alerting.inhibitions, self.alerting.rules)

    @cached_property
    def _sent(self) -> Counter[tuple[str, str]]:
        return Counter(self.now.sent_today)

    @cached_property
    def _bundles(self) -> set[Hashable]:
        return set()

    def count(self, outcomes: Iterable["Outcome"]) -> None:
        """Count what is told: a cap holds for the messages of this very round as well."""
        for each in outcomes:
            if isinstance(each, Withheld) or self._is_begun(each):
                continue
            self._sent[each.channel, each.address] += 1
            self._bundles.add(bundle_of(each))

    def cap(self, subject: Subject, notice: Notice) -> int | None:
        """Give the cap that keeps a notice from being told; None if it may be."""
        if self._is_begun(notice):
            return None
        return capped(subject, (notice.channel, notice.address), self.alerting.caps, self._sent)

    def _is_begun(self, notice: Notice) -> bool:
        """Whether it becomes one more line of a message that is sent anyway."""
        name = bundle_of(notice)
        return name is not None and name in self._bundles


@dataclass(frozen=True, slots=True)
class _Line:
    """One address, by which route and at which escalation level."""

    to: Destination
    route: Route
    level: int


def route(
    transition: Transition, state: AlertState, routing: Routing, at: datetime
) -> tuple[Outcome, ...]:
    """Say of every address that a step of an alert concerns whether it is told, each once.

    What is told nobody by its nature (pending, lapsed) gives nothing at all. The in-app inbox is
    always among the addresses.
    """
    occasion = OCCASIONS.get(transition.kind)
    if occasion is None or state.peak is LimitState.NONE:
        return ()
    level = state.peak if occasion in _OF_THE_PEAK else transition.level
    subject = subject_of(routing.alerting.rules[state.rule], state, level)
    stop = _stopped(transition, subject, state, routing, at)
    return tuple(
        _withheld(line, stop) if stop else _judged(line, subject, occasion, routing)
        for line in _lines(transition, state, subject, routing, at)
    )


def held_until(outcomes: Iterable[Outcome]) -> datetime | None:
    """Give when an alert that nobody was told of can be told; None if somebody was, or never can.

    The store passes it to `hold`.
    """
    ends: list[datetime] = []
    for each in outcomes:
        if isinstance(each, Notice):
            return None
        if each.until is not None:
            ends.append(each.until)
    return max(ends, default=None)


def _lines(
    transition: Transition, state: AlertState, subject: Subject, routing: Routing, at: datetime
) -> Iterator[_Line]:
    seen: set[tuple[str, str]] = set()
    for route_, level, receivers in _told(transition, state, subject, routing.alerting):
        found = routing.alerting.directory.destinations(receivers, at, routing.now.overrides)
        inbox = Destination(receivers[0], INBOX, receivers[0], Language.EN)
        for to in (*found, inbox):
            place = (to.channel, to.address)
            if place not in seen and (to is not inbox or not _has_inbox(seen)):
                seen.add(place)
                yield _Line(to, route_, level)


def _has_inbox(seen: set[tuple[str, str]]) -> bool:
    return any(channel == INBOX for channel, _ in seen)


def _told(
    transition: Transition, state: AlertState, subject: Subject, alerting: Alerting
) -> Iterator[tuple[Route, int, tuple[str, ...]]]:
    """Give whom a step concerns: an escalation its own level, the rest whoever was told before."""
    routes = alerting.routes_of(subject)
    rule = alerting.rules.get(subject.rule)
    policy = rule.policy if rule is not None else alerting.policy
    steps = policy.steps_of(subject.level, compliance=subject.compliance)
    if transition.kind is Move.ESCALATED:
        for step in steps:
            if step.level == transition.step and step.receivers:
                yield routes[0], step.level, step.receivers
        return
    for each in routes:
        yield each, _LEVEL_1, each.receivers
    if transition.kind in {Move.FIRED, Move.RAISED, Move.REOPENED}:
        return
    for step in steps:
        if step.level <= state.reached and step.receivers:
            yield routes[0], step.level, step.receivers


def _withheld(line: _Line, stop: tuple[Stop, str, datetime | None]) -> Withheld:
    kind, reason, until = stop
    return Withheld(line.to.receiver, line.to.channel, line.to.address, kind, reason, until)


def _stopped(
    transition: Transition, subject: Subject, state: AlertState, routing: Routing, at: datetime
) -> tuple[Stop, str, datetime | None] | None:
    """Give what keeps all of an alert from being told; nothing ever does with a breach."""
    if subject.compliance:
        return None
    if OCCASIONS[transition.kind] in _UNSTOPPED:
        # Who has not heard that it began need not hear that it is over.
        untold = state.held_until is not None and not state.heard
        return (Stop.UNTOLD, "nobody was told that it began", None) if untold else None
    alerting, now = routing.alerting, routing.now
    silence = silenced(subject, (*alerting.silences, *now.silences), at)
    if silence is not None:
        why = f"silenced by {silence.owner} until {_moment(silence.ends_at)}: {silence.reason}"
        return Stop.SILENCE, why, silence.ends_at
    window = open_window(alerting.windows, now.windows, at)
    if window is not None and not at_least(subject.level, LimitState.CRITICAL):
        return Stop.MAINTENANCE, f"{window.name} until {_moment(window.until)}", window.until
    found = routing.causes.inhibit(subject)
    if found is not None:
        inhibition, cause = found
        return Stop.INHIBITION, f"{inhibition.name}: {cause.fingerprint} fires", UNTIL_FREED
    return _snoozed(transition, state, at)


def _snoozed(
    transition: Transition, state: AlertState, at: datetime
) -> tuple[Stop, str, datetime | None] | None:
    # The snooze itself is shown in the thread, and so is what people write there.
    sleep = state.snooze
    is_loud = OCCASIONS[transition.kind] is not Occasion.UPDATE
    if sleep is None or sleep.until <= at or not is_loud:
        return None
    return Stop.SNOOZE, f"snoozed by {sleep.by} until {_moment(sleep.until)}", None


def _judged(line: _Line, subject: Subject, occasion: Occasion, routing: Routing) -> Outcome:
    """Say whether one address of an alert that may be told is told."""
    to, alerting = line.to, routing.alerting
    if not alerting.channels.get(to.channel, to.channel == INBOX):
        hint = f"config/integrations/{to.channel}.yaml does not switch it on"
        return _withheld(line, (Stop.DISABLED, hint, None))
    if subject.kind is Kind.DELIVERY and subject.member == to.channel != INBOX:
        return _withheld(line, (Stop.FAILING, "it is this channel that fails", None))
    if occasion is Occasion.UPDATE and to.channel not in QUIET:
        return _withheld(line, (Stop.QUIET, "more of what is known is not worth a message", None))
    notice = Notice(
        receiver=to.receiver,
        channel=to.channel,
        address=to.address,
        language=to.language,
        occasion=occasion,
        level=line.level,
        group=group_key(subject, line.route.name, line.route.group_by, occasion),
    )
    cap = routing.cap(subject, notice)
    if cap is not None:
        return _withheld(line, (Stop.CAP, f"it had its {cap} messages of the day", None))
    return notice


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
