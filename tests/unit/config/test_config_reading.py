"""The loader reads YAML 1.2 scalars with their places, and refuses what it does not read."""

import time
from decimal import Decimal
from pathlib import Path

import pytest

from fintech_factory.config.reading import LARGEST_FILE, Document, read
from fintech_factory.config.tree import Mark, child, dotted, plain


def read_text(folder: Path, text: str | bytes) -> Document:
    path = folder / "settings.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)


def values(folder: Path, text: str) -> object:
    document = read_text(folder, text)
    assert document.problems == ()
    assert document.root is not None
    return plain(document.root)


def only_problem(folder: Path, text: str | bytes) -> tuple[int, int, str]:
    (problem,) = read_text(folder, text).problems
    return problem.line, problem.column, problem.message


@pytest.mark.parametrize(
    "text", ["NO", "no", "yes", "on", "Off", "y", "3:00", "1_000", "2025-01-31", "1,5", "0b11", "="]
)
def test_what_only_yaml_1_1_would_convert_is_text(tmp_path: Path, text: str) -> None:
    assert values(tmp_path, f"key: {text}\n") == {"key": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-7", -7),
        ("0o17", 15),
        ("0xff", 255),
        ("007", 7),
        ('"12"', "12"),
        ("'true'", "true"),
        ('""', ""),
    ],
)
def test_core_scalars_of_yaml_1_2(tmp_path: Path, text: str, value: object) -> None:
    found = values(tmp_path, f"key: {text}\n")
    assert found == {"key": value}
    assert isinstance(found, dict)
    assert type(found["key"]) is type(value)


@pytest.mark.parametrize("text", ["0.1234567890123456789", "1e3", ".5", "5.", "-2.50", "5.68e-14"])
def test_a_number_with_decimals_keeps_every_digit(tmp_path: Path, text: str) -> None:
    found = values(tmp_path, f"key: {text}\n")
    assert found == {"key": Decimal(text)}
    assert isinstance(found, dict)
    assert isinstance(found["key"], Decimal)


@pytest.mark.parametrize("text", ["1e999999999", "9" * 5000, "0." + "1" * 200])
def test_a_number_that_would_eat_memory_is_refused_at_its_place(tmp_path: Path, text: str) -> None:
    line, column, _ = only_problem(tmp_path, f"a: 1\nkey: {text}\n")
    assert (line, column) == (2, 6)


def test_norway_is_a_key_like_any_other(tmp_path: Path) -> None:
    assert values(tmp_path, "NO: Norway\n1: one\nnull: nothing\n") == {
        "NO": "Norway",
        "1": "one",
        "null": "nothing",
    }


def test_block_text_stays_text(tmp_path: Path) -> None:
    assert values(tmp_path, "key: |\n  12\n") == {"key": "12\n"}


def test_every_key_and_value_knows_its_line_and_column(tmp_path: Path) -> None:
    root = read_text(tmp_path, "á: x\nkpis:\n  - {título: ñ, unit: days}\n").root
    assert root is not None
    kpis = child(root, "kpis")
    assert kpis is not None
    assert kpis.mark == Mark(2, 1)
    first = child(kpis.node, 0)
    assert first is not None
    unit = child(first.node, "unit")
    assert unit is not None
    assert (unit.mark, unit.node.mark) == (Mark(3, 17), Mark(3, 23))


def test_a_path_of_keys_is_written_as_people_do() -> None:
    assert dotted(("currency", "rates", 0, "rate")) == "currency.rates[0].rate"


@pytest.mark.parametrize("text", ["", "# only a remark\n", "---\n", "null\n"])
def test_an_empty_file_is_an_empty_mapping(tmp_path: Path, text: str) -> None:
    assert values(tmp_path, text) == {}


def test_an_alias_bomb_is_refused_at_once(tmp_path: Path) -> None:
    levels = [f"{name}: &{name} [{', '.join([f'*{below}'] * 10)}]" for below, name in
              zip("abcdefgh", "bcdefghi", strict=True)]  # fmt: skip
    bomb = "a: &a [lol]\n" + "\n".join(levels) + "\n"
    started = time.perf_counter()
    document = read_text(tmp_path, bomb)
    assert time.perf_counter() - started < 1
    assert "the anchor &a is not read" in document.problems[0].message
    assert any("the alias *a is not read" in problem.message for problem in document.problems)


def test_a_merge_key_merges_nothing(tmp_path: Path) -> None:
    assert values(tmp_path, "<<: {a: 1}\nb: 2\n") == {"<<": {"a": 1}, "b": 2}


def test_problems_stop_being_collected_at_a_hundred(tmp_path: Path) -> None:
    problems = read_text(tmp_path, "".join(f"k{n}: !x 1\n" for n in range(500))).problems
    assert len(problems) == 101
    assert problems[-1].message == "more than 100 problems; reading stops here"


@pytest.mark.parametrize("tag", ["!secret", "!!str", "!!python/object:os.system", "!"])
def test_a_tag_is_refused(tmp_path: Path, tag: str) -> None:
    line, column, message = only_problem(tmp_path, f"key: {tag} value\n")
    assert (line, column) == (1, 6)
    assert "is not read" in message


def test_a_key_that_stands_twice_names_the_first(tmp_path: Path) -> None:
    found = only_problem(tmp_path, "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")
    assert found == (5, 3, "the key `c` stands twice, first in line 3")


def test_a_key_that_stands_twice_in_two_mappings_is_fine(tmp_path: Path) -> None:
    assert values(tmp_path, "a: {c: 1}\nb: {c: 2}\n") == {"a": {"c": 1}, "b": {"c": 2}}


def test_a_key_must_be_text(tmp_path: Path) -> None:
    assert only_problem(tmp_path, "ok: 1\n? [a, b]\n: 2\n") == (2, 3, "a key must be a text")


def test_all_refusals_are_reported_together(tmp_path: Path) -> None:
    text = "a: &x 1\nb: *x\nc: !t 2\na: 3\nd: 1e999\n"
    places = [(each.line, each.column) for each in read_text(tmp_path, text).problems]
    assert places == [(1, 4), (2, 4), (3, 4), (4, 1), (5, 4)]


def test_forty_levels_are_read_and_forty_one_refused(tmp_path: Path) -> None:
    assert read_text(tmp_path, "[" * 40 + "]" * 40).problems == ()
    line, column, message = only_problem(tmp_path, "[" * 41 + "]" * 41)
    assert (line, column) == (1, 41)
    assert "nested more than 40 levels" in message


@pytest.mark.parametrize("piece", ["[", "{a: ", "- ", "? "])
def test_endless_nesting_is_refused_quickly(tmp_path: Path, piece: str) -> None:
    started = time.perf_counter()
    problems = read_text(tmp_path, piece * (900_000 // len(piece))).problems
    assert time.perf_counter() - started < 2
    assert problems


def test_a_file_of_one_megabyte_is_read_and_a_larger_one_refused(tmp_path: Path) -> None:
    start = b"a: 1\n#"
    full = start + b"x" * (LARGEST_FILE - len(start))
    assert read_text(tmp_path, full).problems == ()
    assert only_problem(tmp_path, full + b"x") == (1, 1, "the file is larger than 1 MB")


def test_a_tab_in_the_indentation_is_named(tmp_path: Path) -> None:
    found = only_problem(tmp_path, "a:\n  b: 1\n\tc: 2\n")
    assert found == (3, 1, "a tab stands in the indentation")


def test_a_tab_between_key_and_value_is_fine(tmp_path: Path) -> None:
    assert values(tmp_path, "a:\t1\n") == {"a": 1}


def test_a_second_document_is_refused(tmp_path: Path) -> None:
    assert only_problem(tmp_path, "a: 1\n---\nb: 2\n") == (2, 1, "a second document begins")


def test_text_that_is_not_utf_8_is_refused_at_its_place(tmp_path: Path) -> None:
    found = only_problem(tmp_path, "a: 1\nciudad: México\n".encode("latin-1"))
    assert found == (2, 10, "the file is not UTF-8 text")


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    document = read_text(tmp_path, b"\xef\xbb\xbfa: 1\n")
    assert document.root is not None
    assert plain(document.root) == {"a": 1}


def test_a_control_character_is_refused_at_its_place(tmp_path: Path) -> None:
    found = only_problem(tmp_path, "a: 1\nb: x\x00y\n")
    assert found == (2, 5, "the character U+0000 is not allowed")


def test_broken_syntax_has_a_place_and_a_hint(tmp_path: Path) -> None:
    (problem,) = read_text(tmp_path, "a: 1\nb: c: d\n").problems
    assert (problem.line, problem.column) == (2, 5)
    assert problem.hint == "a text that contains `: ` needs quotes"


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    assert read(tmp_path / "absent.yaml").problems[0].message == "the file does not exist"
    assert "cannot be read" in read(tmp_path).problems[0].message


def test_a_path_below_the_current_folder_is_shown_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_text(tmp_path, "a: 1").path == "settings.yaml"
    monkeypatch.chdir("/")
    assert read(Path("elsewhere.yaml")).path == "elsewhere.yaml"
