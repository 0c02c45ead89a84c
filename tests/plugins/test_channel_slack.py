"""Slack: what goes over the wire, threads and edits, webhooks, files, and who pressed a button."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient
from stages import tools
from stages.slack import TOKEN, api, settings_for

from fintech_factory.config import Secret
from fintech_factory.distribution.channel import Delivery, Outcome, Tools, Word
from fintech_factory.distribution.channels.slack import open_channel
from fintech_factory.distribution.rendering import lay_out, slack_of
from fintech_factory.message import Attachment, Language, Occasion
from peers.faults import Answer, FaultServer, Request, fault_server
from peers.messages import alert

PNG = b"\x89PNG\r\n\x1a\nnot really"
CHART = "par_90@2025-12-10"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with fault_server() as opened:
        opened.otherwise = lambda request: _files(opened, request) or api(request)
        yield opened


def _files(server: FaultServer, request: Request) -> Answer | None:
    match request.path.rpartition("/")[2]:
        case "files.getUploadURLExternal":
            url = f"{server.url}/upload/1"
            return Answer(body={"ok": True, "upload_url": url, "file_id": "F1"})
        case "files.completeUploadExternal":
            return Answer(body={"ok": True, "files": [{"id": "F1"}]})
        case "1":
            return Answer(body="OK - 18")
    return None


def send(
    server: FaultServer,
    folder: Path,
    *,
    settings: dict[str, object] | None = None,
    **changed: object,
) -> Outcome:
    given: dict[str, object] = {"key": "k1", "message": alert(), "address": "#fintech-alerts"}
    used = changed.pop("tools", tools(folder))
    assert isinstance(used, Tools)
    channel = open_channel(settings_for(server.url, folder, **(settings or {})), used)
    return channel.send(Delivery(**{**given, **changed}))  # type: ignore[arg-type]


def test_the_wire_is_what_slacks_own_client_sends(server: FaultServer, tmp_path: Path) -> None:
    send(server, tmp_path)
    said = slack_of(lay_out(alert(), Language.EN))
    WebClient(TOKEN, base_url=f"{server.url}/api/").chat_postMessage(
        channel="#fintech-alerts",
        text=said.text,
        blocks=list(said.blocks),
        unfurl_links=False,
        unfurl_media=False,
        parse="none",
        link_names=False,
        metadata={"event_type": "fintech_factory_message", "event_payload": {"key": "k1"}},
    )
    ours, theirs = server.requests
    assert ours.json() == theirs.json()
    assert (ours.method, ours.path) == (theirs.method, theirs.path)
    assert dict(ours.headers) == dict(theirs.headers)


def test_a_webhook_is_sent_what_slacks_own_client_sends(
    server: FaultServer, tmp_path: Path
) -> None:
    server.otherwise = lambda _: Answer(body="ok")
    outcome = _by_webhook(server, tmp_path)
    assert outcome == Outcome(Word.ACCEPTED)
    said = slack_of(lay_out(alert(), Language.EN), buttons=False)
    WebhookClient(f"{server.url}/services/T0/B0/hook-secret-1").send(
        text=said.text, blocks=list(said.blocks), unfurl_links=False, unfurl_media=False
    )
    ours, theirs = server.requests
    assert ours.json() == theirs.json()
    assert ours.path == theirs.path
    assert ours.header("Content-Type") == theirs.header("Content-Type")
    # A press on a webhook's button would be answered by nobody.
    assert b'"actions"' not in ours.body


def _by_webhook(server: FaultServer, folder: Path, **settings: object) -> Outcome:
    (folder / "hook").write_text(f"{server.url}/services/T0/B0/hook-secret-1")
    hooks = {"#fintech-alerts": Secret(file=folder / "hook")}
    return send(server, folder, settings={"token": None, "webhooks": hooks, **settings})


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (Answer(404, "no_service"), Word.REFUSED),
        (Answer(403, "invalid_token"), Word.REFUSED),
        (Answer(410, "channel_is_archived"), Word.REFUSED),
        (Answer(400, "invalid_blocks"), Word.REFUSED),
        (Answer(302, "", {"Location": "https://evil.test/"}), Word.REFUSED),
        (Answer(429, "", {"Retry-After": "7"}), Word.DEFERRED),
        (Answer(500, "rollup_error"), Word.DEFERRED),
        (Answer(200, "<html>sign in</html>"), Word.UNKNOWN),
        (Answer(fault="silent"), Word.UNKNOWN),
    ],
)
def test_a_webhooks_answer_is_understood(
    server: FaultServer, tmp_path: Path, answer: Answer, word: Word
) -> None:
    server.script = [answer]
    outcome = _by_webhook(server, tmp_path)
    assert outcome.word is word
    assert "hook-secret-1" not in outcome.reason
    assert len(server.requests) == 1


def test_where_the_token_is_refused_the_webhook_tells_it(
    server: FaultServer, tmp_path: Path
) -> None:
    server.script = [Answer(body={"ok": False, "error": "token_revoked"}), Answer(body="ok")]
    outcome = _by_webhook(server, tmp_path, token=Secret(file=tmp_path / "token"))
    assert outcome.word is Word.ACCEPTED
    assert "token_revoked" in outcome.reason
    assert len(server.of("hook-secret-1")) == 1


@pytest.mark.parametrize(
    "answer", [Answer(body={"ok": False, "error": "channel_not_found"}), Answer(fault="silent")]
)
def test_where_the_bot_may_have_posted_the_webhook_is_not_used(
    server: FaultServer, tmp_path: Path, answer: Answer
) -> None:
    server.script = [answer]
    _by_webhook(server, tmp_path, token=Secret(file=tmp_path / "token"))
    assert not server.of("hook-secret-1")


@pytest.mark.parametrize(
    ("error", "word"),
    [
        ("channel_not_found", Word.REFUSED),
        ("invalid_auth", Word.REFUSED),
        ("is_archived", Word.REFUSED),
        ("msg_too_long", Word.REFUSED),
        ("a_word_slack_makes_up_next_year", Word.REFUSED),
        ("ratelimited", Word.DEFERRED),
        ("service_unavailable", Word.DEFERRED),
        ("internal_error", Word.UNKNOWN),
        ("fatal_error", Word.UNKNOWN),
    ],
)
def test_an_error_says_whether_another_try_makes_sense(
    server: FaultServer, tmp_path: Path, error: str, word: Word
) -> None:
    server.script = [Answer(body={"ok": False, "error": error})]
    outcome = send(server, tmp_path)
    assert outcome.word is word
    assert error in outcome.reason


@pytest.mark.parametrize("body", ["[]", "null", "7", '"ok"', "{}", '{"ok": "x"'])
def test_json_that_is_no_answer_is_unknown(server: FaultServer, tmp_path: Path, body: str) -> None:
    server.script = [Answer(body=body)]
    assert send(server, tmp_path).word is Word.UNKNOWN


def answered(server: FaultServer, folder: Path, occasion: Occasion) -> dict[str, object]:
    message = alert(occasion=occasion)
    send(server, folder, message=message, thread_id="C0123456789/1700.000001")
    return server.of("chat.postMessage")[0].json()


@pytest.mark.parametrize(
    ("occasion", "loud", "edits"),
    [
        (Occasion.ALERT, True, 1),
        (Occasion.ESCALATION, True, 0),
        (Occasion.REPEAT, True, 0),
        (Occasion.UPDATE, False, 1),
        (Occasion.RESOLVED, False, 1),
    ],
)
def test_more_of_an_alert_answers_in_its_thread_and_its_first_message_shows_the_state(
    server: FaultServer,
    tmp_path: Path,
    occasion: Occasion,
    loud: bool,  # noqa: FBT001
    edits: int,
) -> None:
    said = answered(server, tmp_path, occasion)
    assert said["channel"] == "C0123456789"
    assert said["thread_ts"] == "1700.000001"
    assert said["reply_broadcast"] is loud
    changed = server.of("chat.update")
    assert len(changed) == edits
    for each in changed:
        assert each.json()["ts"] == "1700.000001"
        assert each.json()["channel"] == "C0123456789"
        assert (each.json()["parse"], each.json()["link_names"]) == ("none", False)
        assert ('"actions"' in each.body.decode()) == (occasion is not Occasion.RESOLVED)


def test_an_edit_that_fails_does_not_unsend_the_answer(server: FaultServer, tmp_path: Path) -> None:
    server.script = [
        Answer(body={"ok": True, "channel": "C0123456789", "ts": "2.0"}),
        Answer(body={"ok": False, "error": "cant_update_message"}),
    ]
    message = alert(occasion=Occasion.RESOLVED)
    outcome = send(server, tmp_path, message=message, thread_id="C0123456789/1.0")
    assert outcome.word is Word.ACCEPTED
    assert outcome.provider_id == "C0123456789/2.0"
    assert "cant_update_message" in outcome.reason


def test_an_alert_whose_thread_was_deleted_is_posted_by_itself(
    server: FaultServer, tmp_path: Path
) -> None:
    server.script = [Answer(body={"ok": False, "error": "thread_not_found"})]
    outcome = send(server, tmp_path, thread_id="C0123456789/1.0")
    assert outcome.word is Word.ACCEPTED
    first, second = server.of("chat.postMessage")
    assert first.json()["thread_ts"] == "1.0"
    assert "thread_ts" not in second.json()


def with_chart(folder: Path) -> dict[str, object]:
    return {
        "message": alert(chart=CHART),
        "tools": tools(folder, picture=lambda name: PNG if name == CHART else None),
    }


def test_a_chart_goes_up_first_and_is_shown_with_its_text(
    server: FaultServer, tmp_path: Path
) -> None:
    assert send(server, tmp_path, **with_chart(tmp_path)).reason == ""
    assert [each.path.rpartition("/")[2] for each in server.requests] == [
        "files.getUploadURLExternal",
        "1",
        "files.completeUploadExternal",
        "chat.postMessage",
    ]
    assert server.requests[1].body == PNG
    # The place of the upload is no place for the token.
    assert server.requests[1].header("Authorization") is None
    image = [each for each in server.requests[3].json()["blocks"] if each["type"] == "image"]  # type: ignore[attr-defined]
    assert image[0]["slack_file"] == {"id": "F1"}
    assert image[0]["alt_text"].startswith("Chart: PAR 90")


@pytest.mark.parametrize(
    "script",
    [
        [Answer(body={"ok": False, "error": "missing_scope"})],
        [Answer(fault="reset")],
        [Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"})],
    ],
)
def test_an_alert_goes_without_its_chart_rather_than_not_at_all(
    server: FaultServer, tmp_path: Path, script: list[Answer]
) -> None:
    server.script = script
    outcome = send(server, tmp_path, **with_chart(tmp_path))
    assert outcome.word is Word.ACCEPTED
    assert "without the chart" in outcome.reason
    assert b"slack_file" not in server.of("chat.postMessage")[0].body


def test_a_chart_that_slack_does_not_show_yet_is_left_out(
    server: FaultServer, tmp_path: Path
) -> None:
    posts = iter([Answer(body={"ok": False, "error": "invalid_blocks"})])

    def answer(request: Request) -> Answer:
        refused = next(posts, None) if request.path.endswith("chat.postMessage") else None
        return refused or _files(server, request) or api(request)

    server.otherwise = answer
    outcome = send(server, tmp_path, **with_chart(tmp_path))
    assert outcome.word is Word.ACCEPTED
    assert "without the chart" in outcome.reason


def test_attachments_follow_in_the_thread(server: FaultServer, tmp_path: Path) -> None:
    (tmp_path / "pack.pdf").write_bytes(b"%PDF")
    files = (
        Attachment("pack.pdf", "application/pdf", "pack.pdf", sha256(b"%PDF").hexdigest()),
        Attachment("old.pdf", "application/pdf", "pack.pdf", "0" * 64),
    )
    outcome = send(server, tmp_path, message=alert(attachments=files))
    assert outcome.word is Word.ACCEPTED
    assert outcome.reason == "without old.pdf (old.pdf has changed since it was named)"
    (complete,) = server.of("files.completeUploadExternal")
    assert b"C0123456789" in complete.body
    assert server.of("/upload/1")[0].body == b"%PDF"


def test_a_probe_says_of_each_webhook_whether_it_is_live(
    server: FaultServer, tmp_path: Path
) -> None:
    for name in ("live", "dead"):
        (tmp_path / name).write_text(f"{server.url}/services/{name}-hook-secret")
    hooks = {f"#{name}": Secret(file=tmp_path / name) for name in ("live", "dead")}
    server.script = [Answer(400, "no_text"), Answer(403, "invalid_token")]
    channel = open_channel(
        settings_for(server.url, tmp_path, token=None, webhooks=hooks), tools(tmp_path)
    )
    live, dead = channel.probe()
    assert (live.ok, live.said) == (True, "the webhook is live")
    assert dead.ok is False
    assert dead.said.startswith("token invalid: HTTP 403")
    assert "hook-secret" not in f"{live}{dead}"
    # Without a text nothing can be posted.
    assert [json.loads(each.body) for each in server.requests] == [{}, {}]


@pytest.mark.parametrize("body", [{"channels": [7, None]}, {"channel": "C1"}, {"channels": None}])
def test_a_probe_survives_an_answer_of_another_shape(
    server: FaultServer, tmp_path: Path, body: dict[str, object]
) -> None:
    server.otherwise = lambda _: Answer(body={"ok": True, **body})
    used = tools(tmp_path, addresses=("#risk", "C0123456789", "risk"))
    token, *addresses = open_channel(settings_for(server.url, tmp_path), used).probe()
    assert token.ok
    assert [each.ok for each in addresses] == [False, False, False]
    assert "no Slack address" in addresses[2].said
