"""What Prometheus is answered, and what it is told while the database is away."""

import asyncio
from dataclasses import dataclass

import httpx

from fintech_factory.app.serve import Health
from fintech_factory.dashboard.health import make_app
from fintech_factory.errors import StateUnreachable


@dataclass
class Service:
    """Answers as it is told to."""

    failure: Exception | None = None

    def health(self) -> Health:
        return Health(is_alive=True, is_ready=True, problems=())

    def runbook(self, name: str) -> None:
        """There is none."""

    def exposition(self) -> str:
        if self.failure is not None:
            raise self.failure
        return "factory_x 1\n"


def ask(service: Service) -> httpx.Response:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(make_app(service))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get("/metrics")

    return asyncio.run(get())


def test_measures_are_answered_as_text_of_prometheus_own_format() -> None:
    answer = ask(Service())
    assert (answer.status_code, answer.text) == (200, "factory_x 1\n")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_a_database_that_is_away_is_an_answer_that_names_no_place() -> None:
    away = StateUnreachable("no answer", where="db.lender.internal", hint="look at it")
    answer = ask(Service(away))
    assert (answer.status_code, answer.text) == (503, "StateUnreachable\n")
