"""Sends what the outbox holds: lease, begin, send, write down."""

import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from fintech_factory.clock import Clock
from fintech_factory.distribution import outbox
from fintech_factory.distribution.channel import Channel, Outcome, Word
from fintech_factory.distribution.delivery_lines import bound_to, say_done
from fintech_factory.distribution.outbox import Lease, Leased
from fintech_factory.distribution.pace import Paces
from fintech_factory.distribution.retry import Next, Policy, Standing, next_of
from fintech_factory.errors import StateError
from fintech_factory.faults import reach
from fintech_factory.state.store import State

__all__ = ["NOT_SENT", "Dispatcher", "Done", "Tally"]

log = logging.getLogger(__name__)

_DICE = secrets.SystemRandom()
NOT_SENT = "its lease ended before it was sent"
"""Why a sender that stood still for too long sent nothing: another one may have it by now."""
# A server that is started anew is back in a second or two; longer waits keep a busy one in peace.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0


@dataclass(frozen=True, slots=True)
class Done:
    """One attempt with what came of it."""

    leased: Leased
    outcome: Outcome
    then: Next


@dataclass(slots=True)
class Tally:
    """What a round of sending came to."""

    delivered: int = 0
    waiting: int = 0
    dead: int = 0
    unknown: int = 0
    next_due: datetime | None = None

    @property
    def failed(self) -> int:
        """How many will not be sent again by themselves, and are not known to have arrived."""
        return self.dead + self.unknown

    def then(self, later: "Tally") -> "Tally":
        """Add a later round; what waited before was tried again in it."""
        return Tally(
            delivered=self.delivered + later.delivered,
            waiting=later.waiting,
            dead=self.dead + later.dead,
            unknown=self.unknown + later.unknown,
            next_due=later.next_due,
        )

    def count(self, standing: Standing) -> None:
        """Count one outcome."""
        match standing:
            case Standing.DELIVERED:
                self.delivered += 1
            case Standing.DEAD:
                self.dead += 1
            case Standing.UNKNOWN:
                self.unknown += 1
            case _:
                self.waiting += 1


def _nothing_more(_connection: Connection, _done: Sequence[Done], _at: datetime) -> None:
    return None


def _nobody_waits() -> None:
    return None


@dataclass(slots=True)
class Dispatcher:
    """Sends for one state database. Several may work at once: what one has leased is its own.

    `note` is called in the transaction that writes outcomes down: what follows from them (the
    audit entry, word of a dead letter) is kept together with them; `kept` is called once that
    transaction is committed. `lease` is how long what a sender took stays its own: what one left
    behind when it stopped is sent again after it. While the database takes nothing a sender holds
    on to what it knows for as long, and tries again; `pause` waits for some seconds.
    """

    state: State
    channels: Mapping[str, Channel]
    clock: Clock
    policy: Policy = field(default_factory=Policy)
    paces: Paces = field(default_factory=Paces)
    note: Callable[[Connection, Sequence[Done], datetime], None] = _nothing_more
    kept: Callable[[], None] = _nobody_waits
    pause: Callable[[float], None] = time.sleep
    draw: Callable[[], float] = _DICE.random
    at_once: int = 16
    lease: timedelta = timedelta(minutes=2)
    owner: str = field(default_factory=lambda: secrets.token_hex(8))

    def drain(self) -> Tally:
        """Send all that is due now; the tally says from when the rest is due.

        Raises:
            StateError: the database takes nothing. What was sent by then and could not be written
                down within its lease is sent again after it, and says that it may be a repeat.
        """
        tally = Tally()
        with ThreadPoolExecutor(max_workers=self.at_once) as pool:
            sent: dict[Future[Outcome], Leased] = {}
            try:
                while self._start(pool, sent) or sent:
                    self._record(sent, tally)
            finally:
                # Whatever ends the round: nobody else will ever know what these are answered.
                while sent:
                    self._record(sent, tally)
        with self.state.reading() as connection:
            tally.next_due = outbox.next_due(connection)
        return tally

    def work(self, until: datetime, sleep: Callable[[float], None]) -> Tally:
        """Send all that becomes due up to a moment; come back as soon as nothing more will be."""
        whole = self.drain()
        while whole.next_due is not None and whole.next_due <= until:
            sleep(max((whole.next_due - self.clock.now()).total_seconds(), 0.01))
            whole = whole.then(self.drain())
        return whole

    def _record(self, sent: dict[Future[Outcome], Leased], tally: Tally) -> None:
        """Wait until something is answered, and write it down."""
        # Whoever is quick does not wait for whoever is slow.
        ended, _ = wait(sent, return_when=FIRST_COMPLETED)
        reach("delivery.sent")
        finished = self._finish([(sent.pop(each), each.result()) for each in ended])
        for done in finished:
            tally.count(done.then.standing)
        say_done(finished)
        reach("delivery.recorded")

    def _start(self, pool: ThreadPoolExecutor, sent: dict[Future[Outcome], Leased]) -> int:
        """Start what is due, as far as there are hands; no channel takes more than half of them."""
        started = 0
        while free := self.at_once - len(sent):
            held = Counter(each.channel for each in sent.values())
            share = max(self.at_once // 2, 1)
            busy = frozenset(name for name, count in held.items() if count >= share)
            working_on = frozenset(each.sequence for each in sent.values())
            lease = Lease(self.owner, self.lease, min(free, share), busy, working_on)
            leased = self._claim(lease)
            if not leased:
                break
            reach("delivery.leased")
            for each in self._begin(self._paced(leased)):
                sent[pool.submit(self._send_bound, each)] = each
                started += 1
            reach("delivery.begun")
        return started

    def _claim(self, lease: Lease) -> list[Leased]:
        with self.state.transaction() as connection:
            return outbox.claim(connection, lease, self.clock.now())

    def _paced(self, leased: Sequence[Leased]) -> list[Leased]:
        """Keep what may go now; the rest is given back until its destination is ready."""
        at, ready = self.clock.now(), []
        late: list[tuple[Leased, datetime]] = []
        for each in leased:
            until = self.paces.take(each.channel, each.delivery.address, at)
            if until is None:
                ready.append(each)
            else:
                late.append((each, until))
        if late:
            with self.state.transaction() as connection:
                for each, until in late:
                    outbox.postpone(connection, each, until)
        return ready

    def _begin(self, leased: Sequence[Leased]) -> list[Leased]:
        if not leased:
            return []
        with self.state.transaction() as connection:
            return outbox.begin(connection, leased, self.clock.now())

    def _send_bound(self, leased: Leased) -> Outcome:
        with bound_to(leased):
            return self._send(leased)

    def _send(self, leased: Leased) -> Outcome:
        if self.clock.now() > leased.tried.deadline:
            return Outcome(Word.REFUSED, reason="its deadline has passed; nobody was told by it")
        if self.clock.now() > leased.until:
            # It stood still for longer than its lease (a suspended machine): another sender may
            # have it by now, and what is sent here would not say that it is a repeat.
            return Outcome(Word.DEFERRED, reason=NOT_SENT)
        channel = self.channels.get(leased.channel)
        if channel is None:
            reason = f"the channel {leased.channel} is not enabled any more"
            return Outcome(Word.REFUSED, reason=reason)
        try:
            outcome = channel.send(leased.delivery)
        except Exception as error:
            # The step boundary of a delivery: a plug-in's own fault must not stop the others.
            log.exception("channel failed", extra={"channel": leased.channel})
            return Outcome(
                Word.UNKNOWN, reason=f"the channel itself failed: {type(error).__name__}"
            )
        reach("delivery.answered")
        return outcome

    def _finish(self, ended: Sequence[tuple[Leased, Outcome]]) -> list[Done]:
        """Write down what became of attempts, however often it takes within their lease.

        An answer that is given up is lost: the message is sent again, and may be a repeat.
        """
        at, pause_s = self.clock.now(), _FIRST_PAUSE_S
        until = max(leased.until for leased, _ in ended)
        for leased, outcome in ended:
            self._slow_down(leased, outcome, at)
        done: list[Done] = []
        while True:
            try:
                with self.state.transaction() as connection:
                    # Where the server broke off while it committed, it may have kept all of it.
                    if not done or not outbox.is_finished(connection, ended[0][0], at):
                        done = self._write(connection, ended, at)
            except StateError as failure:
                if self.clock.now() + timedelta(seconds=pause_s) > until:
                    log.exception("outcomes lost", extra={"count": len(ended)})
                    raise
                if pause_s == _FIRST_PAUSE_S:
                    log.warning("outcomes not written down yet: %s", failure.what)
            else:
                self.kept()
                return done
            self.pause(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _write(
        self, connection: Connection, ended: Sequence[tuple[Leased, Outcome]], at: datetime
    ) -> list[Done]:
        done = []
        for leased, outcome in ended:
            wanted = next_of(leased.tried, outcome, at, self.policy, self.draw)
            then = outbox.finish(connection, leased, outcome, wanted, at)
            if then is not None:
                done.append(Done(leased, outcome, then))
        self.note(connection, done, at)
        reach("delivery.in_transaction")
        return done

    def _slow_down(self, leased: Leased, outcome: Outcome, at: datetime) -> None:
        if outcome.word is Word.DEFERRED and outcome.retry_after_s:
            until = at + timedelta(seconds=outcome.retry_after_s)
            self.paces.close(leased.channel, leased.delivery.address, until)
