"""Judges the promise of five minutes: which alerts of an export were received too late (R100)."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from fintech_factory.alerting.level import LEVELS, highest, severity_of
from fintech_factory.alerting.observation import Observation, fingerprint
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.alerting.setup import Alerting
from fintech_factory.i18n import Language, words
from fintech_factory.pipeline import alert_store
from fintech_factory.pipeline.alert_latency import News, news_of_exports, open_exports

__all__ = ["EXPORT", "late_words", "lateness"]

EXPORT = "batch"
"""The dimension of what is found: all alerts of an export have the same five minutes."""
# What is told of deliveries and of lateness is never late itself: it would go round in a circle.
_UNWATCHED = frozenset({Kind.DELIVERY, Kind.LATENCY, Kind.PROMISE})
_LISTED = 5
_AND = "; "


def lateness(connection: Connection, alerting: Alerting, at: datetime) -> list[Observation]:
    """See which exports have open alerts that no channel outside had in time, by each such rule.

    An export is looked at once its time is over. If all was in time, never again: a receipt is
    not taken back. If not, for as long as the alert of it is open: until nothing is open any more
    that came late, or somebody has closed it.
    """
    rules = alerting.rules
    watched = frozenset(each.id for each in rules.values() if each.kind not in _UNWATCHED)
    found: list[Observation] = []
    for rule in rules.values():
        if rule.kind is Kind.LATENCY:
            found += _by_rule(connection, rule, watched, at)
    return found


def late_words(reason: str, to: Language) -> str:
    """Say in a language what came late; an observation's reason says it in English."""
    known = words(to)
    return _AND.join(known.known_sentence(each) or each for each in reason.split(_AND))


def _by_rule(
    connection: Connection, rule: Rule, watched: Collection[str], at: datetime
) -> Iterator[Observation]:
    days, is_live = _exports(connection, rule, at)
    late: dict[str, list[News]] = defaultdict(list)
    for each in news_of_exports(connection, days):
        if each.rule in watched and each.way.is_missed(at, rule.within):
            late[each.batch_id].append(each)
    for batch, day in days.items():
        some = sorted(late[batch], key=_rank)
        yield Observation(
            rule=rule.id,
            as_of=day,
            data_through=day,
            batch_set=_name(some, rule.within),
            dimension=EXPORT,
            member=batch,
            severity=severity_of(highest(*(each.level for each in some))) if some else None,
            reason=_reason(some, rule.within) if some or batch not in is_live else _OVER,
        )


def _exports(
    connection: Connection, rule: Rule, at: datetime
) -> tuple[Mapping[str, date], Collection[str]]:
    """Give the exports to look at with the day that they are judged of, and which have an alert."""
    mine = alert_store.listed(connection, alert_store.Listed(rule=rule.id))
    # A later look is no newer date: an export keeps the day on which it arrived.
    days = {each.member: each.as_of for each in mine if each.as_of is not None}
    is_live = frozenset(days)
    arrived = open_exports(connection, at - rule.within)
    names = {batch: fingerprint(rule.id, EXPORT, batch) for batch in arrived}
    known = alert_store.judged_before(connection, names.values())
    fresh = {
        batch: arrived_at.astimezone(UTC).date()
        for batch, arrived_at in arrived.items()
        if names[batch] not in known
    }
    return days | fresh, is_live


def _rank(news: News) -> tuple[int, float, str]:
    """Put the gravest first, then what was received last or not at all."""
    seconds = news.way.seconds
    waited = float("inf") if seconds is None else seconds
    return -LEVELS.index(news.level), -waited, news.fingerprint


def _name(late: Sequence[News], within: timedelta) -> str:
    """Name what is seen of an export: the same again changes nothing."""
    seen = sorted(f"{each.alert_id} {each.way.received_at}" for each in late)
    return hashlib.sha256("\n".join([str(within), *seen]).encode()).hexdigest()[:40]


_OVER = "no alert that came late is open any more"


def _reason(late: Sequence[News], within: timedelta) -> str:
    """Say which alerts came late, by how much and through which channel."""
    limit = f"{within.total_seconds():.0f}"
    if not late:
        return f"every alert was received within {limit} s of the arrival"
    said = [_said(each, within) for each in late[:_LISTED]]
    more = len(late) - len(said)
    return _AND.join([*said, f"more alerts came late: {more}"] if more else said)


def _said(news: News, within: timedelta) -> str:
    way, limit = news.way, within.total_seconds()
    if way.seconds is None:
        return (
            f"{news.fingerprint} has no receipt from outside since its export arrived at"
            f" {way.arrived_at:%Y-%m-%d %H:%M:%S} UTC, more than {limit:.0f} s ago"
        )
    return (
        f"{news.fingerprint} was received by {way.received_by} {way.seconds:.1f} s after its"
        f" export arrived, {way.seconds - limit:.1f} s past the limit of {limit:.0f} s"
    )
