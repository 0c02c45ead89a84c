"""Tables are made and brought up to date when the database is opened, by one process, whole."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from fintech_factory.errors import StateError
from fintech_factory.state import revision
from fintech_factory.state.store import State
from fintech_factory.state.tables import metadata

OPEN = "import sys; from fintech_factory.state.store import State; State(sys.argv[1]).ready()"
# What a process has loaded once it has opened a database that is up to date.
LOADED = (
    "import sys; from fintech_factory.state.store import State; state = State(sys.argv[1])\n"
    "with state.rows() as rows: rows.query('SELECT COUNT(*) FROM run')\n"
    "print('sqlalchemy' in sys.modules)\n"
    "with state.transaction(): pass\n"
    "print('alembic' in sys.modules)\n"
)


def python(code: str, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_revisions_make_the_tables_that_the_code_knows(state: State) -> None:
    with state.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_table_or_column_that_no_revision_makes_is_seen(state: State) -> None:
    with state.transaction() as connection:
        connection.execute(text("ALTER TABLE run DROP COLUMN reason"))
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        ((kind, *_),) = compare_metadata(context, metadata)
    assert kind == "add_column"


def test_an_empty_database_gets_its_tables_with_its_first_transaction(
    empty_state_url: str,
) -> None:
    state = State(empty_state_url)
    with state.transaction() as connection:
        assert set(metadata.tables) < set(inspect(connection).get_table_names())
    assert state.revision() == revision.newest()
    state.close()


def test_reading_rows_makes_no_database(empty_state_url: str) -> None:
    state = State(empty_state_url)
    with state.rows() as rows:
        assert rows.query("SELECT run_id FROM run") == []
    assert state.revision() is None
    if state.is_sqlite:
        assert not state.path.exists()


def test_every_revision_follows_the_one_before() -> None:
    files = sorted((revision.MIGRATIONS / "versions").glob("r*.py"))
    assert [path.name[:5] for path in files] == [f"r{n:04}" for n in range(1, len(files) + 1)]
    for number, path in enumerate(files, start=1):
        lines = path.read_text(encoding="utf-8").splitlines()
        before = f'"{number - 1:04}"' if number > 1 else "None"
        assert {f'revision = "{number:04}"', f"down_revision = {before}"} <= set(lines)


def test_a_database_of_a_later_release_is_refused_and_left_alone(state: State) -> None:
    with state.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    later = State(state.url)
    for opening in (later.rows, later.reading, later.transaction):
        with pytest.raises(StateError, match="revision 9999; this release knows") as refused:
            opening().__enter__()
        assert refused.value.where == state.where
        assert "nothing was changed" in refused.value.hint
    with state.reading() as connection:
        assert (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
        )


def test_many_that_open_an_empty_database_at_once_make_it_once(empty_state_url: str) -> None:
    opening = [python(OPEN, empty_state_url) for _ in range(4)]
    said = [(each.communicate()[1], each.returncode) for each in opening]
    assert said == [("", 0)] * 4
    state = State(empty_state_url)
    with state.reading() as connection:
        (count,) = connection.execute(text("SELECT COUNT(*) FROM alembic_version")).one()
    state.close()
    assert count == 1


@pytest.mark.parametrize("fails", [True, False], ids=["fails", "works"])
def test_a_revision_that_fails_leaves_nothing_behind(
    empty_state_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, fails: bool
) -> None:
    """A second revision makes a table and then, or not, asks for one that is not there."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    for path in [*revision.MIGRATIONS.glob("*.*"), *revision.MIGRATIONS.glob("versions/*.py")]:
        (folder / path.relative_to(revision.MIGRATIONS)).write_bytes(path.read_bytes())
    last = "    op.drop_table('no_such_table')\n" if fails else ""
    (folder / "versions" / "r9998_more.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n"
        f"revision, down_revision = '9998', {revision.newest()!r}\n"
        "def upgrade():\n"
        "    op.create_table('more', sa.Column('a', sa.Integer))\n" + last
    )
    first = State(empty_state_url)
    first.ready()
    before = revision.newest()
    with monkeypatch.context() as patch:
        patch.setattr("fintech_factory.state.upgrade.MIGRATIONS", folder)
        patch.setattr(revision, "newest", lambda: "9998")
        state = State(empty_state_url)
        if fails:
            with pytest.raises(Exception, match="no_such_table"):
                state.ready()
        else:
            state.ready()
        with first.rows() as rows:
            found, has_more = revision.found_in(rows), rows.has("more")
        state.close()
    first.close()
    assert (found, has_more) == ((before, False) if fails else ("9998", True))


def test_what_is_up_to_date_is_opened_without_what_would_bring_it_there(state_url: str) -> None:
    said, errors = python(LOADED, state_url).communicate()
    assert (said.split(), errors) == (["False", "False"], "")
