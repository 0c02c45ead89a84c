"""Fetches an export from its HTTPS address, patiently and within limits."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from fintech_factory.errors import SourceUnreadable, UsageError
from fintech_factory.ingestion.landing.receive import SUFFIXES

if TYPE_CHECKING:
    import httpx

    from fintech_factory.ingestion.landing.land import Place
    from fintech_factory.ingestion.sources.cascade import Download

__all__ = ["Fetch", "fetched"]

_ATTEMPTS = 3
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_BUSY = {408, 425, 429, 500, 502, 503, 504}
_ENDINGS = {
    "application/zip": ".zip",
    "application/x-zip-compressed": ".zip",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "text/csv": ".csv",
}


@contextmanager
def fetched(url: str, place: "Place") -> Iterator[tuple[Path, ...]]:
    """Fetch an export into a folder that is gone afterwards."""
    from fintech_factory.config import load
    from fintech_factory.ingestion.sources.cascade import CascadeSettings

    settings = load(place.contract, CascadeSettings).value
    place.raw_root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetched-", dir=place.raw_root) as folder:
        yield (Fetch(url, settings.download).into(Path(folder)),)


class _TryAgainError(Exception):
    """The server may answer better later; `after` is what it asked to wait, in seconds."""

    def __init__(self, what: str, after: float | None = None) -> None:
        super().__init__(what)
        self.after = after


@dataclass(frozen=True, slots=True)
class Fetch:
    """One download: at most three attempts in all, each wait named by the server or doubled.

    Raises SourceUnreadable with the host and the reason, never with the address's query, the
    token or the cookie.
    """

    url: str
    settings: "Download"
    sleep: Callable[[float], None] = time.sleep

    def into(self, folder: Path) -> Path:
        """Download to a file of the folder."""
        import httpx

        self._check_address()
        said = ""
        # Redirects are not followed: a login page elsewhere must not be given the token.
        with httpx.Client(timeout=self.settings.timeout_s, headers=self._headers()) as client:
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    return self._once(client, folder)
                except _TryAgainError as error:
                    said, wait = str(error), error.after
                except httpx.TransportError as error:
                    said, wait = type(error).__name__, None
                if attempt < _ATTEMPTS:
                    self.sleep(self._wait(wait, attempt))
        raise self._failure(f"{said}, {_ATTEMPTS} times", "try again later")

    @property
    def _host(self) -> str:
        return urlsplit(self.url).hostname or ""

    def _check_address(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "https" and self._host not in _LOOPBACK:
            raise UsageError(
                "an export is fetched over https only",
                where=self._host,
                hint="use the https address",
            )
        if parts.username or parts.password:
            raise UsageError(
                "the address holds a password",
                where=self._host,
                hint="name it under `download` in config/integrations/cascade.yaml: {env: NAME}",
            )

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "text/csv, application/zip, */*"}
        if self.settings.bearer is not None:
            headers["Authorization"] = f"Bearer {self.settings.bearer.reveal()}"
        if self.settings.cookie is not None:
            headers["Cookie"] = self.settings.cookie.reveal()
        return headers

    def _once(self, client: "httpx.Client", folder: Path) -> Path:
        with client.stream("GET", self.url) as response:
            self._check_status(response)
            return self._save(response, folder / self._name(response))

    def _check_status(self, response: "httpx.Response") -> None:
        status = response.status_code
        if status in _BUSY:
            raise _TryAgainError(f"the server answered {status}", _retry_after(response))
        if status in (401, 403) or response.is_redirect:
            asked = "asks to sign in" if status != 403 else "forbids it"  # noqa: PLR2004
            hint = "renew the token or cookie that `download` in cascade.yaml names"
            raise self._failure(f"the server {asked} ({status})", hint)
        if not response.is_success:
            raise self._failure(f"the server answered {status}", "check the address")

    def _save(self, response: "httpx.Response", target: Path) -> Path:
        expected = response.headers.get("content-length")
        encoded = "content-encoding" in response.headers
        written = 0
        with target.open("wb") as file:
            for block in response.iter_bytes(1 << 20):
                written += len(block)
                if written > self.settings.max_bytes:
                    what = f"the download is larger than {self.settings.max_bytes:,} bytes"
                    raise self._failure(what, "raise download.max_bytes if that is right")
                file.write(block)
        if expected is not None and not encoded and written != int(expected):
            raise _TryAgainError(f"the download was cut short at {written:,} of {expected} bytes")
        return target

    def _name(self, response: "httpx.Response") -> str:
        found = response.headers.get("content-disposition", "").partition("filename=")[2]
        named = found.split(";")[0].strip("\"' ") or unquote(urlsplit(self.url).path)
        name = PurePosixPath(named.replace("\\", "/")).name or "export"
        if PurePosixPath(name).suffix.lower() in SUFFIXES:
            return name.lstrip(".")
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        # An export of several files comes as a ZIP; what it is not, the landing tells by name.
        return f"{name.lstrip('.')}{_ENDINGS.get(kind, '.zip')}"

    def _wait(self, asked: float | None, attempt: int) -> float:
        wait = asked if asked is not None else float(2 ** (attempt - 1))
        if wait > self.settings.max_wait_s:
            what = f"the server asks to wait {wait:.0f} s"
            raise self._failure(what, "try again later, or raise download.max_wait_s")
        return wait

    def _failure(self, what: str, hint: str) -> SourceUnreadable:
        return SourceUnreadable(what, where=self._host, hint=hint)


def _retry_after(response: "httpx.Response") -> float | None:
    given = response.headers.get("retry-after", "").strip()
    if given.isdigit():
        return float(given)
    try:
        at = parsedate_to_datetime(given)
        sent = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return None
    # Both are the server's own clock: ours may differ, and the wait does not.
    return max((at - sent).total_seconds(), 0.0)
