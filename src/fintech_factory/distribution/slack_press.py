"""Reads who pressed which button of a message in Slack, once it is known to come from Slack."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from fintech_factory.distribution.slack_signing import is_from_slack
from fintech_factory.errors import UsageError

__all__ = ["NotFromSlack", "Press", "pressed"]


class NotFromSlack(UsageError):  # noqa: N818 - named after what it is
    """A request that Slack did not make, or not now; answer it with 401 and nothing else."""


@dataclass(frozen=True, slots=True)
class Press:
    """One button that was pressed.

    `token` is the button's own, to be verified for `verb` (tokens.verify); `person` is Slack's id
    of whoever pressed it, `name` what Slack calls them. `message` is `channel/message`, as
    receipts have it.
    """

    verb: str
    token: str
    person: str
    name: str
    message: str


def pressed(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Press:
    """Give the press that a request of Slack's speaks of.

    Raises:
        NotFromSlack: its signature is not Slack's, or is older than five minutes.
        UsageError: it speaks of no button of ours.
    """
    if not is_from_slack(secret, headers, body, now):
        raise NotFromSlack("this request does not come from Slack", hint="check `signing_secret`")
    try:
        (payload,) = parse_qs(body.decode(), strict_parsing=True)["payload"]
        return _press(json.loads(payload))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UsageError("this request of Slack's speaks of no button of ours") from error


def _press(payload: dict[str, Any]) -> Press:
    # https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
    if payload["type"] != "block_actions":
        raise ValueError(payload["type"])
    action, user, place = payload["actions"][0], payload["user"], payload["container"]
    return Press(
        # Our ids are the verb and a number: two buttons of one verb differ by it.
        verb=str(action["action_id"]).rpartition(".")[0],
        token=str(action["value"]),
        person=str(user["id"]),
        name=str(user.get("username") or user.get("name") or user["id"]),
        message=f"{place['channel_id']}/{place['message_ts']}",
    )
