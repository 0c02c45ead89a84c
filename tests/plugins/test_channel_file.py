"""File: whole or not at all, in its own folder, the same key the same two files."""

import hashlib
import json
import os
from pathlib import Path

import pytest
from stages import tools

from fintech_factory.distribution.channel import Channel, Delivery, Word
from fintech_factory.distribution.channels.file import SETTINGS, open_channel
from fintech_factory.message import Attachment
from peers.messages import alert


def channel(outputs: Path) -> Channel:
    return open_channel(SETTINGS.model_validate({"kind": "file", "enabled": True}), tools(outputs))


def test_a_message_is_two_files_with_every_digit(tmp_path: Path) -> None:
    outcome = channel(tmp_path).send(Delivery("abc-1", alert(), "risk"))
    assert outcome.provider_id == "messages/risk/abc-1.json"
    document = json.loads((tmp_path / outcome.provider_id).read_text())
    assert document["facts"][0]["value"] == "5.4612"
    assert document["address"] == "risk"
    assert (tmp_path / "messages/risk/abc-1.md").read_text().startswith("# PAR 90 is 5.46 %")
    assert sorted(each.name for each in (tmp_path / "messages/risk").iterdir()) == [
        "abc-1.json",
        "abc-1.md",
    ]


def brought(outputs: Path, name: str, content: bytes = b"{}\n") -> Attachment:
    (outputs / "anchors").mkdir(exist_ok=True)
    (outputs / "anchors" / "a.json").write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    return Attachment(name, "application/json", "anchors/a.json", sha256)


def test_what_a_message_brings_lies_beside_it_byte_by_byte(tmp_path: Path) -> None:
    message = alert(attachments=(brought(tmp_path, "anchor-2026-01-05.json", b"{1}\r\n"),))
    for _ in range(2):
        assert channel(tmp_path).send(Delivery("k", message, "risk")).reason == ""
    folder = tmp_path / "messages/risk"
    assert sorted(each.name for each in folder.iterdir()) == ["k", "k.json", "k.md"]
    assert [each.name for each in (folder / "k").iterdir()] == ["anchor-2026-01-05.json"]
    assert (folder / "k/anchor-2026-01-05.json").read_bytes() == b"{1}\r\n"


@pytest.mark.parametrize("name", ["../../x", "/etc/x", ".x", "", "a\0b"])
def test_the_name_of_what_it_brings_never_becomes_a_path(tmp_path: Path, name: str) -> None:
    attachment = brought(tmp_path, name)
    outcome = channel(tmp_path).send(Delivery("k", alert(attachments=(attachment,)), ""))
    assert outcome.word is Word.ACCEPTED
    (file,) = (tmp_path / "messages/k").iterdir()
    assert file.name == f"{attachment.sha256}.bin"


def test_what_has_changed_since_it_was_named_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    message = alert(attachments=(brought(tmp_path, "a.json"),))
    (tmp_path / "anchors/a.json").write_text("other")
    outcome = channel(tmp_path).send(Delivery("k", message, ""))
    assert outcome.word is Word.ACCEPTED
    assert outcome.reason == "without a.json has changed since it was named"
    assert not (tmp_path / "messages/k").exists()


@pytest.mark.parametrize("key", ["../../x", "a/b", ".hidden", "", "x" * 300, "a\0b", "ü"])
def test_a_key_never_becomes_a_path(tmp_path: Path, key: str) -> None:
    outcome = channel(tmp_path).send(Delivery(key, alert(), ""))
    assert outcome.word is Word.ACCEPTED
    written = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert {each.parent for each in written} == {tmp_path / "messages"}
    assert len(written) == 2


@pytest.mark.parametrize("address", ["..", "/etc", "a/b", "A", ".x", "a\n"])
def test_an_address_never_leaves_the_folder(tmp_path: Path, address: str) -> None:
    assert channel(tmp_path).send(Delivery("k", alert(), address)).word is Word.REFUSED
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_no_half_of_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    outcome = channel(tmp_path).send(Delivery("k", alert(), ""))
    assert outcome.word is Word.DEFERRED
    assert "No space left" in outcome.reason
    assert not list((tmp_path / "messages").iterdir())
