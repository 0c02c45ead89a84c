"""Whole mornings: what each recipient has by 06:30, whatever goes wrong before."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from alert_world import World

from fintech_factory.app.factory import Factory
from fintech_factory.config.workspace import Workspace

DAY = "2025-12-11"


def daily(world: World) -> Any:  # noqa: ANN401 - app.daily.Daily
    return Factory(Workspace(world.root)).daily


def keep(world: World, moment: str, *, enforce: bool) -> Any:  # noqa: ANN401 - app.daily.Round
    world.clock.turn(f"{DAY}T{moment}")
    made = daily(world)
    return made.keep(made.today, enforce=enforce)


def stood(world: World) -> dict[str, Any]:
    made = daily(world)
    return {f"{e.department}/{e.recipient}": e for e in made.standing(made.today)}


def text_of(mail: Any) -> str:  # noqa: ANN401 - an EmailMessage
    return mail.get_body(("plain",)).get_content()


def test_with_data_in_time_everybody_has_the_figures_of_the_day_by_0630(world: World) -> None:
    world.day("6", "2025-12-10")
    world.peers.forget()
    put = keep(world, "06:00", enforce=False).put
    everybody = stood(world)
    assert len(put) == len(everybody) == 9
    assert {(e.kind, e.by, e.is_late) for e in everybody.values()} == {("figures", "email", False)}
    (mail,) = world.peers.mails("head-of-risk@example.com")
    print(text_of(mail))
    (mail,) = world.peers.mails("sales@example.com")
    print(text_of(mail))
    assert 0
