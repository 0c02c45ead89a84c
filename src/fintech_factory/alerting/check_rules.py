"""Checks what is watched: rules, inhibitions, and what is done by itself."""

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from fintech_factory.alerting.check_receivers import check_names
from fintech_factory.alerting.escalate import Policy
from fintech_factory.alerting.level import LimitState, at_least
from fintech_factory.alerting.match import Match, Subject
from fintech_factory.alerting.reading import make_match, make_rules
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.kpi_engine.models import MODELS
from fintech_factory.kpi_engine.notes import Notes
from fintech_factory.registry import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fintech_factory.alerting.settings import AlertSettings, MatchSettings, RuleSettings
    from fintech_factory.kpi_engine.definitions import Definitions, Kpi

__all__ = ["check_match", "check_rules", "subjects_of"]


def check_rules(settings: "AlertSettings", definitions: "Definitions", notes: Notes) -> None:
    """Note rules on what there is not, or that say what they cannot."""
    seen: set[str] = set()
    for place, rule in enumerate(settings.rules):
        below = notes.below("rules", place).speaking_of(rule.id)
        if rule.id in seen:
            below.below("id").note("a rule has this id already", "give each its own id")
        seen.add(rule.id)
        if rule.watch == "kpi":
            _check_kpi_rule(rule, definitions, below)
        else:
            _check_event_rule(rule, definitions, below)
        _check_latency(rule, below)
    rules = make_rules(settings, definitions, Policy())
    _check_inhibitions(settings, rules, notes)
    _check_responses(settings, rules, notes)
    for place, silence in enumerate(settings.silences):
        below = notes.below("silences", place, "match").speaking_of(f"silence of {silence.owner}")
        check_match(silence.match, rules, below)


def _check_kpi_rule(rule: "RuleSettings", definitions: "Definitions", notes: Notes) -> None:
    name = rule.kpi or rule.id
    at = notes.below("kpi" if rule.kpi else "id")
    kpi = definitions.kpis.get(name)
    if kpi is None:
        at.note(f"unknown KPI `{name}`", suggestion(name, list(definitions.kpis)))
        return
    if rule.id != name and rule.id in definitions.kpis:
        notes.below("id").note("this is another KPI's own rule", "give it an id of its own")
    if not kpi.limits.steps:
        at.note(f"{name} has no limits", "give it `limits` in kpis/kpi_definitions.yaml")
    _check_scope(rule, kpi, notes)
    steps = {level.value for level, _ in kpi.limits.steps}
    for place, level in enumerate(rule.levels):
        if steps and level not in steps:
            notes.below("levels", place).note(
                f"{name} has no {level} limit", f"it has {', '.join(sorted(steps))}"
            )
    if rule.level is not None:
        notes.below("level").note(
            "a KPI's level follows from its limits", "leave it out, or say which `levels`"
        )
    if rule.codes:
        notes.below("codes").note("a KPI has none", "leave it out")


def _check_scope(rule: "RuleSettings", kpi: "Kpi", notes: Notes) -> None:
    if rule.members and not rule.dimension:
        notes.below("members").note("it is not said of which `dimension`", "such as entity")
    if not rule.dimension:
        return
    known = kpi.model.dimensions if kpi.model else next(iter(MODELS.values())).dimensions
    if rule.dimension not in known:
        check_names([rule.dimension], known, "dimension", notes.below("dimension"), by_place=False)
    if rule.id == kpi.id:
        notes.below("dimension").note(
            "this is the rule of the whole book", "give a rule on parts of it an id of its own"
        )


def _check_event_rule(rule: "RuleSettings", definitions: "Definitions", notes: Notes) -> None:
    if rule.id in definitions.kpis:
        notes.below("id").note("this is a KPI's own rule", "give it an id of its own")
    for key in ("kpi", "dimension", "members"):
        if getattr(rule, key):
            notes.below(key).note(f"only a rule that watches a KPI has a {key}", "leave it out")
    if rule.level is not None and rule.levels and rule.watch != "finding":
        notes.below("level").note("give `level` or `levels`, one of the two")


def _check_latency(rule: "RuleSettings", notes: Notes) -> None:
    if rule.watch != "latency":
        if rule.within_seconds is not None:
            notes.below("within_seconds").note(
                "only a rule that watches latency has a time within which", "leave it out"
            )
        return
    # An export's alerts come too late once: there is no second snapshot to wait for.
    for key, count in (("for", rule.for_), ("resolve_for", rule.resolve_for)):
        if count != 1:
            notes.below(key).note(
                "an export is late once: there is nothing to wait for", "leave it out"
            )
    if rule.codes:
        notes.below("codes").note("it watches whatever an export alerts of", "leave it out")


def check_match(match: "MatchSettings", rules: "Mapping[str, Rule]", notes: Notes) -> None:
    """Note rules that there are not, and parts of nothing."""
    check_names(match.rules, rules, "rule", notes.below("rules"))
    if match.members and not match.dimension:
        notes.below("members").note("it is not said of which `dimension`", "such as entity")


def subjects_of(rules: "Iterable[Rule]", match: Match | None = None) -> "Iterator[Subject]":
    """Give everything that can alert, by rule and level; of a part of the book if `match` does."""
    for rule in rules:
        dimension = rule.dimension
        # What is no figure names its parts by itself: a finding, a covenant, a channel.
        if match is not None and match.dimension and rule.kind not in {Kind.KPI, Kind.UNAVAILABLE}:
            dimension = match.dimension
        member = match.members[0] if match is not None and match.members else ""
        for level in rule.reachable:
            breach = rule.compliance and at_least(level, LimitState.CRITICAL)
            yield Subject(rule.id, rule.kind, level, dimension, member, compliance=breach)


def _check_inhibitions(
    settings: "AlertSettings", rules: "Mapping[str, Rule]", notes: Notes
) -> None:
    after: dict[tuple[str, LimitState], set[tuple[str, LimitState]]] = {}
    seen: set[str] = set()
    for place, each in enumerate(settings.inhibition):
        below = notes.below("inhibition", place).speaking_of(each.name)
        if each.name in seen:
            below.below("name").note("an inhibition has this name already")
        seen.add(each.name)
        sides = (("while", each.while_), ("withhold", each.withhold))
        vague = [key for key, match in sides if make_match(match).means_everything]
        for key, match in sides:
            check_match(match, rules, below.below(key))
        for key in vague:
            below.below(key).note("this means every alert", "say which")
        if vague:
            continue
        for effect in _nodes(rules, make_match(each.withhold)):
            after.setdefault(effect, set()).update(_nodes(rules, make_match(each.while_)))
        cycle = _cycle(after)
        if cycle:
            below.note(
                f"it goes in a circle: {' > '.join(cycle)}",
                "what withholds another alert may not be withheld by it",
            )
            return


def _nodes(rules: "Mapping[str, Rule]", match: Match) -> "set[tuple[str, LimitState]]":
    found = subjects_of(rules.values(), match)
    return {(each.rule, each.level) for each in found if match.fits(each)}


def _cycle(after: "Mapping[tuple[str, LimitState], set[tuple[str, LimitState]]]") -> list[str]:
    """Name the rules of a circle, first one twice; empty if there is none."""
    try:
        TopologicalSorter(after).prepare()
    except CycleError as circle:
        return [rule for rule, _ in circle.args[1]]
    return []


def _check_responses(settings: "AlertSettings", rules: "Mapping[str, Rule]", notes: Notes) -> None:
    said = settings.responses
    for place, each in enumerate(said.automatic):
        below = notes.below("responses", "automatic", place).speaking_of("responses.automatic")
        check_match(each.match, rules, below.below("match"))
        for key in ("on", "do"):
            if not getattr(each, key):
                below.below(key).note("nothing is named", f"say what in `{key}`")
        for at, kind in enumerate(each.do):
            if kind not in said.allowed:
                below.below("do", at).note(
                    f"`{kind}` is not allowed", "add it to responses.allowed, or take it out"
                )
