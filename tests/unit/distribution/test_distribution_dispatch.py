"""What is written into the outbox is sent, in its order, and what became of it is written down."""

from datetime import timedelta

import pytest
from distribution_desk import NOON, Desk, ScriptedChannel, post

from fintech_factory.distribution import outbox
from fintech_factory.distribution.channel import Delivery, Outcome, Word
from fintech_factory.distribution.dispatch import Dispatcher
from fintech_factory.distribution.outbox import Lease, Leased, replay
from fintech_factory.distribution.pace import Pace, Paces
from fintech_factory.distribution.retry import Policy, Standing
from fintech_factory.values import Severity

LATER = Outcome(Word.DEFERRED, reason="503")
NEVER = Outcome(Word.REFUSED, reason="no such channel")
PERHAPS = Outcome(Word.UNKNOWN, reason="timed out after the request went out")


def test_a_message_is_sent_once_and_its_receipt_kept(desk: Desk) -> None:
    desk.put(post())
    tally = desk.dispatcher.drain()
    desk.dispatcher.drain()
    assert (tally.delivered, len(desk.channel.given)) == (1, 1)
    (row,) = desk.rows()
    assert (row["status"], row["provider_id"], row["attempts"]) == ("delivered", "id-1", 1)
    (attempt,) = desk.rows("attempt")
    assert (attempt["word"], attempt["number"]) == ("accepted", 1)


def test_the_same_cause_is_told_once(desk: Desk) -> None:
    desk.put(post(), post())
    desk.put(post())
    desk.dispatcher.drain()
    assert len(desk.channel.given) == 1


def test_another_address_is_told_as_well(desk: Desk) -> None:
    desk.put(post(), post(address="#ops"))
    desk.dispatcher.drain()
    assert {each.address for each in desk.channel.given} == {"#risk", "#ops"}


def test_a_deferred_message_waits_twice_as_long_each_time(desk: Desk) -> None:
    desk.channel.script = [LATER, LATER, LATER]
    desk.put(post())
    began = desk.clock.now()
    desk.dispatcher.work(began + timedelta(minutes=1), desk.clock.sleep)
    assert desk.statuses() == ["delivered"]
    assert desk.clock.now() - began == timedelta(seconds=2 + 4 + 8)
    assert [each.attempt for each in desk.channel.given] == [1, 2, 3, 4]
    assert {each.key for each in desk.channel.given} == {post().key}


def test_what_the_provider_asks_for_is_granted(desk: Desk) -> None:
    desk.channel.script = [Outcome(Word.DEFERRED, reason="429", retry_after_s=30)]
    desk.put(post())
    desk.dispatcher.drain()
    desk.clock.sleep(29)
    desk.dispatcher.drain()
    assert len(desk.channel.given) == 1
    desk.clock.sleep(1)
    desk.dispatcher.drain()
    assert len(desk.channel.given) == 2


def test_a_destination_that_asked_for_a_pause_gets_nothing_else_meanwhile(desk: Desk) -> None:
    desk.channel.script = [Outcome(Word.DEFERRED, reason="429", retry_after_s=30)]
    desk.put(post("first"))
    desk.dispatcher.drain()
    desk.put(post("second", thread="alert/2"))
    desk.clock.sleep(10)
    desk.dispatcher.drain()
    assert len(desk.channel.given) == 1
    desk.clock.sleep(20)
    desk.dispatcher.drain()
    assert len(desk.channel.given) == 3


def test_a_warning_is_given_up_after_six_hours_and_says_so(desk: Desk) -> None:
    desk.channel.script = [LATER] * 1000
    desk.put(post())
    began = desk.clock.now()
    desk.dispatcher.work(began + timedelta(hours=12), desk.clock.sleep)
    (row,) = desk.rows()
    assert row["status"] == "dead"
    assert "not accepted by its deadline" in str(row["reason"])
    assert "503" in str(row["reason"])
    assert timedelta(hours=5, minutes=54) < desk.clock.now() - began <= timedelta(hours=6)


def test_a_critical_message_is_given_up_after_half_an_hour(desk: Desk) -> None:
    desk.channel.script = [LATER] * 1000
    desk.put(post(severity=Severity.CRITICAL))
    began = desk.clock.now()
    desk.dispatcher.work(began + timedelta(hours=1), desk.clock.sleep)
    assert desk.statuses() == ["dead"]
    assert desk.clock.now() - began <= timedelta(minutes=30)


def test_a_refused_message_is_dead_at_once(desk: Desk) -> None:
    desk.channel.script = [NEVER]
    desk.put(post())
    tally = desk.dispatcher.drain()
    assert (tally.dead, tally.failed, desk.statuses()) == (1, 1, ["dead"])
    assert tally.next_due is None


def test_a_warning_that_may_have_arrived_is_not_sent_again(desk: Desk) -> None:
    desk.channel.script = [PERHAPS]
    desk.put(post())
    desk.dispatcher.work(desk.clock.now() + timedelta(hours=7), desk.clock.sleep)
    assert (desk.statuses(), len(desk.channel.given)) == (["unknown"], 1)


def test_a_critical_message_that_may_have_arrived_is_sent_once_more_and_says_so(desk: Desk) -> None:
    desk.channel.script = [PERHAPS, PERHAPS]
    desk.put(post(severity=Severity.CRITICAL))
    desk.dispatcher.work(desk.clock.now() + timedelta(hours=1), desk.clock.sleep)
    assert [each.may_repeat for each in desk.channel.given] == [False, True]
    assert desk.statuses() == ["unknown"]


def test_what_is_critical_goes_first(desk: Desk) -> None:
    desk.dispatcher.at_once = 1
    desk.put(
        post("w", thread="w"),
        post("i", thread="i", severity=Severity.INFO),
        post("c", thread="c", severity=Severity.CRITICAL),
    )
    desk.dispatcher.drain()
    assert [each.message.subject.en for each in desk.channel.given] == ["c", "w", "i"]


def test_a_thread_keeps_its_order_though_its_first_message_waits(desk: Desk) -> None:
    desk.channel.script = [LATER]
    desk.put(post("fired"), post("resolved", severity=Severity.CRITICAL))
    desk.dispatcher.drain()
    assert [each.message.subject.en for each in desk.channel.given] == ["fired"]
    tally = desk.dispatcher.work(desk.clock.now() + timedelta(minutes=1), desk.clock.sleep)
    assert [each.message.subject.en for each in desk.channel.given] == [
        "fired",
        "fired",
        "resolved",
    ]
    assert tally.next_due is None


def test_later_messages_of_a_thread_know_what_the_provider_called_the_first(desk: Desk) -> None:
    desk.put(post("fired"))
    desk.dispatcher.drain()
    desk.put(post("raised"))
    desk.dispatcher.drain()
    desk.put(post("resolved"))
    desk.dispatcher.drain()
    assert [each.thread_id for each in desk.channel.given] == ["", "id-1", "id-1"]


def test_a_lease_that_ran_out_is_taken_over_and_marked(desk: Desk) -> None:
    desk.put(post())
    with desk.state.transaction() as connection:
        lease = Lease("gone", timedelta(minutes=2), 5)
        leased = outbox.claim(connection, lease, desk.clock.now())
        outbox.begin(connection, leased, desk.clock.now())
    assert desk.dispatcher.drain().delivered == 0
    desk.clock.sleep(121)
    assert desk.dispatcher.drain().delivered == 1
    assert desk.channel.given[0].may_repeat
    assert [row["word"] for row in desk.rows("attempt")] == ["unknown", "accepted"]


def test_of_leases_that_ran_out_one_after_the_other_none_leaves_its_attempt_open(
    desk: Desk,
) -> None:
    desk.put(post())
    for _ in range(2):
        with desk.state.transaction() as connection:
            lease = Lease("gone", timedelta(minutes=2), 5)
            at = desk.clock.now()
            assert len(outbox.begin(connection, outbox.claim(connection, lease, at), at)) == 1
        desk.clock.sleep(121)
    assert desk.dispatcher.drain().delivered == 1
    assert [row["word"] for row in desk.rows("attempt")] == ["unknown", "unknown", "accepted"]


def test_a_lease_that_ran_out_before_its_attempt_began_is_no_repeat(desk: Desk) -> None:
    desk.put(post())
    with desk.state.transaction() as connection:
        outbox.claim(connection, Lease("gone", timedelta(minutes=2), 5), desk.clock.now())
    desk.clock.sleep(121)
    desk.dispatcher.drain()
    assert [each.may_repeat for each in desk.channel.given] == [False]


def test_whoever_lost_the_lease_cannot_write_an_outcome(desk: Desk) -> None:
    desk.put(post())
    at = desk.clock.now()
    with desk.state.transaction() as connection:
        (stale,) = outbox.begin(
            connection, outbox.claim(connection, Lease("a", timedelta(0), 5), at), at
        )
    desk.clock.sleep(1)
    with desk.state.transaction() as connection:
        outbox.claim(connection, Lease("b", timedelta(minutes=2), 5), desk.clock.now())
    done = desk.dispatcher._finish([(stale, Outcome(Word.REFUSED, reason="late"))])
    assert done == []
    assert desk.statuses() == ["leased"]


def test_a_channel_that_breaks_stops_nobody_else(desk: Desk) -> None:
    class Broken(ScriptedChannel):
        def send(self, delivery: Delivery) -> Outcome:  # noqa: ARG002 - it never looks
            raise RuntimeError("a plug-in's own fault with a secret in it")

    desk.dispatcher.channels = {"slack": desk.channel, "sms": Broken()}
    desk.put(post(channel="sms", address="+50255550100"), post())
    tally = desk.dispatcher.drain()
    assert (tally.delivered, tally.unknown) == (1, 1)
    reason = next(row["reason"] for row in desk.rows() if row["channel"] == "sms")
    assert reason == "the channel itself failed: RuntimeError"


def test_a_channel_that_was_switched_off_is_a_dead_letter_that_says_so(desk: Desk) -> None:
    desk.put(post(channel="sms", address="+50255550100"))
    desk.dispatcher.drain()
    assert desk.statuses() == ["dead"]
    assert "sms is not enabled" in str(desk.rows()[0]["reason"])


def test_a_message_past_its_deadline_is_never_sent(desk: Desk) -> None:
    desk.put(post(severity=Severity.CRITICAL))
    desk.clock.sleep(30 * 60 + 1)
    desk.dispatcher.drain()
    assert (desk.channel.given, desk.statuses()) == ([], ["dead"])


def test_a_message_at_its_very_deadline_is_sent(desk: Desk) -> None:
    desk.put(post(severity=Severity.CRITICAL))
    desk.clock.sleep(30 * 60)
    desk.dispatcher.drain()
    assert desk.statuses() == ["delivered"]


def test_a_destination_is_not_hurried(desk: Desk) -> None:
    desk.dispatcher.paces = Paces({"slack": Pace(burst=2, per_second=1)})
    desk.put(*(post(f"m{n}", thread=f"t{n}") for n in range(5)))
    assert desk.dispatcher.drain().delivered == 2
    began = desk.clock.now()
    desk.dispatcher.work(began + timedelta(minutes=1), desk.clock.sleep)
    assert len(desk.channel.given) == 5
    assert timedelta(seconds=3) <= desk.clock.now() - began < timedelta(seconds=4)
    assert all(row["attempts"] == 1 for row in desk.rows())


def test_a_slow_channel_leaves_hands_to_the_others(desk: Desk) -> None:
    from threading import Event

    released = Event()

    class Slow(ScriptedChannel):
        def send(self, delivery: Delivery) -> Outcome:
            assert released.wait(10)
            return super().send(delivery)

    class Quick(ScriptedChannel):
        def send(self, delivery: Delivery) -> Outcome:
            released.set()
            return super().send(delivery)

    desk.dispatcher = Dispatcher(
        desk.state, {"email": Slow(), "slack": Quick()}, desk.clock, at_once=4
    )
    slow = [post(f"e{n}", channel="email", address=f"{n}@f.test", thread=f"e{n}") for n in range(9)]
    desk.put(*slow, post("s", thread="s"))
    assert desk.dispatcher.drain().delivered == 10


def test_a_sender_takes_nothing_over_from_itself_however_slow_a_provider_is(desk: Desk) -> None:
    """The first answers after its lease has run out; the second makes the sender look again."""
    from threading import Event

    other_is_sent, is_over = Event(), Event()

    class Slow(ScriptedChannel):
        def send(self, delivery: Delivery) -> Outcome:
            if not self.given:
                assert other_is_sent.wait(10)
                desk.clock.sleep(121)
                is_over.set()
            return super().send(delivery)

    class Quick(ScriptedChannel):
        def send(self, delivery: Delivery) -> Outcome:
            other_is_sent.set()
            assert is_over.wait(10)
            return super().send(delivery)

    slow, quick = Slow(), Quick()
    desk.dispatcher = Dispatcher(desk.state, {"email": quick, "slack": slow}, desk.clock, at_once=2)
    desk.put(*(post(f"m{n}", thread=f"t{n}") for n in range(4)))
    desk.put(post("e", channel="email", address="e@f.test", thread="e"))
    assert desk.dispatcher.drain().delivered == 5
    assert (len(slow.given), len(quick.given)) == (4, 1)
    assert not any(each.may_repeat for each in slow.given)


def test_a_sender_that_stood_still_past_its_lease_sends_nothing(desk: Desk) -> None:
    """Frozen between the attempt's beginning and the sending; meanwhile another one sent it."""
    desk.put(post())
    at = desk.clock.now()
    with desk.state.transaction() as connection:
        lease = Lease("frozen", timedelta(minutes=2), 5)
        (stale,) = outbox.begin(connection, outbox.claim(connection, lease, at), at)
    desk.clock.sleep(121)
    assert desk.dispatcher.drain().delivered == 1
    outcome = desk.dispatcher._send(stale)
    assert (outcome.word, outcome.reason) == (Word.DEFERRED, "its lease ended before it was sent")
    assert desk.dispatcher._finish([(stale, outcome)]) == []
    assert [each.may_repeat for each in desk.channel.given] == [True]
    assert desk.statuses() == ["delivered"]


def test_a_lease_holds_to_its_last_moment(desk: Desk) -> None:
    desk.put(post())
    at = desk.clock.now()
    with desk.state.transaction() as connection:
        lease = Lease("late", timedelta(minutes=2), 5)
        (held,) = outbox.begin(connection, outbox.claim(connection, lease, at), at)
    desk.clock.sleep(120)
    assert desk.dispatcher._send(held).word is Word.ACCEPTED


def test_a_dead_letter_is_replayed_with_a_deadline_of_its_own(desk: Desk) -> None:
    desk.channel.script = [NEVER]
    desk.put(post())
    desk.dispatcher.drain()
    desk.clock.sleep(7 * 3600)
    with desk.state.transaction() as connection:
        assert len(replay(connection, [post().key], desk.clock.now(), Policy())) == 1
        assert replay(connection, [post().key], desk.clock.now(), Policy()) == []
    assert desk.dispatcher.drain().delivered == 1
    assert [each.may_repeat for each in desk.channel.given] == [False, False]


def test_the_replay_of_one_that_may_have_arrived_says_so(desk: Desk) -> None:
    desk.channel.script = [PERHAPS]
    desk.put(post())
    desk.dispatcher.drain()
    with desk.state.transaction() as connection:
        replay(connection, [post().key], desk.clock.now(), Policy())
    desk.dispatcher.drain()
    assert [each.may_repeat for each in desk.channel.given] == [False, True]


def test_what_follows_from_an_outcome_is_written_with_it_or_not_at_all(desk: Desk) -> None:
    def fails(*_: object) -> None:
        raise OSError("the disk is full")

    desk.dispatcher.note = fails
    desk.put(post())
    with pytest.raises(OSError, match="disk is full"):
        desk.dispatcher.drain()
    assert desk.statuses() == ["leased"]


def taken_over(desk: Desk, *, begun: bool = True) -> tuple[Leased, list[Leased]]:
    """Give a message's sender that lost its lease, and the one that has it now."""
    desk.put(post())
    with desk.state.transaction() as connection:
        lease = Lease("frozen", timedelta(minutes=2), 5)
        at = desk.clock.now()
        (stale,) = outbox.begin(connection, outbox.claim(connection, lease, at), at)
    desk.clock.sleep(121)
    with desk.state.transaction() as connection:
        lease = Lease("other", timedelta(minutes=2), 5)
        own = outbox.claim(connection, lease, desk.clock.now())
        return stale, outbox.begin(connection, own, desk.clock.now()) if begun else own


def by_number(desk: Desk) -> list[dict[str, object]]:
    return sorted(desk.rows("attempt"), key=lambda row: str(row["number"]))


ARRIVED = Outcome(Word.ACCEPTED, provider_id="late")


def test_what_is_known_to_have_arrived_is_not_sent_again_by_whoever_took_it_over(
    desk: Desk,
) -> None:
    """The first sender thaws after the other one has taken its message, and before it sends."""
    stale, own = taken_over(desk, begun=False)
    (done,) = desk.dispatcher._finish([(stale, ARRIVED)])
    assert (done.then.standing, done.then.may_repeat) == (Standing.DELIVERED, True)
    with desk.state.transaction() as connection:
        assert outbox.begin(connection, own, desk.clock.now()) == []
        outbox.postpone(connection, own[0], desk.clock.now())
    desk.clock.sleep(121)
    desk.dispatcher.drain()
    assert desk.channel.given == []
    (row,) = desk.rows()
    assert (row["status"], row["provider_id"], row["finished_at"]) == (
        "delivered",
        "late",
        NOON + timedelta(seconds=121),
    )
    assert [each["word"] for each in desk.rows("attempt")] == ["accepted"]


@pytest.mark.parametrize("outcome", [LATER, NEVER, PERHAPS])
def test_what_is_known_to_have_arrived_stays_so_whatever_the_other_sender_meets(
    desk: Desk, outcome: Outcome
) -> None:
    stale, own = taken_over(desk)
    assert len(desk.dispatcher._finish([(stale, ARRIVED)])) == 1
    assert desk.dispatcher._finish([(own[0], outcome)]) == []
    (row,) = desk.rows()
    assert (row["status"], row["provider_id"]) == ("delivered", "late")
    # Each attempt says what truly became of it.
    assert [each["word"] for each in by_number(desk)] == ["accepted", outcome.word.value]


@pytest.mark.parametrize("outcome", [LATER, NEVER, PERHAPS])
def test_a_late_receipt_ends_what_the_other_sender_could_not_deliver(
    desk: Desk, outcome: Outcome
) -> None:
    """Else it is sent once more, or stands as a dead letter that somebody replays."""
    stale, own = taken_over(desk)
    desk.dispatcher._finish([(own[0], outcome)])
    (done,) = desk.dispatcher._finish([(stale, ARRIVED)])
    assert done.then.standing is Standing.DELIVERED
    (row,) = desk.rows()
    assert (row["status"], row["provider_id"], row["reason"]) == ("delivered", "late", "")
    desk.clock.sleep(3600)
    desk.dispatcher.drain()
    assert desk.channel.given == []


def test_of_two_receipts_the_first_that_was_written_stands(desk: Desk) -> None:
    stale, own = taken_over(desk)
    assert len(desk.dispatcher._finish([(own[0], Outcome(Word.ACCEPTED, "its own"))])) == 1
    assert desk.dispatcher._finish([(stale, ARRIVED)]) == []
    (row,) = desk.rows()
    assert (row["status"], row["provider_id"], row["may_repeat"]) == ("delivered", "its own", True)
    assert [each["provider_id"] for each in by_number(desk)] == ["late", "its own"]


def test_a_late_receipt_leaves_no_attempt_without_an_outcome(desk: Desk) -> None:
    """The one that took it over stopped for good after it had begun."""
    stale, own = taken_over(desk)
    desk.dispatcher._finish([(stale, ARRIVED)])
    assert [each["word"] for each in by_number(desk)] == ["accepted", "unknown"]
    # It was alive after all.
    desk.dispatcher._finish([(own[0], Outcome(Word.ACCEPTED, "its own"))])
    assert [each["word"] for each in by_number(desk)] == ["accepted", "accepted"]
