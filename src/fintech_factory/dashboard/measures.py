"""Gives Prometheus what the records measure."""

from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from fintech_factory.errors import StateError
from fintech_factory.telemetry.exposition import CONTENT_TYPE

if TYPE_CHECKING:
    from fintech_factory.dashboard.health import Answers

__all__ = ["measures_router"]

_UNAVAILABLE = 503


def measures_router(service: "Answers") -> APIRouter:
    """Give `/metrics`; it shows no borrower and no secret, and counts of what the lender did."""
    router = APIRouter()

    # It asks the database, in a thread of its own.
    @router.get("/metrics")
    def metrics() -> PlainTextResponse:
        """Answer in the text format 0.0.4; 503 while the database cannot be read."""
        try:
            return PlainTextResponse(service.exposition(), media_type=CONTENT_TYPE)
        except StateError as failed:
            # A scrape that fails is what Prometheus takes for `up == 0`; where it lies is not said.
            return PlainTextResponse(f"{type(failed).__name__}\n", _UNAVAILABLE)

    return router
