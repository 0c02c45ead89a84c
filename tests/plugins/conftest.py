"""Makes tests/peers and the stages importable; no plug-in may sleep or use a proxy."""

import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """One send is one attempt: whoever waits for another has not read that."""

    def slept(_seconds: float) -> None:
        pytest.fail("a plug-in slept")

    monkeypatch.setattr(time, "sleep", slept)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
