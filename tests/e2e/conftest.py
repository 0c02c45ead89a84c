"""A small book from landing to figures, and the `factory` command to ask for them."""

import csv
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

# Tests are not a package; what they share is found beside them.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from alert_world import SECRET, TOKEN, Clock, Peers, World, answers, settings_for
from e2e_validated import Table, Turn, findings

from fintech_factory.app.alert_automation import Automation
from fintech_factory.book import BookPlan, generate
from fintech_factory.cli import main
from fintech_factory.clock import SystemClock
from fintech_factory.config.workspace import Workspace
from fintech_factory.testing import Book, book
from peers.faults import fault_server
from peers.smtp import PASSWORD, mail_server


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call left: exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self.out)


def call(root: Path, *arguments: object) -> Outcome:
    """Run `factory … --workspace ROOT`."""
    texts = [str(each) for each in arguments]
    result = CliRunner().invoke(main, [*texts, "--workspace", str(root)])
    return Outcome(result.exit_code, result.stdout, result.stderr)


Factory = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits until a failed run is tried again."""
    monkeypatch.setattr(Automation.__init__, "__defaults__", (lambda _: None,))


@pytest.fixture(scope="session")
def factory() -> Factory:
    return call


@pytest.fixture(scope="session")
def small_book() -> Book:
    """Four loans to the end of June 2025, and what the source says of them.

    L1  North   400  due 31 Mar           pays 100 on 10 Jun           91 days past due, 300 left
    L2  North 1,000  due 30 Apr, 31 Jul   pays 500 + 20 on 30 Apr      current, 500 left
    L3  South 1,200  due  1 Jan           pays nothing                 180 days: still outstanding
    L4  South   100  due 20 Jun           pays 100 + 5 on 20 Jun       repaid in the month

    Outstanding 2,000; past 90 days 1,500 = 75 %; cash of 30 days 205 = 10.25 %;
    health (100 - 75) * 0.6 + 10.25 * 0.4 = 19.1.
    """
    return (
        book()
        .loan(400, disbursed="2025-01-02", instalments=[("2025-03-31", 400)],
              payments=[("2025-06-10", 100)])
        .loan(1000, disbursed="2025-02-03",
              instalments=[("2025-04-30", 500, 20), ("2025-07-31", 500, 20)],
              payments=[("2025-04-30", 500, 20)])
        .loan(1200, disbursed="2024-12-02", instalments=[("2025-01-01", 1200)], entity="South")
        .loan(100, disbursed="2025-05-20", instalments=[("2025-06-20", 100, 5)],
              payments=[("2025-06-20", 100, 5)], entity="South")
        .source_says("L1", "2025-06-30", 300, dpd=91)
        .source_says("L2", "2025-06-30", 500, dpd=0)
        .source_says("L3", "2025-06-30", 1200, dpd=180)
        .ending("2025-06-30")
    )  # fmt: skip


@pytest.fixture(scope="session")
def published(
    small_book: Book, empty_workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A workspace in which the small book's month-ends are published: read it, never write.

    Four loans are spread differently every month; that is accepted, so that a run ends with 0.
    """
    root = tmp_path_factory.mktemp("published") / "workspace"
    shutil.copytree(empty_workspace, root)
    small_book.land(Workspace(root).raw("cascade"))
    outcome = call(root, "run", "--month-ends", "--json")
    odd = [each for each in outcome.document["findings"] if each["code"] == "distribution_drift"]
    said = ("--reason", "four loans", "--by", "ana", "--until", "2099-12-31")
    assert all(call(root, "findings", "accept", each["id"], *said).code == 0 for each in odd)
    assert (outcome.code, outcome.document["open"]) == (3, {"warning": len(odd)}), outcome.out
    return root


@pytest.fixture
def workspace(published: Path, tmp_path: Path) -> Path:
    """A copy of the published workspace, to do anything with."""
    root = tmp_path / "workspace"
    shutil.copytree(published, root)
    return root


@pytest.fixture
def edit(workspace: Path) -> Callable[[str, str, str], None]:
    """Change one place of a file of the workspace."""

    def replace(name: str, old: str, new: str) -> None:
        path = workspace / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace


# The book ends on 10 December; its export is expected in the night after, and so on.
NIGHT, NEXT_NIGHT = "2025-12-11T02:00", "2025-12-12T02:00"


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Turn:
    """Set every clock of the product."""

    def to(moment: str) -> None:
        at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        monkeypatch.setattr(SystemClock, "now", lambda _: at)

    to(NIGHT)
    return to


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("validated") / "clean"
    generate(BookPlan(loans=150, months=9, seed=11, instalments=(1, 6)), folder)
    return folder


@pytest.fixture(scope="session")
def good(
    clean: Path, empty_workspace: Path, factory: Factory, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A workspace in which the clean export is published.

    The statuses that the generator contradicts on purpose are accepted, as a lender would.
    """
    root: Path = tmp_path_factory.mktemp("good") / "workspace"
    shutil.copytree(empty_workspace, root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SystemClock, "now", lambda _: datetime(2025, 12, 11, 2, tzinfo=UTC))
        assert factory(root, "ingest", "cascade", clean).code == 0
        run = factory(root, "run", "--month-ends", "--json")
        odd = findings(run.document)["status_against_balance loans.csv"]["id"]
        said = ("--reason", "statuses are not used", "--by", "ana", "--until", "2026-12-31")
        # Until somebody has answered it, the run and every rerun say that there is something.
        assert factory(root, "run", "--month-ends").code == 3
        assert factory(root, "findings", "accept", odd, *said).code == 0
        again = factory(root, "run", "--month-ends", "--json")
    assert (run.code, run.document["status"]) == (3, "published"), run.out
    assert (again.code, again.document["status"]) == (0, "unchanged"), again.out
    return root


@pytest.fixture
def root(good: Path, tmp_path: Path, turn: Turn) -> Path:
    folder = tmp_path / "workspace"
    shutil.copytree(good, folder)
    turn(NEXT_NIGHT)
    return folder


@pytest.fixture
def changed(clean: Path, tmp_path: Path) -> Callable[..., Path]:
    """Make an export that differs from the clean one in one table."""

    def make(table: str, change: Callable[[Table], Table], name: str = "changed") -> Path:
        folder = tmp_path / name
        shutil.copytree(clean, folder)
        path = folder / f"{table}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = change(list(csv.DictReader(file)))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        return folder

    return make


@pytest.fixture
def entries(factory: Factory, workspace: Path) -> Callable[..., list[dict[str, Any]]]:
    """Every entry, oldest first."""

    def listed(**wanted: str) -> list[dict[str, Any]]:
        options = [text for name, value in wanted.items() for text in (f"--{name}", value)]
        outcome = factory(workspace, "audit", "export", "--format", "jsonl", *options)
        assert outcome.code == 0, outcome.out
        return [json.loads(line) for line in outcome.out.splitlines()]

    return listed


@pytest.fixture
def peers(tmp_path: Path) -> Iterator[Peers]:
    """A mail server with STARTTLS and AUTH, one that answers as Slack does, and a receiver."""
    folder = tmp_path / "peers"
    folder.mkdir()
    with mail_server(folder) as mail, fault_server() as slack, fault_server() as hook:
        slack.otherwise = answers
        yield Peers(mail, slack, hook)


@pytest.fixture
def world(
    peers: Peers, tmp_path: Path, empty_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> World:
    """A workspace whose alerts reach the peers, in the night after 10 December 2025."""
    root = tmp_path / "w"
    shutil.copytree(empty_workspace, root)
    settings_for(root, peers)
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    return World(root, peers, Clock(monkeypatch, "2025-12-11T03:00"), call)
