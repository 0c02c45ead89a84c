"""What a workspace can show of its book."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fintech_factory.errors import UsageError
from fintech_factory.message import Language

if TYPE_CHECKING:
    from pathlib import Path

    from fintech_factory.app.factory import Factory
    from fintech_factory.ingestion import Batch
    from fintech_factory.kpi_engine.observed import ObservedAt
    from fintech_factory.pipeline.view_facts import Asked, Loans
    from fintech_factory.views.catalogue import Catalogue
    from fintech_factory.views.document import Document
    from fintech_factory.views.makers.restatement import Restated
    from fintech_factory.views.table import Shown, ViewDate
    from fintech_factory.warehouse.protocol import Reader, Version

__all__ = ["Views"]


@dataclass(frozen=True)
class Views:
    """The views of one workspace: list, show, open to loans."""

    factory: "Factory"

    @cached_property
    def catalogue(self) -> "Catalogue":
        """Every view, with its tables."""
        from fintech_factory.transform.models import read_models
        from fintech_factory.views.catalogue import Catalogue

        return Catalogue.of(read_models(self.factory.workspace.sql))

    def show(self, view: str, as_of: date | None, against: str | None = None) -> "Shown":
        """Show a view at one date; without one, at the last day of data.

        `against` is the earlier batch that the restatement compares with, else the one before.

        Raises:
            UsageError: no such view, or a date outside the book.
        """
        from fintech_factory.pipeline.view_facts import show_view

        wanted = self.catalogue.get(view)
        with self._at(as_of or self.factory.data_through()) as (reader, on):
            asked = self._asked(view, reader, [on])
            if view == "restatement":
                asked = replace(asked, settings={"restated": self._restated(on.as_of, against)})
            return show_view(reader, wanted, asked)[0]

    def month_ends(self, view: str) -> "list[Shown]":
        """Show a view at every snapshot of the published version, oldest first."""
        from fintech_factory.pipeline.view_facts import show_view, snapshot_dates

        wanted = self.catalogue.get(view)
        reader = self._reader(self.factory.published())
        dates = list(snapshot_dates(reader).values())
        return show_view(reader, wanted, self._asked(view, reader, dates))

    def loans(self, view: str, table: str, as_of: date | None, where: Mapping[str, str]) -> "Loans":
        """Give the loans behind the rows of a table that have the given cells."""
        from fintech_factory.pipeline.view_facts import loans_behind

        known = self.catalogue.get(view)
        day = as_of or self.factory.data_through()
        if view == "monitor":
            known.has_table(table)
            with self._at(day) as (reader, on):
                return self.factory.facilities.loans(reader, on.as_of, table, where)
        spec = known.spec(table)
        with self._at(day) as (reader, on):
            return loans_behind(reader, spec, on.as_of, where)

    def certificate(
        self, facility: str, as_of: date | None, *, draft: bool, language: Language = Language.EN
    ) -> "Document":
        """Write a facility's compliance certificate at a date; without one, at the last of data.

        Raises:
            UsageError: no such facility, or a figure is unavailable and it is no draft.
        """
        with self._at(as_of or self.factory.data_through()) as (reader, on):
            return self.factory.facilities.certificate(
                reader, facility, on, draft=draft, language=language
            )

    def observed(self, reader: "Reader", dates: "Sequence[ViewDate]") -> "ObservedAt":
        """Give what the views and the facilities know of the book beside its models."""
        from fintech_factory.pipeline.view_facts import Asked
        from fintech_factory.pipeline.view_figures import observed_by

        through = max(on.cut_on for on in dates)
        asked = Asked(tuple(dates), through, self.factory.rules, self._policies)
        of_views = observed_by(reader, self.catalogue.views.values(), asked)
        of_facilities = self.factory.facilities.observed(reader, dates)
        return {day: {**of_views[day], **of_facilities[day]} for day in of_views}

    def _asked(self, view: str, reader: "Reader", dates: "Sequence[ViewDate]") -> "Asked":
        from fintech_factory.pipeline.view_facts import Asked

        settings = self._settings(view, reader, dates)
        return Asked(tuple(dates), self.factory.data_through(), self.factory.rules, settings)

    def _settings(
        self, view: str, reader: "Reader", dates: "Sequence[ViewDate]"
    ) -> Mapping[str, Any]:
        """What the workspace says for the maker of a view."""
        if view == "monitor":
            return {"monitor": self.factory.facilities.monitor(reader, dates)}
        return self._policies

    @property
    def _policies(self) -> Mapping[str, Any]:
        return {"provisioning": self.factory.provisioning, "scenarios": self.factory.scenarios}

    def _restated(self, as_of: date, against: str | None) -> "Restated | str":
        """Compare the batch in force with an earlier one, or say why that cannot be."""
        from fintech_factory.pipeline.restatement import restate

        now = self.factory.book(self.factory.batch_behind(as_of))
        then = now.earlier if against is None else self._batch(now.batch.folder.parent, against)
        if then is None:
            return "needs an earlier export: only one has landed"
        ends = then.manifest.data_through
        if ends is None or ends < as_of:
            return f"needs an earlier export that reaches {as_of}: {then.batch_id} ends on {ends}"
        return restate(self.factory.book(then), now, as_of, self.factory.scratch)

    def _batch(self, raw_root: "Path", batch_id: str) -> "Batch":
        from fintech_factory.ingestion.landing.manifest import landed_batches

        landed = {each.batch_id: each for each in landed_batches(raw_root)}
        if batch_id not in landed:
            raise UsageError(
                f"no export '{batch_id}' has landed",
                where="--against",
                hint="one of " + ", ".join(landed),
            )
        return landed[batch_id]

    @contextmanager
    def _at(self, as_of: date) -> "Iterator[tuple[Reader, ViewDate]]":
        """Open the published ledger of a date, or make it for the while."""
        from fintech_factory.pipeline.view_facts import snapshot_dates

        version = self.factory.current()
        if version is not None:
            reader = self._reader(version)
            dates = snapshot_dates(reader)
            if as_of in dates:
                yield reader, dates[as_of]
                return
        with self._on_demand(as_of) as made:
            yield made

    @cached_property
    def _opened(self) -> "dict[str, Reader]":
        return {}

    def close(self) -> None:
        """Let the version that was read go; the next look opens one again."""
        while self._opened:
            self._opened.popitem()[1].close()

    def _reader(self, version: "Version") -> "Reader":
        """Give the version in force, opened once: opening costs as much as a small view."""
        if version.name not in self._opened:
            self.close()
            self._opened[version.name] = self.factory.warehouse.open(version)
        return self._opened[version.name]

    @contextmanager
    def _on_demand(self, as_of: date) -> "Iterator[tuple[Reader, ViewDate]]":
        from fintech_factory.kpi_engine import Scope
        from fintech_factory.pipeline.day import prepare
        from fintech_factory.pipeline.outcome import Dates
        from fintech_factory.pipeline.view_facts import snapshot_dates

        with self.factory.scratch() as build:
            book = self.factory.book(self.factory.batch_behind(as_of))
            horizon = prepare(build, book, Dates(as_of))
            if silence := Scope((as_of,), horizon.data_through, horizon.first_day).silence(as_of):
                raise UsageError(f"nothing can be shown at {as_of}: {silence}", where="--as-of")
            yield build, snapshot_dates(build)[as_of]
