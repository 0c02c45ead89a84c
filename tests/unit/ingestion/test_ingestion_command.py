"""`factory ingest cascade` prints its contract and ends in the right exit code."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from ingestion_book import CONFIG, Export, Lander

from fintech_factory.cli.ingest import command
from fintech_factory.cli.options import Call
from fintech_factory.ingestion import Place

# What a rerun with nothing new must not pay for.
HEAVY = {"duckdb", "pydantic", "yaml", "numpy", "httpx", "python_calamine"}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    shutil.copytree(CONFIG, folder / "config")
    return folder


def run(workspace: Path, *arguments: str) -> tuple[int, str]:
    call = Call(workspace_dir=workspace, json=True, quiet=True)
    result = CliRunner().invoke(command, ["cascade", *arguments], obj=call)
    return result.exit_code, result.stdout


def test_json_is_the_contract_and_nothing_else(
    export: Export, workspace: Path, tmp_path: Path
) -> None:
    code, printed = run(workspace, str(export.write(tmp_path / "export")))
    document = json.loads(printed)
    assert code == 0
    assert set(document) == {"batch_id", "as_of", "data_through", "files", "status", "findings"}
    assert (document["status"], document["as_of"]) == ("landed", "2025-03-26")
    loans = next(each for each in document["files"] if each["table"] == "loans")
    assert set(loans) == {"table", "rows", "quarantined", "sha256"}
    assert (loans["rows"], loans["quarantined"], len(loans["sha256"])) == (240, 0, 64)


def test_the_same_again_is_unchanged_and_ends_in_zero(
    export: Export, workspace: Path, tmp_path: Path
) -> None:
    export["loans"].put(0, term="-1")
    export["transactions"].rows = [row for row in export["transactions"].rows if row[0] > "L-0000"]
    export["schedules"].rows = [row for row in export["schedules"].rows if row[0] > "L-0000"]
    source = str(export.write(tmp_path / "export"))
    assert run(workspace, source)[0] == 3
    code, printed = run(workspace, source)
    assert (code, json.loads(printed)["status"]) == (0, "unchanged")


def test_a_refused_export_ends_in_one(export: Export, workspace: Path, tmp_path: Path) -> None:
    del export.sheets["loans"]
    code, printed = run(workspace, str(export.write(tmp_path / "export")))
    assert (code, json.loads(printed)["status"]) == (1, "refused")


def test_the_summary_for_people_names_files_and_findings(
    export: Export, workspace: Path, tmp_path: Path
) -> None:
    export["transactions"].put(1, interest="-1")
    source = str(export.write(tmp_path / "export"))
    call = Call(workspace_dir=workspace, quiet=True)
    result = CliRunner().invoke(command, ["cascade", source, "--as-of", "2025-06-30"], obj=call)
    assert result.exit_code == 0
    assert "transactions.csv" in result.stdout
    assert "info: rebate_negative_interest: transactions.csv: 1 payments" in result.stdout
    assert "landed: cascade-20250630-" in result.stdout


def test_a_rerun_with_nothing_new_loads_nothing_heavy(
    export: Export, lands: Lander, place: Place, tmp_path: Path
) -> None:
    source = export.write(tmp_path / "export")
    lands(source)
    script = (
        "import sys; from pathlib import Path;"
        "from fintech_factory.clock import SystemClock;"
        "from fintech_factory.ingestion.landing.land import Arrival, Place, land;"
        "at = [Path(each) for each in sys.argv[1:]];"
        "print(land(Arrival((at[0],)), Place(*at[1:]), SystemClock()).status, *sys.modules)"
    )
    arguments = [str(source), str(place.raw_root), str(place.contract), str(place.factory)]
    printed = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True
    ).stdout.split()
    assert printed[0] == "unchanged"
    assert not HEAVY & set(printed)
