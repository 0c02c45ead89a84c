"""The sandbox that templates run in, one for each medium."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fintech_factory.distribution.rendering import escaping

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["fill"]

_MEDIA: dict[str, Callable[[str], str]] = {
    "mjml": escaping.plain,
    "txt": escaping.plain,
    "md": escaping.markdown,
    "slack": escaping.mrkdwn,
}


def fill(template: str, **values: object) -> str:
    """Fill a template of the package; its last suffix but `.j2` names the medium.

    Every value is escaped for that medium as it is written; a name that does not exist is an error.
    """
    medium = template.removesuffix(".j2").rsplit(".", 1)[1]
    return _environment(medium).get_template(template).render(values)


@cache
def _environment(medium: str) -> "Environment":
    from jinja2 import FunctionLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    escape = _MEDIA[medium]

    def finish(value: Any) -> Any:  # noqa: ANN401 - whatever a template writes
        # Addresses are escaped by their own rule in the template, not twice; nor is Markup.
        ready = isinstance(value, _Ready) or hasattr(value, "__html__")
        return value if ready else escape(str(value))

    environment = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(_source),
        autoescape=medium == "mjml",
        undefined=StrictUndefined,
        finalize=finish,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters["slack_url"] = lambda url: _Ready(escaping.slack_url(url))
    environment.filters["md_url"] = lambda url: _Ready(_markdown_url(url))
    return environment


class _Ready(str):
    """A text that is escaped already."""

    __slots__ = ()


def _markdown_url(url: str) -> str:
    cleaned = escaping.one_line(url).replace(" ", "%20")
    return cleaned.replace("<", "%3C").replace(">", "%3E")


def _source(name: str) -> str | None:
    path = files("fintech_factory.distribution.rendering") / "templates" / name
    return path.read_text(encoding="utf-8") if path.is_file() else None
