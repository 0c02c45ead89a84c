"""Whole mornings: what each recipient has by 06:30, whatever goes wrong before."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from alert_world import Clock, World

from fintech_factory.app.factory import Factory
from fintech_factory.app.work import Work
from fintech_factory.config.workspace import Workspace

Has = Callable[[str, str], None]
DAY = "2025-12-11"
RISK = "head-of-risk@example.com"
GROWTH = "growth@example.com"


@pytest.fixture(scope="session")
def published_of(
    empty_workspace: Path,
    factory: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, str], Path]:
    """Give a workspace in which a book of some risk is published of a day; made once each."""

    @cache
    def make(risk: str, on: str) -> Path:
        root = tmp_path_factory.mktemp("published") / "w"
        shutil.copytree(empty_workspace, root)
        with pytest.MonkeyPatch.context() as patch:
            made = World(root, None, Clock(patch, f"{on}T03:00"), factory)  # type: ignore[arg-type]
            assert made.day(risk, on)["status"] == "published"
        return root

    return make


@pytest.fixture
def has(world: World, published_of: Callable[[str, str], Path]) -> Callable[[str, str], None]:
    """Let the world begin with a book that is published of a day, and nothing told yet."""

    def begin(risk: str, on: str) -> None:
        made = published_of(risk, on)
        for name in ("warehouse", "state"):
            shutil.copytree(made / name, world.root / name, dirs_exist_ok=True)

    return begin


@cache
def _factory(root: Path) -> Factory:
    return Factory(Workspace(root))


def daily(world: World) -> Any:  # noqa: ANN401 - app.daily.Daily
    """Give the daily messages of one long-lived process; settings are read once."""
    return _factory(world.root).daily


def at(world: World, moment: str, *, enforce: bool = False) -> Any:  # noqa: ANN401 - a Round
    world.clock.turn(f"{DAY}T{moment}")
    made = daily(world)
    return made.keep(made.today, enforce=enforce)


def stood(world: World) -> dict[str, Any]:
    made = daily(world)
    return {f"{each.department}/{each.recipient}": each for each in made.standing(made.today)}


def kinds(world: World) -> set[tuple[str, str, bool | None]]:
    return {(each.kind, each.by, each.is_late) for each in stood(world).values()}


def text_of(mail: Any) -> str:  # noqa: ANN401 - an EmailMessage
    said: str = mail.get_body(("plain",)).get_content()
    return said


def test_with_data_in_time_everybody_has_the_figures_of_the_day_once(
    world: World, has: Has
) -> None:
    has("6", "2025-12-10")
    world.peers.forget()
    assert len(at(world, "06:00").put) == 9
    assert at(world, "06:01").put == ()
    for moment in ("06:20", "06:25", "06:30"):
        done = at(world, moment, enforce=True)
        assert (done.put, done.missed) == ((), ())
    assert len(stood(world)) == 9
    assert kinds(world) == {("figures", "email", False)}
    to = Counter(each for one in world.peers.mail.mails for each in one.recipients)
    assert to == Counter(dict.fromkeys(to, 1))
    assert len(to) == 9
    (mail,) = world.peers.mails(RISK)
    assert mail["Subject"] == "[Report] Risk daily, 10 Dec 2025"
    said = text_of(mail)
    assert "PAR 90: 6.00 %  ✖ Critical  (limits 3 · 5 · 8 %)" in said
    assert "- PAR 90: since 11 Dec 2025  ✖ Critical  (nobody has answered)" in said
    assert "- Age of the data: 6 hours" in said
    (mail,) = world.peers.mails(GROWTH)
    assert mail["Subject"] == "[Informe] Crecimiento, informe diario, 10 dic 2025"
    assert "Sin cifra, y por qué" in text_of(mail)
    assert world.alerts("--rule", "daily_missed") == []


def test_a_late_export_is_waited_for_then_told_and_its_figures_follow(
    world: World, has: Has
) -> None:
    has("6", "2025-12-09")
    world.peers.forget()
    assert at(world, "06:00").put == ()
    assert world.peers.mails() == []
    assert len(at(world, "06:20", enforce=True).put) == 9
    assert kinds(world) == {("no_data", "email", False)}
    (mail,) = world.peers.mails(RISK)
    assert mail["Subject"] == "[Warning · Report] Risk daily: no figures for 10 Dec 2025"
    said = text_of(mail)
    assert "The export was expected by 11 Dec 2025 03:30 UTC; the latest one ends on 9 Dec" in said
    assert "6.00" not in said
    assert "60.4" not in said
    (mail,) = world.peers.mails(GROWTH)
    assert "La exportación se esperaba a más tardar el 11 dic 2025 03:30 UTC" in text_of(mail)
    world.peers.forget()
    world.clock.turn(f"{DAY}T07:10")
    world.land("2", "2025-12-10")
    assert world.run()["status"] == "published"
    (mail,) = [each for each in world.peers.mails(RISK) if "daily" in each["Subject"]]
    said = text_of(mail)
    assert "These are the figures that were missing from the earlier message" in said
    assert "PAR 90: 2.00 %" in said
    assert len(world.peers.mails(GROWTH)) == 1
    assert world.run()["status"] == "unchanged"
    assert len(world.peers.mails(GROWTH)) == 1
    assert kinds(world) == {("no_data", "email", False)}
    assert all(each.figures_at for each in stood(world).values())


def test_data_that_come_before_the_margin_are_told_as_figures_alone(world: World, has: Has) -> None:
    has("6", "2025-12-09")
    assert at(world, "06:00").put == ()
    world.clock.turn(f"{DAY}T06:12")
    world.land("2", "2025-12-10")
    world.run()
    world.peers.forget()
    assert len(at(world, "06:20", enforce=True).put) == 9
    assert kinds(world) == {("figures", "email", False)}


def test_a_refused_export_is_told_with_what_it_was_refused_for(world: World, has: Has) -> None:
    has("2", "2025-12-09")
    world.clock.turn(f"{DAY}T03:00")
    inbox = world.root / "inbox" / "export"
    inbox.mkdir(parents=True)
    (inbox / "loans.csv").write_text("loan_id,nothing\nL1,1\n", encoding="utf-8")
    world.call("run")
    world.peers.forget()
    at(world, "06:20", enforce=True)
    said = text_of(world.peers.mails(RISK)[0])
    assert "The export that came at 11 Dec 2025 03:00 UTC was refused: " in said
    assert kinds(world) == {("no_data", "email", False)}


def test_a_blocked_publish_is_told_with_its_findings(world: World, has: Has) -> None:
    has("2", "2025-12-09")
    world.clock.turn(f"{DAY}T03:00")
    world.land("0", "2025-12-10", repaid="0")
    outcome = world.call("run", "--json").document
    assert outcome["status"] == "blocked"
    world.peers.forget()
    at(world, "06:20", enforce=True)
    said = text_of(world.peers.mails(RISK)[0])
    assert "The run over the export was stopped before it published: " in said
    assert f"Finding {outcome['blocking'][0]}: " in said
    assert "2.00" not in said


def test_a_failed_run_is_told_with_its_reason(world: World, has: Has) -> None:
    has("2", "2025-12-09")
    world.edit("sql/models/loan_snapshot.sql", ("\n  dpd,\n", "\n  dpd + no_such AS dpd,\n"))
    world.edit("config/alerts.yaml", ("retry_at_most: 2", "retry_at_most: 1"))
    world.clock.turn(f"{DAY}T03:00")
    world.land("2", "2025-12-10")
    assert world.call("run").code == 1
    world.peers.forget()
    at(world, "06:20", enforce=True)
    said = text_of(world.peers.mails(RISK)[0])
    assert "The last run failed: " in said
    assert "no_such" in said


def test_before_the_first_export_everybody_is_told_so(world: World) -> None:
    at(world, "06:20", enforce=True)
    said = text_of(world.peers.mails(RISK)[0])
    assert "No export has ever come." in said
    assert "No figures were ever published." in said
    assert kinds(world) == {("no_data", "email", False)}


def test_while_the_mail_server_is_down_everybody_finds_the_message_in_the_inbox(
    world: World,
    has: Has,
) -> None:
    has("6", "2025-12-10")
    world.edit("config/integrations/email.yaml", (f"port: {world.peers.mail.port}", "port: 1"))
    assert len(at(world, "06:00").put) == 9
    assert {each.received_at for each in stood(world).values()} == {None}
    done = at(world, "06:20", enforce=True)
    assert {(each.way, each.kind) for each in done.put} == {("fallback", "figures")}
    assert kinds(world) == {("figures", "inbox", False)}
    done = at(world, "06:30", enforce=True)
    assert (done.put, done.missed) == ((), ())
    assert "email: " in next(iter(stood(world).values())).reason


def test_whoever_is_told_only_after_0630_is_named_in_a_critical_alert(
    world: World, has: Has
) -> None:
    has("6", "2025-12-10")
    world.peers.forget()
    done = at(world, "06:41", enforce=True)
    assert len(done.put) == 9
    assert len(done.missed) == 9
    assert kinds(world) == {("figures", "email", True)}
    alert = world.alert("daily_missed")
    assert (alert["level"], alert["status"]) == ("critical", "firing")
    assert "had no message by 06:30 UTC: Head of risk (risk)" in alert["reason"]
    at(world, "06:45", enforce=True)
    assert len(world.alert("daily_missed")["steps"]) == len(alert["steps"])
    (mail,) = [
        each
        for each in world.peers.mails("data-ops@example.com")
        if "Daily message not received" in each["Subject"]
    ]
    assert mail["Subject"].startswith("[Critical] Daily message not received")


def test_the_alert_of_a_miss_ends_on_the_first_day_without_one(world: World, has: Has) -> None:
    has("6", "2025-12-10")
    at(world, "06:41", enforce=True)
    world.day("6", "2025-12-11")
    world.clock.turn("2025-12-12T06:00")
    made = daily(world)
    made.keep(made.today, enforce=False)
    world.clock.turn("2025-12-12T06:30")
    assert daily(world).keep(made.today, enforce=True).missed == ()
    assert world.alert("daily_missed")["status"] == "resolved"


def test_with_no_channel_on_everybody_has_it_in_the_inbox_at_once(world: World, has: Has) -> None:
    """As shipped: mail is off, and the inbox is what everybody has."""
    has("6", "2025-12-10")
    mail = world.root / "config" / "integrations" / "email.yaml"
    mail.write_text(mail.read_text("utf-8").replace("enabled: true", "enabled: false"), "utf-8")
    world.edit("config/alerts.yaml", ("channels_off: [", "channels_off: [email, "))
    done = at(world, "06:00")
    assert {(each.way, each.channel, each.reason) for each in done.put} == {
        ("fallback", "inbox", "the channel email is off")
    }
    assert kinds(world) == {("figures", "inbox", False)}


def test_a_recipient_without_any_channel_is_refused_at_its_place(world: World) -> None:
    world.edit(
        "config/roles_and_outputs.yaml",
        ("{person: head_of_risk, channel: email}", "{person: head_of_risk, channel: slack}"),
    )
    checked = world.call("check")
    assert checked.code == 2
    said = checked.out + checked.err
    line = next(
        number
        for number, text in enumerate(
            (world.root / "config" / "roles_and_outputs.yaml").read_text("utf-8").splitlines(), 1
        )
        if "channel: slack" in text
    )
    assert f"roles_and_outputs.yaml:{line}:" in said
    assert "`head_of_risk` has no slack address" in said


def test_figures_that_cannot_be_read_are_told_as_missing(world: World, has: Has) -> None:
    has("6", "2025-12-10")
    (world.root / "warehouse" / "CURRENT").write_text("torn", encoding="utf-8")
    world.peers.forget()
    at(world, "06:20", enforce=True)
    assert kinds(world) == {("no_data", "email", False)}
    assert "6.00" not in text_of(world.peers.mails(RISK)[0])


def test_the_snapshot_of_a_day_is_written_once_and_stays_as_it_was(world: World, has: Has) -> None:
    has("6", "2025-12-10")
    at(world, "06:00")
    path = world.root / "outputs" / "snapshots" / f"{DAY}.json"
    before = path.read_bytes()
    taken = json.loads(before)
    assert (taken["status"], taken["as_of"]) == ("figures", "2025-12-10")
    assert taken["taken_at"].startswith(f"{DAY}T06:00")
    readings = {each["kpi"]: each for each in taken["readings"]}
    assert readings["par_90"]["value"].startswith("6")
    world.clock.turn(f"{DAY}T08:00")
    world.land("2", "2025-12-10")
    world.run()
    at(world, "09:00")
    assert path.read_bytes() == before
    assert "| par_90 |" in path.with_suffix(".md").read_text(encoding="utf-8")
    taken_once = world.call("audit", "list", "--action", "snapshot.taken", "--json").document
    assert len(taken_once["entries"]) == 1


def test_the_slots_of_a_morning_do_all_of_it(world: World) -> None:
    """Ad-hoc maintenance from 05:30 to 07:30 holds nothing of it back."""
    world.clock.turn("2025-12-10T12:00")
    work = Work(Factory(Workspace(world.root)))
    work.look()
    world.day("6", "2025-12-10")
    world.edit(
        "config/alerts.yaml",
        (
            'every: sunday, from: "22:00", to: "23:00"',
            'every: thursday, from: "05:30", to: "07:30"',
        ),
    )
    world.peers.forget()
    done = []
    for moment in ("06:00", "06:20", "06:25", "06:30"):
        world.clock.turn(f"{DAY}T{moment}")
        work = Work(Factory(Workspace(world.root)))
        work.look()
        while (worked := work.one()) is not None:
            done.append((worked.slot.schedule, worked.outcome))
    assert [each for each in done if each[0] != "ingest"] == [
        ("monitoring", "done"),
        ("tell_again", "done"),
        ("tell_again", "done"),
        ("told_by", "done"),
    ]
    assert kinds(world) == {("figures", "email", False)}
    assert len(world.peers.mails(RISK)) == 1
