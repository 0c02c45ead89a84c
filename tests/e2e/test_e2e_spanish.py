"""Views and the certificate in Spanish, from the command line."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.app import Factory as App
from fintech_factory.config.workspace import Workspace
from fintech_factory.i18n import en, es, words

Factory = Callable[..., Any]
Edit = Callable[[str, str, str], None]

AS_OF = "2025-06-30"
EXAMPLE = "config/facilities/example.yaml"
AMOUNT = re.compile(r"-?[0-9][0-9,]*\.[0-9]{2}")


@pytest.fixture
def monitored(workspace: Path, edit: Edit) -> Path:
    """The small book's workspace with the example facility switched on, cash of the day known."""
    edit(EXAMPLE, "enabled: false", "enabled: true")
    edit(EXAMPLE, "{on: 2025-12-31,", f"{{on: {AS_OF},")
    return workspace


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_column_and_word_of_every_view_is_labelled(
    factory: Factory, monitored: Path, language: str
) -> None:
    """What a language has no word for is told on stderr, and marked in a sentence."""
    for view in App(Workspace(monitored)).views.catalogue.views:
        shown = factory(monitored, "views", "show", view, "--language", language)
        assert shown.code == 0, shown.err
        assert "no word in" not in shown.err, shown.err
        assert "[en]" not in shown.out, view


def test_every_column_that_a_view_can_have_is_in_both_catalogues(monitored: Path) -> None:
    views = App(Workspace(monitored)).views
    for view in views.catalogue.views:
        for table in views.show(view, None).tables:
            assert set(table.columns) <= en.COLUMNS.keys(), (view, table.name)
            for catalogue in (en.COLUMNS, es.COLUMNS):
                labels = [catalogue[name] for name in table.columns]
                assert len(labels) == len(set(labels)), (view, table.name)


def test_a_workspaces_own_column_keeps_its_name_and_is_told(
    factory: Factory, workspace: Path
) -> None:
    path = workspace / "sql" / "views" / "curves" / "month.sql"
    sql = path.read_text(encoding="utf-8")
    path.write_text(sql.replace("  came_back\n", "  came_back AS my_own\n"), encoding="utf-8")
    factory(workspace, "run")
    for language in ("en", "es"):
        shown = factory(workspace, "views", "show", "curves", "--language", language)
        assert "my_own" in shown.out
        assert f"no word in `{language}` for: my_own" in shown.err


def test_json_and_csv_keep_names_words_and_numbers(factory: Factory, monitored: Path) -> None:
    for form in ("--json", "--csv"):
        english, spanish = (
            factory(monitored, "views", "show", "delinquency", form, "--language", language).out
            for language in ("en", "es")
        )
        assert english == spanish


def test_a_table_in_spanish_has_the_same_figures(factory: Factory, monitored: Path) -> None:
    english, spanish = (
        factory(monitored, "views", "show", "delinquency", "--table", "ageing",
                "--language", language).out
        for language in ("en", "es")
    )  # fmt: skip
    assert AMOUNT.findall(english) == AMOUNT.findall(spanish)
    assert "saldo vigente" in spanish
    assert "outstanding" not in spanish
    assert "corriente" in spanish
    assert "balance" in english
    whole = factory(monitored, "views", "show", "delinquency", "--language", "es").out
    for word in ("current", "repaid", "written off", "all past due"):
        assert not re.search(rf"  {word}(  |$)", whole, re.MULTILINE), word


def test_the_certificate_in_spanish_says_the_same_in_other_words(
    factory: Factory, monitored: Path, tmp_path: Path
) -> None:
    english, spanish = (
        factory(monitored, "views", "certificate", "example", "--draft", "--language", language).out
        for language in ("en", "es")
    )
    assert AMOUNT.findall(english) == AMOUNT.findall(spanish)
    assert len(AMOUNT.findall(spanish)) > 20
    assert english.count("|") == spanish.count("|")
    assert spanish.startswith("# BORRADOR: Certificado de cumplimiento: ")
    assert words("es").say("numbers") in spanish
    assert "[en]" not in spanish
    assert "menos: castigado por política" in spanish
    for word in (
        "breach",
        "headroom",
        "surplus",
        "unavailable",
        " loans |",
        "Signature",
        "/ drawn",
    ):
        assert word in english
        assert word not in re.sub(r"\([a-z0-9_]+\)|`[^`]*`", "", spanish), word
    page = tmp_path / "certificado.html"
    factory(monitored, "views", "certificate", "example", "--draft", "--language", "es",
            "--out", page)  # fmt: skip
    html = page.read_text(encoding="utf-8")
    assert '<html lang="es">' in html
    assert "Conclusión" in html
    assert "Déficit de la base de préstamo: 950,000.00." in html
    assert '<td class="r">2,000.00</td>' in html


def test_a_table_opens_by_what_stands_over_it(factory: Factory, monitored: Path) -> None:
    by_name, by_label = (
        factory(monitored, "views", "loans", "delinquency", "roll_matrix", "--json",
                "--where", f"{column}=current").document["loans"]
        for column in ("opening_state", "opening state")
    )  # fmt: skip
    assert by_name == by_label
    assert by_name
