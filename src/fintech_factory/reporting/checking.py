"""Turns config/roles_and_outputs.yaml into departments, or into every problem with its place."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from fintech_factory.alerting.address import INBOX, MEDIA
from fintech_factory.alerting.check_receivers import check_names
from fintech_factory.alerting.rule import Kind
from fintech_factory.kpi_engine.notes import Notes
from fintech_factory.message import Language, Text
from fintech_factory.reporting.department import (
    DEPARTMENTS,
    Department,
    Outputs,
    Place,
    Promise,
    Recipient,
    Roles,
)
from fintech_factory.values import Problem

if TYPE_CHECKING:
    from fintech_factory.alerting.settings import AlertSettings
    from fintech_factory.config import LoadedFile
    from fintech_factory.reporting.settings import (
        DepartmentSettings,
        RecipientSettings,
        RolesSettings,
    )

__all__ = ["Around", "check_roles", "make_roles"]

_SOURCES = ("person", "rota", "receiver", "name")


class Around:
    """What the other settings of a workspace say that this file is held against.

    `kpis` and `alerts` are None where their own file is wrong: nothing is said about them then.
    `channels` says of each channel whether it is switched on.
    """

    __slots__ = ("alerts", "channels", "kpis", "views")

    def __init__(
        self,
        kpis: Collection[str] | None,
        alerts: "AlertSettings | None",
        channels: Mapping[str, bool],
        views: Collection[str],
    ) -> None:
        """Take what is known."""
        self.kpis, self.alerts, self.channels, self.views = kpis, alerts, channels, views


def check_roles(loaded: "LoadedFile[RolesSettings]", around: Around) -> Sequence[Problem]:
    """Give every problem that the file's shape alone cannot tell, in the file's order."""
    notes = Notes(loaded)
    settings = loaded.value
    daily = settings.daily
    if daily.last_minutes >= daily.fallback_minutes:
        notes.below("daily", "last_minutes").note(
            f"the in-app inbox ({daily.last_minutes} minutes before) comes no later than the"
            f" fallback channel ({daily.fallback_minutes} minutes before)",
            "let it be the fewer minutes",
        )
    if daily.due.tzinfo is not None:
        notes.below("daily", "due").note("a time with a zone", 'all times are UTC: due: "06:30"')
    elif daily.due.hour * 60 + daily.due.minute < daily.fallback_minutes:
        notes.below("daily", "fallback_minutes").note("that is on the day before", "make it less")
    for name in DEPARTMENTS:
        if name not in settings.departments:
            notes.below("departments").note(f"`{name}` is missing", "all seven are told every day")
    for name, department in settings.departments.items():
        _check_department(department, around, notes.below("departments", name))
    return sorted(notes.problems, key=lambda each: (each.line, each.column))


def _check_department(department: "DepartmentSettings", around: Around, notes: Notes) -> None:
    outputs = notes.below("outputs")
    if not department.outputs.kpis:
        outputs.below("kpis").note("it shows nothing", "name at least one KPI")
    if around.kpis is not None:
        check_names(department.outputs.kpis, around.kpis, "KPI", outputs.below("kpis"))
    check_names(department.outputs.views, around.views, "view", outputs.below("views"))
    for key in ("kpis", "alerts", "views"):
        _check_twice(getattr(department.outputs, key), outputs.below(key))
    _check_fallback(department, around, notes.below("fallback"))
    if not department.recipients:
        notes.below("recipients").note("nobody is told", "name at least one recipient")
    known = set[str]()
    for place, each in enumerate(department.recipients):
        below = notes.below("recipients", place)
        _check_recipient(each, department, around, below)
        who = _id_of(each)
        if who and who in known:
            below.note(f"`{who}` stands twice", "each recipient has one message a day")
        known.add(who)


def _check_twice(names: Sequence[str], notes: Notes) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            notes.below(place).note(f"`{name}` stands twice")


def _check_fallback(department: "DepartmentSettings", around: Around, notes: Notes) -> None:
    fallback = department.fallback
    if not _is_known(fallback.channel, around, notes.below("channel")):
        return
    if not around.channels[fallback.channel] and fallback.channel != INBOX:
        notes.below("channel").note(
            f"`{fallback.channel}` is off: nobody would fall back on it",
            f"say `enabled: true` in integrations/{fallback.channel}.yaml, or name `inbox`",
        )
    if fallback.address:
        _check_form(fallback.channel, fallback.address, notes.below("address"))


def _check_recipient(
    recipient: "RecipientSettings", department: "DepartmentSettings", around: Around, notes: Notes
) -> None:
    given = [name for name in _SOURCES if getattr(recipient, name) is not None]
    if len(given) != 1:
        said = f"both {given[0]} and {given[1]}" if given else "nobody is named"
        notes.note(said, "name one of person, rota, receiver, name")
        return
    source = given[0]
    _check_needless(recipient, source, notes)
    alerts = around.alerts
    if source == "receiver":
        if alerts is not None:
            _check_receiver(recipient, alerts, department, around, notes)
        return
    if recipient.channel is None:
        notes.note("it is not said by which channel", "name one, like `channel: email`")
        return
    if not _is_known(recipient.channel, around, notes.below("channel")):
        return
    _check_channel(recipient.channel, department, around, notes.below("channel"))
    if source == "name":
        at = notes.below("address") if recipient.address else notes
        _check_form(recipient.channel, recipient.address or "", at)
        _check_fallback_of([recipient.name or ""], {}, department, notes)
    elif alerts is not None:
        _check_people(recipient, source, department, alerts, notes)


def _check_needless(recipient: "RecipientSettings", source: str, notes: Notes) -> None:
    """Note what is said here although alerts.yaml says it."""
    own = {"language", "address"} if source != "name" else set()
    if source == "receiver":
        own.add("channel")
    for key in ("language", "channel", "address"):
        if key in own and getattr(recipient, key) is not None:
            notes.below(key).note(f"alerts.yaml says the {key} of a {source}", "leave it out")


def _check_people(
    recipient: "RecipientSettings",
    source: str,
    department: "DepartmentSettings",
    alerts: "AlertSettings",
    notes: Notes,
) -> None:
    known: Collection[str] = alerts.people if source == "person" else alerts.rotas
    name = getattr(recipient, source)
    if name not in known:
        check_names([name], known, source, notes.below(source), by_place=False)
        return
    people = [name]
    if source == "rota":
        people = list(
            dict.fromkeys(each for shift in alerts.rotas[name].shifts for each in shift.people)
        )
    addresses = {each: alerts.people[each].addresses for each in people if each in alerts.people}
    for each, theirs in addresses.items():
        if recipient.channel not in theirs and recipient.channel != INBOX:
            notes.below("channel").note(
                f"`{each}` has no {recipient.channel} address", f"add it to people.{each}"
            )
    _check_fallback_of(people, addresses, department, notes)


def _check_fallback_of(
    people: Sequence[str],
    addresses: Mapping[str, Mapping[str, str]],
    department: "DepartmentSettings",
    notes: Notes,
) -> None:
    """Note who would have no address by the fallback channel."""
    fallback = department.fallback
    form = MEDIA.get(fallback.channel)
    if fallback.address or form is None or not form.needed:
        return
    for each in people:
        if fallback.channel not in addresses.get(each, {}):
            notes.note(
                f"`{each}` has no {fallback.channel} address to fall back on",
                "give the department's fallback an address, or use `inbox`",
            )


def _check_receiver(
    recipient: "RecipientSettings",
    alerts: "AlertSettings",
    department: "DepartmentSettings",
    around: Around,
    notes: Notes,
) -> None:
    below = notes.below("receiver")
    found = alerts.receivers.get(recipient.receiver or "")
    if found is None:
        check_names([recipient.receiver or ""], alerts.receivers, "receiver", below, by_place=False)
        return
    if len(found.to) != 1 or found.people or found.rota:
        below.note(
            f"`{recipient.receiver}` is not exactly one address",
            "each recipient has one message a day: name its people one by one",
        )
        return
    _check_channel(found.to[0].channel, department, around, below)
    _check_fallback_of([recipient.receiver or ""], {}, department, notes)


def _check_channel(
    channel: str, department: "DepartmentSettings", around: Around, notes: Notes
) -> None:
    if channel == department.fallback.channel and not (
        channel == INBOX or department.fallback.address
    ):
        notes.note(
            f"the fallback channel is `{channel}` as well",
            "what failed once fails again: fall back on another channel, or on `inbox`",
        )
    alerts = around.alerts
    off = not around.channels.get(channel) and channel != INBOX
    if off and alerts is not None and channel not in alerts.channels_off:
        notes.note(
            f"the channel `{channel}` is off",
            f"say `enabled: true` in integrations/{channel}.yaml, or add it to alerts.yaml's"
            " `channels_off`",
        )


def _is_known(channel: str, around: Around, notes: Notes) -> bool:
    check_names([channel], around.channels, "channel", notes, by_place=False)
    return channel in around.channels


def _check_form(channel: str, address: str, notes: Notes) -> None:
    form = MEDIA.get(channel)
    fault = form.fault(address) if form is not None else None
    if fault is not None:
        notes.note(*fault)


def _id_of(recipient: "RecipientSettings") -> str:
    """Name a recipient within its department; it stays the same while its address changes."""
    if recipient.name is not None:
        return recipient.name
    return recipient.person or recipient.rota or recipient.receiver or ""


def make_roles(settings: "RolesSettings", alerts: "AlertSettings") -> Roles:
    """Give what settings that were checked say, the departments in the order of the promise."""
    daily = settings.daily
    promise = Promise(
        due=daily.due,
        fallback_before=timedelta(minutes=daily.fallback_minutes),
        last_before=timedelta(minutes=daily.last_minutes),
    )
    found = {
        name: _department(name, settings.departments[name], alerts)  # type: ignore[index]
        for name in DEPARTMENTS
    }
    return Roles(promise, found)


def _department(name: str, given: "DepartmentSettings", alerts: "AlertSettings") -> Department:
    outputs = given.outputs
    return Department(
        id=name,
        title=Text(given.title.en, given.title.es),
        outputs=Outputs(
            kpis=outputs.kpis,
            alerts=frozenset(Kind(each) for each in outputs.alerts),
            findings=outputs.findings,
            compliance=outputs.compliance,
            views=outputs.views,
        ),
        recipients=tuple(_recipient(each, given, alerts) for each in given.recipients),
    )


def _recipient(
    given: "RecipientSettings", department: "DepartmentSettings", alerts: "AlertSettings"
) -> Recipient:
    channel, address = given.channel or "", given.address or ""
    language, name = given.language or "en", given.name or ""
    if given.receiver is not None:
        receiver = alerts.receivers[given.receiver]
        channel, address = receiver.to[0].channel, receiver.to[0].address
        language, name = receiver.language, given.receiver
    elif given.person is not None:
        person = alerts.people[given.person]
        language, name = person.language, person.name
    elif given.rota is not None:
        name = given.rota
    who = _id_of(given)
    if channel == INBOX and not address:
        address = who
    return Recipient(
        id=who,
        name=name,
        language=Language(language),
        channel=channel,
        address=address,
        person=given.person or "",
        rota=given.rota or "",
        fallback=Place(department.fallback.channel, department.fallback.address),
    )
