"""Rules, snapshots and moments that tests of alerts are made of."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fintech_factory.alerting.alert import AlertState, Move, Transition
from fintech_factory.alerting.escalate import Policy, Step
from fintech_factory.alerting.evaluate import Verdict, evaluate
from fintech_factory.alerting.level import LimitState
from fintech_factory.alerting.notice import Notice
from fintech_factory.alerting.observation import Observation, Past, Sight
from fintech_factory.alerting.route import Circumstances, Outcome, Routing, route
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.alerting.setup import Alerting
from fintech_factory.kpi_engine.limits import Direction, Limits
from fintech_factory.values import Severity

NONE, WARNING, CRITICAL, EXECUTIVE = LimitState
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
FIRST = date(2026, 1, 1)

POLICY = Policy(
    steps={
        "critical": (
            Step(2, 15 * MINUTE, ("on_call",)),
            Step(3, 45 * MINUTE, ("executives",)),
        ),
        "executive": (Step(2, timedelta(), ("on_call",)), Step(3, timedelta(), ("executives",))),
        "compliance": (Step(2, timedelta(), ("on_call",)), Step(3, timedelta(), ("executives",))),
    },
    repeat={WARNING: 24 * HOUR, CRITICAL: 4 * HOUR, EXECUTIVE: 4 * HOUR},
)


def ladder(**clear: str) -> Limits:
    """The ladder of PAR 90: 3, 5, 8; with clear limits if they are given."""
    steps = ((WARNING, Decimal(3)), (CRITICAL, Decimal(5)), (EXECUTIVE, Decimal(8)))
    held = tuple((LimitState(level), Decimal(limit)) for level, limit in clear.items())
    return Limits(Direction.BAD_ABOVE, steps, held)


def rule(**said: Any) -> Rule:  # noqa: ANN401
    """The rule of PAR 90, changed."""
    built = Rule("par_90", Kind.KPI, "par_90", ladder(), policy=POLICY)
    return replace(built, **said)


def breach_rule(**said: Any) -> Rule:  # noqa: ANN401
    """A rule on covenants, whose breaches are compliance breaches."""
    built = Rule("covenants", Kind.COVENANT, compliance=True, policy=POLICY)
    return replace(built, **said)


def seen(value: str | None, day: int = 0, batch: str = "", **said: Any) -> Observation:  # noqa: ANN401
    """A snapshot of PAR 90, so many days after the first; None: it could not be computed."""
    on = FIRST + timedelta(days=day)
    known = {"status": Sight.UNAVAILABLE, "reason": "no book"} if value is None else {}
    built = Observation(
        "par_90",
        on,
        on,
        batch or f"batch-{day}",
        run_id=f"run-{day}",
        value=None if value is None else Decimal(value),
    )
    return replace(built, **{**known, **said})


def covenant(severity: Severity | None, day: int = 0, **said: Any) -> Observation:  # noqa: ANN401
    """A snapshot of a covenant."""
    return seen(
        None,
        day,
        rule="covenants",
        dimension="covenant",
        member="example/par_90",
        status=Sight.OK,
        severity=severity,
        reason="headroom",
        **said,
    )


def kinds(transitions: tuple[Transition, ...]) -> list[Move]:
    return [each.kind for each in transitions]


class Story:
    """One alert taken from snapshot to snapshot; keeps every transition."""

    def __init__(self, by: Rule | None = None) -> None:
        self.rule = by or rule()
        self.state: AlertState | None = None
        self.told: list[Transition] = []

    def see(
        self, observation: Observation, at: datetime = MONDAY, past: Past | None = None
    ) -> Verdict:
        verdict = evaluate(self.rule, observation, self.state, at, past or Past())
        self.state = verdict.state
        self.told += verdict.transitions
        return verdict

    def values(self, *values: str | None) -> list[list[Move]]:
        """See one value a day; give what happened at each."""
        return [
            kinds(self.see(seen(value, day), MONDAY + day * DAY).transitions)
            for day, value in enumerate(values)
        ]

    @property
    def alert(self) -> AlertState:
        assert self.state is not None
        return self.state


def firing(value: str = "6", by: Rule | None = None) -> AlertState:
    """An alert that fires since Monday, 9:00."""
    story = Story(by)
    story.see(seen(value))
    return story.alert


def breached() -> AlertState:
    """A compliance breach that fires since Monday, 9:00."""
    story = Story(breach_rule())
    story.see(covenant(Severity.CRITICAL))
    return story.alert


def told(
    alerting: Alerting, observation: Observation, at: datetime = MONDAY, **now: object
) -> tuple[AlertState, list[tuple[Transition, Outcome]]]:
    """Judge a first observation; give the alert and who is told of each step."""
    verdict = evaluate(alerting.rules[observation.rule], observation, None, at)
    assert verdict.state is not None
    routing = Routing(alerting, Circumstances(**now))  # type: ignore[arg-type]
    return verdict.state, [
        (step, outcome)
        for step in verdict.transitions
        for outcome in route(step, verdict.state, routing, at)
    ]


def channels(outcomes: list[tuple[Transition, Outcome]], level: int = 1) -> list[str]:
    return sorted(
        each.channel
        for _, each in outcomes
        if isinstance(each, Notice) and each.level == level and each.channel != "inbox"
    )


def kpi(name: str, value: str, **said: object) -> Observation:
    return seen(value, rule=name, **said)
