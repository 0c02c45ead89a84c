"""Every fixture in tests/config is named after its fault and says what is expected of it."""

import re
from pathlib import Path

import pytest

from fintech_factory.config import FactorySettings, Settings, load
from fintech_factory.config.validation import ValidationSettings
from fintech_factory.errors import ConfigError
from fintech_factory.registry import Shelf

FIXTURES = Path(__file__).parents[2] / "config"
CHANNELS = ("apprise", "email", "file", "notion", "slack", "sms", "webhook")
SHELF = Shelf("channels", "fintech_factory.distribution.channels")
MODELS: dict[str, type[Settings]] = {
    "factory": FactorySettings,
    "validation": ValidationSettings,
    **{name: SHELF.find(name).SETTINGS for name in CHANNELS},
}
FAULTY = sorted(
    path
    for name in MODELS
    for path in FIXTURES.glob(f"{name}.*.yml")
    if path.stem != f"{name}.good"
)
EXPECTED = re.compile(
    r"^# expect (?P<line>\d+):(?P<column>\d+) (?P<message>.+?)(?: \| (?P<hint>.+))?$", re.MULTILINE
)


def test_there_are_faulty_files_and_a_good_one() -> None:
    assert len(FAULTY) >= 15
    assert load(FIXTURES / "factory.good.yml", FactorySettings).value.currency.reporting == "USD"


def test_there_are_faulty_validation_files_and_a_good_one() -> None:
    assert sum(path.stem.startswith("validation.") for path in FAULTY) >= 10
    good = load(FIXTURES / "validation.good.yml", ValidationSettings).value
    assert str(good.control_totals[0].expected) == "12345678.90"


@pytest.mark.parametrize("name", [name for name in CHANNELS if name != "file"])
def test_there_are_faulty_channels_and_good_ones(name: str) -> None:
    assert sum(path.stem.startswith(f"{name}.") for path in FAULTY) >= 2
    assert load(FIXTURES / f"{name}.good.yml", MODELS[name]).path.stem == f"{name}.good"


@pytest.mark.parametrize("path", FAULTY, ids=lambda path: path.stem.removeprefix("factory."))
def test_a_faulty_file_reports_exactly_its_faults_each_at_its_place(path: Path) -> None:
    expected = list(EXPECTED.finditer(path.read_text(encoding="utf-8")))
    assert expected, "the fixture says nothing of what it expects"

    with pytest.raises(ConfigError) as caught:
        load(path, MODELS[path.stem.partition(".")[0]])

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
