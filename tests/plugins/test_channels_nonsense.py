"""Whatever a server answers, byte by byte at random, a send ends in one of the four words."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stages import slack, tools, webhook

from fintech_factory.distribution.channel import Channel, Delivery, Outcome, Word
from fintech_factory.distribution.channels.slack import open_channel as open_slack
from fintech_factory.distribution.channels.webhook import open_channel as open_webhook
from peers.faults import Answer, FaultServer, fault_server
from peers.messages import alert

STATUSES = [200, 201, 204, 301, 400, 403, 404, 418, 429, 500, 502, 503, 504, 599]
BODIES = ['{"ok": true}', '{"ok": false}', '{"ok": false, "error": ["x"]}', "ok", "[]"]
KEYS = ["ok", "error", "ts", "channel"]
HEADERS = ["Retry-After", "Content-Type", "Content-Length", "Transfer-Encoding"]
VALUES = [
    *("", "1", "-1", "999", "1e9", "x", "gzip", "chunked", "Wed, 99 Foo 2025 00:00:00 GMT"),
    *("text/html; charset=banana", "text/html; charset=utf-16", "application/gzip"),
]
ANSWERS = st.builds(
    Answer,
    status=st.sampled_from(STATUSES),
    body=st.one_of(
        st.binary(max_size=60),
        st.sampled_from(BODIES),
        st.dictionaries(st.sampled_from(KEYS), st.integers() | st.none() | st.booleans()),
    ),
    headers=st.dictionaries(st.sampled_from(HEADERS), st.sampled_from(VALUES)),
    fault=st.sampled_from(["", "", "", "reset", "closed", "truncated", "garbage"]),
)


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with fault_server() as opened:
        yield opened


@pytest.fixture(scope="module")
def channels(
    server: FaultServer, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Channel, str]]:
    folder = tmp_path_factory.mktemp("nonsense")
    used = tools(folder)
    return {
        "slack": (open_slack(slack.settings_for(server.url, folder), used), "#risk"),
        "webhook": (open_webhook(webhook.settings_for(server.url, folder), used), "ops"),
    }


@pytest.mark.parametrize("name", ["slack", "webhook"])
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(answer=ANSWERS)
def test_a_random_answer_is_an_outcome(
    name: str, answer: Answer, server: FaultServer, channels: dict[str, tuple[Channel, str]]
) -> None:
    channel, address = channels[name]
    server.script = [answer]
    server.requests.clear()
    outcome = channel.send(Delivery("k", alert(), address))
    assert isinstance(outcome, Outcome)
    assert len(server.requests) == 1
    if outcome.word is Word.ACCEPTED:
        assert answer.status // 100 == 2
    else:
        assert outcome.reason
        assert outcome.reason.isprintable()
    if answer.fault in {"reset", "closed", "garbage"}:
        assert outcome.word is Word.UNKNOWN
