"""Gathers what is known on a morning: figures of the expected date, or why there are none."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fintech_factory.app.factory import Factory
    from fintech_factory.ingestion.landing.manifest import Manifest
    from fintech_factory.message import Text
    from fintech_factory.reporting.morning import (
        CovenantStanding,
        Missing,
        Morning,
        OpenAlert,
        OpenFinding,
    )
    from fintech_factory.validation.freshness import Arrived, Expectation
    from fintech_factory.views.facilities.covenants import Covenant
    from fintech_factory.warehouse.protocol import Version

__all__ = ["Mornings"]

log = logging.getLogger(__name__)

_REFUSED_FOR = 3


@dataclass(frozen=True)
class Mornings:
    """What a workspace knows on a morning."""

    factory: "Factory"

    def of(self, day: date) -> "Morning":
        """Give what is known of a day, now; of a day that is over, as of its end.

        Nothing that fails here may keep people from being told: figures that cannot be read are
        figures that are not there, and the message says why.
        """
        from fintech_factory.reporting.morning import Missing, Morning

        try:
            return self._of(day)
        except Exception as failed:
            from fintech_factory.app.runs import in_a_line

            log.exception("figures could not be read", extra={"day": str(day)})
            why = in_a_line(failed)
            expected = self._expected_on(day)
            reasons = (_both("the figures cannot be read: {why}", _UNREADABLE_ES, why=why),)
            return Morning(day, {}, missing=Missing(expected, None, reasons))

    def at(self, as_of: date) -> "Morning":
        """Give what the messages would be made of if a published date were today's.

        Raises:
            UsageError: no run has published that date.
        """
        from fintech_factory.errors import UsageError
        from fintech_factory.reporting.morning import Morning

        version = self.factory.published()
        if as_of not in version.run.as_ofs:
            raise UsageError(
                f"no run has published {as_of}", hint="`factory run --as-of DATE` publishes one"
            )
        day = self._now().date()
        morning = Morning(day, self.factory.definitions.kpis, currency=self._currency)
        return self._with_figures(morning, version, as_of, self._now())

    def _of(self, day: date) -> "Morning":
        from fintech_factory.reporting.morning import Morning

        at = self._moment(day)
        known = Morning(
            day=day,
            kpis=self.factory.definitions.kpis,
            alerts=tuple(self._alerts()),
            findings=tuple(self._findings(day)),
            currency=self._currency,
        )
        version = self.factory.current()
        missing = self._missing(version, at)
        if missing is not None or version is None:
            return replace(known, missing=missing)
        return self._with_figures(known, version, version.run.data_through, at)

    def _with_figures(
        self, known: "Morning", version: "Version", as_of: date, at: datetime
    ) -> "Morning":
        from fintech_factory.app.alert_readings import Published
        from fintech_factory.reporting.daily_message import spoken
        from fintech_factory.validation.freshness import hours_old

        stale = self.factory.validation.stale(as_of)
        manifest = self._behind(version)
        came = _arrived(manifest)
        with Published(self.factory, version) as published:
            whole = {each.kpi: each for each in published.at(as_of) if not each.dimension}
            before = {}
            for kpi in self._told & whole.keys():
                earlier = [e for e in published.earlier(kpi, as_of) if not e.dimension]
                if earlier and earlier[0].value is not None:
                    before[kpi] = (earlier[0].value, earlier[0].as_of)
            covenants = tuple(
                _covenant(each, self._currency) for each in published.covenants(as_of)
            )
        return replace(
            known,
            as_of=as_of,
            data_through=min(as_of, version.run.data_through),
            readings=whole,
            before=before,
            covenants=covenants,
            stale=spoken(*(each.reason for each in stale.causes or (stale,))) if stale else None,
            age_hours=hours_old(at, came) if came is not None else None,
            arrived_at=manifest.arrived_at,
            run_id=version.run.run_id,
        )

    # ---- why there are none --------------------------------------------------------------------

    def _missing(self, version: "Version | None", at: datetime) -> "Missing | None":
        """Say why there are no figures of the expected date; None if there are.

        What was published must cover all that is expected by now: a version of an older export is
        no version of today, however well it was made.
        """
        from fintech_factory.reporting.morning import Missing
        from fintech_factory.validation.freshness import expected_end, overdue_since

        expectation = self._expectation
        if version is not None and version.run.data_through in version.run.as_ofs:
            came = _arrived(self._behind(version))
            if came is not None and overdue_since(at, came, expectation) is None:
                return None
        reasons = tuple(self._reasons(version, at))
        latest = version.run.data_through if version is not None else None
        return Missing(expected_end(at, expectation), latest, reasons)

    def _reasons(self, version: "Version | None", at: datetime) -> "Iterator[Text]":
        """Say what stood between the export and its figures, in the order of the way."""
        from fintech_factory.ingestion.landing.manifest import latest_batch

        batch = latest_batch(self.factory.raw)
        landed = batch.manifest if batch is not None else None
        first = [*self._not_come(landed, at), *self._refused(landed)]
        yield from first
        blocked = self.factory.validation.memory.block(version)
        if blocked is not None:
            yield _both(
                "the run over the export was stopped before it published: {why}",
                "la ejecución sobre la exportación se detuvo antes de publicar: {why}",
                why=blocked.reason,
            )
            known = self.factory.validation.findings()
            for name in blocked.findings[:_REFUSED_FOR]:
                if name in known:
                    said = known[name].found.finding
                    yield _both(
                        "finding {id}: {why}", "hallazgo {id}: {why}", id=name, why=said.message
                    )
            return
        failed = self._failed(landed)
        if failed:
            yield _both(
                "the last run failed: {why}", "la última ejecución falló: {why}", why=failed
            )
        elif not first:
            yield _both(
                "the export is there, and no run has published it yet",
                "la exportación llegó y ninguna ejecución la ha publicado todavía",
            )

    def _not_come(self, landed: "Manifest | None", at: datetime) -> "Iterator[Text]":
        from fintech_factory.validation.freshness import overdue_since

        if landed is None:
            yield _both("no export has ever come", "nunca ha llegado una exportación")
            return
        came = _arrived(landed)
        since = overdue_since(at, came, self._expectation) if came is not None else None
        if came is not None and since is not None:
            yield _both(
                "the export was expected by {by}; the latest one ends on {day}",
                "la exportación se esperaba a más tardar el {by}; la última termina el {day}",
                by=since,
                day=came.speaks_of,
            )

    def _refused(self, landed: "Manifest | None") -> "Iterator[Text]":
        """Say which export came after the one in force and was refused, and what for."""
        from fintech_factory.ingestion.landing.manifest import last_refused
        from fintech_factory.values import Severity

        refused = last_refused(self.factory.raw)
        if refused is not None and (landed is None or refused.arrived_at > landed.arrived_at):
            grave = [each for each in refused.findings if each.severity is Severity.CRITICAL]
            said = [each.message for each in (grave or refused.findings)][:_REFUSED_FOR]
            yield _both(
                "the export that came at {at} was refused: {why}",
                "la exportación que llegó a las {at} fue rechazada: {why}",
                at=refused.arrived_at,
                why="; ".join(said) or "it breaks the contract",
            )
        for at in self._unreadable(landed.arrived_at if landed is not None else None):
            yield _both(
                "the export that came at {at} could not be read",
                "la exportación que llegó a las {at} no se pudo leer",
                at=at,
            )

    def _unreadable(self, since: datetime | None) -> "Iterator[datetime]":
        """Give when the last export that could not be read was put away, if nothing came since."""
        found = []
        for path in (self.factory.workspace.inbox / "refused").glob("unreadable-*"):
            stamp = path.name.removeprefix("unreadable-")
            try:
                at = datetime.strptime(stamp, "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
            except ValueError:
                continue
            if since is None or at > since:
                found.append(at)
        if found:
            yield max(found)

    def _failed(self, landed: "Manifest | None") -> str:
        """Say why the last run failed, if it did so after the export in force had come."""
        last = next(iter(self.factory.run_pages.listed(1)), None)
        if last is None or last["status"] not in {"failed", "lost"}:
            return ""
        began = datetime.fromisoformat(last["started_at"])
        if landed is not None and began < landed.arrived_at:
            return ""
        return str(last["reason"] or last["status"])

    # ---- what is open --------------------------------------------------------------------------

    def _alerts(self) -> "Iterator[OpenAlert]":
        from fintech_factory.alerting.rule import Kind
        from fintech_factory.message import Text
        from fintech_factory.pipeline.alert_background import subject_title
        from fintech_factory.pipeline.alert_store import Listed, listed
        from fintech_factory.reporting.morning import OpenAlert

        rules, kpis = self.factory.alerts.alerting.rules, self.factory.definitions.kpis
        with self.factory.state.reading() as connection:
            live = listed(connection, Listed())
        for each in live:
            rule = rules.get(each.rule)
            if rule is None or not each.is_firing:
                continue
            kpi = kpis.get(rule.subject) if rule.kind in {Kind.KPI, Kind.UNAVAILABLE} else None
            title = (
                Text(kpi.title.en, kpi.title.es)
                if kpi is not None
                else subject_title(rule.kind, each.member)
            )
            if kpi is not None and each.member:
                title = Text(f"{title.en} ({each.member})", f"{title.es} ({each.member})")
            if rule.kind is Kind.UNAVAILABLE:
                title = Text(f"{title.en}: not computed", f"{title.es}: sin calcular")
            yield OpenAlert(
                kind=rule.kind.value,
                kpi=kpi.id if kpi is not None else "",
                title=title,
                level=each.level,
                since=each.opened_at,
                as_of=each.as_of,
                has_owner=bool(each.assignee or each.acknowledgement),
                compliance=each.compliance,
            )

    def _findings(self, day: date) -> "Iterator[OpenFinding]":
        from fintech_factory.reporting.daily_message import spoken
        from fintech_factory.reporting.morning import OpenFinding
        from fintech_factory.validation.findings import State
        from fintech_factory.values import LimitState, Severity

        levels = {Severity.CRITICAL: LimitState.CRITICAL, Severity.WARNING: LimitState.WARNING}
        of_owner: dict[str, set[str]] = {}
        for kpi in self.factory.definitions.kpis.values():
            of_owner.setdefault(kpi.owner, set()).add(kpi.department)
        for each in self.factory.validation.findings().values():
            level = levels.get(each.severity)
            if level is None or each.state_on(day) is not State.OPEN:
                continue
            owner, said = each.found.owner, each.found.finding
            for department in sorted(of_owner.get(owner, {owner})):
                text = spoken(said.message)
                yield OpenFinding(each.id, department, said.code, text, level)

    @property
    def _told(self) -> set[str]:
        """Name the KPIs that anybody is told of: only of these the change is looked up."""
        departments = self.factory.daily.roles.departments.values()
        return {name for each in departments for name in each.outputs.kpis}

    # ---- parts ---------------------------------------------------------------------------------

    def _behind(self, version: "Version") -> "Manifest":
        from fintech_factory.ingestion.landing.manifest import open_batch

        return open_batch(self.factory.raw, version.run.batch_ids[0]).manifest

    @property
    def _currency(self) -> str:
        return self.factory.rules.reporting_currency

    @property
    def _expectation(self) -> "Expectation":
        from fintech_factory.pipeline.live import expectation

        return expectation(self.factory.validation.settings)

    def _expected_on(self, day: date) -> date:
        from fintech_factory.errors import ConfigError
        from fintech_factory.validation.freshness import expected_end

        try:
            return expected_end(self._moment(day), self._expectation)
        except ConfigError:
            return day - timedelta(days=1)

    def _now(self) -> datetime:
        return self.factory.clock.now().astimezone(UTC)

    def _moment(self, day: date) -> datetime:
        """Give now, or the end of a day that is over: what was expected then is what counts."""
        return min(self._now(), datetime.combine(day + timedelta(days=1), time(), UTC))


_UNREADABLE_ES = "no se pueden leer las cifras: {why}"


def _arrived(manifest: "Manifest") -> "Arrived | None":
    from fintech_factory.pipeline.live import arrived

    return arrived(manifest)


def _both(en: str, es: str, **said: object) -> "Text":
    from fintech_factory.i18n import figure, words
    from fintech_factory.message import Language, Text

    def filled(pattern: str, to: Language) -> str:
        given = {}
        for name, value in said.items():
            if isinstance(value, date | datetime):
                given[name] = figure(value, to)
            else:
                given[name] = words(to).known_sentence(str(value)) or str(value)
        return pattern.format(**given)

    return Text(filled(en, Language.EN), filled(es, Language.ES))


def _covenant(covenant: "Covenant", currency: str) -> "CovenantStanding":
    from fintech_factory.pipeline.alert_covenant import covenant_facts, covenant_title
    from fintech_factory.reporting.morning import CovenantStanding

    value, agreed, headroom, ahead, _facility = covenant_facts(covenant, currency)
    return CovenantStanding(covenant_title(covenant), (value, headroom, agreed, ahead))
