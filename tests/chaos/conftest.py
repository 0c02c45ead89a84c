"""Workspaces to be killed in: each a copy of one that has published and told of a bad day."""

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from chaos_world import (
    AFTER,
    BEFORE,
    Child,
    Make,
    Undisturbed,
    World,
    children,
    configure,
    slack_answer,
    use_database,
)

from fintech_factory.config.workspace import Workspace
from fintech_factory.testing import Book
from peers.faults import fault_server
from state_databases import Databases


@pytest.fixture(scope="session")
def child() -> Iterator[Child]:
    with children() as started:
        yield started


KINDS = [
    # Where several workers share the tests, each makes one kind of workspace and database.
    pytest.param(kind, marks=pytest.mark.xdist_group(f"chaos-{kind}"))
    for kind in ("sqlite", "postgresql")
]


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def make(
    kind: str,
    databases: Databases,
    child: Child,
    empty_workspace: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Make]:
    """Make a workspace whose newest export waits to be run; each world has the peer to itself."""
    folder = tmp_path_factory.mktemp(f"chaos-{kind}")
    numbers = count(1)
    with fault_server() as peer, ExitStack() as stack:
        peer.otherwise = slack_answer
        template = folder / "template"
        shutil.copytree(empty_workspace, template)
        configure(template, peer)
        origin = stack.enter_context(databases.ready(kind))
        land(BEFORE, template, origin)
        world = World.of(template, origin, peer, child)
        world.settle()
        assert world.check() == 0
        world.state.close()
        before = tuple(peer.requests)

        def copied() -> World:
            number = next(numbers)
            # All stand in one place in turn, so that what is read of settings is read once.
            root = folder / "world"
            if root.exists():
                root.rename(folder / f"{number - 1}")
            shutil.copytree(template, root)
            url = origin
            if kind == "postgresql":
                name = f"chaos_{number}"
                url = databases.server.create(name, origin.rpartition("/")[2])
                stack.callback(databases.server.drop, name)
            land(AFTER, root, url)
            peer.requests.clear()
            peer.requests.extend(before)
            return World.of(root, url, peer, child)

        yield copied


def land(of: Book, root: Path, url: str) -> None:
    use_database(root, url)
    of.land(Workspace(root).raw("cascade"))


@pytest.fixture(scope="session")
def undisturbed(make: Make) -> Undisturbed:
    """What comes of it when nothing is killed, and how long it takes."""
    world = make()
    began = time.monotonic()
    assert world.run(world.root, "run") in {0, 3}, world.said()
    seconds = time.monotonic() - began
    world.settle()
    assert world.check() == 0
    # It is a day on which people are told of something by every channel; the file is the anchor.
    assert {row["channel"] for row in world.rows("outbox")} == {
        "slack", "webhook", "inbox", "file",
    }  # fmt: skip
    return Undisturbed(world.story(), seconds)
