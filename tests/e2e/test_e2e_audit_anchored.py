"""The head of the audit trail, mailed once a day: what was received names what changed since."""

import shutil
from email.message import EmailMessage
from pathlib import Path

import pytest
from alert_world import World

VAULT = "vault@notary.example"


@pytest.fixture
def mailed(world: World) -> World:
    """A workspace whose anchor goes to a mailbox of another company."""
    places = "- {channel: file, address: anchors}"
    world.edit(
        "config/alerts.yaml", (places, f"{places}\n      - {{channel: email, address: {VAULT}}}")
    )
    world.day("4", "2025-12-10")
    return world


def attached(mail: EmailMessage, folder: Path) -> Path:
    (part,) = mail.iter_attachments()
    path = folder / str(part.get_filename())
    path.write_bytes(part.get_content())
    return path


def test_a_mailed_anchor_is_held_against_the_trail_and_names_what_was_begun_anew(
    mailed: World, tmp_path: Path
) -> None:
    done = mailed.call("alerts", "deliver", "--json").document
    assert done["anchored"] == 1
    (mail,) = mailed.peers.mails(VAULT)
    assert "Audit trail: entry" in mail["Subject"]
    anchor = attached(mail, tmp_path)
    assert anchor.name == "anchor-2025-12-11.json"
    (file,) = (mailed.root / "outputs/messages/anchors").glob("*/anchor-2025-12-11.json")
    assert file.read_bytes() == anchor.read_bytes()
    assert mailed.call("audit", "verify", "--anchor", anchor).code == 0
    # Whoever has all of the workspace makes its trail anew: it is whole, and holds by itself.
    for path in (mailed.root / "state").glob("factory.db*"):
        path.unlink()
    shutil.rmtree(mailed.root / "state/audit")
    assert mailed.call("run").code in {0, 3}
    assert mailed.call("audit", "verify").code == 0
    outcome = mailed.call("audit", "verify", "--anchor", anchor)
    assert outcome.code == 3
    assert "anchor: the anchor was signed by a key that this chain never named" in outcome.out


def test_anchors_shows_when_and_where_it_was_received_the_newest_first(mailed: World) -> None:
    shown = mailed.call("audit", "anchors")
    assert "nothing was anchored yet" in shown.out
    mailed.call("alerts", "deliver")
    assert mailed.call("alerts", "deliver", "--json").document["anchored"] == 0
    mailed.day("4", "2025-12-11")
    mailed.peers.mail.answers[VAULT] = "550 no such mailbox"
    assert mailed.call("alerts", "deliver").code == 3
    document = mailed.call("audit", "anchors", "--json").document
    assert document["receivers"] == ["audit_anchor"]
    newest, first = document["anchors"]
    assert (newest["day"], first["day"]) == ("2025-12-12", "2025-12-11")
    assert newest["sequence"] > first["sequence"]
    places = [(each["channel"], each["address"], each["status"]) for each in first["places"]]
    assert places == [("file", "anchors", "delivered"), ("email", VAULT, "delivered")]
    assert all(each["received_at"].startswith("2025-12-11T03") for each in first["places"])
    refused = newest["places"][1]
    assert (refused["status"], refused["received_at"]) == ("dead", None)
    assert "no such mailbox" in refused["reason"]
    assert VAULT in mailed.call("audit", "anchors").out
    only = mailed.call("audit", "anchors", "--limit", "1", "--json").document["anchors"]
    assert [each["day"] for each in only] == ["2025-12-12"]
