"""What is refused in config/provisioning.yaml and config/scenarios.yaml, with its place."""

from pathlib import Path

import pytest

from fintech_factory.config import load
from fintech_factory.errors import ConfigError
from fintech_factory.views.provisioning import Provisioning
from fintech_factory.views.scenarios import Scenarios

CONFIG = Path(__file__).parents[3] / "config"


@pytest.mark.parametrize(
    ("name", "model", "old", "new", "said"),
    [
        ("provisioning", Provisioning, "stage_3_from_dpd: 90", "stage_3_from_dpd: 30",
         "leaves no stage 2"),
        ("provisioning", Provisioning, "min_months: 6", "min_months: 13",
         "never in a window of 12"),
        ("provisioning", Provisioning, "floor_percent: 25", "floor_percent: 101", "100"),
        ("provisioning", Provisioning, "written_off: derecognised", "written_off: kept",
         "provided"),
        ("provisioning", Provisioning, "pd_times: 1.5", "pd_time: 1.5", "pd_times"),
        ("scenarios", Scenarios, "  base:", "  basic:", "no scenario `base`"),
        ("scenarios", Scenarios, "default_times: 2", "default_times: -2", "0"),
        ("scenarios", Scenarios, "due_months: 6", "due_months: 0", "1"),
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_meant_is_refused(  # noqa: PLR0913, PLR0917
    tmp_path: Path, name: str, model: type, old: str, new: str, said: str
) -> None:
    text = (CONFIG / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = tmp_path / f"{name}.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load(path, model)
    assert said in "\n".join(str(each) for each in error.value.problems)
