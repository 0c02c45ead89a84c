"""A gateway for text messages that answers as Twilio does to one account."""

import base64
from urllib.parse import parse_qs, urlsplit

from peers.faults import Answer, Request

__all__ = ["ACCOUNT", "NUMBER", "TOKEN", "error", "form_of", "gateway"]

# Twilio's own ids have this form; this one is nobody's.
ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "gateway-token-44"  # noqa: S105 - made up
# https://www.twilio.com/docs/iam/test-credentials: Twilio's magic number for a good sender.
NUMBER = "+15005550006"


def error(status: int, code: int, message: str, **headers: str) -> Answer:
    """Give an error in Twilio's form."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": more, "status": status}
    return Answer(status, body, headers)


def form_of(request: Request) -> dict[str, str]:
    """Give what was posted, each name once."""
    found = parse_qs(request.body.decode(), keep_blank_values=True, strict_parsing=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}


def gateway(request: Request) -> Answer:
    """Answer as Twilio does where nothing is wrong but, maybe, the credentials."""
    given = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    if request.header("Authorization") != f"Basic {given}":
        return error(401, 20003, "Authenticate")
    parts = urlsplit(request.path)
    match request.method, parts.path.removeprefix(f"/2010-04-01/Accounts/{ACCOUNT}"):
        case "POST", "/Messages.json":
            return _message(form_of(request))
        case "GET", ".json":
            return Answer(body={"sid": ACCOUNT, "status": "active", "type": "Full"})
        case "GET", "/IncomingPhoneNumbers.json":
            asked = parse_qs(parts.query)["PhoneNumber"]
            numbers = [{"phone_number": NUMBER, "capabilities": {"sms": True}}]
            return Answer(body={"incoming_phone_numbers": numbers if asked == [NUMBER] else []})
    return error(404, 20404, "The requested resource was not found")


def _message(form: dict[str, str]) -> Answer:
    # https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
    sid = "SM" + "0123456789abcdef" * 2
    body = {"sid": sid, "status": "queued", "to": form["To"], "body": form["Body"]}
    return Answer(201, {**body, "num_segments": "1", "error_code": None, "error_message": None})
