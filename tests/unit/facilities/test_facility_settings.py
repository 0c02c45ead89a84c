"""A facility's file: what it may say, and how each fault is told with its place."""

from collections.abc import Callable
from pathlib import Path

import pytest
from facilities_book import TERMS, write_facility

from fintech_factory.app import config_models
from fintech_factory.config import default_files
from fintech_factory.config.check import check_workspace
from fintech_factory.config.workspace import Workspace
from fintech_factory.errors import ConfigError
from fintech_factory.kpi_engine import load_definitions
from fintech_factory.testing import Book, book
from fintech_factory.views.facilities.checking import load_facilities

KPIS = load_definitions(default_files()["config/kpis/kpi_definitions.yaml"]).kpis


def faults(config: Path, old: str, new: str) -> list[str]:
    assert TERMS.count(old) == 1, f"{old!r} does not stand once in the terms"
    write_facility(config, TERMS.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        load_facilities(config, KPIS)
    return [
        f"{each.line}:{each.column} {each.message} | {each.hint}" for each in caught.value.problems
    ]


def test_the_terms_that_the_faults_are_made_in_are_right(config: Path) -> None:
    write_facility(config)
    (facility,) = load_facilities(config, KPIS)
    assert facility.id == "line"
    assert [rule.id for rule in facility.rules] == ["written_off", "late"]


def test_a_facility_that_is_switched_off_is_not_monitored(config: Path) -> None:
    write_facility(config, TERMS.replace("enabled: true", "enabled: false"))
    assert load_facilities(config, KPIS) == ()


def test_the_shipped_example_is_right_and_switched_off(config: Path) -> None:
    shipped = default_files()["config/facilities/example.yaml"].read_text(encoding="utf-8")
    write_facility(config, shipped)
    assert load_facilities(config, KPIS) == ()
    write_facility(config, shipped.replace("enabled: false", "enabled: true"))
    assert len(load_facilities(config, KPIS)) == 1


@pytest.mark.parametrize(
    ("old", "new", "place", "said", "hint"),
    [
        ("dpd > 90}", "dpdd > 90}", "12:61", "late: unknown column `dpdd`", "did you mean `dpd`"),
        ("dpd > 90}", "dpd}", "12:61", "a boolean is needed here", ""),
        ("dpd > 90}", "sum(balance) > 1}", "12:61", "`SUM(balance)` is not allowed", "columns"),
        ("dpd > 90}", "dpd > (select 1)}", "12:75", "not allowed", ""),
        ("id: late", "id: written_off", "12:10", "this rule is always there", "leave it out"),
        ("kpi: par_90", "kpi: par_9", "16:10", "par_90: unknown KPI `par_9`", "did you mean"),
        ("    kpi: par_90\n", "", "14:5", "give `kpi` or `figure`", ""),
        ("warning: 4", "warning: 6", "18:44", "the warning (6) lies past the breach (5)", "small"),
        (
            "    kpi: par_90\n",
            "    kpi: collection_rate\n    on: pool\n",
            "17:9",
            "par_90: `collection_rate` cannot be read of a pool",
            "a ratio of what loans owe",
        ),
        (
            "    kpi: par_90\n",
            "    figure: utilisation\n    on: book\n",
            "17:9",
            "a figure of the monitor is always of the pool",
            "leave `on` out",
        ),
        ("    kpi: par_90\n", "    kpi: par_90\n    on: pol\n", "17:9", "pol", "pool"),
        ("at_most", "at_mots", "17:16", "at_mots", "at_most"),
        ("percent: 80", "percent: 101", "10:44", "101", ""),
        ("currency: USD", "currency: usd", "5:11", "usd", ""),
        ("lender:", "lendr:", "3:1", "unknown key `lendr`", "did you mean `lender`"),
        (
            "[{from: 2025-01-01, amount: 500}]",
            "[{from: 2025-01-01, amount: 5}, {from: 2024-01-01, amount: 6}]",
            "8:8",
            "2024-01-01 does not come after 2025-01-01",
            "from the oldest to the newest",
        ),
        (
            "drawn: [{from: 2025-01-01",
            "drawn: [{from: 2025-02-01",
            "8:16",
            "drawn: nothing is said from 2025-01-01 to 2025-02-01",
            "begin with an entry",
        ),
    ],
)
def test_a_fault_is_told_with_its_place_and_what_to_do(  # noqa: PLR0913, PLR0917 - a fault and its telling
    config: Path, old: str, new: str, place: str, said: str, hint: str
) -> None:
    found = faults(config, old, new)
    (line, _, column) = place.partition(":")
    assert any(each.startswith(f"{line}:") and said in each and hint in each for each in found), (
        found
    )
    assert any(each.startswith(f"{line}:{column} ") for each in found), found


def test_steps_of_a_schedule_rise_from_day_0(config: Path) -> None:
    schedule = "discounts: [{from: 2025-01-01, steps: [{from_dpd: 1, percent: 5}]}]\ncovenants:"
    (said,) = faults(config, "covenants:", schedule)
    assert "does not rise step by step from 0" in said


def test_largest_goes_with_top_only(config: Path) -> None:
    limit = "concentration: [{id: a, per: entity, percent: 5, largest: 3}]\ncovenants:"
    (said,) = faults(config, "covenants:", limit)
    assert "`largest` goes with `per: top`" in said


def test_payments_need_an_interest(config: Path) -> None:
    (said,) = faults(config, "covenants:", "payments: [{due_on: 2025-06-30}]\ncovenants:")
    assert "the interest of the payments is not known" in said


def test_every_file_of_the_folder_is_checked_and_no_other_is_known(
    workspace_with: Callable[[Book], Workspace],
) -> None:
    workspace = workspace_with(book().loan())
    write_facility(workspace.config, TERMS.replace("kpi: par_90", "kpi: par_9"), "one")
    write_facility(workspace.config, TERMS.replace("dpd > 90", "dp > 90"), "two")
    (workspace.config / "facilities" / "three.yml").write_text("a: b\n", encoding="utf-8")
    problems = check_workspace(workspace, config_models())
    assert [Path(each.path).name for each in problems] == ["one.yaml", "three.yml", "two.yaml"]
    assert "no settings file has this name" in problems[1].message


def test_a_workspace_without_any_facility_is_right(
    workspace_with: Callable[[Book], Workspace],
) -> None:
    workspace = workspace_with(book().loan())
    (workspace.config / "facilities" / "example.yaml").unlink()
    assert check_workspace(workspace, config_models()) == []


def test_a_facility_is_checked_even_if_the_kpis_are_wrong(
    workspace_with: Callable[[Book], Workspace],
) -> None:
    workspace = workspace_with(book().loan())
    write_facility(workspace.config, TERMS.replace("dpd > 90", "dp > 90"))
    (workspace.config / "kpis" / "kpi_definitions.yaml").write_text("kpi: 1\n", encoding="utf-8")
    found = {Path(each.path).name for each in check_workspace(workspace, config_models())}
    assert found == {"line.yaml", "kpi_definitions.yaml"}
