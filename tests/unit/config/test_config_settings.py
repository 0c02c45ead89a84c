"""config/factory.yaml: the default file, its rules, and its JSON Schema."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from fintech_factory.config import (
    FactorySettings,
    Settings,
    default_files,
    json_schema,
    load,
    write_schemas,
)
from fintech_factory.config.schema import schema_name
from fintech_factory.config.secret import Secret
from fintech_factory.config.settings import Policy, StateDatabase, Warehouse
from fintech_factory.errors import ConfigError


def default_settings() -> FactorySettings:
    return load(default_files()["config/factory.yaml"], FactorySettings).value


def policy(bounds: tuple[int, ...]) -> Policy:
    return default_settings().policy.model_copy(update={"bucket_bounds": bounds})


def test_the_default_file_holds_the_default_policy() -> None:
    settings = default_settings()
    assert settings.currency.reporting == "USD"
    assert settings.policy.write_off_after_dpd == 180
    assert settings.policy.coverage_tolerance == Decimal("0.005")
    assert settings.policy.collection_window_days == 30
    assert settings.reconcile.close_per_loan == Decimal("0.01")
    assert settings.timezone == "UTC"


def test_the_default_file_writes_out_every_key_with_its_default() -> None:
    file = load(default_files()["config/factory.yaml"], FactorySettings)
    assert file.value.warehouse == Warehouse()
    for section, model in FactorySettings.model_fields.items():
        inner = getattr(model.annotation, "model_fields", {})
        for name in inner:
            parent, key = file.place((section,)), file.place((section, name), of_key=True)
            assert key >= parent, f"{section}.{name} is not in the default file"
            assert key.column == 3


def test_bucket_labels_follow_their_bounds() -> None:
    labels = ("current", "1-30", "31-60", "61-90", "91-180", "181+")
    assert default_settings().policy.bucket_labels == labels
    assert policy((0, 7)).bucket_labels == ("current", "1-7", "8+")


def test_sizes_of_memory_are_known_in_bytes() -> None:
    warehouse = Warehouse(memory_limit="1.5GB", query_memory="512MiB")
    assert warehouse.memory_limit_bytes == 1_500_000_000
    assert warehouse.query_memory_bytes == 512 * 1024**2


def test_a_rate_holds_from_its_day(tmp_path: Path) -> None:
    text = default_files()["config/factory.yaml"].read_text(encoding="utf-8")
    path = tmp_path / "factory.yaml"
    rates = "rates:\n    - {currency: MXN, from: 2025-01-01, rate: 0.058500000000000000001}"
    path.write_text(text.replace("rates: []", rates), encoding="utf-8")
    (rate,) = load(path, FactorySettings).value.currency.rates
    assert (rate.currency, rate.from_) == ("MXN", date(2025, 1, 1))
    assert rate.rate == Decimal("0.058500000000000000001")


def descriptions(schema: dict[str, Any]) -> Iterator[tuple[str, object]]:
    models = {schema["title"]: schema, **schema.get("$defs", {})}
    for title, model in models.items():
        yield title, model.get("description")
        for name, field in model["properties"].items():
            yield f"{title}.{name}", field.get("description")


def test_every_setting_is_described_to_editors() -> None:
    schema = json_schema(FactorySettings)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False
    assert [name for name, text in descriptions(schema) if not text] == []


class Limits(Settings):
    """Limits of a KPI."""

    warning: Decimal = Decimal(3)
    share: Decimal | None = None


def test_a_decimal_is_a_number_to_editors() -> None:
    properties = json_schema(Limits)["properties"]
    assert properties["warning"] == {"default": 3.0, "title": "Warning", "type": "number"}
    assert properties["share"]["anyOf"] == [{"type": "number"}, {"type": "null"}]


def test_schemas_are_written_one_a_file(tmp_path: Path) -> None:
    models: dict[str, object] = {"kpis/limits.yaml": Limits, "other.yaml": lambda _path: []}
    (written,) = write_schemas(tmp_path / "schemas", models)
    assert written.name == schema_name("kpis/limits.yaml") == "kpis.limits.schema.json"
    assert written.read_text(encoding="utf-8").endswith("}\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("  write_off_after_dpd: 0", "policy.write_off_after_dpd must be greater than 0"),
        ("  coverage_tolerance: -0.1", "policy.coverage_tolerance must be greater than or equal"),
        ("  collection_window_days: 1000", "policy.collection_window_days must be less than"),
        ("  bucket_bounds: [1, 30]", "policy.bucket_bounds: [1, 30] does not rise"),
        ("  bucket_bounds: [0, 30, 30]", "policy.bucket_bounds: [0, 30, 30] does not rise"),
        ("  bucket_bounds: [0]", "policy.bucket_bounds"),
        ("  reporting: usd", "currency.reporting must match pattern"),
        ("  memory_limit: 2", "warehouse.memory_limit must be text"),
        ("  keep_versions: 0", "warehouse.keep_versions must be greater than or equal to 1"),
        ("timezone: CET+9 o'clock", "timezone: no time zone is called"),
        ("timezone: ../../etc/passwd", "timezone: no time zone is called"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_at_its_line(
    tmp_path: Path, line: str, message: str
) -> None:
    key = line.split(":", maxsplit=1)[0]
    lines = default_files()["config/factory.yaml"].read_text(encoding="utf-8").splitlines()
    at = next(index for index, each in enumerate(lines) if each.startswith(f"{key}:"))
    lines[at] = line
    path = tmp_path / "factory.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, FactorySettings)
    (problem,) = caught.value.problems
    assert problem.line == at + 1
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://factory@db.example:5432/factory",
        "postgresql://factory@db.example/factory?sslmode=verify-full",
        "postgresql://[::1]/factory",
    ],
)
def test_the_state_may_live_in_a_postgresql_database(url: str) -> None:
    held = StateDatabase(url=url, password=Secret(env="FACTORY_STATE_PASSWORD"))
    assert (held.url, held.password) == (url, Secret(env="FACTORY_STATE_PASSWORD"))


@pytest.mark.parametrize("url", ["postgresql://a:hunter2@h/d", "postgresql://h:hunter2/d"])
def test_no_error_repeats_the_address_of_the_state(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        StateDatabase(url=url)
    assert "hunter2" not in str(refused.value)
