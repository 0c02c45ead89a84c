"""File: each message as JSON and as Markdown in the workspace's outputs, with what it brings."""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from fintech_factory.distribution.channel import Delivery, Outcome, Probe, Tools
from fintech_factory.distribution.files import contents
from fintech_factory.distribution.outcomes import accepted, deferred, refused
from fintech_factory.distribution.rendering import as_json, as_markdown, lay_out
from fintech_factory.distribution.settings import ChannelSettings
from fintech_factory.durable import replace_file

__all__ = ["SETTINGS", "FileSettings", "check_address", "open_channel"]

# Messages name people and borrowers.
_PRIVATE = 0o600
_FOLDER = r"[a-z0-9][a-z0-9_-]{0,63}"
_PLAIN_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


def check_address(address: str) -> str | None:
    """Say what is wrong with an address, None if nothing is."""
    if not address or re.fullmatch(_FOLDER, address):
        return None
    return f"`{address}` is no folder\nhint: write small letters, digits, - and _, or leave it out"


class FileSettings(ChannelSettings):
    """Where messages are kept as files; an address is a folder below, or empty."""

    kind: Literal["file"] = Field(description="This file is for files.")
    folder: Annotated[str, Field(pattern=f"^{_FOLDER}$")] = Field(
        default="messages", description="The folder in outputs/."
    )


SETTINGS = FileSettings


def open_channel(settings: FileSettings, tools: Tools) -> "File":
    """Give the channel; nothing is written yet."""
    return File(settings, tools)


@dataclass(frozen=True, slots=True)
class File:
    """A folder. The same key is the same files, however often it is sent.

    What a message brings lies in a folder by its key: a copy of the folder is whole.
    """

    settings: FileSettings
    tools: Tools

    def send(self, delivery: Delivery) -> Outcome:
        """Write what it brings, then both files, each whole or not at all."""
        if wrong := check_address(delivery.address):
            return refused(wrong.partition("\n")[0])
        folder = self._folder / delivery.address
        name = _name(delivery.key)
        sheet = lay_out(delivery.message, delivery.language, may_repeat=delivery.may_repeat)
        document = {
            "key": delivery.key,
            "address": delivery.address,
            **as_json(sheet, delivery.message),
        }
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            left_out = self._bring(delivery, folder / name)
            # The JSON comes last: where it stands, the message is there whole.
            # A lone surrogate is no UTF-8; what was said survives all the same.
            replace_file(
                folder / f"{name}.md", as_markdown(sheet).encode("utf-8", "replace"), _PRIVATE
            )
            replace_file(folder / f"{name}.json", text.encode("utf-8", "replace"), _PRIVATE)
        except OSError as error:
            return deferred(f"{self.settings.folder}/ cannot be written: {error.strerror}")
        written = (folder / f"{name}.json").relative_to(self.tools.outputs).as_posix()
        return accepted(written, f"without {'; '.join(left_out)}" if left_out else "")

    def probe(self) -> tuple[Probe, ...]:
        """Look whether the folder, or what it will be made in, can be written."""
        there = self._folder
        while not there.exists() and there != there.parent:
            there = there.parent
        ok = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
        said = "can be written" if ok else f"{there} cannot be written"
        what = f"outputs/{self.settings.folder}"
        return (Probe(what, ok=ok, said=said, hint="" if ok else "give this user the right to"),)

    def _bring(self, delivery: Delivery, folder: Path) -> list[str]:
        """Write the attachments that still are what was named; give why others are left out."""
        left_out = []
        for each in delivery.message.attachments:
            try:
                content = contents(each, self.tools.outputs)
            except ValueError as error:
                left_out.append(str(error))
                continue
            folder.mkdir(exist_ok=True)
            kept = each.name if _PLAIN_NAME.fullmatch(each.name) else f"{each.sha256}.bin"
            replace_file(folder / kept, content, _PRIVATE)
        return left_out

    @property
    def _folder(self) -> Path:
        return self.tools.outputs / self.settings.folder


def _name(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()
