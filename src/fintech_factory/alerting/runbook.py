"""What to do about an alert of a rule: a text in both languages, and its first steps."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fintech_factory.message import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fintech_factory.alerting.rule import Rule
    from fintech_factory.alerting.settings import AlertSettings
    from fintech_factory.kpi_engine.notes import Notes

__all__ = ["FOLDER", "Runbook", "check_runbooks", "is_address", "make_runbook"]

FOLDER = "runbooks"
"""The folder of `config/`: `NAME.md` in English and `NAME.es.md` in Spanish."""

_TITLE = re.compile(r"# (\S.*)")
_STEP = re.compile(r"[0-9]+\. (\S.*)")


@dataclass(frozen=True, slots=True)
class Runbook:
    """A runbook by its name: its title, its first steps in their order, and all of its Markdown."""

    name: str
    title: Text
    steps: tuple[Text, ...]
    text: Text


def make_runbook(name: str, text: Text) -> Runbook:
    """Read a runbook: `# title` on its first line, and its first numbered list is the first steps.

    Raises:
        ValueError: a language has no title or no steps, or the two have not as many; it says which.
    """
    titles, steps = [], []
    for language, said in (("English", text.en), ("Spanish", text.es)):
        lines = said.splitlines()
        title = _TITLE.fullmatch(lines[0]) if lines else None
        if title is None:
            raise ValueError(f"the {language} one has no title\nhint: begin it with `# ` and words")
        titles.append(title[1].strip())
        found = tuple(_first_list(lines))
        if not found:
            raise ValueError(
                f"the {language} one has no first steps\nhint: write them as a list: `1. ...`"
            )
        steps.append(found)
    if len(steps[0]) != len(steps[1]):
        raise ValueError(
            f"it has {len(steps[0])} first steps in English and {len(steps[1])} in Spanish\n"
            "hint: say the same in both"
        )
    both = tuple(Text(*each) for each in zip(*steps, strict=True))
    return Runbook(name, Text(*titles), both, text)


def _first_list(lines: list[str]) -> "Iterator[str]":
    is_begun = False
    for line in lines:
        step = _STEP.fullmatch(line.rstrip())
        if step is not None:
            is_begun = True
            yield step[1]
        elif is_begun:
            return


def is_address(runbook: str) -> bool:
    """Say whether a rule names a page elsewhere, and no file of this workspace."""
    return runbook.startswith(("https://", "http://"))


def check_runbooks(
    settings: "AlertSettings", rules: "Mapping[str, Rule]", known: Collection[str], notes: "Notes"
) -> None:
    """Note rules whose runbook is not there; who is woken by one would not know what to do."""
    places = {each.id: place for place, each in enumerate(settings.rules)}
    said: set[str] = set()
    for rule in rules.values():
        if is_address(rule.runbook) or rule.runbook in known or rule.runbook in said:
            continue
        said.add(rule.runbook)
        place = places.get(rule.id)
        at = notes.below("rules")
        if place is not None:
            at = at.below(place, "runbook" if settings.rules[place].runbook else "id")
        at.speaking_of(rule.id).note(
            f"there is no runbook `{rule.runbook}`",
            f"write {FOLDER}/{rule.runbook}.md and {FOLDER}/{rule.runbook}.es.md, or name another"
            " by `runbook`",
        )
