"""Uploads files to Slack: pictures to be shown in blocks, and attachments into a thread."""

from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from fintech_factory.distribution.channel import Tools
from fintech_factory.distribution.files import contents
from fintech_factory.distribution.http_post import NotKnown, NotSent, Target
from fintech_factory.distribution.outcomes import deferred, of_status, refused
from fintech_factory.distribution.settings import LOOPBACK, checked_url
from fintech_factory.distribution.slack_answers import Failed
from fintech_factory.message import Attachment

__all__ = ["attached", "uploaded"]

Call: TypeAlias = Callable[..., dict[str, Any]]
_OK = 200


def uploaded(call: Call, name: str, content: bytes, tools: Tools) -> str:
    """Upload a file that belongs to no channel yet, and give its id.

    https://docs.slack.dev/messaging/working-with-files#uploading_files

    Raises:
        Failed: it did not arrive; no message is affected.
    """
    file_id = _put(call, name, content, tools)
    call("files_completeUploadExternal", files=[{"id": file_id, "title": name}])
    return file_id


def attached(call: Call, file: Attachment, tools: Tools, thread: tuple[str, str]) -> None:
    """Upload a message's attachment into its thread, given as channel and message.

    Raises:
        Failed: it is not there.
    """
    try:
        content = contents(file, tools.outputs)
    except ValueError as error:
        raise Failed(refused(str(error))) from None
    files = [{"id": _put(call, file.name, content, tools), "title": file.name}]
    channel, root = thread
    call("files_completeUploadExternal", files=files, channel_id=channel, thread_ts=root)


def _put(call: Call, name: str, content: bytes, tools: Tools) -> str:
    place = call("files_getUploadURLExternal", filename=name, length=len(content))
    url, file_id = str(place.get("upload_url", "")), str(place.get("file_id", ""))
    try:
        target = Target(checked_url(url), tools.timeout_s, allow_private=_is_here(url))
        answer = target.post(content, {"Content-Type": "application/octet-stream"})
    except (NotSent, NotKnown, ValueError) as error:
        raise Failed(deferred(f"upload: {type(error).__name__}")) from None
    if answer.status != _OK or not file_id:
        raise Failed(of_status(answer.status, "upload"))
    return file_id


def _is_here(url: str) -> bool:
    return urlsplit(url).hostname in LOOPBACK
