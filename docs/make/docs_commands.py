"""Writes the page of commands from the commands themselves."""

from collections.abc import Iterator

import click

from fintech_factory.cli import main

__all__ = ["commands_page"]

_INTRO = """\
# Commands

Written from the commands themselves; `factory COMMAND --help` says the same.

Three options are accepted by every command, before or after the noun and the verb:

| option | meaning |
|---|---|
{everywhere}

| exit code | meaning |
|---|---|
| 0 | done, nothing to look at |
| 1 | failed: the message says what, where, and what to do now; what was published before stays |
| 2 | the call or a settings file is wrong |
| 3 | done, with findings: rows set aside, a reading withheld, a reconciliation that is open |
| 130 | stopped by the keyboard |

With `--json` a command prints one JSON document on stdout and nothing else; notes and progress go
to stderr. Decimals are JSON strings. A failure is a document too: `{{"error": {{"type", "what",
"where", "hint", "problems"}}}}`.
"""


def commands_page() -> str:
    """Give the page."""
    context = click.Context(main, info_name="factory")
    everywhere = [each for each in main.params if each.name in {"workspace_dir", "json", "quiet"}]
    rows = "\n".join(_option(each, context) for each in everywhere)
    sections = [_INTRO.format(everywhere=rows), *_sections(main, context)]
    return "\n".join(sections)


def _sections(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            raise LookupError(name)
        inside = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from _sections(command, inside)
        else:
            yield _section(command, inside)


def _section(command: click.Command, context: click.Context) -> str:
    path = context.command_path
    pieces = [each for each in command.collect_usage_pieces(context) if each != "[OPTIONS]"]
    usage = " ".join([path, *pieces])
    own = [
        each
        for each in command.params
        if isinstance(each, click.Option) and each.name not in {"workspace_dir", "json", "quiet"}
    ]
    text = f"## {path}\n\n{_prose(command.help or '')}\n\n```\n{usage}\n```\n"
    if own:
        rows = "\n".join(_option(each, context) for each in own)
        text += f"\n| option | meaning |\n|---|---|\n{rows}\n"
    return text


def _prose(text: str) -> str:
    return "\n\n".join(" ".join(each.split()) for each in text.strip().split("\n\n"))


def _option(option: click.Parameter, context: click.Context) -> str:
    written, meaning = option.get_help_record(context) or ("", "")
    return f"| `{written}` | {' '.join(meaning.split())} |".replace("  [", " [")
