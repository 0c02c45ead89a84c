"""What no log may hold is blacked out, however it is written; what helps to find a fault stays."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintech_factory.telemetry import secrets
from fintech_factory.telemetry.redaction import plain, prose, redacted

WORD = "p@ss w/ord+1"


@pytest.fixture(autouse=True)
def nothing_revealed() -> Iterator[None]:
    secrets.forget()
    yield
    secrets.forget()


@pytest.mark.parametrize(
    "text",
    [
        "the password is p@ss w/ord+1 and nothing else",
        "postgresql://factory:p%40ss%20w%2Ford%2B1@db/factory",
        "query said p%40ss+w%2Ford%2B1",
        "sent cEBzcyB3L29yZCsx",
        '{"note": "p@ss w/ord+1"}',
    ],
)
def test_a_secret_that_was_revealed_is_blacked_out_however_it_is_written(text: str) -> None:
    secrets.remember(WORD)
    said = redacted(text)
    for form in (WORD, "p%40ss", "cEBzcyB3L29yZCsx"):
        assert form not in said
    assert "***" in said


def test_of_a_secret_that_holds_another_nothing_is_left() -> None:
    for secret in ("open", "open-sesame", "open"):
        secrets.remember(secret)
    assert redacted("it was open-sesame.") == "it was ***."


def test_each_line_of_a_key_and_the_path_of_a_webhook_are_secrets_by_themselves() -> None:
    secrets.remember("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END…")
    secrets.remember("https://hooks.example.com/team/a1b2c3d4e5")
    assert redacted("bad line kqhkiG9w0BAQEF") == "bad line ***"
    assert redacted("POST /team/a1b2c3d4e5 failed") == "POST *** failed"


@pytest.mark.parametrize(
    "token",
    [
        "xoxb-1234-abcdef",
        "xapp-1-A0-99-ff",
        "ghp_0123456789abcdefABCD",
        "github_pat_11AAA_bbb",
        "glpat-0123456789abcdefg",
        "sk-proj-0123456789abcdefgh",
        "AKIAIOSFODNN7EXAMPLE",
        "ntn_0123456789abcdefgh",
        "secret_0123456789abcdefgh",
        "AC0123456789abcdef0123456789abcdef",
        "EAAB0123456789abcdefghij",
        "pat-na1-0123456789-abcdef-01",
        "SG.abc-d.efg_h",
        "eyJhbGciOi.eyJzdWIi.c2ln",
    ],
)
def test_a_vendors_token_is_blacked_out_though_nobody_revealed_it(token: str) -> None:
    assert redacted(f"refused: {token}.") == "refused: ***."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Authorization: Bearer abc.def-ghi", "Authorization: ***"),
        ("sent Bearer abcdef123 again", "sent Bearer *** again"),
        ("api_key=abc123, retry", "api_key=***, retry"),
        ("my_password='a b c' is wrong", "my_password=*** is wrong"),
        ("Set-Cookie: a=b; Path=/", "Set-Cookie: ***"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- ends",
            "*** ends",
        ),
        ("https://user:word@host/p?token=1&page=2#x", "https://***@host/p?token=***&page=***#***"),
        ("https://hooks.slack.com/services/T0/B0/abcdefgh", "https://hooks.slack.com/services/***"),
    ],
)
def test_what_stands_where_secrets_stand_is_blacked_out(text: str, said: str) -> None:
    assert redacted(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no mailbox for ana.perez+x@lender.com.mx here", "no mailbox for *** here"),
        ("no mailbox for ana@localhost", "no mailbox for ***"),
        ("to +52 55 1234 5678 failed", "to *** failed"),
        ("to 525512345678 failed", "to *** failed"),
        ("to 55 1234 5678 failed", "to *** failed"),
        ("to (555) 123-4567 failed", "to *** failed"),
        ("card 4111 1111 1111 1111 refused", "card *** refused"),
        ("RFC PEPJ800101ABC of 2025-12-10 2026", "*** of 2025-12-10 2026"),
        ("loan LN-000123 has no schedule", "loan *** has no schedule"),
        ("borrower: Juan Pérez Gómez, row 3", "borrower: ***, row 3"),
        ("customer_name=ACME S.A. de C.V.; amount 3", "customer_name=***; amount 3"),
    ],
)
def test_people_and_loans_are_blacked_out(text: str, said: str) -> None:
    assert redacted(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("could not read 'Juan Pérez' as a date", "could not read '***' as a date"),
        ("could not read “Juan Pérez” or «ACME»", "could not read “***” or «***»"),
        ('no such person: "ACME S.A."', 'no such person: "***"'),
        ("Key (borrower_id)=(B-17, Juan) exists", "Key (borrower_id)=*** exists"),
        ("Failing row contains (1, Juan, 3).", "Failing row contains ***"),
        ("[SQL: insert]\n[parameters: ('Juan', 3)]", "[SQL: insert]\n[parameters: ***"),
        ("CSV Error\nOriginal Line: 1,Juan,2\nmore", "CSV Error\nOriginal Line: ***\nmore"),
    ],
)
def test_an_error_that_quotes_a_cell_or_a_row_does_not_bring_it_into_the_log(
    text: str, said: str
) -> None:
    assert prose(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "par_90.warning (6) lies past critical (5)",
        "column 'disburse_date' is missing in 'loans.csv'",
        "run-20261126T104632842728Z-77dc60 took 3.054 s on 2025-12-10 03:00:01",
        "batch cascade-20251210-fc0e05b4e626 of 8646 rows",
        "HTTP 503 after SMTP 451, SQLSTATE 40001, IFRS 9",
        "outstanding 1234567.89 against 1,234,567.90",
        "expected 12345678 rows",
    ],
)
def test_what_helps_to_find_a_fault_stays(text: str) -> None:
    assert prose(text) == text


def test_what_stands_under_a_telling_key_goes_whole() -> None:
    given = {"password": 7, "x-api-key": "a", "borrower_name": "Juan", "email": None, "rows": 3}
    assert plain(given) == {
        "password": "***",
        "x-api-key": "***",
        "borrower_name": "***",
        "email": None,
        "rows": 3,
    }
    assert plain([{"token": {"a": 1}}]) == [{"token": "***"}]


def test_values_are_written_as_json_can_hold_them() -> None:
    assert plain(Decimal("89.94592750")) == "89.94592750"
    assert plain(datetime(2026, 1, 2, 3, tzinfo=UTC)) == "2026-01-02T03:00:00+00:00"
    assert plain(date(2026, 1, 2)) == "2026-01-02"
    assert plain(float("nan")) is None
    assert plain(b"abc") == "3 bytes"
    assert plain(Path("/srv/ana@lender.mx/x")) == "/srv/***/x"
    assert plain("é" * 9000).endswith("…")


def test_what_is_nested_without_end_is_cut() -> None:
    endless: dict[str, object] = {}
    endless["again"] = endless
    assert "***" in str(plain(endless))


@given(st.text())
def test_any_text_at_all_can_be_redacted_and_once_is_enough_for_secrets(text: str) -> None:
    secrets.remember("s3cret-value")
    try:
        assert "s3cret-value" not in prose(f"{text}s3cret-value{text}")
    finally:
        secrets.forget()
