"""The daily messages as they are kept, on each database; several processes that tell at once."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url

from fintech_factory.message import Language, Message, Occasion, Text
from fintech_factory.pipeline.daily_store import (
    Addressed,
    days_told,
    message_of_key,
    post_of,
    put,
    sent_on,
)
from fintech_factory.reporting.department import Place, Way
from fintech_factory.reporting.rounds import Step
from fintech_factory.state.address import sqlite_url
from fintech_factory.state.store import State
from fintech_factory.state.tables import metadata
from fintech_factory.values import Severity

DAY, SIX = date(2025, 12, 11), datetime(2025, 12, 11, 6, tzinfo=UTC)
SAID = Message("", Occasion.REPORT, Severity.INFO, Text.same("Risk daily"), Text.same("said"))
_outbox = metadata.tables["outbox"]


def addressed(
    recipient: str = "ana", kind: str = "figures", way: str = Way.OWN, day: date = DAY
) -> Addressed:
    place = Place("email", "a@example.com")
    return Addressed(day, "risk", recipient, Language.ES, place, Step(kind, way), SAID)


def keep(state: State, *given: Addressed) -> None:
    with state.transaction() as connection:
        put(connection, [post_of(each) for each in given], SIX)


def test_what_was_put_is_found_by_its_day_department_and_recipient(state: State) -> None:
    other_day = DAY + timedelta(days=1)
    keep(state, addressed("Equipo 50% _1"), addressed(day=other_day))
    with state.reading() as connection:
        (found,) = sent_on(connection, DAY)
        assert days_told(connection, 5) == [other_day, DAY]
        assert days_told(connection, 1) == [other_day]
        assert message_of_key(connection, found.key).summary == SAID.summary
    assert (found.department, found.recipient, found.kind, found.way) == (
        "risk",
        "Equipo 50% _1",
        "figures",
        Way.OWN,
    )
    assert (found.arrived_at, found.is_over) == (None, False)


def test_the_same_message_is_put_once_and_another_kind_or_way_beside_it(state: State) -> None:
    keep(state, addressed())
    keep(state, addressed(), addressed(kind="late_figures"), addressed(way=Way.FALLBACK))
    with state.reading() as connection:
        assert len(sent_on(connection, DAY)) == 3


@pytest.mark.parametrize(
    ("status", "arrived", "over"),
    [("delivered", True, True), ("dead", False, True), ("unknown", False, True),
     ("leased", False, False)],
)  # fmt: skip
def test_only_what_a_channel_accepted_has_arrived(
    state: State, status: str, *, arrived: bool, over: bool
) -> None:
    keep(state, addressed())
    with state.transaction() as connection:
        connection.execute(_outbox.update().values(status=status, finished_at=SIX))
    with state.reading() as connection:
        (found,) = sent_on(connection, DAY)
    assert (found.arrived_at == SIX, found.is_over) == (arrived, over)


_TELL = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from fintech_factory.app.factory import Factory
from fintech_factory.config.workspace import Workspace

class At:
    def now(self):
        return datetime(2025, 12, 11, 6, 20, tzinfo=UTC)

daily = Factory(Workspace(Path(sys.argv[1])), At()).daily
daily.roles
print("ready", flush=True)
sys.stdin.readline()
print(len(daily.enforce(daily.today).put))
"""


def test_two_processes_at_once_tell_everybody_once(
    state_url: str, empty_workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "w"
    shutil.copytree(empty_workspace, root)
    of_file = state_url.startswith("sqlite")
    if not of_file:
        url = make_url(state_url)
        monkeypatch.setenv("STATE_PASSWORD", str(url.password))
        bare = f"postgresql://{url.username}@{url.host}:{url.port}/{url.database}"
        settings = root / "config" / "factory.yaml"
        text = settings.read_text(encoding="utf-8")
        assert "url: null" in text
        text = text.replace("url: null", f'url: "{bare}"', 1)
        text = text.replace("password: null", "password: {env: STATE_PASSWORD}", 1)
        settings.write_text(text, encoding="utf-8")
    call = [sys.executable, "-c", _TELL, str(root)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = [
        subprocess.Popen(call, env=dict(os.environ), **pipes)  # type: ignore[call-overload]
        for _ in range(2)
    ]
    for each in started:
        assert each.stdout.readline() == "ready\n"
    for each in started:
        each.stdin.write("go\n")
        each.stdin.flush()
    put_by = [int(each.communicate(timeout=60)[0]) for each in started]
    assert sorted(put_by) == [0, 9]
    state = State(sqlite_url(root / "state" / "factory.db") if of_file else state_url)
    with state.reading() as connection:
        found = sent_on(connection, DAY)
        noted = connection.execute(metadata.tables["audit_entry"].select()).all()
    state.close()
    assert len(found) == 9
    assert {each.kind for each in found} == {"no_data"}
    assert sum(each.action == "report.daily" for each in noted) == 9
