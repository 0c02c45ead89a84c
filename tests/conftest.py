"""What tests share: ledgers, workspaces of small books, databases, and the reference tape."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest

# Tests are not a package; what they share is found beside them.
sys.path.insert(0, str(Path(__file__).parent))

from fintech_factory.config import load
from fintech_factory.config.workspace import Workspace
from fintech_factory.kpi_engine import Definitions, load_definitions
from fintech_factory.pipeline.view_facts import Asked, show_view, snapshot_dates
from fintech_factory.pipeline.view_figures import observed_by
from fintech_factory.state.store import State
from fintech_factory.testing import RULES, Book, Ledger, default_models, make_ledger, make_workspace
from fintech_factory.values import LedgerRules
from fintech_factory.views.catalogue import Catalogue
from fintech_factory.views.provisioning import Provisioning
from fintech_factory.views.scenarios import Scenarios
from fintech_factory.views.table import Shown
from state_databases import Databases

_ROOT = Path(__file__).resolve().parents[1]
_KINDS = ("sqlite", "postgresql")
# Fixtures that take seconds to make, and the group of the tests that share one.
_DEAR = {"gate": "portability", "tape_workspace": "tape"}


@pytest.fixture
def ledger_of(tmp_path: Path) -> Iterator[Callable[..., Ledger]]:
    """Make every SQL model of a book at some as-of dates."""
    with ExitStack() as stack:
        made = iter(range(1000))

        def make(of: Book, *as_ofs: str, rules: LedgerRules = RULES) -> Ledger:
            folder = tmp_path / f"ledger-{next(made)}"
            return stack.enter_context(make_ledger(of, as_ofs, folder, rules))

        yield make


@pytest.fixture(scope="session")
def shipped_kpis() -> Definitions:
    """The KPI definitions that the product ships."""
    return load_definitions(_ROOT / "config" / "kpis" / "kpi_definitions.yaml")


@pytest.fixture(scope="session")
def empty_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the shipped settings and nothing in it; copy it, never write to it."""
    return make_workspace(tmp_path_factory.mktemp("template") / "workspace").root


@pytest.fixture
def workspace_with(tmp_path: Path, empty_workspace: Path) -> Callable[[Book], Workspace]:
    """Make a workspace in which a book has landed."""

    def make(of: Book) -> Workspace:
        root = tmp_path / "workspace"
        shutil.copytree(empty_workspace, root)
        of.land(Workspace(root).raw("cascade"))
        return Workspace(root)

    return make


@pytest.fixture(scope="session")
def tape() -> Path:
    """The reference tape; a test that needs it is skipped, and says so, where there is none."""
    given = os.environ.get("FACTORY_REFERENCE_TAPE")
    folder = Path(given) if given else _ROOT.parent / "shared" / "tape"
    if not (folder / "loans.csv").is_file():
        pytest.skip(f"no reference tape in {folder} (or set FACTORY_REFERENCE_TAPE)")
    return folder


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give what is dear to make to one worker, and spare the kills that `make chaos` takes."""
    for each in items:
        for name in _DEAR.keys() & set(getattr(each, "fixturenames", ())):
            each.add_marker(pytest.mark.xdist_group(_DEAR[name]))
    _kill_in_turn(config, items)


def _kill_in_turn(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Kill at each named point on one kind of database, in turn; `make chaos` takes both."""
    if "CHAOS_MOMENTS" in os.environ:
        return
    points: dict[tuple[object, ...], list[str]] = {}
    for each in items:
        called = getattr(each, "callspec", None)
        said = called.params if called is not None else {}
        if "point" in said and said.keys() & {"kind", "state_url"}:
            place = (each.nodeid.partition("[")[0], said["point"], said.get("nth"))
            points.setdefault(place, []).append(each.nodeid)
    both = [each for each in points.values() if len(each) == len(_KINDS)]
    left_out = {each[number % len(_KINDS)] for number, each in enumerate(both)}
    config.hook.pytest_deselected(items=[each for each in items if each.nodeid in left_out])
    items[:] = [each for each in items if each.nodeid not in left_out]


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Operational databases of both kinds, as many as are asked for."""
    with Databases(tmp_path_factory.mktemp("databases")) as made:
        yield made


@pytest.fixture(params=_KINDS)
def state_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The URL of an operational database with all of its tables and no row, on each engine."""
    with databases.ready(request.param) as url:
        yield url


@pytest.fixture(params=_KINDS)
def empty_state_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The URL of an operational database that nobody has opened yet, on each engine."""
    with databases.empty(request.param) as url:
        yield url


@pytest.fixture
def state(state_url: str) -> Iterator[State]:
    """An operational database with all of its tables and no row, on each engine."""
    opened = State(state_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def view_settings() -> dict[str, Any]:
    """What the shipped settings say for the views' makers."""
    config = _ROOT / "config"
    return {
        "provisioning": load(config / "provisioning.yaml", Provisioning).value,
        "scenarios": load(config / "scenarios.yaml", Scenarios).value,
    }


@pytest.fixture(scope="session")
def show(view_settings: dict[str, Any]) -> Callable[..., Shown]:
    """Show a view of a ledger at one of its dates."""

    def shown(ledger: Ledger, view: str, as_of: str, **settings: object) -> Shown:
        on = snapshot_dates(ledger.build)[date.fromisoformat(as_of)]
        asked = Asked((on,), on.cut_on, RULES, view_settings | settings)
        return show_view(ledger.build, Catalogue.of(default_models()).get(view), asked)[0]

    return shown


@pytest.fixture(scope="session")
def observe(view_settings: dict[str, Any]) -> Callable[..., Any]:
    """Read what a view's maker observes of a ledger at one of its dates."""

    def observed(ledger: Ledger, view: str, as_of: str, **settings: object) -> Any:  # noqa: ANN401
        on = snapshot_dates(ledger.build)[date.fromisoformat(as_of)]
        asked = Asked((on,), on.cut_on, RULES, view_settings | settings)
        found = observed_by(ledger.build, [Catalogue.of(default_models()).get(view)], asked)
        return found[on.as_of]

    return observed
