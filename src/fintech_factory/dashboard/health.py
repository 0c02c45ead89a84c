"""Tells monitors whether the process is alive, and does its work."""

from typing import TYPE_CHECKING, Protocol

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

from fintech_factory import __version__
from fintech_factory.dashboard.measures import measures_router
from fintech_factory.dashboard.runbooks import runbooks_router

if TYPE_CHECKING:
    from fintech_factory.alerting.runbook import Runbook
    from fintech_factory.app.serve import Health

__all__ = ["Answers", "make_app"]

_OK, _UNAVAILABLE = 200, 503


class Answers(Protocol):
    """Whoever can say how the process stands."""

    def health(self) -> "Health":
        """Say how it stands by now."""
        ...

    def exposition(self) -> str:
        """Give what the records measure, in Prometheus' text format."""
        ...

    def runbook(self, name: str) -> "Runbook | None":
        """Give what to do about alerts, by its name; None if there is none."""
        ...


def make_app(service: Answers) -> FastAPI:
    """Make the application that answers for one process.

    It has no page yet that shows a figure; what it shows names no borrower and no secret.
    """
    app = FastAPI(
        title="Fintech Factory",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.include_router(_health(service))
    app.include_router(measures_router(service))
    app.include_router(runbooks_router(service))
    return app


def _health(service: Answers) -> APIRouter:
    router = APIRouter(prefix="/health")

    # They read what is at hand, and need no thread of their own.
    @router.get("/live")
    async def live() -> JSONResponse:
        """Answer 200 while it turns, 503 once it hangs: start it anew."""
        health = service.health()
        status = _OK if health.is_alive else _UNAVAILABLE
        return JSONResponse({"alive": health.is_alive}, status)

    @router.get("/ready")
    async def ready() -> JSONResponse:
        """Answer 200 while it does its work, 503 with what is in its way."""
        health = service.health()
        return JSONResponse(health.as_json(), _OK if health.is_ready else _UNAVAILABLE)

    return router
