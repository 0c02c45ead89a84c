"""The days of a simulation: what befalls the factory on each, and when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from random import Random

__all__ = ["Event", "SimulatedDay", "plan"]

UTC = timezone.utc  # noqa: UP017 - one name for what is given on
# Whether something holds from then on.
ON, OFF = "on", "off"
# The steps of a run and of a delivery at which a process is killed.
POINTS = (
    "run.before_seal", "run.sealed", "run.in_transaction", "run.committed", "run.pointed",
    "delivery.leased", "delivery.begun", "delivery.sent", "delivery.in_transaction",
    "delivery.recorded",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens: `what` is a method of the world, `with_` its arguments."""

    at: datetime
    what: str
    with_: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class SimulatedDay:
    """One day: its events in order, and the names of the faults."""

    day: date
    faults: tuple[str, ...]
    events: tuple[Event, ...] = field(default=())


@dataclass
class _Script:
    day: date
    random: Random
    faults: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def at(self, clock: str, what: str, *with_: object) -> None:
        hours, minutes = (int(each) for each in clock.split(":"))
        moment = datetime.combine(self.day, time(hours, minutes), UTC)
        self.events.append(Event(moment, what, with_))

    def arrives(self, clock: str = "02:50", shape: str = "whole") -> None:
        self.at(clock, "arrive", shape)


def _plain(script: _Script) -> None:
    script.arrives()


def _late(script: _Script) -> None:
    script.faults.append("the export comes at 07:40")
    script.arrives("07:40")


def _missing(script: _Script) -> None:
    script.faults.append("no export comes")


def _duplicate(script: _Script) -> None:
    script.faults.append("the export comes twice")
    script.arrives()
    script.arrives("04:10", "whole")


def _torn(script: _Script) -> None:
    script.faults.append("a torn export, sent whole at 05:20")
    script.arrives("02:50", "torn")
    script.arrives("05:20", "whole")


def _half(script: _Script) -> None:
    script.faults.append("a half-written export, finished at 03:20")
    script.arrives("02:50", "half")
    script.at("03:20", "finish_writing")


def _no_mail(script: _Script) -> None:
    script.faults.append("the mail server is down until 09:00")
    script.arrives()
    script.at("05:50", "mail_is_down", ON)
    script.at("09:00", "mail_is_down", OFF)


def _no_slack(script: _Script) -> None:
    script.faults.append("Slack answers 503 all day")
    script.arrives()
    script.at("00:01", "slack_is_down", ON)
    script.at("23:50", "slack_is_down", OFF)


def _no_mail_no_slack(script: _Script) -> None:
    script.faults.append("mail and Slack are down until 09:00")
    script.arrives()
    for what in ("mail_is_down", "slack_is_down"):
        script.at("05:50", what, ON)
        script.at("09:00", what, OFF)


def _one_refuses(script: _Script) -> None:
    script.faults.append("one recipient's mailbox is refused")
    script.arrives()
    script.at("05:50", "mailbox_is_refused", "finance@example.com", ON)
    script.at("12:00", "mailbox_is_refused", "finance@example.com", OFF)


def _killed(point: str) -> Callable[[_Script], None]:
    def script_of(script: _Script) -> None:
        script.faults.append(f"kill -9 at {point}, twice")
        script.arrives()
        at = "02:49" if point.startswith("run.") else "05:59"
        script.at(at, "kill_at", point, 2)

    return script_of


def _clock_back(script: _Script) -> None:
    script.faults.append("the clock goes back two hours at 04:30")
    script.arrives()
    script.at("04:30", "clock_goes", -2.0)


def _clock_forward(script: _Script) -> None:
    script.faults.append("the machine sleeps from 02:00 to 06:05")
    script.arrives("01:50")
    script.at("01:55", "sleep_until", 6, 5)


def _full_disk(script: _Script) -> None:
    script.faults.append("the disk is full until 04:40")
    script.at("02:40", "disk_is_full", ON)
    script.arrives()
    script.at("04:40", "disk_is_full", OFF)


def _database_restarted(script: _Script) -> None:
    script.faults.append("the database server is restarted at 03:00 and at 06:00")
    script.arrives()
    script.at("03:00", "database_restarts")
    script.at("06:00", "database_restarts")


def _database_down(script: _Script) -> None:
    script.faults.append("the database server is down from 05:55 to 06:12")
    script.arrives()
    script.at("05:55", "database_is_down", ON)
    script.at("06:12", "database_is_down", OFF)


def _broken_settings(script: _Script) -> None:
    script.faults.append("broken settings from 02:30 to 06:10")
    script.arrives()
    script.at("02:30", "settings_are_broken", ON)
    script.at("06:10", "settings_are_broken", OFF)


def _broken_model(script: _Script) -> None:
    script.faults.append("a model that does not run until 07:00")
    script.at("02:30", "model_is_broken", ON)
    script.arrives()
    script.at("07:00", "model_is_broken", OFF)
    script.arrives("07:05")


def _window(script: _Script) -> None:
    script.faults.append("an announced maintenance window from 02:30 to 06:45")
    script.at("02:30", "maintenance", 255)
    script.arrives()


def _two_processes(script: _Script) -> None:
    script.faults.append("two processes serve")
    script.at("00:01", "processes", 2)
    script.arrives()
    script.at("23:58", "processes", 1)


_KINDS: Sequence[Callable[[_Script], None]] = (
    _plain, _late, _missing, _duplicate, _torn, _half, _no_mail, _no_slack, _no_mail_no_slack,
    _one_refuses, *(_killed(point) for point in POINTS), _clock_back, _clock_forward, _full_disk,
    _database_restarted, _database_down, _broken_settings, _broken_model, _window, _two_processes,
    _plain,
)  # fmt: skip


def plan(first: date, days: int, seed: int) -> list[SimulatedDay]:
    """Give so many days: every kind of fault once in each thirty, in an order drawn by the seed."""
    random, planned = Random(seed), list[SimulatedDay]()  # noqa: S311 - a script, no secret
    order: list[Callable[[_Script], None]] = []
    for number in range(days):
        if not order:
            order = list(_KINDS)
            random.shuffle(order)
            # The first day has nothing behind it; it is a plain one.
            if number == 0:
                order.remove(_plain)
                order.append(_plain)
        script = _Script(first + timedelta(days=number), random)
        order.pop()(script)
        planned.append(
            SimulatedDay(
                script.day,
                tuple(script.faults),
                tuple(sorted(script.events, key=lambda each: each.at)),
            )
        )
    return planned
