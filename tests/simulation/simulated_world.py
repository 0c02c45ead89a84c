"""A factory whose days pass in seconds: a real database server, real mail, real kills."""

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Timer
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "chaos"))
sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from alert_world import TOKEN, Peers, answers, edit, settings_for
from chaos_world import use_database
from simulated_days import ON

from fintech_factory.book import BookPlan, generate
from fintech_factory.config.workspace import Workspace
from fintech_factory.errors import StateError
from fintech_factory.state.address import sqlite_url
from fintech_factory.state.store import State
from peers.faults import Answer, fault_server
from peers.smtp import PASSWORD, mail_server
from postgresql_server import PostgreSQL, installed, started

__all__ = ["World", "worlds"]

# The mail server says at every sign-in that a name of its own is old.
logging.getLogger("mail.log").setLevel(logging.ERROR)

_CHILD = Path(__file__).with_name("simulated_child.py")
_BOOK = {"loans": 40, "months": 4, "seed": 7, "entities": 2}
_MODEL = "sql/models/loan_snapshot.sql"
# Smaller than the file of a version, larger than what a settings file needs.
_FULL_BYTES = 60_000
# How soon what is due and could not be done is looked at again.
_AGAIN = timedelta(seconds=15)
_MOST_IDLE = 20
_BLIND = timedelta(minutes=1)
_NEVER = datetime.max.replace(tzinfo=UTC)
_WORK_DUE = (
    "SELECT min(due_at) FROM slot WHERE status = 'waiting'",
    "SELECT min(lease_until) FROM slot WHERE status = 'running'",
)
_SENDING_DUE = (
    "SELECT min(due_at) FROM outbox WHERE status = 'waiting'",
    "SELECT min(lease_until) FROM outbox WHERE status = 'leased'",
)


@dataclass
class Children:
    """Starts processes that do one thing each and may be killed at it."""

    process: "subprocess.Popen[str]"
    number: int

    def ask(self, said: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(said) + "\n")
        self.process.stdin.flush()

    def answer(self) -> int:
        assert self.process.stdout is not None
        return int(json.loads(self.process.stdout.readline())["code"])


@dataclass
class World:
    """One workspace, its peers and its clock."""

    root: Path
    url: str
    peers: Peers
    children: list[Children]
    server: PostgreSQL | None
    now: datetime
    books: Path
    active: int = 1
    done: list[dict[str, Any]] = field(default_factory=list)
    kills: int = 0
    pumps: int = 0
    _kill: tuple[str, int] = ("", 0)
    _full: int = 0
    _idle: int = 0
    _ticks: bool = True
    _is_down: bool = False
    _works_again: bool = False
    _restarts: bool = False
    _sleeps_until: datetime | None = None
    _half: tuple[Path, Path] | None = None

    # ---- time ----------------------------------------------------------------------------------

    def pump(self, *, works: bool = True, ticks: bool = True) -> None:
        """Do what a serving process does at this moment.

        It looks at what is to be done with `works`, and wherever something falls due; at what the
        clock asks of alerts with `ticks`.
        """
        self._ticks = ticks
        if self._sleeps_until is not None and self.now < self._sleeps_until:
            return
        works = works or self._works_again or self._sleeps_until is not None or self._is_work_due()
        self._sleeps_until = None
        for what in ("work", "round") if works else ("round",):
            while self._act(what):
                # Whoever was killed is started again at once, a second later.
                self.now += timedelta(seconds=1)

    def next_due(self) -> datetime:
        """Say when something is due next, as the database has it."""
        if self._sleeps_until is not None:
            return self._sleeps_until
        soonest = self._due([*_WORK_DUE, *_SENDING_DUE])
        if soonest is None or self._works_again:
            return self.now + _BLIND
        if soonest > self.now:
            self._idle = 0
            return soonest
        # It is due and cannot be done: it is looked at ever more seldom, as nothing comes of it.
        self._idle = min(self._idle + 1, _MOST_IDLE)
        return self.now + _AGAIN * self._idle

    def _is_work_due(self) -> bool:
        due = self._due(_WORK_DUE)
        return due is None or due <= self.now

    def _due(self, questions: Sequence[str]) -> datetime | None:
        """Give when the database has something due; None while it does not answer."""
        state = State(self.url)
        try:
            found = [_NEVER]
            with state.rows() as rows:
                for sql in questions:
                    ((at,),) = rows.query(sql, [])
                    if at is not None:
                        found.append(_moment(at))
        except StateError:
            return None
        finally:
            state.close()
        return min(found)

    def command(self, *arguments: str) -> None:
        """Run `factory …` at this moment."""
        child = self.children[0]
        child.ask(self._asked("command", child) | {"arguments": list(arguments)})
        assert child.answer() == 0, (self.root / "log.txt").read_text()[-2000:]

    def _act(self, what: str) -> bool:
        """Do one thing in each serving process at once; say whether one was killed at it."""
        working = self.children[: self.active]
        for child in working:
            child.ask(self._asked(what, child))
        if self._restarts and what == "work":
            self._restarts = False
            self._restart_soon()
        codes = [child.answer() for child in working]
        for child in working:
            self._collect(child)
        if what == "work":
            # Whoever could not even look looks again soon, whatever is known to be due.
            self._works_again = any(codes)
        killed = codes.count(-9)
        self.kills += killed
        point, left = self._kill
        self._kill = (point, left - killed) if left > killed else ("", 0)
        return killed > 0

    def _asked(self, what: str, child: Children) -> dict[str, Any]:
        return {
            "root": str(self.root),
            "at": self.now.isoformat(),
            "do": what,
            "point": self._kill[0],
            "full": self._full,
            "ticks": self._ticks,
            "log": str(self.root / "log.txt"),
            "out": str(self._out(child)),
        }

    def _out(self, child: Children) -> Path:
        return self.root.parent / f"out-{child.number}.json"

    def _collect(self, child: Children) -> None:
        path = self._out(child)
        if path.exists():
            found = json.loads(path.read_text(encoding="utf-8"))
            self.done += [{"at": self.now, **each} for each in found if isinstance(each, dict)]
            path.unlink()

    # ---- what befalls it -----------------------------------------------------------------------

    def arrive(self, shape: str) -> None:
        """Let the export of yesterday arrive: whole, torn (for good), or half for now."""
        export = self._export(self.now.date() - timedelta(days=1))
        inbox = self.root / "inbox"
        names = (f"{self.now:%m%d-%H%M}-{number}" for number in range(9))
        target = next(inbox / each for each in names if not (inbox / each).exists())
        shutil.copytree(export, target)
        if shape in {"torn", "half"}:
            loans = target / "loans.csv"
            loans.write_bytes(loans.read_bytes()[: loans.stat().st_size // 2])
            (target / "payments.csv").unlink(missing_ok=True)
            self._half = (target, export)
        self._settle(target)

    def finish_writing(self) -> None:
        """Write the rest of what was half written."""
        assert self._half is not None
        target, export = self._half
        if target.exists():
            shutil.copytree(export, target, dirs_exist_ok=True)
            self._settle(target)

    def _settle(self, folder: Path) -> None:
        """Let files bear the simulated time: nobody has written to them for a while."""
        at = (self.now - timedelta(seconds=30)).timestamp()
        for path in [*folder.rglob("*"), folder]:
            os.utime(path, (at, at))

    def _export(self, day: date) -> Path:
        folder = self.books / f"{day}"
        if not folder.exists():
            generate(BookPlan(until=day, **_BOOK), folder)  # type: ignore[arg-type]
        return folder

    def mail_is_down(self, held: str) -> None:
        self.peers.mail.answers.pop("MAIL", None)
        if held == ON:
            self.peers.mail.answers["MAIL"] = "421 down for now"

    def mailbox_is_refused(self, address: str, held: str) -> None:
        self.peers.mail.answers.pop(address, None)
        if held == ON:
            self.peers.mail.answers[address] = "550 no such mailbox"

    def slack_is_down(self, held: str) -> None:
        down: Callable[[object], Answer] = lambda _: Answer(status=503)  # noqa: E731
        self.peers.slack.otherwise = down if held == ON else answers

    def kill_at(self, point: str, times: int) -> None:
        self._kill = (point, times)

    def clock_goes(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    def sleep_until(self, hours: int, minutes: int) -> None:
        self._sleeps_until = self.now.replace(hour=hours, minute=minutes, second=0)

    def disk_is_full(self, held: str) -> None:
        self._full = _FULL_BYTES if held == ON else 0

    def database_restarts(self) -> None:
        self._restarts = True

    def _restart_soon(self) -> None:
        """Restart the server while a process is in the middle of its work."""
        if self.server is None:
            return
        self.server.stop()
        Timer(0.5, self.server.start).run()

    def database_is_down(self, held: str) -> None:
        if self.server is not None and (held == ON) != self._is_down:
            (self.server.stop if held == ON else self.server.start)()
            self._is_down = held == ON

    def settings_are_broken(self, held: str) -> None:
        path = self.root / "config" / "alerts.yaml"
        text = path.read_text(encoding="utf-8").replace("\nnonsense: 1\n", "\n")
        path.write_text(text + "\nnonsense: 1\n" if held == ON else text, encoding="utf-8")

    def model_is_broken(self, held: str) -> None:
        good, bad = "\n  dpd,\n", "\n  dpd + no_such_column AS dpd,\n"
        edit(self.root / _MODEL, (good, bad) if held == ON else (bad, good))

    def maintenance(self, minutes: int) -> None:
        at = self.now
        spans = ("--from", f"{at:%Y-%m-%dT%H:%MZ}")
        ends = ("--to", f"{at + timedelta(minutes=minutes):%Y-%m-%dT%H:%MZ}")
        why = ("--override-reason", "simulated", "--by", "ana")
        self.command("alerts", "window", "repairs", *spans, *ends, *why)

    def processes(self, count: int) -> None:
        self.active = count


def _moment(at: object) -> datetime:
    found = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return found.astimezone(UTC)


@contextmanager
def worlds(folder: Path, begins: datetime, books: Path) -> Iterator[World]:
    """Make a world: PostgreSQL where it is installed, SQLite otherwise; two processes can serve."""
    from fintech_factory.app import config_models
    from fintech_factory.config import initialise

    with ExitStack() as stack:
        root = initialise(folder / "lender", config_models()).workspace.root
        (folder / "peers").mkdir()
        mail = stack.enter_context(mail_server(folder / "peers"))
        slack, hook = (stack.enter_context(fault_server()) for _ in range(2))
        slack.otherwise = answers
        peers = Peers(mail, slack, hook)
        settings_for(root, peers)
        os.environ |= {"SLACK_BOT_TOKEN": TOKEN, "SMTP_PASSWORD": PASSWORD}
        os.environ["HOOK_SECRET"] = "hook-secret-0123456789abcdef"  # noqa: S105 - made up
        server, url = None, sqlite_url(Workspace(root).state / "factory.db")
        programs = installed()
        if programs is not None:
            server = stack.enter_context(started(programs, durable=True))
            url = server.create("simulated")
            use_database(root, url)
        children = []
        for number in range(2):
            command = [sys.executable, str(_CHILD)]
            pipe = subprocess.PIPE
            process = stack.enter_context(
                subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
            )
            assert process.stdout is not None
            assert json.loads(process.stdout.readline()) == {"ready": True}
            stack.callback(process.kill)
            children.append(Children(process, number))
        state = State(url)
        state.ready()
        state.close()
        yield World(root, url, peers, children, server, begins, books)
