"""Shows runbooks to whoever follows the link in a message."""

import re
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Header
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from fintech_factory.errors import FactoryError
from fintech_factory.message import Language, Text

if TYPE_CHECKING:
    from fintech_factory.alerting.runbook import Runbook
    from fintech_factory.dashboard.health import Answers

__all__ = ["runbooks_router"]

_NOT_FOUND, _UNAVAILABLE = 404, 503
# Nothing of a page is fetched from anywhere, and nothing in it runs.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Language",
}
_STYLE = (
    "body{margin:0;background:#f6f7f9;color:#10131a;font:16px/1.55 system-ui,sans-serif}"
    "main{max-width:44rem;margin:2rem auto;padding:1.5rem 2rem;background:#fff;"
    "border:1px solid #e4e7ed;border-radius:8px}"
    "h1{font-size:1.5rem;line-height:1.25}h2{font-size:1.1rem;margin-top:1.6rem}"
    "code{background:#f0f2f5;border-radius:4px;padding:.1em .3em;overflow-wrap:anywhere}"
    "nav{text-align:right}a{color:#1d57b8}"
    "@media(max-width:44rem){main{margin:0;border:0;border-radius:0;padding:1rem}}"
    "@media(prefers-color-scheme:dark){body{background:#12151c;color:#e8eaf0}"
    "main{background:#1a1e27;border-color:#2c3240}code{background:#252a36}a{color:#8ab4ff}}"
)
_NAMES = {Language.EN: "English", Language.ES: "Español"}
_NONE = Text("There is no runbook of this name.", "No hay ninguna guía con este nombre.")
_AWAY = Text(
    "The settings cannot be read; `factory check` says why.",
    "No se puede leer la configuración; `factory check` dice por qué.",
)


def runbooks_router(service: "Answers") -> APIRouter:
    """Give `/runbooks/NAME` in the reader's language, or in that of `?lang=en|es`."""
    router = APIRouter()

    # It may read settings, in a thread of its own.
    @router.get("/runbooks/{name}")
    def runbook(
        name: str, lang: str = "", accept_language: Annotated[str, Header()] = ""
    ) -> Response:
        """Answer with the page; 404 where there is no such runbook, 503 without settings."""
        to = _language(lang or accept_language)
        try:
            found = service.runbook(name)
        except (FactoryError, OSError):
            return PlainTextResponse(_AWAY.within(to) + "\n", _UNAVAILABLE, _HEADERS)
        if found is None:
            return PlainTextResponse(_NONE.within(to) + "\n", _NOT_FOUND, _HEADERS)
        return HTMLResponse(_page(found, to), headers=_HEADERS)

    return router


def _language(asked: str) -> Language:
    """Take the language that is named first, English if it is none of ours."""
    first, *_ = re.split("[,;-]", asked.strip().lower())
    return Language.ES if first == "es" else Language.EN


def _page(runbook: "Runbook", to: Language) -> str:
    from html import escape

    from markdown_it import MarkdownIt

    # HTML of its own is shown as text; a link leads to a page or a mailbox, never to a script.
    body = MarkdownIt("commonmark", {"html": False}).render(runbook.text.within(to))
    other = Language.EN if to is Language.ES else Language.ES
    return (
        f'<!doctype html><html lang="{to.value}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(runbook.title.within(to))}</title><style>{_STYLE}</style></head><body>"
        f'<main><nav><a href="?lang={other.value}" hreflang="{other.value}">{_NAMES[other]}</a>'
        f"</nav>{body}</main></body></html>"
    )
