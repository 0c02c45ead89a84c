"""Every command that a page shows is run, every edit made, and the shown output compared."""

from collections.abc import Callable
from pathlib import Path

import pytest
from docs_console import Edit, Example, Shell, agrees, needs_of, steps_in
from docs_pages import ROOT, shown

PAGES = [each for each in shown() if steps_in(each.read_text(encoding="utf-8"))]
RENEW = "`make docs` renews what the pages show"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_shows_what_its_commands_print(
    page: Path, shell: Shell, furnished: Callable[[tuple[str, ...], Path], None]
) -> None:
    text = page.read_text(encoding="utf-8")
    furnished(needs_of(text), shell.folder)
    for step in steps_in(text):
        if isinstance(step, Edit):
            shell.edit(step)
        elif step.is_run:
            failed = shell.code
            assert step.command == "echo $?" or failed == 0, f"exit {failed} before {step.command}"
            printed = shell.run(step.command)
            lines = "\n".join(printed)
            assert agrees(step.shown, printed), f"$ {step.command}\n{lines}\n{RENEW}"
    assert shell.code == 0, "the last command failed; show it with `$ echo $?`"


def test_the_pages_that_teach_by_doing_have_commands() -> None:
    taught = {page.relative_to(ROOT).as_posix() for page in PAGES}
    how_to = {page.relative_to(ROOT).as_posix() for page in (ROOT / "docs" / "how-to").glob("*.md")}
    assert {"README.md", *how_to} <= taught


@pytest.mark.parametrize(
    ("shown_lines", "printed", "same"),
    [
        ((), ("a",), True),
        (("a", "b"), ("a", "b"), True),
        (("a",), ("a", "b"), False),
        (("a", "...", "d"), ("a", "b", "c", "d"), True),
        (("a", "...", "d"), ("a", "d"), False),
        (("...", "b", "..."), ("a", "b", "c"), True),
        (("...", "x", "..."), ("a", "b", "c"), False),
    ],
)
def test_a_line_of_dots_stands_for_one_line_or_more(
    shown_lines: tuple[str, ...],
    printed: tuple[str, ...],
    same: bool,  # noqa: FBT001 - a column of the table above
) -> None:
    assert agrees(shown_lines, printed) is same


def test_a_page_without_an_exit_code_shown_may_not_fail(shell: Shell) -> None:
    assert shell.run("factory kpi show")[0].startswith("error:")
    assert shell.code == 2
    assert shell.run("echo $?") == ("2",)
    assert shell.code == 0


def test_an_edit_that_fits_nowhere_is_refused(shell: Shell) -> None:
    (shell.folder / "a.yaml").write_text("limit: 3\n", encoding="utf-8")
    fence = "```diff\n--- a.yaml\n-limit: {}\n+limit: 4\n```\n"
    (fits,) = steps_in(fence.format(3))
    (wrong,) = steps_in(fence.format(5))
    assert isinstance(fits, Edit)
    assert isinstance(wrong, Edit)
    with pytest.raises(LookupError):
        shell.edit(wrong)
    shell.edit(fits)
    assert (shell.folder / "a.yaml").read_text(encoding="utf-8") == "limit: 4\n"


def test_only_our_own_command_is_run() -> None:
    steps = steps_in("```sh\n$ make demo\n$ factory check\nfine\n```\n")
    assert steps == [Example("make demo", ()), Example("factory check", ("fine",))]
    assert [each.is_run for each in steps if isinstance(each, Example)] == [False, True]
