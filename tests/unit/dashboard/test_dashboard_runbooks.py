"""A link in a message opens its runbook, in the reader's language, and runs nothing."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from fintech_factory.alerting.runbook import Runbook, make_runbook
from fintech_factory.app.runbooks import runbooks_of
from fintech_factory.app.serve import Health
from fintech_factory.dashboard.health import make_app
from fintech_factory.errors import ConfigError
from fintech_factory.message import Text

ROOT = Path(__file__).parents[3]
NASTY = (
    "# A <b>title</b>\n\n1. Look: `factory <x>`\n\n<script>alert(1)</script> [x](javascript:a)\n"
)


@dataclass
class Service:
    """Has the shipped runbooks, or what it is given."""

    found: Mapping[str, Runbook] = field(default_factory=lambda: runbooks_of(ROOT / "config").found)
    failure: Exception | None = None

    def health(self) -> Health:
        return Health(is_alive=True, is_ready=True, problems=())

    def exposition(self) -> str:
        return ""

    def runbook(self, name: str) -> Runbook | None:
        if self.failure is not None:
            raise self.failure
        return self.found.get(name)


def ask(service: Service, path: str, language: str = "") -> httpx.Response:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(make_app(service))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get(path, headers={"Accept-Language": language})

    return asyncio.run(get())


@pytest.mark.parametrize("name", sorted(runbooks_of(ROOT / "config").found))
def test_each_shipped_runbook_is_shown_whole(name: str) -> None:
    service = Service()
    answer = ask(service, f"/runbooks/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<title>{service.found[name].title.en}</title>" in answer.text
    assert answer.text.count("<li>") >= len(service.found[name].steps)
    assert "<code>factory " in answer.text


@pytest.mark.parametrize(
    ("path", "asked", "is_spanish"),
    [
        ("/runbooks/par_90", "", False),
        ("/runbooks/par_90", "es-GT,es;q=0.9,en;q=0.8", True),
        ("/runbooks/par_90", "en-US,es;q=0.9", False),
        ("/runbooks/par_90", "fr", False),
        ("/runbooks/par_90?lang=es", "en", True),
        ("/runbooks/par_90?lang=en", "es", False),
        ("/runbooks/par_90?lang=xx", "es", False),
    ],
)
def test_it_is_in_the_readers_language_or_the_one_asked_for(
    path: str, asked: str, *, is_spanish: bool
) -> None:
    said = ask(Service(), path, asked).text
    assert ("Primeros pasos" in said) is is_spanish
    assert ('lang="es"><head>' in said) is is_spanish
    # The other one is a press away.
    assert f'href="?lang={"en" if is_spanish else "es"}"' in said


def test_nothing_of_a_runbook_runs_or_is_fetched() -> None:
    answer = ask(Service({"x": make_runbook("x", Text.same(NASTY))}), "/runbooks/x")
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert 'href="javascript' not in answer.text
    assert "<title>A &lt;b&gt;title&lt;/b&gt;</title>" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("name", ["nothing", "..%2F..%2Ffactory.yaml", "%3Cscript%3E", "par_90.md"])
def test_a_name_that_there_is_not_is_said_so_and_not_repeated(name: str) -> None:
    answer = ask(Service(), f"/runbooks/{name}")
    assert answer.status_code == 404
    assert "script" not in answer.text
    assert "factory.yaml" not in answer.text


def test_settings_that_cannot_be_read_are_an_answer() -> None:
    answer = ask(Service(failure=ConfigError([])), "/runbooks/par_90", "es")
    assert answer.status_code == 503
    assert "factory check" in answer.text
