"""Looks at what may be sent or fetched: pauses that a provider asked for, rates, sizes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fintech_factory.app.doctor.diagnosis import Diagnosis, Unseen, note, ok, warning
from fintech_factory.errors import ConfigError, IngestError

if TYPE_CHECKING:
    from fintech_factory.app.doctor.ground import Ground
    from fintech_factory.distribution.pace import Pace

__all__ = ["CHECKS", "Asked", "Sent", "judge_pauses", "judge_rates", "judge_segments", "judge_size"]

_MINUTE = timedelta(minutes=1)
# Exports grow: from so much of a limit on it is time to think of it.
_NEAR = 0.8
_LONG = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address answered last: to wait so many seconds from a moment on."""

    channel: str
    address: str
    at: datetime
    seconds: int


@dataclass(frozen=True, slots=True)
class Sent:
    """How many attempts an address got in the last minute."""

    channel: str
    address: str
    attempts: int


def _pauses(ground: "Ground") -> Iterator[Diagnosis]:
    """Find the pauses that providers asked for and that are not over (Retry-After)."""
    # A provider is taken to mean a day at the most.
    since = (ground.now - timedelta(days=1)).isoformat()
    sql = (
        "SELECT o.channel, o.address, a.ended_at, a.retry_after_s FROM attempt a"
        " JOIN outbox o ON o.sequence = a.outbox"
        " WHERE a.retry_after_s IS NOT NULL AND a.ended_at >= ? ORDER BY a.sequence"
    )
    with ground.rows() as rows:
        found = rows.query(sql, [since]) if rows.has("attempt") else []
    asked = [Asked(channel, to, datetime.fromisoformat(at), s) for channel, to, at, s in found]
    yield from judge_pauses(asked, ground.now)


def judge_pauses(asked: list[Asked], now: datetime) -> Iterator[Diagnosis]:
    """Say which channels wait because a provider asked for it; the last to end speaks for each."""
    ends: dict[str, datetime] = {}
    for each in asked:
        until = each.at + timedelta(seconds=each.seconds)
        if until > now:
            ends[each.channel] = max(until, ends.get(each.channel, until))
    for channel, until in ends.items():
        what = f"{channel} asked to wait until {until:%Y-%m-%d %H:%M:%S} UTC; messages wait so long"
        then = f"`factory channels test {channel}` says how it stands now"
        say = warning if until - now > _LONG else note
        yield say("retry_after_in_force", what, where=f"channel {channel}", then=then)
    if not ends:
        yield ok("no_pause", "no provider asks to wait")


def _rates(ground: "Ground") -> Iterator[Diagnosis]:
    """Hold the last minute's attempts against what each address may be sent."""
    since = (ground.now - _MINUTE).isoformat()
    sql = (
        "SELECT o.channel, o.address, COUNT(*) FROM attempt a"
        " JOIN outbox o ON o.sequence = a.outbox"
        " WHERE a.started_at >= ? GROUP BY o.channel, o.address ORDER BY o.channel, o.address"
    )
    with ground.rows() as rows:
        found = rows.query(sql, [since]) if rows.has("attempt") else []
    used_up = list(judge_rates([Sent(*row) for row in found], _paces(ground))) if found else []
    yield from used_up or [ok("rates_kept", "no address is sent to as fast as it may be")]


def _paces(ground: "Ground") -> "Mapping[str, Pace]":
    from fintech_factory.app.channels import Channels

    return Channels(ground.factory).paces()


def judge_rates(sent: list[Sent], paces: "Mapping[str, Pace]") -> Iterator[Diagnosis]:
    """Say which addresses are sent to as fast as they may be: what comes next waits its turn."""
    for each in sent:
        pace = paces.get(each.channel)
        if pace is not None and each.attempts >= pace.burst + pace.per_second * 60:
            what = f"an address of {each.channel} got {each.attempts} messages in a minute, as many"
            then = (
                f"throttle in config/integrations/{each.channel}.yaml sets it;"
                " `factory alerts list` shows what there is so much of"
            )
            yield note(
                "rate_used_up", f"{what} as it may", where=f"channel {each.channel}", then=then
            )


def _segments(ground: "Ground") -> Iterator[Diagnosis]:
    """Hold the text messages of today against what may be spent on a day."""
    from fintech_factory.app.channels import Channels
    from fintech_factory.distribution.channels.sms import SmsSettings
    from fintech_factory.distribution.sms_spending import Spending

    try:
        settings = Channels(ground.factory).settings("sms")
    except ConfigError as wrong:
        then = "`factory doctor config` says what is wrong"
        raise Unseen("the settings of sms are wrong", then) from wrong
    if isinstance(settings, SmsSettings) and settings.enabled:
        folder, most = ground.workspace.outputs / "sms", settings.max_segments_a_day
        try:
            spent = Spending(folder, most).spent(ground.now.date())
        except (OSError, ValueError) as unread:
            then = "`ls -l outputs/sms/spent.json`; without the file the day begins at nothing"
            raise Unseen(f"what went out today cannot be read: {unread}", then) from unread
        yield judge_segments(spent, most)
    else:
        yield ok("no_text_messages", "no text messages are sent")


def judge_segments(spent: int, most: int) -> Diagnosis:
    """Say how much of a day's text messages is used up."""
    said = f"{spent} of {most} segments of text messages went out today"
    then = "`factory alerts list` shows what there is so much of; critical alerts still go out"
    if spent >= most:
        return warning("segments_used_up", said, where="channel sms", then=then)
    if spent >= _NEAR * most:
        return note("segments_near_the_end", said, where="channel sms", then=then)
    return ok("segments_left", said)


def _sizes(ground: "Ground") -> Iterator[Diagnosis]:
    """Hold the size of the last export against what may be fetched and unpacked."""
    from fintech_factory.config import load
    from fintech_factory.ingestion import CascadeSettings
    from fintech_factory.ingestion.landing.manifest import latest_batch

    path = ground.workspace.config / "integrations" / "cascade.yaml"
    settings = load(path, CascadeSettings).value
    try:
        batch = latest_batch(ground.factory.raw)
    except IngestError as wrong:
        then = "`factory doctor export` says more"
        raise Unseen(f"the batch in force cannot be opened: {wrong.what}", then) from wrong
    if batch is not None:
        size = sum(each.size for each in batch.manifest.received)
        yield judge_size(size, min(settings.download.max_bytes, settings.archive.max_bytes))
    else:
        yield ok("nothing_ingested", "no export has been measured yet")


def judge_size(size: int, most: int) -> Diagnosis:
    """Say how near the last export came to the largest that is taken."""
    said = f"the last export had {size / 1e6:,.1f} MB; {most / 1e6:,.0f} MB are taken at most"
    if size < _NEAR * most:
        return ok("export_fits", said)
    then = "raise download.max_bytes and archive.max_bytes, then `factory check`"
    where = "config/integrations/cascade.yaml: download.max_bytes"
    return warning("export_near_the_limit", said, where=where, then=then)


CHECKS = {"pauses": _pauses, "rates": _rates, "segments": _segments, "sizes": _sizes}
