"""The definition log: it grows by what is new, and shows a changed entry."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from fintech_factory.errors import StateError
from fintech_factory.kpi_engine import Definitions
from fintech_factory.pipeline.definition_log import DefinitionLog
from fintech_factory.state.store import State
from fintech_factory.state.tables import log_entry

AT = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def log(state: State) -> DefinitionLog:
    return DefinitionLog(state)


def note(log: DefinitionLog, definitions: Definitions, run_id: str) -> None:
    with log.state.transaction() as connection:
        log.note(connection, definitions, run_id, AT)


def test_a_first_run_logs_every_definition_and_the_next_none(
    log: DefinitionLog, shipped_kpis: Definitions
) -> None:
    assert not log.exists
    note(log, shipped_kpis, "run-1")
    note(log, shipped_kpis, "run-2")
    assert [each.kpi for each in log.versions()] == list(shipped_kpis.kpis)
    assert {each.first_run for each in log.versions()} == {"run-1"}
    assert log.latest()["par_90"].meaning == shipped_kpis.get("par_90").meaning


@pytest.mark.parametrize(
    ("old", "new"), [('"3"', '"4"'), ('"sha256"', '"sha"'), ("2026-01-01", "2026-13-01")]
)
def test_an_entry_that_no_longer_says_what_was_logged_is_refused(
    log: DefinitionLog, shipped_kpis: Definitions, old: str, new: str
) -> None:
    note(log, shipped_kpis.only("par_90"), "run-1")
    with log.state.transaction() as connection:
        (body,) = connection.execute(select(log_entry.c.body)).one()
        changed = json.loads(json.dumps(body).replace(old, new, 1))
        connection.execute(log_entry.update().values(body=changed))
    with pytest.raises(StateError) as refused:
        log.versions()
    assert refused.value.where == f"{log.state.where}, log definitions, entry 1"
