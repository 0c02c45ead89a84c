"""Where Slack says a file is to go: only a server on this machine is one on this machine."""

import pytest

from fintech_factory.distribution.slack_files import _is_here


@pytest.mark.parametrize(
    "url", ["http://localhost:8080/up", "http://127.0.0.1/up", "http://[::1]/"]
)
def test_a_server_on_this_machine_is_here(url: str) -> None:
    assert _is_here(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://files.slack.com/up",
        "https://localhost.example.com/up",
        "https://127.0.0.1.example.com/up",
        "https://example.com/up?to=://localhost",
    ],
)
def test_a_name_that_begins_like_this_machine_is_not(url: str) -> None:
    """Such a name may lead into a private network, and is looked up and judged as any other."""
    assert not _is_here(url)
