"""Notion: one page to a key, changed in place, people's notes untouched, nothing written twice."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from notion_client import Client
from stages import tools
from stages.notion import settings_for

from fintech_factory.distribution.channel import Channel, Delivery, Outcome, Word
from fintech_factory.distribution.channels.notion import UNCHANGED, open_channel
from fintech_factory.distribution.rendering.notion import KEPT
from fintech_factory.message import Attachment, Fact, Language, Link, Message, Occasion, Text
from fintech_factory.values import Severity, Unit
from peers.faults import Answer, Fault, FaultServer, Request, fault_server
from peers.messages import alert
from peers.notion import SOURCES, TOKEN, VERSION, Workspace, error, text_of
from peers.prism import description, mocked

KEY = "alert/par_90"


@pytest.fixture
def notion() -> Workspace:
    return Workspace()


@pytest.fixture
def server(notion: Workspace) -> Iterator[FaultServer]:
    with fault_server() as opened:
        opened.otherwise = notion.answer
        yield opened


@pytest.fixture
def channel(server: FaultServer, tmp_path: Path) -> Channel:
    return open_channel(settings_for(server.url, tmp_path), tools(tmp_path))


def send(channel: Channel, **changed: object) -> Outcome:
    given: dict[str, object] = {"key": "k1", "message": alert(), "address": ""}
    return channel.send(Delivery(**{**given, **changed}))  # type: ignore[arg-type]


def report(thread: str = "kpi/par_90", **changed: object) -> Message:
    quiet = alert(occasion=Occasion.REPORT, severity=Severity.INFO, thread=thread, actions=())
    return replace(quiet, **changed)


def resolved() -> Message:
    marks = {"rule": "par_90", "level": "none", "state": "resolved"}
    fact = replace(alert().facts[0], value=Decimal("2.98"))
    return alert(
        occasion=Occasion.RESOLVED,
        subject=Text("PAR 90 is 2.98 %", "PAR 90 es 2.98 %"),
        facts=(fact, *alert().facts[1:]),
        marks=marks,
    )


def select(page: dict[str, Any], name: str) -> str:
    option = page["properties"][name]["select"]
    return str(option["name"])


def state_of(notion: Workspace, page: dict[str, Any]) -> str:
    (callout,) = [each for each in notion.shown(page["id"]) if each["type"] == "callout"]
    return text_of(callout["callout"]["rich_text"])


def history_of(notion: Workspace, page: dict[str, Any]) -> list[str]:
    (toggle,) = [each for each in notion.shown(page["id"]) if each["type"] == "toggle"]
    return [text_of(each["bulleted_list_item"]["rich_text"]) for each in notion.shown(toggle["id"])]


def test_the_wire_is_what_notions_own_client_sends(
    server: FaultServer, channel: Channel, notion: Workspace
) -> None:
    send(channel)
    send(channel, key="k2", message=resolved())
    ours = list(server.requests)
    server.requests.clear()
    page = notion.page(KEY)["id"]
    callout, toggle, _ = (each["id"] for each in notion.shown(page))
    sought = {"property": "Key", "rich_text": {"equals": KEY}}
    created = ours[1].json()
    theirs = Client(auth=TOKEN, base_url=server.url, notion_version=VERSION, retry=False)
    source = SOURCES["default"]
    theirs.data_sources.query(source, filter=sought, page_size=100)
    theirs.pages.create(**created)
    theirs.data_sources.query(source, filter=sought, page_size=100)
    theirs.blocks.children.list(page, page_size=100)
    theirs.blocks.update(callout, callout=ours[4].json()["callout"])
    theirs.blocks.children.list(toggle, page_size=100)
    theirs.blocks.children.append(toggle, children=ours[6].json()["children"])
    theirs.pages.update(page, properties=ours[7].json()["properties"])
    theirs.close()
    assert [(each.method, each.path, each.body) for each in ours] == [
        (each.method, each.path, each.body) for each in server.requests
    ]
    assert [dict(each.headers) for each in ours] == [dict(each.headers) for each in server.requests]


def test_a_page_says_in_its_properties_how_it_stands(channel: Channel, notion: Workspace) -> None:
    outcome = send(channel)
    page = notion.page(KEY)
    assert outcome == Outcome(Word.ACCEPTED, page["id"])
    assert select(page, "Level") == "Critical"
    assert select(page, "Status") == "Alert"
    assert page["properties"]["As of"]["date"] == {"start": "2025-12-10"}
    assert text_of(page["properties"]["Name"]["title"]) == "PAR 90 is 5.46 %, above 5 %"
    assert text_of(page["properties"]["Value"]["rich_text"]) == "5.46 %"
    assert text_of(page["properties"]["Owner"]["rich_text"]) == "Head of risk"
    kinds = [each["type"] for each in notion.shown(page["id"])]
    assert kinds == ["callout", "toggle", "divider"]
    state = state_of(notion, page)
    for said in ("✖ Critical", "Debt to equity: n/a", "B-0007: 0.31 %", "Next step: Call", "Rows"):
        assert said in state


def test_a_page_shown_to_many_holds_nobodys_signed_token(
    server: FaultServer, channel: Channel
) -> None:
    send(channel)
    assert all(b"t=1" not in each.body and b"tok-1" not in each.body for each in server.requests)
    assert b"https://f.test/alerts/1" in server.requests[1].body


def test_an_alert_that_goes_on_changes_its_page_in_place(
    channel: Channel, notion: Workspace
) -> None:
    first = send(channel)
    second = send(channel, key="k2", message=resolved(), thread_id=first.provider_id)
    assert second.provider_id == first.provider_id
    assert len(notion.pages) == 1
    page = notion.page(KEY)
    assert select(page, "Status") == "resolved"
    assert text_of(page["properties"]["Value"]["rich_text"]) == "2.98 %"
    assert "✓ Resolved" in state_of(notion, page)
    assert "5.46" not in state_of(notion, page)
    told = history_of(notion, page)
    assert len(told) == 2
    assert "10 Dec 2025 06:00 UTC · ✖ Critical: PAR 90 is 5.46 %" in told[0]
    assert "✓ Resolved: PAR 90 is 2.98 %" in told[1]


def test_the_same_delivery_again_writes_nothing(channel: Channel, notion: Workspace) -> None:
    first = send(channel)
    written = len(notion.writes)
    again = send(channel)
    assert again == Outcome(Word.ACCEPTED, first.provider_id, UNCHANGED)
    assert len(notion.writes) == written == 1


def test_the_same_words_for_another_reason_are_one_more_line_and_no_more(
    channel: Channel, notion: Workspace
) -> None:
    send(channel)
    send(channel, key="k2")
    assert len(notion.writes) == 2
    assert len(history_of(notion, notion.page(KEY))) == 2
    send(channel)
    send(channel, key="k2")
    assert len(notion.writes) == 2


def test_an_older_delivery_is_known_in_a_long_history(channel: Channel, notion: Workspace) -> None:
    for number in range(130):
        send(channel, key=f"k{number}")
    written = len(notion.writes)
    assert send(channel, key="k115").reason == UNCHANGED
    assert len(notion.writes) == written == 130


def test_a_second_sync_of_pages_writes_nothing(channel: Channel, notion: Workspace) -> None:
    pages = [report(f"kpi/{name}") for name in ("par_30", "par_90", "collection_rate")]
    first = channel.sync_pages(pages)  # type: ignore[attr-defined]
    assert [each.word for each in first] == [Word.ACCEPTED] * 3
    assert len(notion.writes) == len(notion.pages) == 3
    asked = len(notion.asked)
    second = channel.sync_pages(pages)  # type: ignore[attr-defined]
    assert [each.reason for each in second] == [UNCHANGED] * 3
    assert len(notion.writes) == 3
    assert len(notion.asked) == asked + 3


@pytest.mark.parametrize(
    "changed",
    [
        {"as_of": date(2025, 12, 11)},
        {"summary": Text.same("another")},
        {"facts": ()},
        {"severity": Severity.WARNING},
        {"links": ()},
    ],
)
def test_whatever_changes_of_a_report_is_written(
    channel: Channel, notion: Workspace, changed: dict[str, object]
) -> None:
    channel.sync_pages([report()])  # type: ignore[attr-defined]
    channel.sync_pages([report(**changed)])  # type: ignore[attr-defined]
    # The state, then the properties with its hash; a report has no history.
    assert [path.split("/")[0] for path, _ in notion.writes] == ["pages", "blocks", "pages"]
    channel.sync_pages([report(**changed)])  # type: ignore[attr-defined]
    assert len(notion.writes) == 3


def test_a_sync_stops_asking_when_notion_asks_to_wait(channel: Channel, notion: Workspace) -> None:
    notion.faults = [error(429, "rate_limited", "slow down", **{"Retry-After": "9"})]
    first, *rest = channel.sync_pages([report(f"kpi/{n}") for n in range(5)])  # type: ignore[attr-defined]
    assert first.retry_after_s == 9
    assert [(each.word, each.retry_after_s) for each in rest] == [(Word.DEFERRED, 9)] * 4
    assert len(notion.asked) == 2


def test_only_pages_that_can_be_found_again_are_synced(channel: Channel) -> None:
    for wrong in (report(thread=""), alert()):
        with pytest.raises(ValueError, match="no page of a KPI or a report"):
            channel.sync_pages([wrong])  # type: ignore[attr-defined]


def note(text: str) -> dict[str, Any]:
    rich = [{"type": "text", "text": {"content": text}}]
    return {"type": "paragraph", "paragraph": {"rich_text": rich}}


def test_peoples_notes_stay_as_and_where_they_are(channel: Channel, notion: Workspace) -> None:
    send(channel)
    page = notion.page(KEY)
    above = notion.add(page["id"], note("my own, above"), at=0)
    below = notion.add(page["id"], note("my own, below"))
    # One that looks like ours, below the line: a copy that somebody keeps.
    copy = notion.add(page["id"], json.loads(json.dumps(notion.shown(page["id"])[1])))
    before = [json.dumps(notion.blocks[each]) for each in (above, below, copy)]
    send(channel, key="k2", message=resolved())
    assert [json.dumps(notion.blocks[each]) for each in (above, below, copy)] == before
    kinds = [each["type"] for each in notion.shown(page["id"])]
    assert kinds == ["paragraph", "callout", "toggle", "divider", "paragraph", "callout"]


@pytest.mark.parametrize("taken", [["callout"], ["toggle"], ["callout", "toggle", "divider"]])
def test_what_people_took_away_comes_back_above_their_notes(
    channel: Channel, notion: Workspace, taken: list[str]
) -> None:
    send(channel)
    page = notion.page(KEY)
    notion.add(page["id"], note("mine"))
    for block in list(notion.shown(page["id"])):
        if block["type"] in taken:
            notion.remove(block["id"])
    assert send(channel, key="k2", message=resolved()).word is Word.ACCEPTED
    kinds = [each["type"] for each in notion.shown(page["id"])]
    assert sorted(kinds[:2]) == ["callout", "toggle"]
    assert kinds[2:] == ["divider", "paragraph"]
    assert "2.98 %" in state_of(notion, page)
    assert "Resolved" in history_of(notion, page)[-1]
    written = len(notion.writes)
    send(channel, key="k2", message=resolved())
    assert len(notion.writes) == written


def test_a_page_in_the_bin_is_left_there(channel: Channel, notion: Workspace) -> None:
    first = send(channel)
    notion.page(KEY)["in_trash"] = True
    again = send(channel, key="k2", thread_id=first.provider_id)
    assert again.word is Word.ACCEPTED
    assert again.provider_id != first.provider_id


def test_a_page_that_is_not_found_by_its_key_yet_is_found_by_its_id(
    channel: Channel, notion: Workspace, server: FaultServer
) -> None:
    first = send(channel)
    blind = Answer(body={"object": "list", "results": []})
    server.otherwise = lambda request: (
        blind if request.path.endswith("/query") else notion.answer(request)
    )
    again = send(channel, key="k2", thread_id=first.provider_id)
    assert again.provider_id == first.provider_id
    assert len(notion.pages) == 1


def test_of_two_pages_with_one_key_the_older_is_kept(channel: Channel, notion: Workspace) -> None:
    first = send(channel)
    twin = json.loads(json.dumps(notion.page(KEY))) | {
        "id": "0" * 32,
        "created_time": "2025-12-11T06:00:00.000Z",
    }
    notion.pages = {twin["id"]: twin, **notion.pages}
    again = send(channel, key="k2")
    assert again.provider_id == first.provider_id
    assert "another page bears the same Key" in again.reason


def test_threads_of_one_process_make_one_page(channel: Channel, notion: Workspace) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: send(channel, key=f"k{n}"), range(8)))
    assert {each.word for each in done} == {Word.ACCEPTED}
    assert len(notion.pages) == 1
    assert len(history_of(notion, notion.page(KEY))) == 8


@pytest.mark.parametrize("fault", ["silent", "reset", "closed", "garbage", "truncated"])
def test_after_a_lost_answer_the_next_send_finds_what_was_made(
    channel: Channel, notion: Workspace, fault: Fault
) -> None:
    notion.faults = [Answer(fault=fault)]
    assert send(channel).word is Word.UNKNOWN
    assert len(notion.pages) == 1
    assert send(channel, may_repeat=True).reason == UNCHANGED
    assert len(notion.pages) == 1


@pytest.mark.parametrize("lost_at", [0, 1, 2])
def test_an_update_that_is_cut_off_is_done_again_whole(
    channel: Channel, notion: Workspace, server: FaultServer, lost_at: int
) -> None:
    send(channel)
    going_on = {"key": "k2", "message": resolved()}
    lost = len(notion.writes) + lost_at

    def failing(request: Request) -> Answer:
        if request.method == "PATCH" and len(notion.writes) == lost:
            return Answer(503, "x")
        return notion.answer(request)

    server.otherwise = failing
    assert send(channel, **going_on).word is Word.DEFERRED
    server.otherwise = notion.answer
    assert send(channel, **going_on).word is Word.ACCEPTED
    page = notion.page(KEY)
    assert "2.98 %" in state_of(notion, page)
    assert text_of(page["properties"]["Value"]["rich_text"]) == "2.98 %"
    assert len(history_of(notion, page)) == 2
    assert send(channel, **going_on).reason == UNCHANGED


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (error(401, "unauthorized", "API token is invalid."), Word.REFUSED),
        (error(403, "restricted_resource", "no"), Word.REFUSED),
        (error(404, "object_not_found", "no"), Word.REFUSED),
        (error(400, "validation_error", "Owner is not a property that exists."), Word.REFUSED),
        (error(409, "conflict_error", "Conflict occurred while saving."), Word.DEFERRED),
        (error(429, "rate_limited", "slow down"), Word.DEFERRED),
        (error(500, "internal_server_error", "x"), Word.DEFERRED),
        (error(503, "service_unavailable", "x"), Word.DEFERRED),
        (error(504, "gateway_timeout", "x"), Word.DEFERRED),
        (error(529, "service_overload", "x"), Word.DEFERRED),
        (Answer(529, "no JSON at all"), Word.DEFERRED),
        (Answer(302, "", {"Location": "https://evil.test/"}), Word.REFUSED),
        (Answer(200, "<html>sign in</html>"), Word.UNKNOWN),
        (Answer(200, "[]"), Word.UNKNOWN),
        (Answer(200, {"object": "page"}), Word.UNKNOWN),
    ],
)
def test_the_answer_to_a_write_is_understood(
    channel: Channel, notion: Workspace, answer: Answer, word: Word
) -> None:
    notion.faults = [answer]
    outcome = send(channel)
    assert outcome.word is word, outcome
    assert [each for each in notion.asked if each == "POST pages"] == ["POST pages"]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, "<html>sign in</html>"),
        Answer(200, {"results": None}),
        Answer(200, {}),
        Answer(fault="silent"),
        Answer(fault="reset"),
        error(529, "service_overload", "x"),
    ],
)
def test_what_is_lost_while_looking_has_changed_nothing(
    channel: Channel, notion: Workspace, server: FaultServer, answer: Answer
) -> None:
    server.script = [answer]
    assert send(channel).word is Word.DEFERRED
    assert not notion.writes


@pytest.mark.parametrize("code", [429, 529])
def test_a_wait_that_was_asked_for_is_told(
    channel: Channel, server: FaultServer, code: int
) -> None:
    server.script = [error(code, "service_overload", "busy", **{"Retry-After": "21"})]
    outcome = send(channel)
    assert outcome.retry_after_s == 21
    assert "service_overload" in outcome.reason


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (error(401, "unauthorized", "x"), "put the connection's secret"),
        (error(403, "restricted_resource", "x"), "Capabilities"),
        (error(404, "object_not_found", "x"), "> Connections, and add this one"),
        (error(400, "validation_error", "x"), "`factory channels test notion`"),
    ],
)
def test_a_refusal_says_what_to_do(
    channel: Channel, server: FaultServer, answer: Answer, hint: str
) -> None:
    server.script = [answer]
    assert hint in send(channel).reason


def test_whatever_the_size_it_stays_within_notions_limits(
    channel: Channel, notion: Workspace
) -> None:
    facts = tuple(
        Fact(Text.same(f"Number {n} " + "😀" * 900), Decimal(n), Unit.COUNT) for n in range(400)
    )
    parts = tuple(
        replace(fact, section=Text.same(f"Part {n % 40}")) for n, fact in enumerate(facts)
    )
    links = tuple(Link(Text.same(f"L{n}"), f"https://f.test/{n}") for n in range(300))
    message = alert(
        facts=(*facts, *parts),
        links=(Link(Text.same("long"), "https://f.test/" + "x" * 2000), *links),
        summary=Text.same("s" * 30_000),
        subject=Text.same("😀" * 3000),
        marks={"level": "a, b" * 90, "state": "x,y", "owner": "o" * 5000},
    )
    assert send(channel, message=message).word is Word.ACCEPTED
    page = notion.page(KEY)
    state = state_of(notion, page)
    assert "and 300 more" in state
    assert state.endswith("below the line.")
    # What was cut at its end is known as ours all the same.
    assert send(channel, message=message, key="k2").word is Word.ACCEPTED
    assert [each["type"] for each in notion.shown(page["id"])] == ["callout", "toggle", "divider"]


def test_what_a_page_cannot_hold_is_said(channel: Channel) -> None:
    file = Attachment("pack.pdf", "application/pdf", "pack.pdf", "0" * 64)
    outcome = send(channel, message=alert(chart="par_90@2025-12-10", attachments=(file,)))
    assert outcome.word is Word.ACCEPTED
    assert outcome.reason == "without the chart, pack.pdf"


def test_a_page_is_in_the_recipients_language(channel: Channel, notion: Workspace) -> None:
    send(channel, language=Language.ES)
    page = notion.page(KEY)
    assert select(page, "Level") == "Crítico"
    assert state_of(notion, page).endswith("debajo de la línea.")
    send(channel, key="k2", language=Language.EN)
    assert [each["type"] for each in notion.shown(page["id"])] == ["callout", "toggle", "divider"]


def test_a_message_of_no_thread_has_a_page_of_its_own(channel: Channel, notion: Workspace) -> None:
    for key in ("test-1", "test-2"):
        send(channel, key=key, message=alert(thread="", occasion=Occasion.TEST))
    assert len(notion.pages) == 2
    assert notion.page("delivery/test-1")


def test_a_probe_names_each_property_and_how_it_is_added(
    server: FaultServer, notion: Workspace, tmp_path: Path
) -> None:
    del notion.properties["Hash"]
    notion.properties["As of"] = "rich_text"
    only = {"default": SOURCES["default"]}
    settings = settings_for(server.url, tmp_path, data_sources=only)
    token, absent, other = open_channel(settings, tools(tmp_path)).probe()
    assert (token.ok, token.said) == (True, "the connection Factory")
    assert absent.said == "the property `Hash` is missing"
    assert "type Text, name it Hash" in absent.hint
    assert other.said == "the property `As of` is of type rich_text"
    assert "Type > Date" in other.hint
    assert not notion.writes


def test_a_probe_says_that_a_database_is_not_shared(server: FaultServer, tmp_path: Path) -> None:
    lost = settings_for(server.url, tmp_path, data_sources={"default": "f" * 32})
    token, source = open_channel(lost, tools(tmp_path)).probe()
    assert token.ok
    assert "object_not_found" in source.said
    assert "> Connections, and add this one" in source.hint


def test_a_probe_says_that_the_token_is_wrong(server: FaultServer, tmp_path: Path) -> None:
    server.script = [error(401, "unauthorized", "API token is invalid.")]
    (token,) = open_channel(settings_for(server.url, tmp_path), tools(tmp_path)).probe()
    assert "unauthorized" in token.said
    assert "ntn_" in token.hint


ID = "01234567-89ab-4def-8123-456789abcdef"


def mended() -> dict[str, Any]:
    """Read Notion's own description, mended where it is wrong about Notion's own requests.

    Its parent of a page in a data source asks for `database_id`; children of a new page are blocks
    and not text; rich text has annotations; a page is found in a list, and has an id.
    """
    described = description("notion/notion-openapi.json")
    schemas = described["components"]["schemas"]
    schemas["dataSourceIdParentRequest"] = {
        "type": "object",
        "properties": {
            "type": {"const": "data_source_id"},
            "data_source_id": {"type": "string", "format": "uuid"},
        },
        "required": ["data_source_id"],
        "additionalProperties": False,
    }
    schemas["richTextRequest"]["properties"]["annotations"] = {"type": "object"}
    create = described["paths"]["/v1/pages"]["post"]
    body = create["requestBody"]["content"]["application/json"]["schema"]
    body["properties"]["children"]["items"] = {"type": "object", "required": ["type"]}
    return described


def answers(described: dict[str, Any], path: str, method: str, example: object) -> None:
    operation = described["paths"][f"/v1/{path}"][method]
    operation["responses"]["200"]["content"]["application/json"]["example"] = example


def sent_to(described: dict[str, Any], folder: Path) -> Outcome:
    with mocked(described, folder) as url:
        settings = settings_for(url, folder, data_sources={"default": ID})
        return send(open_channel(settings, tools(folder, timeout_s=10)))


def test_notions_own_description_takes_a_new_page(tmp_path: Path) -> None:
    described = mended()
    answers(described, "data_sources/{data_source_id}/query", "post", {"results": []})
    answers(described, "pages", "post", {"id": ID})
    assert sent_to(described, tmp_path) == Outcome(Word.ACCEPTED, ID)


def test_notions_own_description_takes_a_page_that_goes_on(tmp_path: Path) -> None:
    described = mended()
    answers(described, "data_sources/{data_source_id}/query", "post", {"results": [{"id": ID}]})
    # Each block as it would be read, the page's and the history's alike.
    texts = {"callout": KEPT.en, "toggle": "History", "divider": ""}
    blocks = [
        {"id": ID, "type": kind, kind: {"rich_text": [{"plain_text": text}]}}
        for kind, text in texts.items()
    ]
    answers(described, "blocks/{block_id}/children", "get", {"results": blocks})
    assert sent_to(described, tmp_path) == Outcome(Word.ACCEPTED, ID)
