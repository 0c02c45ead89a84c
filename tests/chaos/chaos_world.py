"""A workspace that alerts by real channels, its peers, and what must hold of it in the end."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import make_url

from fintech_factory.distribution.dispatch import NOT_SENT
from fintech_factory.distribution.rendering.words import PHRASES
from fintech_factory.message import Language
from fintech_factory.state.address import sqlite_url
from fintech_factory.state.store import State
from fintech_factory.state.tables import metadata
from fintech_factory.testing import Book, book
from peers.faults import Answer, FaultServer, Request

__all__ = [
    "AFTER",
    "BEFORE",
    "Child",
    "Make",
    "Undisturbed",
    "World",
    "children",
    "configure",
    "slack_answer",
    "use_database",
]

TOKEN = "xoxb-chaos-secret-12"  # noqa: S105 - made up
SECRET = "chaos-webhook-secret"  # noqa: S105 - made up
_CHILD = Path(__file__).with_name("chaos_child.py")
_REPEAT = tuple(PHRASES["repeat"].within(language) for language in Language)
# A killed sender's lease has to run out before anybody else sends.
_LEASE_S = 1.0


def _book(*, through: str) -> Book:
    """Six loans, three of which are never paid and 90 days past due on 30 June.

    The others pay a little in June and much on 1 July: that day PAR 90 begins to alert, and the
    collection rate stops.
    """
    made = book()
    for number in range(6):
        is_good = number >= 3
        paid = [("2025-06-20", 50), ("2025-07-01", 300)] if is_good else []
        made = made.loan(
            400,
            disbursed="2025-01-02",
            instalments=[("2025-08-31" if is_good else "2025-04-01", 400)],
            payments=[each for each in paid if each[0] <= through],
            entity="North" if number % 2 else "South",
        )
    return made.ending(through)


BEFORE = _book(through="2025-06-30")
"""Little is collected, and nothing is past 90 days yet."""
AFTER = _book(through="2025-07-01")
"""A day later most of what is owed is past 90 days, and much was collected."""


def slack_answer(request: Request) -> Answer:
    """Answer as Slack does: it takes what comes, and keeps no key to tell a repeat by."""
    number = abs(hash(request.body)) % 1_000_000
    return Answer(body={"ok": True, "channel": "C0123456789", "ts": f"1700.{number:06}"})


def configure(root: Path, peer: FaultServer) -> None:
    """Switch Slack and a webhook on, both led to a peer, and tell every receiver by both."""
    integrations = root / "config" / "integrations"
    throttle = "throttle: {per_minute: 60000, burst: 1000}\n"
    (root / "secret").write_text(SECRET, encoding="utf-8")
    (root / "token").write_text(TOKEN, encoding="utf-8")
    (integrations / "slack.yaml").write_text(
        f"kind: slack\nenabled: true\ntoken: {{file: ../../token}}\npictures: false\n"
        f"api_url: {peer.url}/api/\n{throttle}",
        encoding="utf-8",
    )
    (integrations / "webhook.yaml").write_text(
        f"kind: webhook\nenabled: true\nendpoints:\n  ops:\n    url: {peer.url}/hook\n"
        f"    secret: {{file: ../../secret}}\n    allow_http: true\n    allow_private: true\n"
        f"{throttle}",
        encoding="utf-8",
    )
    path = root / "config" / "alerts.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace(
        "channels_off: [slack, email, sms, notion, webhook]", "channels_off: [email, sms, notion]"
    )
    shipped = "      - {channel: webhook, address: operations}\n"
    assert shipped in text
    text = text.replace(shipped, "")
    lines = []
    for line in text.splitlines():
        lines.append(line)
        if line.strip().startswith("- {channel: slack, address:"):
            lines.append("      - {channel: webhook, address: ops}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def use_database(root: Path, url: str) -> None:
    """Let a workspace keep its state in PostgreSQL; its password is a file's."""
    if url.startswith("sqlite"):
        return
    parts = make_url(url)
    (root / "password").write_text(str(parts.password), encoding="utf-8")
    bare = f"postgresql://{parts.username}@{parts.host}:{parts.port}/{parts.database}"
    said = f"state:\n  url: {bare}\n  password: {{file: ../password}}\n"
    path = root / "config" / "factory.yaml"
    head, _, tail = path.read_text(encoding="utf-8").partition("state:\n")
    *_, tail = re.split(r"^  password: .*\n", tail, maxsplit=1, flags=re.MULTILINE)
    path.write_text(head + said + tail, encoding="utf-8")


@dataclass
class Child:
    """Runs commands in processes that may be killed; one at a time."""

    process: "subprocess.Popen[str]"

    def __call__(self, root: Path, *arguments: str, **death: object) -> int:
        """Run `factory …`; give how it ended (negative: by which signal)."""
        said = {
            "arguments": [*arguments, "--workspace", str(root)],
            "out": str(root / "out.txt"),
            "lease_s": _LEASE_S,
            **death,
        }
        return int(self._ask(said)["code"])

    def frozen(self, root: Path, *arguments: str, **where: object) -> int:
        """Run `factory …` until it stops where it is told to; give the process."""
        answer = self._ask(
            {
                "arguments": [*arguments, "--workspace", str(root)],
                "out": str(root / "frozen.txt"),
                "lease_s": _LEASE_S,
                "freeze": True,
                **where,
            }
        )
        assert "frozen" in answer, (root / "frozen.txt").read_text(encoding="utf-8")
        return int(answer["frozen"])

    def thaw(self, process: int) -> int:
        """Let it go on; give how it ended."""
        return int(self._ask({"thaw": process})["code"])

    def _ask(self, said: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(said) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def children() -> Iterator[Child]:
    """Start what starts them."""
    command = [sys.executable, str(_CHILD)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"ready": True}
        yield Child(process)
        process.stdin.close()


@dataclass(frozen=True)
class Received:
    """One message that a peer took: its key, the body, and whether it says it may be a repeat."""

    key: str
    where: str
    is_marked: bool


@dataclass
class World:
    """One workspace with its database and the peer that its messages go to."""

    root: Path
    state: State
    peer: FaultServer
    run: Child
    kills: int = 0

    @classmethod
    def of(cls, root: Path, url: str, peer: FaultServer, run: Child) -> "World":
        """Open a workspace whose state is in a database."""
        own = sqlite_url(root / "state" / "factory.db") if url.startswith("sqlite") else url
        return cls(root, State(own), peer, run)

    def kill(self, *arguments: str, **death: object) -> int:
        """Run a command that is to be killed; it may have ended before."""
        code = self.run(self.root, *arguments, **death)
        self.kills += code == -9
        return code

    def settle(self) -> None:
        """Start it again as whoever keeps it running would, until nothing is left to do."""
        assert self.run(self.root, "run") in {0, 3}, self.said()
        for _ in range(5):
            assert self.run(self.root, "alerts", "deliver", "--wait", "10") in {0, 3}, self.said()
            if not {"waiting", "leased"} & {row["status"] for row in self.rows("outbox")}:
                return
        raise AssertionError(f"never drained: {self.said()}")

    def said(self) -> str:
        return (self.root / "out.txt").read_text(encoding="utf-8")[-3000:]

    def rows(self, table: str) -> list[dict[str, Any]]:
        with self.state.reading() as connection:
            found = connection.execute(select(metadata.tables[table]))
            return [dict(row._mapping) for row in found]

    def received(self) -> list[Received]:
        """Give what the peer took, in its order; what broke off in the middle it did not take."""
        return [each for each in map(_received, self.peer.requests) if each is not None]

    def pointed(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / "warehouse" / "CURRENT").read_text())
        return found

    def _runs(self) -> list[dict[str, Any]]:
        return sorted(self.rows("run"), key=lambda row: row["sequence"])

    def story(self) -> dict[str, object]:
        """Tell all that must come out the same, however often it was killed on the way."""
        return {
            "alerts": sorted(
                (row["fingerprint"], row["status"], row["level"], str(row["value"]), row["as_of"])
                for row in self.rows("alert")
            ),
            "steps": sorted(
                (row["alert_id"], row["kind"], row["level"], str(row["value"]), row["actor"])
                for row in self.rows("alert_transition")
            ),
            # What the clock looks at of itself, it looks at as often as it is asked.
            "judged": sorted(
                (row["fingerprint"], str(row["cut_on"]), row["said"], str(row["level"]))
                for row in self.rows("evaluation")
                if row["run_id"]
            ),
            "told": sorted(
                (row["key"], row["channel"], row["address"], row["message"]["occasion"])
                for row in self.rows("outbox")
            ),
            "inbox": sorted((row["key"], row["receiver"]) for row in self.rows("inbox_item")),
            "readings": Counter(
                (row["kpi"], row["as_of"], row["dimension"], row["member"], row["status"])
                for row in self.rows("reading")
            ),
            "runs": [
                row["status"] for row in sorted(self.rows("run"), key=lambda r: r["sequence"])
            ],
            "entries": Counter(row["action"] for row in self.rows("audit_entry")),
        }

    # ---- what must hold ------------------------------------------------------------------------

    def check(self) -> int:
        """Check that nothing was lost, doubled or left half done; give how many were repeats."""
        self._check_published()
        assert self.run(self.root, "audit", "verify") == 0, self.said()
        return self._check_delivered()

    def _check_published(self) -> None:
        runs = self._runs()
        published = [row for row in runs if row["status"] == "published"]
        assert {row["run_id"] for row in self.rows("reading")} == {r["run_id"] for r in published}
        newest = published[-1]
        assert self.pointed()["version"] == newest["version"]
        files = {path.stem for path in (self.root / "warehouse" / "versions").glob("*.duckdb")}
        assert newest["version"] in files
        assert files <= {row["version"] for row in published}

    def _check_delivered(self) -> int:
        outbox = {row["key"]: row for row in self.rows("outbox")}
        assert {row["status"] for row in outbox.values()} == {"delivered"}, outbox
        received = self.received()
        outside = {key for key, row in outbox.items() if row["channel"] in {"slack", "webhook"}}
        # Nothing was lost, and nothing was said that was not meant.
        assert {each.key for each in received} == outside
        kept = [row["key"] for row in self.rows("inbox_item")]
        assert sorted(kept) == sorted(k for k, row in outbox.items() if row["channel"] == "inbox")
        attempts: dict[int, list[dict[str, Any]]] = {}
        for row in self.rows("attempt"):
            attempts.setdefault(row["outbox"], []).append(row)
        repeats = 0
        for key in outside:
            taken = [each for each in received if each.key == key]
            tried = sorted(attempts[outbox[key]["sequence"]], key=lambda row: row["number"])
            assert [row["word"] for row in tried][-1] == "accepted"
            assert [row["number"] for row in tried] == list(range(1, len(tried) + 1))
            # On a busy machine a lease of a second may end before the sending: nothing went out.
            tried = [row for row in tried if row["reason"] != NOT_SENT]
            # What was sent twice was in doubt, says so, and is written down as such.
            assert len(taken) <= len(tried)
            assert not taken[0].is_marked or len(tried) > 1
            assert all(each.is_marked for each in taken[1:]), key
            assert all(row["word"] == "unknown" for row in tried[:-1]), tried
            assert outbox[key]["may_repeat"] is (len(tried) > 1)
            # Each doubt is one kill's.
            assert len(tried) - 1 <= self.kills
            repeats += len(taken) - 1
        return repeats


Make = Callable[[], World]


@dataclass(frozen=True)
class Undisturbed:
    """A run that nobody killed."""

    story: dict[str, object]
    seconds: float


def _received(request: Request) -> Received | None:
    try:
        document = json.loads(request.body)
    except ValueError:
        return None
    text = json.dumps(document, ensure_ascii=False)
    marked = any(each in text for each in _REPEAT)
    if request.path == "/hook":
        key = request.header("Idempotency-Key")
        assert key == document["key"]
        return Received(key, "webhook", marked)
    if request.path.endswith("chat.postMessage"):
        key = document["metadata"]["event_payload"]["key"]
        return Received(key, document["channel"], marked)
    return None
