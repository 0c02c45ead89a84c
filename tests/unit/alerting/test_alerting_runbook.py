"""What to do about an alert: in both languages, and every rule that is shipped has it."""

import re
import shlex
from pathlib import Path

import click
import pytest

from fintech_factory.alerting.reading import make_alerting
from fintech_factory.alerting.runbook import Runbook, is_address, make_runbook
from fintech_factory.alerting.settings import AlertSettings
from fintech_factory.alerting.setup import Alerting
from fintech_factory.app.runbooks import runbooks_of
from fintech_factory.cli import main
from fintech_factory.kpi_engine import Definitions
from fintech_factory.message import Text

CONFIG = Path(__file__).parents[3] / "config"
SHIPPED = runbooks_of(CONFIG).found
EN = "# Late\n\n## First steps\n\n1. Look: `factory findings`\n2. Ask.\n\n## Then\n\n1. Rest.\n"
ES = "# Tarde\n\n1. Mire: `factory findings`\n2. Pregunte.\n"


def test_a_runbook_has_a_title_and_its_first_list_is_what_to_do_first() -> None:
    made = make_runbook("late", Text(EN, ES))
    assert made.title == Text("Late", "Tarde")
    look = Text("Look: `factory findings`", "Mire: `factory findings`")
    assert made.steps == (look, Text("Ask.", "Pregunte."))
    assert made.text == Text(EN, ES)


@pytest.mark.parametrize(
    ("en", "es", "said"),
    [
        ("Late\n\n1. Look.\n", ES, "the English one has no title"),
        (EN, "", "the Spanish one has no title"),
        ("# Late\n\n- Look.\n", ES, "the English one has no first steps"),
        (EN, "# Tarde\n\n1. Mire.\n", "2 first steps in English and 1 in Spanish"),
    ],
)
def test_what_is_no_runbook_is_refused_with_its_language(en: str, es: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make_runbook("late", Text(en, es))


def test_each_file_that_is_missing_or_wrong_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "runbooks"
    folder.mkdir()
    for name, content in {
        "good.md": EN.encode(), "good.es.md": ES.encode(),
        "english.md": EN.encode(),
        "spanish.es.md": ES.encode(),
        "odd.md": b"\xff", "odd.es.md": ES.encode(),
        "bare.md": b"words", "bare.es.md": ES.encode(),
    }.items():  # fmt: skip
        (folder / name).write_bytes(content)
    runbooks = runbooks_of(tmp_path)
    assert {*runbooks.found} == {"good"}
    assert runbooks.names == {"good", "english", "spanish", "odd", "bare"}
    assert [(Path(each.path).name, each.message) for each in runbooks.problems] == [
        ("bare.md", "the English one has no title"),
        ("english.es.md", "the runbook is not there in this language"),
        ("odd.md", "odd.md is no UTF-8 text"),
        ("spanish.md", "the runbook is not there in this language"),
    ]


def test_every_rule_that_is_shipped_has_one_and_none_is_left_over(shipped: Alerting) -> None:
    assert {rule.runbook for rule in shipped.rules.values()} == {*SHIPPED}
    assert shipped.rules["par_90.unavailable"].runbook == "unavailable"


def test_a_rule_that_names_its_runbook_means_its_missing_figure_as_well(
    shipped_kpis: Definitions,
) -> None:
    wiki = "https://wiki.example.com/par"
    written = [
        {"id": "par_90", "watch": "kpi", "runbook": wiki},
        {"id": "by_entity", "watch": "kpi", "kpi": "par_90", "dimension": "entity"},
    ]
    settings = AlertSettings.model_validate(
        {"default_receiver": "desk", "receivers": {}, "rules": written}
    )
    rules = make_alerting(settings, shipped_kpis, {}).rules
    assert [rules[f"par_90{end}"].runbook for end in ("", ".unavailable")] == [wiki, wiki]
    named = [rules[f"by_entity{end}"].runbook for end in ("", ".unavailable")]
    assert named == ["par_90", "unavailable"]


def test_a_page_elsewhere_is_an_address() -> None:
    assert is_address("https://wiki.example.com/x")
    assert not is_address("par_90")


def _commands(runbook: Runbook) -> set[str]:
    return set(re.findall(r"`(factory [^`]+)`", runbook.text.en))


@pytest.mark.parametrize("runbook", SHIPPED.values(), ids=lambda each: each.name)
def test_both_languages_name_the_same_commands_and_each_is_one(runbook: Runbook) -> None:
    assert _commands(runbook) == set(re.findall(r"`(factory [^`]+)`", runbook.text.es))
    for line in _commands(runbook):
        _, *words = shlex.split(line)
        found: click.Command = main
        context = click.Context(main)
        while isinstance(found, click.Group) and words:
            name = words.pop(0)
            below = found.get_command(context, name)
            assert below is not None, line
            found = below
        known = {option for each in found.params for option in each.opts}
        given = [each for each in words if each.startswith("--")]
        assert {*given} <= known, line
        takes = [each for each in found.params if isinstance(each, click.Argument)]
        least = len([each for each in takes if each.required])
        plain = [
            each for at, each in enumerate(words)
            if not each.startswith("--") and (at == 0 or not words[at - 1].startswith("--"))
        ]  # fmt: skip
        most = 99 if any(each.nargs != 1 for each in takes) else len(takes)
        assert least <= len(plain) <= most, line
