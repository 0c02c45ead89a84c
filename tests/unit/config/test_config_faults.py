"""Every fixture in tests/config is named after its fault and says what is expected of it."""

import re
from pathlib import Path

import pytest

from fintech_factory.config import FactorySettings, load
from fintech_factory.errors import ConfigError

FIXTURES = Path(__file__).parents[2] / "config"
FAULTY = sorted(path for path in FIXTURES.glob("factory.*.yml") if path.stem != "factory.good")
EXPECTED = re.compile(
    r"^# expect (?P<line>\d+):(?P<column>\d+) (?P<message>.+?)(?: \| (?P<hint>.+))?$", re.MULTILINE
)


def test_there_are_faulty_files_and_a_good_one() -> None:
    assert len(FAULTY) >= 15
    assert load(FIXTURES / "factory.good.yml", FactorySettings).value.currency.reporting == "USD"


@pytest.mark.parametrize("path", FAULTY, ids=lambda path: path.stem.removeprefix("factory."))
def test_a_faulty_file_reports_exactly_its_faults_each_at_its_place(path: Path) -> None:
    expected = list(EXPECTED.finditer(path.read_text(encoding="utf-8")))
    assert expected, "the fixture says nothing of what it expects"

    with pytest.raises(ConfigError) as caught:
        load(path, FactorySettings)

    problems = caught.value.problems
    found = [(problem.line, problem.column) for problem in problems]
    assert found == sorted((int(each["line"]), int(each["column"])) for each in expected)
    for each in expected:
        at_place = [
            problem
            for problem in problems
            if (problem.line, problem.column) == (int(each["line"]), int(each["column"]))
        ]
        assert any(
            each["message"] in problem.message and (each["hint"] or "") in problem.hint
            for problem in at_place
        ), at_place
