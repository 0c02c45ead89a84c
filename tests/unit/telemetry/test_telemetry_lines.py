"""A record becomes one line that Cloud Logging reads, and never stops the work."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.config.secret import Secret
from fintech_factory.errors import UsageError
from fintech_factory.telemetry import secrets
from fintech_factory.telemetry.context import bound
from fintech_factory.telemetry.entry import entry, run_trace
from fintech_factory.telemetry.session import logging_to

log = logging.getLogger("fintech_factory.of_a_test")
VENDORS = "xoxb-000-of-the-test"
LABELS = "logging.googleapis.com/labels"


@pytest.fixture(autouse=True)
def nothing_revealed() -> Iterator[None]:
    secrets.forget()
    yield
    secrets.forget()


@pytest.fixture
def lines(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    def read() -> list[dict[str, Any]]:
        (file,) = (tmp_path / "logs").iterdir()
        return [json.loads(line) for line in file.read_text(encoding="ascii").splitlines()]

    return read


Lines = Callable[[], list[dict[str, Any]]]


def test_a_line_bears_the_fields_that_cloud_logging_knows(tmp_path: Path, lines: Lines) -> None:
    with logging_to(tmp_path / "logs", environ={}), bound(run="run-1", step="kpi", slot=None):
        log.warning("batch %s", "landed", extra={"rows": 3, "severity": "odd"})
    (said,) = lines()
    assert (said["severity"], said["message"], said["rows"]) == ("WARNING", "batch landed", 3)
    assert said["severity_"] == "odd"
    assert said["time"].endswith("Z")
    assert {name: each for name, each in said[LABELS].items() if name != "process"} == {
        "run": "run-1",
        "step": "kpi",
    }
    assert said["logging.googleapis.com/trace"] == run_trace("run-1")
    assert said["logging.googleapis.com/sourceLocation"]["function"].startswith("test_a_line")


def test_a_trace_names_its_project_where_google_says_which(
    tmp_path: Path, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "lender")
    with logging_to(tmp_path / "logs", environ={}), bound(trace="abc", span="def"):
        log.info("said")
    (said,) = lines()
    assert said["logging.googleapis.com/trace"] == "projects/lender/traces/abc"
    assert said["logging.googleapis.com/spanId"] == "def"


def _fail_by(cause: Exception) -> None:
    raise RuntimeError("it failed") from cause


def test_an_exception_leaves_its_traceback_and_neither_secrets_nor_people(
    tmp_path: Path, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_WORD", "hunter2-and-more")
    word = Secret(env="A_WORD").reveal()
    quoted = f"'Juan Pérez' ana@lender.mx +52 55 1234 5678 {VENDORS} {word} LN-0001"
    with logging_to(tmp_path / "logs", environ={}) as session:
        try:
            _fail_by(ValueError(quoted))
        except RuntimeError:
            log.exception("step failed")
    (said,) = lines()
    whole = json.dumps(said, ensure_ascii=False)
    for gone in ("Juan", "Pérez", "ana@", "1234", VENDORS, word, "0001"):
        assert gone not in whole.replace(said["time"], "")
    assert "ValueError: '***' *** *** *** *** ***" in said["stack_trace"]
    assert "RuntimeError: it failed" in said["stack_trace"]
    assert "test_telemetry_lines.py" in said["stack_trace"]
    assert said["serviceContext"]["service"] == "fintech-factory"
    assert session.errors == 1


def test_a_line_stays_one_line_whatever_is_logged(
    tmp_path: Path, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A worker of the tests cannot hand on what it has captured of it.
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    with logging_to(tmp_path / "logs", environ={}):
        log.info("two\nlines\u2028and \ud800", extra={"said": "a\nb", "of": object})
    (said,) = lines()
    assert said["said"] == "a\nb"


def test_of_others_only_warnings_are_taken_and_their_name_is_said(
    tmp_path: Path, lines: Lines, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "vendor")
    with logging_to(tmp_path / "logs", environ={}):
        logging.getLogger("vendor").info("chatter")
        logging.getLogger("vendor").warning("token=%s refused", "abc")
    (said,) = lines()
    assert (said["logger"], said["message"]) == ("vendor", "token=*** refused")


def test_a_record_that_cannot_be_written_stops_nobody(
    tmp_path: Path, lines: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

    with logging_to(tmp_path / "logs", environ={}):
        log.info("bad", extra={"what": Broken()})
        log.info("good")
    assert [each["message"] for each in lines()] == ["good"]
    assert "could not be written" in capsys.readouterr().err


def test_a_text_that_asks_for_other_arguments_is_written_as_it_is() -> None:
    wrong = log.makeRecord(log.name, logging.INFO, "x.py", 1, "%d of %d", (1,), None)
    assert entry(wrong)["message"] == "%d of %d"


def test_a_folder_that_cannot_be_written_is_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("no folder")
    with logging_to(tmp_path / "logs", environ={}):
        log.info("one")
        log.info("two")
    assert capsys.readouterr().err == (
        f"note: the log in {tmp_path}/logs cannot be written; the work goes on\n"
    )


def test_lost_lines_are_counted_once_there_is_room_again(tmp_path: Path, lines: Lines) -> None:
    (tmp_path / "logs").write_text("no folder")
    with logging_to(tmp_path / "logs", environ={}):
        log.info("one")
        log.info("two")
        (tmp_path / "logs").unlink()
        log.info("three")
        log.info("four")
    assert [(each["message"], each.get("count")) for each in lines()] == [
        ("three", None),
        ("log lines lost", 2),
        ("four", None),
    ]


@pytest.mark.parametrize(
    "way", [{"to_stderr": True, "environ": {}}, {"environ": {"FACTORY_LOG": "json"}}]
)
def test_whoever_wants_it_reads_every_line_on_stderr_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], way: dict[str, Any]
) -> None:
    (tmp_path / "logs").write_text("no folder")
    with logging_to(tmp_path / "logs", **way):
        log.info("one")
        log.info("two")
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [each["message"].split(" in ")[0] for each in said] == ["the log", "one", "two"]


def test_a_form_that_there_is_none_of_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="xml"),
        logging_to(tmp_path, environ={"FACTORY_LOG": "xml"}),
    ):
        pass


def test_nothing_is_made_before_the_first_line_and_nothing_stays_after_the_last(
    tmp_path: Path,
) -> None:
    logging.getLogger("fintech_factory").setLevel(logging.NOTSET)
    before = list(logging.getLogger().handlers), logging.NOTSET
    with logging_to(tmp_path / "logs", environ={}):
        log.debug("not even this")
    assert not (tmp_path / "logs").exists()
    assert before == (
        list(logging.getLogger().handlers),
        logging.getLogger("fintech_factory").level,
    )


def test_threads_write_whole_lines_and_bind_for_themselves(tmp_path: Path, lines: Lines) -> None:
    def work(name: str) -> None:
        with bound(run=name):
            for _ in range(50):
                log.info("said by %s", name)

    with logging_to(tmp_path / "logs", environ={}), bound(run="of the main thread"):
        threads = [threading.Thread(target=work, args=(f"t{each}",)) for each in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert len(lines()) == 200
    assert all(each["message"] == f"said by {each[LABELS]['run']}" for each in lines())
