"""Finds out why nobody was told of a rule: every gate is walked, in order."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fintech_factory.app.alert_pages import messages_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Row

    from fintech_factory.alerting.alert import AlertState
    from fintech_factory.alerting.gates import Asked, Delivered, Gate
    from fintech_factory.alerting.observation import Observation
    from fintech_factory.alerting.rule import Rule
    from fintech_factory.app.factory import Factory

__all__ = ["AlertGates"]

_DIMENSION_OF = {
    "finding": "finding",
    "freshness": "source",
    "covenant": "covenant",
    "pipeline": "pipeline",
    "delivery": "channel",
    "latency": "batch",
    "promise": "message",
}
"""The dimension under which each kind of rule keeps its members."""


@dataclass(frozen=True)
class AlertGates:
    """The gates between the rules of one workspace and the people that they should reach."""

    factory: "Factory"

    def why_not(self, rule: str, member: str = "", *, probe: bool = True) -> "tuple[Gate, ...]":
        """Walk every gate between a rule's figure and the people that it should reach.

        Without a member, a rule that finds things is asked about the one that it found last.

        Raises:
            UsageError: no such rule, or no such part of what it judges.
        """
        from fintech_factory.alerting.gates import gates
        from fintech_factory.alerting.route import Routing
        from fintech_factory.pipeline.alert_circumstances import circumstances
        from fintech_factory.pipeline.alert_store import Listed, listed

        alerting = self.factory.alerts.alerting
        chosen = alerting.rule(rule)
        at = self.factory.clock.now()
        with self.factory.state.reading() as connection:
            if member:
                self._check_member(connection, chosen, member)
            asked = self._asked(connection, chosen, member, self._probes() if probe else {})
            live = listed(connection, Listed())
            routing = Routing(alerting, circumstances(connection, at, live))
        return gates(asked, routing, at)

    def _asked(
        self, connection: "Connection", rule: "Rule", member: str, probes: dict[str, str]
    ) -> "Asked":
        from fintech_factory.alerting.gates import Asked
        from fintech_factory.alerting.observation import fingerprint
        from fintech_factory.pipeline.alert_store import last_evaluation, last_member, newest

        finds = _DIMENSION_OF.get(rule.kind.value, "")
        if finds and not member:
            member = last_member(connection, rule.id)
        dimension = rule.dimension or (finds if member else "")
        name = fingerprint(rule.id, dimension, member)
        state = newest(connection, [name]).get(name)
        evaluated = last_evaluation(connection, name)
        stale = self.factory.validation.stale()
        kpi = self.factory.definitions.kpis.get(rule.subject)
        return Asked(
            rule=rule,
            observation=(
                _last_sight(rule, (dimension, member), state, evaluated)
                if finds
                else self._newest_observation(rule, member)
            ),
            stale=stale.reason if stale else "",
            evaluated_at=evaluated.at if evaluated is not None else None,
            evaluated_of=evaluated.as_of if evaluated is not None else None,
            state=state,
            delivered=_delivered(connection, state),
            probes=probes,
            precision=kpi.precision if kpi else 2,
            unit=kpi.unit.value if kpi else "",
        )

    def _check_member(self, connection: "Connection", rule: "Rule", member: str) -> None:
        """Refuse a part that the rule has never judged and cannot: a typing error looks well."""
        from fintech_factory.errors import UsageError
        from fintech_factory.pipeline.alert_store import members_of
        from fintech_factory.registry import nearest

        if rule.judges_figures and not rule.dimension:
            raise UsageError(
                f"{rule.id} is of the whole book", where="--member", hint="leave it out"
            )
        known = {*members_of(connection, rule.id), *self._members(rule)}
        if member in known:
            return
        close = nearest(member, sorted(known))
        hint = f"did you mean `{close}`?" if close else _listed(sorted(known))
        raise UsageError(f"{rule.id} knows of no `{member}`", where="--member", hint=hint)

    def _members(self, rule: "Rule") -> "Iterable[str]":
        """Give what a rule could judge and may not have yet."""
        from fintech_factory.alerting.rule import Kind
        from fintech_factory.app.channels import channels_of
        from fintech_factory.pipeline.observations import PIPELINE_MEMBERS
        from fintech_factory.registry import Shelf

        match rule.kind:
            case Kind.KPI | Kind.UNAVAILABLE:
                return self._parts(rule)
            case Kind.FINDING:
                return self.factory.validation.findings()
            case Kind.FRESHNESS:
                return Shelf("sources", "fintech_factory.ingestion.sources").names()
            case Kind.DELIVERY:
                return channels_of(self.factory.workspace.config)
            case Kind.PIPELINE:
                return PIPELINE_MEMBERS
            case _:
                return ()

    def _parts(self, rule: "Rule") -> "list[str]":
        version = self.factory.current()
        if version is None:
            return list(rule.members)
        from fintech_factory.pipeline.outcome import own_date
        from fintech_factory.pipeline.reading_table import every_reading_at

        day = own_date(version.run.as_ofs, version.run.data_through)
        with self.factory.warehouse.open(version) as reader:
            readings = every_reading_at(reader, day)
        own = [each for each in readings if each.kpi == rule.subject]
        return [each.member for each in own if each.dimension == rule.dimension]

    def _newest_observation(self, rule: "Rule", member: str) -> "Observation | None":
        """Give the published reading that a rule on a KPI would be judged on now."""
        from fintech_factory.pipeline.observations import of_reading
        from fintech_factory.pipeline.outcome import own_date
        from fintech_factory.pipeline.reading_table import every_reading_at

        version = self.factory.current()
        if version is None:
            return None
        day = own_date(version.run.as_ofs, version.run.data_through)
        with self.factory.warehouse.open(version) as reader:
            readings = every_reading_at(reader, day)
        place = (rule.subject, rule.dimension, member)
        return next(
            (
                of_reading(rule, each)
                for each in readings
                if (each.kpi, each.dimension, each.member) == place
            ),
            None,
        )

    def _probes(self) -> dict[str, str]:
        """Look at every channel that is switched on, without anybody noticing."""
        from fintech_factory.app.channels import Channels
        from fintech_factory.errors import FactoryError

        channels = Channels(self.factory)
        found: dict[str, str] = {}
        for each in channels.listed():
            if not each.enabled:
                continue
            try:
                probes = channels.probe(each.name)
            except FactoryError as wrong:
                found[each.name] = wrong.what
            else:
                found[each.name] = "; ".join(one.said for one in probes if not one.ok)
        return found


_MOST_NAMES = 20


def _listed(names: "Sequence[str]") -> str:
    """List the names that are known, as many as can be read at a look."""
    if not names:
        return "it has judged nothing yet"
    more = len(names) - _MOST_NAMES
    said = ", ".join(names[:_MOST_NAMES])
    return f"known: {said} and {more} more" if more > 0 else f"known: {said}"


def _last_sight(
    rule: "Rule",
    place: tuple[str, str],
    state: "AlertState | None",
    evaluated: "Row[Any] | None",
) -> "Observation | None":
    """Give what was seen last of a thing that a rule finds: by its alert, or without one."""
    from fintech_factory.alerting.observation import Observation

    dimension, member = place
    if state is not None and state.as_of is not None:
        return Observation(
            rule.id,
            state.as_of,
            state.data_through or state.as_of,
            state.batch_set,
            state.run_id,
            dimension,
            member,
            value=state.value,
            severity=state.severity if state.is_live else None,
            reason=state.reason,
        )
    if evaluated is None:
        return None
    seen = (evaluated.as_of, evaluated.as_of, evaluated.batch_set, evaluated.run_id)
    return Observation(rule.id, *seen, dimension, member, reason=evaluated.reason)


def _delivered(connection: "Connection", state: "AlertState | None") -> "tuple[Delivered, ...]":
    from fintech_factory.alerting.gates import Delivered

    if state is None:
        return ()
    messages = messages_of(connection, state.alert_id)
    last = max((each["written_at"] for each in messages), default="")
    return tuple(
        Delivered(each["channel"], each["address"], each["status"], each["reason"] or "")
        for each in messages
        if each["written_at"] == last
    )
