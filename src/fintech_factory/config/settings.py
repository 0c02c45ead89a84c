"""The workspace's own settings: config/factory.yaml."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, model_validator

from fintech_factory.config.model import Settings
from fintech_factory.config.secret import Secret
from fintech_factory.registry import suggestion

__all__ = [
    "AuditTrail",
    "Currency",
    "FactorySettings",
    "Policy",
    "Rate",
    "Reconcile",
    "Service",
    "StateDatabase",
    "Warehouse",
]

CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["USD"])]

_Number = TypeVar("_Number", int, Decimal)

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]i?B)")
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}


def _checked_size(text: str) -> str:
    if not _SIZE.fullmatch(text):
        raise ValueError(f"`{text}` is no size of memory\nhint: write it like 512MB or 2GB")
    return text


def _bytes(size: str) -> int:
    found = _SIZE.fullmatch(size)
    if found is None:
        raise ValueError(f"{size} is no size of memory")
    unit = found[2]
    return int(Decimal(found[1]) * (1024 if "i" in unit else 1000) ** _POWERS[unit[0]])


MemorySize = Annotated[str, AfterValidator(_checked_size), Field(examples=["2GB"])]


class Rate(Settings):
    """What one unit of a currency is worth in the reporting currency from a day on."""

    currency: CurrencyCode = Field(description="The currency that is converted, e.g. MXN.")
    from_: date = Field(
        alias="from",
        description="First day on which the rate holds; before the first known one, that serves.",
    )
    rate: Decimal = Field(gt=0, description="Reporting currency for one unit, e.g. 0.0585.")


def _no_rate_twice(rates: Sequence[Rate]) -> Sequence[Rate]:
    seen: set[tuple[str, date]] = set()
    for each in rates:
        if (each.currency, each.from_) in seen:
            raise ValueError(
                f"{each.currency} has two rates from {each.from_}\nhint: keep one of the two"
            )
        seen.add((each.currency, each.from_))
    return rates


class Currency(Settings):
    """The currency of every report, and what other currencies are worth in it."""

    reporting: CurrencyCode = Field(description="The currency of every total and KPI.")
    rates: Annotated[tuple[Rate, ...], AfterValidator(_no_rate_twice)] = Field(
        default=(),
        description="Rates for currencies whose export brings none; a loan in a currency"
        " without any rate is set aside and named, never counted as zero.",
    )

    @model_validator(mode="after")
    def _reporting_needs_no_rate(self) -> Self:
        if any(each.currency == self.reporting for each in self.rates):
            raise ValueError(
                f"{self.reporting} is the reporting currency; its rate is 1\nhint: delete its rate"
            )
        return self


def _rising_from_zero(bounds: tuple[int, ...]) -> tuple[int, ...]:
    if bounds[0] != 0 or any(after <= before for before, after in pairwise(bounds)):
        raise ValueError(
            f"{list(bounds)} does not rise step by step from 0\nhint: write it like [0, 30, 60, 90]"
        )
    return bounds


def _rising(bounds: tuple[_Number, ...]) -> tuple[_Number, ...]:
    if bounds[0] <= 0 or any(after <= before for before, after in pairwise(bounds)):
        said = ", ".join(str(bound) for bound in bounds)
        raise ValueError(
            f"[{said}] does not rise step by step from above 0\nhint: write it like [30, 60, 90]"
        )
    return bounds


class Policy(Settings):
    """The lender's rules for ageing, write-off and collection."""

    write_off_after_dpd: int = Field(
        gt=0,
        description="A loan with more days past due than this counts as written off; one that"
        " pays comes back.",
    )
    coverage_tolerance: Decimal = Field(
        ge=0,
        lt=1,
        description="An instalment counts as paid when no more than this is open; it absorbs dust"
        " from rounding.",
    )
    collection_window_days: int = Field(
        gt=0,
        le=366,
        description="The collection rate counts the cash of this many days, the as-of date last.",
    )
    bucket_bounds: Annotated[tuple[int, ...], AfterValidator(_rising_from_zero)] = Field(
        min_length=2,
        description="Last day of each ageing bucket; [0, 30, 60, 90, 180] means current, 1-30,"
        " 31-60, 61-90, 91-180 and 181+.",
    )
    size_bounds: Annotated[tuple[Decimal, ...], AfterValidator(_rising)] = Field(
        default=tuple(map(Decimal, (500, 1000, 2500, 5000, 10_000, 50_000, 100_000))),
        min_length=1,
        description="Where each bucket of principal ends and the next begins, in the reporting"
        " currency; [500, 1000] means 0-500, 500-1K and 1K+, 500 itself being in the second.",
    )
    term_bounds: Annotated[tuple[int, ...], AfterValidator(_rising)] = Field(
        default=(10, 20, 30, 45, 60, 90, 120, 180),
        min_length=1,
        description="Last day of each bucket of terms; [30, 60] means 0-30, 31-60 and 61+ days.",
    )
    reactivated_after_days: int = Field(
        default=90,
        gt=0,
        description="A borrower who borrows again more than this many days after the last"
        " disbursement counts as reactivated, before that as repeat.",
    )

    @property
    def bucket_labels(self) -> tuple[str, ...]:
        """Name the ageing buckets in order: current, 1-30, …, 181+."""
        between = (f"{low + 1}-{high}" for low, high in pairwise(self.bucket_bounds))
        return ("current", *between, f"{self.bucket_bounds[-1] + 1}+")


class Warehouse(Settings):
    """Where figures are kept, and how much of the machine they may use."""

    kind: Literal["duckdb"] = Field(default="duckdb", description="The engine of the warehouse.")
    memory_limit: MemorySize = Field(
        default="2GB", description="Memory for building models, e.g. 2GB."
    )
    threads: int | None = Field(
        default=None, gt=0, description="Processors to use; empty means all there are."
    )
    keep_versions: int = Field(
        default=5, ge=1, description="Published versions kept; older ones nobody reads are removed."
    )
    query_timeout_s: int = Field(
        default=300, gt=0, description="Seconds after which a question to the warehouse is stopped."
    )
    query_memory: MemorySize = Field(
        default="2GB", description="Memory that one question may use, e.g. 2GB."
    )

    @property
    def memory_limit_bytes(self) -> int:
        """Give `memory_limit` in bytes."""
        return _bytes(self.memory_limit)

    @property
    def query_memory_bytes(self) -> int:
        """Give `query_memory` in bytes."""
        return _bytes(self.query_memory)


def _postgresql(url: str) -> str:
    # No message repeats the address: a password may stand in it.
    parts = urlsplit(url)
    try:
        is_whole = parts.port != 0 and bool(parts.hostname) and bool(parts.path.strip("/"))
    except ValueError:
        is_whole = False
    if parts.scheme != "postgresql" or not is_whole:
        raise ValueError(
            "it is no address of a PostgreSQL database"
            "\nhint: write it like postgresql://factory@db.example:5432/factory, or null"
        )
    if parts.password is not None or "password" in parse_qs(parts.query):
        raise ValueError(
            "a password never stands in the address"
            "\nhint: name it by state.password: {env: NAME} or {file: PATH}"
        )
    return url


class StateDatabase(Settings):
    """Where the operational database is: runs, readings, findings, alerts, what was sent."""

    url: Annotated[str, AfterValidator(_postgresql)] | None = Field(
        default=None,
        description="A PostgreSQL database, e.g. postgresql://factory@db.example/factory;"
        " null means the file state/factory.db of the workspace.",
    )
    password: Secret | None = Field(
        default=None, description="The account's password: {env: NAME} or {file: PATH}."
    )

    @model_validator(mode="after")
    def _password_of_an_address(self) -> Self:
        if self.password is not None and self.url is None:
            raise ValueError(
                "a password belongs to a url\nhint: give state.url too, or delete state.password"
            )
        return self


class AuditTrail(Settings):
    """Where the key is that signs the audit trail."""

    key: Secret | None = Field(
        default=None,
        description="The Ed25519 private key in PEM form: {env: NAME} or {file: PATH}; null means"
        " state/audit/key.pem, which is made when it is first needed.",
    )


class Reconcile(Settings):
    """When our figure and the source's count as agreeing."""

    close_per_loan: Decimal = Field(
        ge=0,
        description="A difference up to this, per loan in the reporting currency, is `close`;"
        " above it the row is open and needs a cause.",
    )


def _known_timezone(name: str) -> str:
    # UTC needs no time zone database; a bare machine may have none.
    if name != "UTC":
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            hint = suggestion(name, ["UTC", *available_timezones()])
            short = hint if hint.startswith("did") else "write it like America/Mexico_City"
            raise ValueError(f"no time zone is called `{name}`\nhint: {short}") from None
    return name


def _reachable(url: str) -> str:
    plain = re.fullmatch(r"https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~\-/]*)?", url)
    if plain is None or url.endswith("/"):
        raise ValueError(
            f"`{url}` is no address to begin a link with\n"
            "hint: write it like https://factory.example.com, without a / at the end"
        )
    return url


class Service(Settings):
    """The process that keeps the day going: `factory serve`."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="The address it listens on; 0.0.0.0 lets other machines in.",
    )
    port: int = Field(
        default=8321, ge=0, le=65535, description="Its port; 0 takes one that is free."
    )
    stop_within_s: int = Field(
        default=10,
        ge=2,
        le=300,
        description="Seconds in which it ends when asked to; a run that is under way by then is"
        " handed over to the next process.",
    )
    longest_run_minutes: int = Field(
        default=120,
        ge=1,
        le=1440,
        description="A run that takes longer hangs: it is ended, and tried again.",
    )
    dead_mans_switch: Secret | None = Field(
        default=None,
        description="An address that is asked for every 5 minutes as long as all is well, and"
        " tells you when nobody asks: {env: NAME} or {file: PATH}.",
    )


class FactorySettings(Settings):
    """Currency, policy, warehouse, state, audit and reconciliation of one workspace."""

    currency: Currency = Field(description="Reporting currency and rates.")
    policy: Policy = Field(description="Rules for ageing, write-off and collection.")
    reconcile: Reconcile = Field(description="When two figures agree.")
    warehouse: Warehouse = Field(
        default_factory=Warehouse, description="Engine, memory and versions."
    )
    state: StateDatabase = Field(
        default_factory=StateDatabase, description="Where the operational database is."
    )
    audit: AuditTrail = Field(default_factory=AuditTrail, description="What signs the audit trail.")
    serve: Service = Field(
        default_factory=Service, description="The process that keeps the day going."
    )
    public_url: Annotated[str, AfterValidator(_reachable)] | None = Field(
        default=None,
        description="How people reach this installation; links in messages begin with it.",
    )
    timezone: Annotated[str, AfterValidator(_known_timezone)] = Field(
        default="UTC", description="The time zone that schedules and screens speak in."
    )
