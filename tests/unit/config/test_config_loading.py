"""Binding is strict, speaks of places, and reports every problem at once."""

from datetime import UTC, date, datetime
from datetime import time as time_of_day
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError, field_validator

from fintech_factory.config import LoadedFile, Settings, load
from fintech_factory.config.tree import Mark
from fintech_factory.errors import ConfigError


class Direction(StrEnum):
    ABOVE = "above"
    BELOW = "below"


class Kpi(Settings):
    """One KPI."""

    title: str = Field(default="", description="Its name on screens.")
    part: str = ""
    limit: Decimal | None = None
    direction: Direction = Direction.ABOVE


class Slack(Settings):
    kind: Literal["slack"]
    channel: str


class Mail(Settings):
    kind: Literal["email"]
    recipient: str


class Sample(Settings):
    """A sample of every type a settings file may hold."""

    count: int = 1
    flag: bool = True
    ratio: Decimal = Decimal(1)
    day: date = date(2025, 1, 1)
    at: time_of_day = time_of_day(3)
    moment: datetime = datetime(2025, 1, 1, tzinfo=UTC)
    folder: Path = Path()
    names: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    days: list[date] = Field(default_factory=list)
    mode: Literal["fast", "exact"] = "exact"
    either: int | str = 1
    maybe: int | None = None
    kpis: dict[str, Kpi] = Field(default_factory=dict)
    channels: list[Annotated[Slack | Mail, Field(discriminator="kind")]] = Field(
        default_factory=list
    )
    default: Decimal = Decimal(0)
    type: date = date(2025, 1, 1)

    @field_validator("names")
    @classmethod
    def _short(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(names) > 2:
            raise ValueError("more than two names\nhint: drop one")
        return names


def load_text(folder: Path, text: str) -> LoadedFile[Sample]:
    path = folder / "sample.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, Sample)


def problems(folder: Path, text: str) -> list[tuple[int, int, str, str]]:
    with pytest.raises(ConfigError) as caught:
        load_text(folder, text)
    return [(each.line, each.column, each.message, each.hint) for each in caught.value.problems]


def only(folder: Path, text: str) -> tuple[str, str]:
    ((_, _, message, hint),) = problems(folder, text)
    return message, hint


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("ratio: 3", "ratio", Decimal(3)),
        ("ratio: 0.1234567890123456789", "ratio", Decimal("0.1234567890123456789")),
        ("day: 2025-12-31", "day", date(2025, 12, 31)),
        ("at: 03:30", "at", time_of_day(3, 30)),
        ("moment: 2025-12-31T06:00:00+00:00", "moment", datetime(2025, 12, 31, 6, tzinfo=UTC)),
        ("folder: a/b", "folder", Path("a/b")),
        ("names: [NO, SE]", "names", ("NO", "SE")),
        ("tags: [a, b]", "tags", frozenset({"a", "b"})),
        ("days: [2025-01-31]", "days", [date(2025, 1, 31)]),
        ("mode: fast", "mode", "fast"),
        ("either: text", "either", "text"),
        ("maybe: null", "maybe", None),
        ("kpis: {a: {direction: below, limit: 5}}", "kpis",
         {"a": Kpi(direction=Direction.BELOW, limit=Decimal(5))}),
        ("default: 3", "default", Decimal(3)),
        ("type: 2025-12-31", "type", date(2025, 12, 31)),
    ],
)  # fmt: skip
def test_yaml_reaches_the_types_it_cannot_write(
    tmp_path: Path, text: str, field: str, value: object
) -> None:
    found = getattr(load_text(tmp_path, text).value, field)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('count: "5"', "count must be a whole number, not the text `5`", "take the quotes away"),
        ("count: 5.0", "count must be a whole number, not the number `5.0`", ""),
        ("count: true", "count must be a whole number, not true", ""),
        ("count: 1_000", "count must be a whole number, not the text `1_000`",
         "write digits and, if need be, one decimal point: 1234.5"),
        ("flag: yes", "flag must be true or false, not the text `yes`", "write true or false"),
        ("flag: 1", "flag must be true or false, not the number `1`", ""),
        ('ratio: "0.5"', "ratio must be a number, not the text `0.5`", "take the quotes away"),
        ("ratio: 0,5", "ratio must be a number, not the text `0,5`",
         "write digits and, if need be, one decimal point: 1234.5"),
        ("ratio: true", "ratio must be a number, not true", ""),
        ("day: 0", "day must be a date such as 2025-12-31, not the number `0`", ""),
        ("day: 31/12/2025", "day must be a date such as 2025-12-31, not the text `31/12/2025`", ""),
        ("at: 3:00", "at must be a time of day such as 03:00, not the text `3:00`", ""),
        ("names: one", "names must be a list, not the text", ""),
        ("names: [one, 2]", "names[1] must be text, not the number `2`", "put it in quotes"),
        ("names: [a, b, c]", "names: more than two names", "drop one"),
        ("mode: fats", "mode must be one of fast, exact, not the text `fats`",
         "did you mean `fast`?"),
        ("either: [1]", "either must be a whole number or text, not a list", ""),
        ("maybe: x", "maybe must be a whole number, not the text `x`", ""),
        ("kpis: {a: 5}", "kpis.a must be a mapping of keys and values, not the number", ""),
        ("kpis: {a: {direction: abov}}",
         "kpis.a.direction must be one of above, below, not the text `abov`",
         "did you mean `above`?"),
        ("kpis: {a: {titel: x}}", "unknown key `titel`", "did you mean `title`?"),
        ("channels: [{kind: slack, chanel: x}]", "unknown key `chanel`", "did you mean `channel`?"),
        ("channels: [{kind: email}]", "the key `channels[0].recipient` is missing", ""),
        ("channels: [{kind: emial}]",
         "channels[0].kind must be one of slack, email, not the text `emial`",
         "did you mean `email`?"),
        ("channels: [{channel: x}]", "channels[0]: the key `kind` is missing",
         "it tells which kind this is"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_in_one_sentence(
    tmp_path: Path, text: str, message: str, hint: str
) -> None:
    assert only(tmp_path, text) == (message, hint)


def test_infinity_is_no_number_a_setting_may_hold(tmp_path: Path) -> None:
    message, _ = only(tmp_path, "ratio: .inf")
    assert message.startswith("ratio must be a finite number")


def test_the_list_of_valid_keys_is_given_when_none_is_near(tmp_path: Path) -> None:
    _, hint = only(tmp_path, "kpis: {a: {qqq: 1}}")
    assert hint == "valid keys: direction, limit, part, title"


def test_the_valid_keys_are_those_of_the_kind_that_was_chosen(tmp_path: Path) -> None:
    text = "channels: [{kind: email, recipient: x, zzz: 1}]"
    assert only(tmp_path, text) == ("unknown key `zzz`", "valid keys: kind, recipient")


def test_all_problems_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "count: x\nkpis:\n  par_90:\n    limit: high\n    zzzz: 1\nflag: &f 0\nflag: 1\n"
    places = [(line, column) for line, column, *_ in problems(tmp_path, text)]
    assert places == [(1, 8), (4, 12), (5, 5), (6, 7), (6, 7), (7, 1)]


def test_a_refused_value_is_reported_once_and_not_as_a_wrong_kind(tmp_path: Path) -> None:
    assert only(tmp_path, "count: !int 5")[0] == "the tag !int is not read"


def test_broken_syntax_reports_what_was_refused_before_it(tmp_path: Path) -> None:
    places = [(line, column) for line, column, *_ in problems(tmp_path, "a: &x 1\nb: [1\nc: 2\n")]
    assert places[0] == (1, 4)
    assert len(places) == 2


def test_a_loaded_file_leads_back_from_keys_to_places(tmp_path: Path) -> None:
    file = load_text(tmp_path, "kpis:\n  par_90:\n    title: PAR\n    part: sum(x)\n")
    keys = ("kpis", "par_90", "part")
    assert file.place(keys) == Mark(4, 11)
    assert file.place(keys, of_key=True) == Mark(4, 5)
    problem = file.problem(keys, "unknown column x", "did you mean y?")
    assert str(problem) == (
        f"{tmp_path}/sample.yaml:4:11: unknown column x\n  hint: did you mean y?"
    )


def test_a_key_the_file_leaves_out_stands_at_its_parent(tmp_path: Path) -> None:
    file = load_text(tmp_path, "kpis:\n  par_90:\n    title: PAR\n")
    assert file.place(("kpis", "par_90", "limit", "warning")) == Mark(3, 5)
    assert file.place(("kpis", "par_90", "limit"), of_key=True) == Mark(2, 3)


def test_settings_are_frozen(tmp_path: Path) -> None:
    value: Any = load_text(tmp_path, "count: 2").value
    with pytest.raises(ValidationError):
        value.count = 3
