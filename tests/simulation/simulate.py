# ruff: noqa: T201 - a script; it says what it found
"""Lives through thirty days of faults in minutes, and sees who is told by 06:30 on each."""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from simulated_days import SimulatedDay, plan
from simulated_world import World, worlds

from fintech_factory.app.factory import Factory
from fintech_factory.config.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
FIRST = date(2026, 2, 1)
# When the clock itself asks for something, whatever is due.
_LOOKS = ("03:00", "03:31", "06:00", "06:20", "06:25", "06:30", "06:32", "14:00")
# What the subject of a daily message says in either language, of figures and of none.
_DAILY = ("daily,", "daily:", "informe diario,", "informe diario:")
# When alerts are looked at as well: after what is late is late, and after each hour of the promise.
_TICKS = frozenset({"03:31", "06:32", "14:00"})
# How far the clock moves at least.
_GRAIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Fixed:
    """A clock that stands."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def live(world: World, day: SimulatedDay) -> None:
    """Let a day pass, from moment to moment."""
    events = list(day.events)
    every = [datetime.combine(day.day, clock.fromisoformat(each), UTC) for each in _LOOKS]
    looks = every
    ends = datetime.combine(day.day + timedelta(days=1), clock(), UTC)
    world.now = max(world.now, datetime.combine(day.day, clock(), UTC))
    while world.now < ends:
        is_new = bool(looks) and looks[0] <= world.now
        while events and events[0].at <= world.now:
            event = events.pop(0)
            getattr(world, event.what)(*event.with_)
            is_new = True
        # A clock that was put back comes to the same moments again.
        looks = [each for each in every if each > world.now]
        world.pump(works=is_new, ticks=f"{world.now:%H:%M}" in _TICKS)
        world.pumps += 1
        ahead = [*(each.at for each in events[:1]), *looks[:1]]
        # Nothing that is due is looked at more often than this; no look and no event is passed by.
        soonest = min([world.now + _GRAIN, *ahead, ends])
        world.now = max(min([world.next_due(), *ahead, ends]), soonest)


def judged(world: World, day: SimulatedDay) -> dict[str, Any]:
    """Say what became of a day: by the product's own records, held against what the peers have."""
    factory = Factory(Workspace(world.root), Fixed(world.now))  # type: ignore[arg-type]
    stood = factory.daily.standing(day.day)
    published = factory.current()
    factory.close()
    mailed = sum(
        len(mail.recipients)
        for mail in world.peers.mail.mails
        if any(each in str(mail.mail["Subject"]) for each in _DAILY)
    )
    by_mail = sum(each.by == "email" for each in stood)
    in_time = [each.received_at is not None and not each.is_late for each in stood]
    return {
        "day": day.day,
        "faults": list(day.faults),
        "kept": bool(stood) and all(in_time) and mailed >= by_mail,
        "recipients": [
            {
                "department": each.department,
                "recipient": each.recipient,
                "kind": each.kind,
                "delivered_at": each.received_at,
                "by": each.by,
                "way": each.way,
                "in_time": is_in_time,
                "figures_at": each.figures_at,
            }
            for each, is_in_time in zip(stood, in_time, strict=True)
        ],
        "mails_at_the_peer": mailed,
        "data_through": published.run.data_through if published is not None else None,
        "moments": world.pumps,
        "runs": Counter(each["outcome"] for each in world.done),
    }


def simulate(days: int, seed: int, folder: Path) -> dict[str, Any]:
    """Live through so many days; give what became of each."""
    began, found = time.monotonic(), []
    begins = datetime.combine(FIRST, clock(), UTC)
    with worlds(folder, begins, folder / "books") as world:
        for day in plan(FIRST, days, seed):
            world.done.clear()
            world.pumps = 0
            live(world, day)
            found.append(judged(world, day))
            _print(found[-1])
            world.peers.forget()
        world.command("audit", "verify")
        kills = world.kills
        database = "PostgreSQL" if world.server is not None else "SQLite"
    return {
        "seed": seed,
        "of": days,
        "kept": sum(each["kept"] for each in found),
        "kills": kills,
        "state": database,
        "seconds": round(time.monotonic() - began, 1),
        "days": found,
    }


def _print(day: dict[str, Any]) -> None:
    told = Counter(f"{each['kind']} by {each['by'] or 'nothing'}" for each in day["recipients"])
    moments = [each["delivered_at"] for each in day["recipients"] if each["delivered_at"]]
    last = f"{max(moments):%H:%M:%S}" if moments else "never   "
    said = ", ".join(f"{count} {what}" for what, count in sorted(told.items()))
    held = "kept  " if day["kept"] else "BROKEN"
    faults = "; ".join(day["faults"]) or "nothing befell it"
    print(f"{day['day']}  {held}  {last}  {said}  [{faults}]", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate, print each day, write outputs/simulate.json; 1 if a day was not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="where the workspace is left to look at")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="factory-simulate-") as scratch:
        found = simulate(given.days, given.seed, given.keep or Path(scratch))
    out = ROOT / "outputs" / "simulate.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(found, indent=2, default=str) + "\n", encoding="utf-8")
    print(
        f"{found['kept']} of {found['of']} days delivered by 06:30"
        f" ({found['kills']} kills, state in {found['state']}, {found['seconds']} s,"
        f" seed {found['seed']})"
    )
    return int(found["kept"] != found["of"])


if __name__ == "__main__":
    raise SystemExit(main())
