"""What every channel must do, whatever its provider does: one attempt, one honest outcome."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from stages import NOW, Stage, knows, open_stage

from fintech_factory.distribution.channel import Outcome, Word
from fintech_factory.message import Language, Text
from fintech_factory.registry import Shelf
from peers.messages import alert

SHELF = Shelf("channels", "fintech_factory.distribution.channels")
NAMES = SHELF.names()
NASTY = "<!channel>\r\nBcc: x@y.test `<script>` \u202e {{ 7*7 }} \x00 @here *a* .\n."


@pytest.fixture(params=NAMES)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with open_stage(request.param, tmp_path) as opened:
        yield opened


def met(*faults: str) -> pytest.MarkDecorator:
    """Run a test with each channel for each of the faults that its medium can meet."""
    cases = [(name, fault) for name in NAMES for fault in faults if fault in knows(name)]
    return pytest.mark.parametrize(("stage", "fault"), cases, indirect=["stage"])


def test_every_channel_of_ours_is_there() -> None:
    assert {"slack", "email", "sms", "notion", "apprise", "webhook", "file", "inbox"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_channel_exposes_its_settings_and_how_it_is_opened(name: str) -> None:
    module = SHELF.find(name)
    assert module.SETTINGS.model_fields["kind"].annotation.__args__ == (name,)
    assert "enabled" in module.SETTINGS.model_fields
    assert callable(module.open_channel)
    assert callable(module.check_address)


def test_a_stage_plays_every_fault_that_its_medium_knows(
    stage: Stage, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.params["stage"]
    assert knows(name) - {"threads"} == {*stage.tricks, *stage.broken}


def test_what_is_taken_is_accepted_and_arrives_once(stage: Stage) -> None:
    outcome = stage.send()
    assert outcome.word is Word.ACCEPTED, outcome
    assert bool(outcome.provider_id) == stage.has_ids
    (seen,) = stage.seen()
    assert "PAR 90" in seen.text
    assert "5.46 %" in seen.text


@met("refuse")
def test_what_will_never_be_taken_is_refused(stage: Stage, fault: str) -> None:
    stage.tricks[fault]()
    outcome = stage.send()
    assert outcome.word is Word.REFUSED
    assert outcome.reason


@met("later")
@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30", 30.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        ("soon", None),
    ],
)
def test_what_is_busy_defers_for_as_long_as_it_asks(
    stage: Stage, fault: str, said: str, seconds: float | None
) -> None:
    stage.tricks[fault](said)
    outcome = stage.send()
    assert outcome.word is Word.DEFERRED
    assert outcome.retry_after_s == (seconds if stage.tells_when else None)


@met("unavailable", "bad_gateway", "overloaded")
def test_a_server_in_trouble_defers(stage: Stage, fault: str) -> None:
    stage.tricks[fault]()
    assert stage.send().word is Word.DEFERRED


@met("nonsense", "cut_short", "garbage", "silent", "reset", "closed")
def test_what_may_have_been_taken_is_unknown(stage: Stage, fault: str) -> None:
    stage.tricks[fault]()
    outcome = stage.send()
    assert outcome.word is Word.UNKNOWN, outcome
    assert outcome.reason


@met("stalled", "no_server")
def test_what_never_went_out_defers(stage: Stage, fault: str) -> None:
    outcome = stage.send(stage.broken[fault]())
    assert outcome.word is Word.DEFERRED, outcome
    assert not stage.seen()


@met("refuse", "unavailable", "nonsense", "silent", "reset")
def test_one_send_is_one_attempt_and_the_next_may_do(stage: Stage, fault: str) -> None:
    stage.tricks[fault]()
    stage.send()
    assert len(stage.seen()) <= 1


@met("bad_secret")
def test_a_wrong_secret_is_refused_and_says_what_to_do(stage: Stage, fault: str) -> None:
    channel = stage.broken[fault]()
    outcome = stage.send(channel)
    assert outcome.word is Word.REFUSED
    assert any(not each.ok and each.hint for each in stage.probes(channel))


@met("no_secret")
def test_an_absent_secret_is_refused_by_name(stage: Stage, fault: str) -> None:
    channel = stage.broken[fault]()
    outcome = stage.send(channel)
    assert outcome.word is Word.REFUSED
    assert "FACTORY_TEST_ABSENT" in outcome.reason
    assert any("FACTORY_TEST_ABSENT" in each.said for each in stage.probes(channel))
    assert not stage.seen()


def test_an_address_that_is_none_is_refused_before_anything_goes_out(stage: Stage) -> None:
    assert stage.send(address=stage.bad_address).word is Word.REFUSED
    assert not stage.seen()


@met("refuse", "nonsense", "silent", "reset", "echo")
def test_no_secret_leaves_by_a_reason_a_repr_or_a_log(
    stage: Stage, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stage.tricks[fault]()
    said = [repr(stage.send()), repr(stage.channel), repr(stage.probes())]
    assert not _let_out(stage, said, caplog)


@met("bad_secret", "stalled", "no_server")
def test_no_secret_leaves_a_channel_that_reaches_nobody(
    stage: Stage, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = stage.broken[fault]()
    said = [repr(stage.send(channel)), repr(channel), repr(stage.probes(channel))]
    assert not _let_out(stage, said, caplog)


def _let_out(stage: Stage, said: list[str], caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give what holds a secret, of what was said and of what was logged."""
    # The mail server of the test keeps a log of its own, under this name.
    logged = [str(each.__dict__) for each in caplog.records if each.name != "mail.log"]
    return [each for each in said + logged for secret in stage.secrets if secret in each]


def test_a_repeat_bears_the_same_key_and_another_message_does_not(stage: Stage) -> None:
    for key in ("key-1", "key-1", "key-2"):
        assert stage.send(key=key).word is Word.ACCEPTED
    keys = [each.key for each in stage.seen()]
    if not stage.has_keys:
        assert keys == ["", "", ""]
        return
    assert len(set(keys)) == 2
    assert all(keys)


def test_a_repeat_says_that_it_may_be_one(stage: Stage) -> None:
    stage.send(may_repeat=True, attempt=2)
    assert "may be a repeat" in stage.seen()[0].text


def test_each_recipient_is_told_in_their_language(stage: Stage) -> None:
    stage.send(language=Language.ES, address=stage.other_address)
    assert "PAR 90 es 5.46 %" in stage.seen()[0].text
    assert "PAR 90 is" not in stage.seen()[0].text


@met("threads")
def test_what_follows_stands_in_the_thread_of_the_first(stage: Stage, fault: str) -> None:
    assert fault == "threads"
    first = stage.send()
    stage.send(key="key-2", thread_id=first.provider_id)
    alone, answer = stage.seen()
    assert not alone.thread
    assert answer.thread
    assert answer.thread in first.provider_id


def test_whatever_a_message_holds_it_is_sent(stage: Stage) -> None:
    said = Text.same(NASTY)
    outcome = stage.send(message=alert(subject=said, summary=said, next_step=said))
    assert outcome.word is Word.ACCEPTED, outcome
    assert "\x00" not in stage.seen()[0].text


def test_a_probe_is_seen_by_nobody_and_finds_a_good_channel_good(stage: Stage) -> None:
    probes = stage.probes()
    assert probes
    assert all(each.ok for each in probes), probes
    assert not stage.seen()


@met("bad_address")
def test_a_probe_names_the_address_that_is_not_there(stage: Stage, fault: str) -> None:
    probes = stage.probes(stage.broken[fault]())
    bad = [each for each in probes if not each.ok]
    assert len(bad) == 1
    assert bad[0].what
    assert bad[0].said
    assert sum(each.ok for each in probes) >= 1
    assert not stage.seen()


@met("stalled", "no_server")
def test_a_probe_of_a_server_that_is_not_there_says_so(stage: Stage, fault: str) -> None:
    bad = [each for each in stage.probes(stage.broken[fault]()) if not each.ok]
    assert bad or not stage.tricks
    assert all(each.hint for each in bad)


def test_an_outcome_is_what_every_send_ends_with(stage: Stage) -> None:
    for name, play in stage.tricks.items():
        play(*(["7"] if name == "later" else []))
        outcome = stage.send()
        assert isinstance(outcome, Outcome)
        assert len(outcome.reason) <= 600
        assert "\n" not in outcome.reason
