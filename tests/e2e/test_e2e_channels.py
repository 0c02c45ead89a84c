"""`factory channels`: what there is, what is wrong with it, and a message that arrives."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from fintech_factory.app import Factory as Ready
from fintech_factory.app.channels import Channels, channel_shelf
from fintech_factory.config.workspace import Workspace
from fintech_factory.state.tables import metadata
from peers import notion, twilio
from peers.faults import Answer, FaultServer, Request, fault_server

Factory = Callable[..., Any]
TOKEN = "xoxb-e2e-secret-12"  # noqa: S105 - made up


@pytest.fixture
def root(tmp_path: Path, empty_workspace: Path) -> Path:
    shutil.copytree(empty_workspace, tmp_path / "w")
    return tmp_path / "w"


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with fault_server() as server:
        server.otherwise = _slack
        yield server


def _slack(request: Request) -> Answer:
    if request.header("Authorization") != f"Bearer {TOKEN}":
        return Answer(body={"ok": False, "error": "invalid_auth"})
    if request.path.endswith("conversations.list"):
        channels = [{"name": "risk", "is_member": True}, {"name": "board", "is_member": False}]
        return Answer(body={"ok": True, "channels": channels})
    return Answer(body={"ok": True, "user": "factory", "team": "L", "channel": "C1", "ts": "1.2"})


def use_slack(root: Path, server: FaultServer) -> None:
    path = root / "config" / "integrations" / "slack.yaml"
    text = path.read_text(encoding="utf-8").replace("enabled: false", "enabled: true")
    added = f"\ntoken: {{env: SLACK_BOT_TOKEN}}\napi_url: {server.url}/api/\n"
    path.write_text(text + added, encoding="utf-8")


def listed(factory: Factory, root: Path) -> dict[str, Any]:
    document = factory(root, "channels", "list", "--json").document
    return {each["name"]: each for each in document["channels"]}


def test_what_is_shipped_reaches_nobody_outside_and_is_right(factory: Factory, root: Path) -> None:
    assert factory(root, "check").code == 0
    assert factory(root, "channels", "list").code == 0
    channels = listed(factory, root)
    on = [name for name, each in channels.items() if each["enabled"]]
    assert on == ["file", "inbox"]
    assert channels["slack"]["configured"] is False
    assert "token" in channels["slack"]["problems"][0]


def test_an_enabled_channel_without_its_secret_is_a_finding(
    factory: Factory, root: Path, slack: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_slack(root, slack)
    assert listed(factory, root)["slack"]["configured"] is True
    assert factory(root, "channels", "list").code == 0
    monkeypatch.delenv("SLACK_BOT_TOKEN")
    found = factory(root, "channels", "list")
    assert found.code == 3
    assert "SLACK_BOT_TOKEN is absent" in found.out
    assert factory(root, "channels", "test", "slack").code == 3


def test_settings_that_are_wrong_or_gone_are_listed_with_the_place(
    factory: Factory, root: Path
) -> None:
    folder = root / "config" / "integrations"
    (folder / "slack.yaml").write_text("kind: slack\ntokn: x\n", encoding="utf-8")
    (folder / "email.yaml").unlink()
    channels = listed(factory, root)
    assert "slack.yaml:2:1" in channels["slack"]["problems"][0]
    assert "is missing" in channels["email"]["problems"][0]
    assert factory(root, "channels", "test", "slack").code == 2


def test_every_address_that_is_shipped_is_one_to_its_channel(root: Path) -> None:
    channels = Channels(Ready(Workspace(root)))
    shelf = channel_shelf()
    told = {name: each for name, each in channels._routed.items() if name in shelf.names()}
    assert {"slack", "email", "webhook", "file"} <= set(told)
    for name, addresses in told.items():
        assert [shelf.find(name).check_address(each) for each in addresses] == [None] * len(
            addresses
        )


def test_each_channel_is_paced_as_its_settings_say(root: Path) -> None:
    paces = Channels(Ready(Workspace(root))).paces()
    assert (paces["slack"].burst, paces["slack"].per_second) == (5, 1.0)


def test_a_probe_names_the_addresses_of_alerts_that_are_not_there(
    factory: Factory, root: Path, slack: FaultServer
) -> None:
    use_slack(root, slack)
    path = root / "config" / "alerts.yaml"
    text = path.read_text(encoding="utf-8").replace("channels_off: [slack, ", "channels_off: [")
    path.write_text(text, encoding="utf-8")
    result = factory(root, "channels", "test", "slack", "--json")
    assert result.code == 3
    missing = {each["what"] for each in result.document["probes"] if not each["ok"]}
    assert missing == {"#fintech-alerts", "#fintech-factory", "#fintech-ops"}


def test_a_probe_posts_nothing(factory: Factory, root: Path, slack: FaultServer) -> None:
    use_slack(root, slack)
    (root / "config" / "alerts.yaml").unlink()
    result = factory(root, "channels", "test", "slack", "--json")
    assert result.code == 0
    assert result.document["sent"] is None
    assert result.document["status"] == "ok"
    assert not slack.of("chat.postMessage")


def test_a_bad_token_is_said_with_what_to_do(
    factory: Factory, root: Path, slack: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_slack(root, slack)
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-old-token-34")
    result = factory(root, "channels", "test", "slack")
    assert result.code == 3
    assert "wrong: token: token invalid: invalid_auth" in result.out
    assert "hint: install the app again" in result.out
    assert "xoxb-old-token-34" not in result.out + result.err


def test_a_test_message_arrives_and_says_that_it_is_one(
    factory: Factory, root: Path, slack: FaultServer
) -> None:
    use_slack(root, slack)
    result = factory(
        root, "channels", "test", "slack", "--send", "#risk", "--language", "es", "--json"
    )
    assert result.code == 0
    assert result.document["sent"]["word"] == "accepted"
    assert result.document["sent"]["provider_id"] == "C1/1.2"
    (posted,) = slack.of("chat.postMessage")
    assert "Esto es una prueba" in json.dumps(posted.json(), ensure_ascii=False)
    assert "thread_ts" not in posted.json()


def test_a_test_message_that_is_refused_fails_and_a_bad_address_is_named(
    factory: Factory, root: Path, slack: FaultServer
) -> None:
    use_slack(root, slack)
    board = factory(root, "channels", "test", "slack", "--send", "#board")
    assert board.code == 3
    assert "the bot is not in it" in board.out
    nowhere = factory(root, "channels", "test", "slack", "--send", "risk", "--json")
    assert nowhere.code == 1
    assert nowhere.document["status"] == "failed"
    assert "no Slack address" in nowhere.document["sent"]["reason"]


def test_a_message_for_a_folder_is_there_each_time_anew(factory: Factory, root: Path) -> None:
    for _ in range(2):
        assert factory(root, "channels", "test", "file", "--send", "").code == 0
    assert len(list((root / "outputs" / "messages").glob("*.json"))) == 2


def test_a_message_for_the_inbox_is_kept_for_its_receiver(factory: Factory, root: Path) -> None:
    result = factory(root, "channels", "test", "inbox", "--send", "head of risk", "--json")
    assert (result.code, result.document["sent"]["word"]) == (0, "accepted")
    state = Ready(Workspace(root)).state
    with state.reading() as connection:
        rows = connection.execute(metadata.tables["inbox_item"].select()).all()
    assert [(row.key, row.receiver) for row in rows] == [
        (result.document["sent"]["provider_id"], "head of risk")
    ]
    state.close()


def test_a_channel_that_is_none_is_a_wrong_call(factory: Factory, root: Path) -> None:
    result = factory(root, "channels", "test", "slak")
    assert result.code == 2
    assert "did you mean `slack`?" in result.err


def use(root: Path, name: str, *lines: str) -> None:
    path = root / "config" / "integrations" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8").replace("enabled: false", "enabled: true")
    given = {each.partition(":")[0] for each in lines}
    kept = [each for each in text.splitlines() if each.partition(":")[0] not in given]
    path.write_text("\n".join([*kept, *lines, ""]), encoding="utf-8")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with fault_server() as opened:
        yield opened


@pytest.fixture
def phones(server: FaultServer, root: Path, monkeypatch: pytest.MonkeyPatch) -> FaultServer:
    server.otherwise = twilio.gateway
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", twilio.ACCOUNT)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", twilio.TOKEN)
    use(
        root,
        "sms",
        f"base_url: {server.url}",
        "account: {env: TWILIO_ACCOUNT_SID}",
        "token: {env: TWILIO_AUTH_TOKEN}",
        f'sender: "{twilio.NUMBER}"',
    )
    return server


def test_a_text_message_is_tested_and_sent(
    factory: Factory, root: Path, phones: FaultServer
) -> None:
    found = factory(root, "channels", "test", "sms", "--json").document
    assert [each["what"] for each in found["probes"]] == ["account", f"sender {twilio.NUMBER}"]
    assert not phones.of("Messages.json")
    sent = factory(root, "channels", "test", "sms", "--send", "+50370001234", "--language", "es")
    assert sent.code == 0
    (request,) = phones.of("Messages.json")
    assert twilio.form_of(request)["Body"].startswith("PRUEBA: Prueba del canal sms")


def test_a_wrong_account_and_a_wrong_number_are_named(
    factory: Factory, root: Path, phones: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "another-token-123")
    result = factory(root, "channels", "test", "sms")
    assert result.code == 3
    assert "wrong: account: HTTP 401: Authenticate" in result.out
    assert "another-token-123" not in result.out + result.err
    nowhere = factory(root, "channels", "test", "sms", "--send", "7000-1234", "--json")
    assert nowhere.code == 1
    assert "no phone number" in nowhere.document["sent"]["reason"]
    assert not phones.of("Messages.json")


@pytest.fixture
def workspace(server: FaultServer, root: Path, monkeypatch: pytest.MonkeyPatch) -> notion.Workspace:
    kept = notion.Workspace()
    server.otherwise = kept.answer
    monkeypatch.setenv("NOTION_TOKEN", notion.TOKEN)
    use(
        root,
        "notion",
        f"api_url: {server.url}",
        "token: {env: NOTION_TOKEN}",
        f'data_sources: {{default: "{notion.SOURCES["default"]}"}}',
    )
    return kept


def test_a_notion_database_is_tested_and_gets_a_page(
    factory: Factory, root: Path, workspace: notion.Workspace
) -> None:
    found = factory(root, "channels", "test", "notion", "--json").document
    assert [each["what"] for each in found["probes"]] == ["token", "default"]
    assert not workspace.writes
    assert factory(root, "channels", "test", "notion", "--send", "").code == 0
    assert len(workspace.pages) == 1


def test_what_a_notion_database_lacks_is_named_with_how_to_add_it(
    factory: Factory, root: Path, workspace: notion.Workspace
) -> None:
    del workspace.properties["Key"]
    result = factory(root, "channels", "test", "notion")
    assert result.code == 3
    assert "wrong: default: the property `Key` is missing" in result.out
    assert "type Text, name it Key" in result.out
    refused = factory(root, "channels", "test", "notion", "--send", "", "--json")
    assert refused.code == 1
    assert "`factory channels test notion`" in refused.document["sent"]["reason"]


# Some of Apprise's plug-ins use what Python will drop.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_apprise_is_switched_on_with_an_address(
    factory: Factory, root: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(root, "apprise", "urls: {default: {env: APPRISE_URL}}")
    assert factory(root, "channels", "test", "apprise").code == 3
    monkeypatch.setenv("APPRISE_URL", f"json://127.0.0.1:{server.port}/hidden-path")
    found = factory(root, "channels", "test", "apprise")
    assert found.code == 0
    assert "ok: default: an address of JSON" in found.out
    assert "hidden-path" not in found.out
    assert not server.requests
    assert factory(root, "channels", "test", "apprise", "--send", "").code == 0
    assert server.requests[0].path == "/hidden-path"
