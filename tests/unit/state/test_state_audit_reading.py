"""What of the trail is shown, how it is masked, and how its head is said."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.message import Occasion, Text
from fintech_factory.message_json import decode, encode
from fintech_factory.personal import is_personal, masked, masked_text
from fintech_factory.state.audit import Entry, Head, append
from fintech_factory.state.audit_key import make_key
from fintech_factory.state.audit_message import anchor_message
from fintech_factory.state.audit_read import Filter, entries, masked_document, to_csv
from fintech_factory.state.audit_seal import Pin, Purpose, pin
from fintech_factory.state.store import State

AT = datetime(2026, 11, 25, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "personal"),
    [
        ("loan_id", True),
        ("borrower_id", True),
        ("Customer_Name", True),
        ("contact_email", True),
        ("single_obligor", True),
        ("borrower_segment", False),
        ("loan_status", False),
        ("entity", False),
        ("loans", False),
    ],
)
def test_columns_that_name_a_person_or_a_loan(column: str, *, personal: bool) -> None:
    assert is_personal(column) is personal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("write to ana.b+c@lender.example.mx now", "write to *** now"),
        ("call +52 55 1234 5678", "call ***"),
        ("call 5512345678", "call ***"),
        ("loan ABC-000123-4 is late", "loan *** is late"),
        ("AB - CD 123456-789 paid", "*** paid"),
        ("XYZ1234", "***"),
        # What is no person's stays readable.
        ("run-20251210T030000000000Z-abcdef", "run-20251210T030000000000Z-abcdef"),
        ("cascade-20251210-0123456789ab", "cascade-20251210-0123456789ab"),
        ("par_90 above 5.00 on 2025-12-10", "par_90 above 5.00 on 2025-12-10"),
        ("IFRS 9 and PAR 90", "IFRS 9 and PAR 90"),
        ("1234567890.55 outstanding", "1234567890.55 outstanding"),
    ],
)
def test_words_that_name_a_person_or_a_loan(text: str, shown: str) -> None:
    assert masked_text(text) == shown


def test_a_document_is_masked_by_its_keys_at_any_depth() -> None:
    document = {"rows": [{"loan_id": "x", "balance": "1.00", "borrower": None}], "note": "a@b.cd"}
    assert masked(document) == {
        "rows": [{"loan_id": "***", "balance": "1.00", "borrower": None}],
        "note": "***",
    }


def entry(**fields: Any) -> Entry:  # noqa: ANN401 - whatever an entry takes
    return Entry(**{"at": AT, "actor": "ana", "action": "a", "subject": "s"} | fields)


def test_entries_are_chosen(state: State) -> None:
    with state.transaction() as connection:
        append(
            connection,
            [
                entry(action="ingest.landed", subject="cascade-1"),
                entry(action="ingest.refused", subject="100%"),
                entry(action="run.published", actor="eva", run="run-1"),
                entry(at=datetime(2026, 11, 26, tzinfo=UTC)),
            ],
        )
    chosen = {
        Filter(action="ingest.*"): [1, 2],
        Filter(action="ingest.landed"): [1],
        Filter(subject="100%*"): [2],
        Filter(subject="%*"): [],
        Filter(actor="eva"): [3],
        Filter(run="run-1"): [3],
        Filter(to=date(2026, 11, 25)): [1, 2, 3],
        Filter(from_=date(2026, 11, 26), to=date(2026, 11, 26)): [4],
        Filter(): [1, 2, 3, 4],
    }
    with state.reading() as connection:
        for wanted, numbers in chosen.items():
            found = [each["sequence"] for each in entries(connection, wanted)]
            assert found == numbers, wanted
        newest = [each["sequence"] for each in entries(connection, Filter(), newest_first=2)]
    assert newest == [4, 3]


def test_csv_starts_no_formula_and_shows_who(state: State) -> None:
    with state.transaction() as connection:
        append(
            connection, [entry(actor="ana@lender.example", subject="=cmd", after={"a": Decimal(1)})]
        )
    with state.reading() as connection:
        (document,) = entries(connection, Filter())
    line = to_csv(document, unmasked=False)
    assert "'=cmd" in line
    assert "ana@lender.example" in line
    assert masked_document(document)["hash"] == document["hash"]


def test_an_anchor_can_be_made_again_from_its_message(tmp_path: Path) -> None:
    anchor = pin(Purpose.ANCHOR, Head(7, "ab" * 32), make_key(tmp_path / "key.pem"), AT)
    message = anchor_message(anchor)
    assert message.occasion is Occasion.ANCHOR
    assert decode(encode(message)) == message
    said = {each.label.en: each.value for each in message.facts}
    again = Pin(
        purpose="anchor",
        sequence=said["Entry"],  # type: ignore[arg-type]
        head=str(said["Head"]),
        time=str(said["Exact time"]),
        key_id=str(said["Key"]),
        public_key=str(said["Public key"]),
        signature=str(said["Signature"]),
    )
    assert again.holds(Purpose.ANCHOR)
    assert isinstance(message.subject, Text)
