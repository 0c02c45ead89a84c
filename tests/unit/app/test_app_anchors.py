"""The audit trail's head, anchored once a UTC day, on both databases."""

import hashlib
import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from fintech_factory.app import Factory
from fintech_factory.app.anchors import Anchoring, Anchors, Outcome
from fintech_factory.app.audit import Note
from fintech_factory.clock import SystemClock
from fintech_factory.config.workspace import Workspace
from fintech_factory.errors import StateError
from fintech_factory.pipeline import audit_anchors
from fintech_factory.state.audit import lock_chain
from fintech_factory.state.audit_guard import drop_guard
from fintech_factory.state.store import State
from fintech_factory.state.tables import metadata

_AHEAD_S = 0.5
Turn = Callable[[str], None]


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Turn:
    """Set the product's clock."""

    def set_to(moment: str) -> None:
        at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        monkeypatch.setattr(SystemClock, "now", lambda _: at)

    set_to("2026-01-05T03:00")
    return set_to


@pytest.fixture
def root(tmp_path: Path, empty_workspace: Path, turn: Turn) -> Path:
    assert turn
    shutil.copytree(empty_workspace, tmp_path / "workspace")
    return tmp_path / "workspace"


@pytest.fixture
def make(root: Path, state: State) -> Callable[[], Factory]:
    """Open the workspace as one more process would."""

    def opened() -> Factory:
        factory = Factory(Workspace(root))
        vars(factory)["state"] = state
        return factory

    return opened


@pytest.fixture
def factory(make: Callable[[], Factory]) -> Factory:
    """A workspace of which the trail tells one thing."""
    factory = make()
    factory.audit.note(Note("a", "s"))
    return factory


def due(factory: Factory) -> Outcome:
    return Anchors(factory).due().outcome


def rows(factory: Factory, table: str) -> list[Any]:
    with factory.state.reading() as connection:
        return list(connection.execute(metadata.tables[table].select()))


def anchors(factory: Factory) -> list[Any]:
    return [each for each in rows(factory, "audit_entry") if each.action == "audit.anchored"]


def received(root: Path) -> list[Path]:
    """Give the files that the channel has brought to its folder."""
    return sorted((root / "outputs/messages/anchors").glob("*/anchor-*.json"))


def test_a_round_anchors_first_and_sends_a_file_that_the_trail_is_held_against(
    factory: Factory, root: Path
) -> None:
    done = factory.alerts.round()
    assert done.anchoring == Anchoring(Outcome.ANCHORED)
    assert (done.tally.delivered, done.tally.waiting) == (1, 0)
    (file,) = received(root)
    pin = factory.audit.read_anchor(file)
    # The two entries that were there before: the trail's own, and the one that was noted.
    assert (pin.sequence, pin.time) == (2, "2026-01-05T03:00:00.000000+00:00")
    assert factory.audit.verify(pin).is_intact
    (entry,) = anchors(factory)
    assert (entry.sequence, entry.subject, entry.actor) == (3, "2026-01-05", "clock")
    after = json.loads(entry.after)
    assert (after["sequence"], after["head"]) == (2, pin.head)
    (row,) = rows(factory, "outbox")
    assert [each["key"] for each in after["to"]] == [row.key]
    (attachment,) = row.message["attachments"]
    assert attachment["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    ((anchor, (place,)),) = Anchors(factory).sent(7)
    assert (str(anchor.day), anchor.head.sequence) == ("2026-01-05", 2)
    assert (place.channel, place.address, place.status) == ("file", "anchors", "delivered")
    assert place.received_at == SystemClock().now()


def test_what_is_changed_after_it_was_received_is_named(factory: Factory, root: Path) -> None:
    factory.alerts.round()
    pin = factory.audit.read_anchor(received(root)[0])
    with factory.state.transaction() as connection:
        drop_guard(connection)
        table = metadata.tables["audit_entry"]
        connection.execute(table.update().where(table.c.sequence == 2).values(subject="other"))
    verdict = factory.audit.verify(pin)
    assert not verdict.is_intact
    assert any(each.what.startswith("entry 2 was changed") for each in verdict.faults)


def test_a_day_has_one_anchor_and_the_next_has_its_own(factory: Factory, turn: Turn) -> None:
    found = []
    for moment in ("05T03:00", "05T23:59:59", "06T00:00", "06T00:01"):
        turn(f"2026-01-{moment}")
        factory.audit.note(Note("a", "s"))
        found.append(factory.alerts.round().anchoring.outcome)
    said = [Outcome.ANCHORED, Outcome.BEFORE, Outcome.ANCHORED, Outcome.BEFORE]
    assert found == said
    assert [each.subject for each in anchors(factory)] == ["2026-01-05", "2026-01-06"]
    threads = {each.message["thread"] for each in rows(factory, "outbox")}
    assert len(threads) == 2


def test_a_day_that_nobody_was_there_on_is_made_up_for_at_the_next_round(
    factory: Factory, turn: Turn
) -> None:
    factory.alerts.round()
    factory.audit.note(Note("a", "s"))
    turn("2026-01-09T17:00")
    assert due(factory) is Outcome.ANCHORED
    assert [each.subject for each in anchors(factory)] == ["2026-01-05", "2026-01-09"]


def test_a_clock_that_was_set_back_anchors_nothing(factory: Factory, turn: Turn) -> None:
    assert due(factory) is Outcome.ANCHORED
    factory.audit.note(Note("a", "s"))
    turn("2026-01-04T03:00")
    assert due(factory) is Outcome.BEFORE


def test_an_anchor_and_its_own_delivery_are_no_reason_for_another(
    factory: Factory, turn: Turn
) -> None:
    factory.alerts.round()
    actions = [each.action for each in rows(factory, "audit_entry")]
    assert actions[-2:] == ["audit.anchored", "delivery.delivered"]
    for day in (6, 7):
        turn(f"2026-01-0{day}T03:00")
        assert factory.alerts.round().anchoring.outcome is Outcome.UNCHANGED
    factory.audit.note(Note("a", "s"))
    assert due(factory) is Outcome.ANCHORED
    # What the one before left behind is covered by this one.
    assert json.loads(anchors(factory)[-1].after)["sequence"] == 5


def test_another_message_that_was_delivered_is_a_reason(factory: Factory, turn: Turn) -> None:
    factory.alerts.round()
    factory.audit.note(Note("delivery.delivered", "of another message"))
    turn("2026-01-06T03:00")
    assert due(factory) is Outcome.ANCHORED


def test_two_processes_at_one_moment_anchor_once(
    factory: Factory, make: Callable[[], Factory], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other waits for the trail, and finds the first one's entry in it."""
    asked = Anchors._is_anchored
    looked = []

    def none_yet(self: Anchors, day: Any) -> bool:  # noqa: ANN401 - a day
        looked.append(asked(self, day))
        return False

    monkeypatch.setattr(Anchors, "_is_anchored", none_yet)
    with ThreadPoolExecutor(1) as other:
        with factory.audit.transaction() as told:
            lock_chain(told.connection)
            looking = other.submit(due, make())
            sleep(_AHEAD_S)
            assert not looking.done()
            first = Anchors(factory)._anchored(told, ("audit_anchor",))
        assert looking.result(10) is Outcome.BEFORE
    assert first.outcome is Outcome.ANCHORED
    assert looked == [False]
    assert len(anchors(factory)) == len(rows(factory, "outbox")) == 1


def test_anchor_message_and_entry_are_kept_together_or_not_at_all(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StateError("the disk is full")

    monkeypatch.setattr(audit_anchors, "entry_of", full)
    with pytest.raises(StateError):
        Anchors(factory).due()
    assert (anchors(factory), rows(factory, "outbox")) == ([], [])
    monkeypatch.undo()
    monkeypatch.setattr(SystemClock, "now", lambda _: datetime(2026, 1, 5, 4, tzinfo=UTC))
    assert due(factory) is Outcome.ANCHORED


def test_without_its_key_nothing_is_anchored_and_the_round_goes_on(
    factory: Factory, root: Path, make: Callable[[], Factory], turn: Turn
) -> None:
    key = root / "state/audit/key.pem"
    key.rename(key.with_name("gone"))
    done = make().alerts.round()
    assert done.anchoring.outcome is Outcome.FAILED
    assert "the key that signs the audit trail cannot be read" in done.anchoring.reason
    assert (anchors(factory), rows(factory, "outbox")) == ([], [])
    key.with_name("gone").rename(key)
    assert due(make()) is Outcome.ANCHORED
    assert turn


def test_a_full_disk_keeps_nobody_from_being_told(
    factory: Factory, root: Path, make: Callable[[], Factory]
) -> None:
    (root / "outputs/anchors").write_text("no folder", encoding="utf-8")
    found = make().alerts.round().anchoring
    assert found.outcome is Outcome.FAILED
    assert found.reason == "File exists"
    assert anchors(factory) == []


def test_a_trail_without_an_entry_has_nothing_to_anchor(make: Callable[[], Factory]) -> None:
    assert due(make()) is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("receivers", "reason"),
    [
        ("[]", "names no receiver"),
        ("[risk_slack]", "no channel of risk_slack is switched on"),
    ],
)
def test_nobody_to_receive_it_is_said(
    root: Path, factory: Factory, make: Callable[[], Factory], receivers: str, reason: str
) -> None:
    path = root / "config/alerts.yaml"
    path.write_text(path.read_text().replace("[audit_anchor]", receivers))
    found = Anchors(make()).due()
    assert found.outcome is Outcome.NOBODY
    assert reason in found.reason
    assert anchors(factory) == []
