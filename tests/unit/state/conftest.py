"""Chains that are written as commands write them, and verified with what lies beside them."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fintech_factory.clock import FixedClock
from fintech_factory.state.audit import Entry, Head
from fintech_factory.state.audit_folder import AuditFolder
from fintech_factory.state.audit_trail import Trail
from fintech_factory.state.audit_verdict import Trust, Verdict
from fintech_factory.state.audit_verify import verify
from fintech_factory.state.store import State

# Tests are not a package; what they share is found beside them.
sys.path.insert(0, str(Path(__file__).parent))

from audit_chain import AT, Write, entry


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    return Trail(AuditFolder(tmp_path / "audit"), FixedClock(AT))


@pytest.fixture
def write(trail: Trail, state: State) -> Write:
    """Write some entries in one transaction, as a command does."""

    def written(*entries: Entry) -> Head:
        with state.transaction() as connection:
            head = trail.append(connection, entries or [entry()])
        trail.seal(head)
        return head

    return written


@pytest.fixture
def found(trail: Trail, state: State) -> Callable[..., Verdict]:
    """Verify with what lies in the folder, and with other heads."""

    def verdict(**heads: Head) -> Verdict:
        held = trail.folder.read_head()
        known = {"head.json": Head(held.sequence, held.head)} if held else {}
        keys = trail.folder.public_keys()
        return verify(state, Trust(keys[0] if keys else None, known | heads))

    return verdict
