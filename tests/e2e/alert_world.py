"""A workspace whose channels reach real servers on this machine, and books of a known PAR 90."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from fintech_factory.clock import SystemClock
from fintech_factory.config.workspace import Workspace
from fintech_factory.testing import book
from peers.faults import Answer, FaultServer, Request
from peers.smtp import USER, MailServer

__all__ = ["Clock", "Peers", "World", "answers", "settings_for"]

TOKEN, SECRET = "xoxb-e2e-secret-12", "hook-secret-0123456789abcdef"


class Clock:
    """The product's clock, set by hand; it runs on from there, as a paced channel needs."""

    def __init__(self, patch: pytest.MonkeyPatch, moment: str) -> None:
        self._at, self._since = datetime.now(UTC), monotonic()
        self.turn(moment)
        patch.setattr(SystemClock, "now", lambda _: self.now())

    def now(self) -> datetime:
        return self._at + timedelta(seconds=monotonic() - self._since)

    def turn(self, moment: str) -> None:
        self._at, self._since = datetime.fromisoformat(moment).replace(tzinfo=UTC), monotonic()

    def on(self, **wait: float) -> None:
        """Let some time pass."""
        self._at += timedelta(**wait)


@dataclass
class Peers:
    """The servers that a workspace speaks to."""

    mail: MailServer
    slack: FaultServer
    hook: FaultServer

    def mails(self, to: str = "") -> list[Any]:
        return [each.mail for each in self.mail.mails if to in each.recipients or not to]

    def posts(self, channel: str = "") -> list[dict[str, Any]]:
        """Give what was posted to Slack, oldest first."""
        every = [each.json() for each in self.slack.of("chat.postMessage")]
        return [each for each in every if not channel or each["channel"] == channel]

    def forget(self) -> None:
        self.mail.mails.clear()
        self.slack.requests.clear()
        self.hook.requests.clear()


def answers(request: Request) -> Answer:
    """Answer as Slack does."""
    if request.header("Authorization") != f"Bearer {TOKEN}":
        return Answer(body={"ok": False, "error": "invalid_auth"})
    if request.path.endswith("conversations.list"):
        names = ("fintech-alerts", "fintech-ops", "fintech-factory")
        channels = [{"name": name, "is_member": True} for name in names]
        return Answer(body={"ok": True, "channels": channels})
    said = {"ok": True, "user": "factory", "team": "L", "channel": "C1", "ts": "1.2"}
    return Answer(body=said)


def settings_for(root: Path, peers: Peers) -> None:
    """Switch Slack, mail and a webhook on, at the peers."""
    ways = root / "config" / "integrations"
    api, authority = f"api_url: {peers.slack.url}/api/", peers.mail.certificates.authority
    edit(
        ways / "slack.yaml",
        ("enabled: false", f"enabled: true\ntoken: {{env: SLACK_BOT_TOKEN}}\n{api}"),
        ("per_minute: 60\n  burst: 5", "per_minute: 6000\n  burst: 100"),
    )  # fmt: skip
    edit(
        ways / "email.yaml",
        ("enabled: false", f"enabled: true\nuser: {USER}\npassword: {{env: SMTP_PASSWORD}}"),
        ("host: smtp.example.com", f"host: localhost\nca_file: {authority}"),
        ("port: 587", f"port: {peers.mail.port}"),
    )  # fmt: skip
    allowed = "secret: {env: HOOK_SECRET}, allow_http: true, allow_private: true"
    place = f"{{url: {peers.hook.url}/alerts, {allowed}}}"
    edit(
        ways / "webhook.yaml",
        ("enabled: false", "enabled: true"),
        ("endpoints: {}", f"endpoints:\n  operations: {place}"),
    )
    text = (root / "config" / "alerts.yaml").read_text(encoding="utf-8")
    for name in ("slack", "email", "webhook"):
        text = _off_the_list(text, name)
    (root / "config" / "alerts.yaml").write_text(text, encoding="utf-8")
    edit(
        root / "config" / "factory.yaml",
        ("public_url: null", "public_url: https://factory.lender.example"),
    )


def _off_the_list(text: str, name: str) -> str:
    start = text.index("channels_off: [")
    end = text.index("]", start)
    names = [each.strip() for each in text[start:end].partition("[")[2].split(",")]
    kept = ", ".join(each for each in names if each != name)
    return f"{text[:start]}channels_off: [{kept}{text[end:]}"


def edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) >= 1, f"{old!r} is not in {path.name}"
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


@dataclass
class World:
    """A workspace, its peers, its clock, and the command to work on it."""

    root: Path
    peers: Peers
    clock: Clock
    factory: Any

    def call(self, *arguments: object) -> Any:  # noqa: ANN401 - the outcome of conftest
        return self.factory(self.root, *arguments)

    def edit(self, name: str, *changes: tuple[str, str]) -> None:
        edit(self.root / name, *changes)

    def land(
        self,
        risk: str,
        on: str,
        *,
        repaid: str = "10",
        entity: str = "North",
        past_due: bool = True,
    ) -> None:
        """Land a book with `risk` percent past 90 days, and `repaid` percent paid in 30 days.

        L1 owes risk x 10 since 100 days (or is due tomorrow); L2 the rest of 1,000, of which an
        instalment of repaid x 10 came five days ago. Outstanding is 1,000 in all.
        """
        day = date.fromisoformat(on)
        owed, paid = Decimal(risk) * 10, Decimal(repaid) * 10
        due = day - timedelta(days=100) if past_due else day + timedelta(days=1)
        five_ago = day - timedelta(days=5)
        begun = day - timedelta(days=150)
        made = book()
        if owed:
            made = made.loan(owed, disbursed=begun, instalments=[(due, owed)], entity=entity)
        rest = [(day + timedelta(days=200), 1000 - owed)]
        parts, payments = rest, []
        if paid:
            parts, payments = [(five_ago, paid), *rest], [(five_ago, paid)]
        made = made.loan(1000 - owed + paid, disbursed=begun, instalments=parts, payments=payments)
        made.ending(day).land(Workspace(self.root).raw("cascade"), self.clock)  # type: ignore[arg-type]

    def run(self, *options: str) -> Any:  # noqa: ANN401 - any JSON
        return self.call("run", "--json", *options).document

    def day(self, risk: str, on: str, **more: Any) -> Any:  # noqa: ANN401 - land's own
        """Land the export of a day in the night after it, and run."""
        night = date.fromisoformat(on) + timedelta(days=1)
        self.clock.turn(f"{night}T03:00")
        self.land(risk, on, **more)
        return self.run()

    def alerts(self, *options: str) -> list[dict[str, Any]]:
        document = self.call("alerts", "list", "--json", *options).document
        found: list[dict[str, Any]] = document["alerts"]
        return found

    def alert(self, rule: str) -> dict[str, Any]:
        """Show the one alert of a rule, an ended one too."""
        (found,) = self.alerts("--all", "--rule", rule)
        shown: dict[str, Any] = self.call("alerts", "show", found["id"], "--json").document
        return shown

    def told(self, rule: str, kind: str = "fired") -> set[tuple[str, str]]:
        """Give whom a step of a rule's alert was meant for, by channel and address."""
        steps = [each for each in self.alert(rule)["steps"] if each["kind"] == kind]
        return {(each["channel"], each["address"]) for step in steps for each in step["told"]}

    def gates(self, rule: str, *options: str) -> dict[str, dict[str, Any]]:
        document = self.call("alerts", "why-not", rule, "--json", *options).document
        return {each["gate"]: each for each in document["gates"]}

    def actions(self) -> list[str]:
        """Give what the audit trail tells, oldest first."""
        document = self.call("audit", "list", "--json").document
        return [json.dumps(each) for each in document["entries"]]
