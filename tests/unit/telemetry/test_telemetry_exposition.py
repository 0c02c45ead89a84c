"""Measures are written as Prometheus reads them, to the letter."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintech_factory.telemetry.exposition import Family, Kind, Sample, families_json, text_of


def gauge(*samples: Sample, name: str = "factory_x", says: str = "What it is.") -> Family:
    return Family(name, Kind.GAUGE, says, samples)


def test_a_family_is_its_help_its_type_and_a_line_a_sample() -> None:
    counted = Family(
        "factory_runs_total",
        Kind.COUNTER,
        "Runs.",
        (Sample(3, {"outcome": "published", "cause": "manual"}), Sample(0.5)),
    )
    assert text_of([counted, gauge(Sample(-1.25))]) == (
        "# HELP factory_runs_total Runs.\n"
        "# TYPE factory_runs_total counter\n"
        'factory_runs_total{outcome="published",cause="manual"} 3\n'
        "factory_runs_total 0.5\n"
        "# HELP factory_x What it is.\n"
        "# TYPE factory_x gauge\n"
        "factory_x -1.25\n"
    )


def test_what_is_not_known_is_left_out_and_is_not_zero() -> None:
    assert text_of([gauge()]) == ""
    assert families_json([gauge()]) == []


def test_labels_and_help_are_escaped() -> None:
    said = text_of([gauge(Sample(1, {"of": 'a\\b"c\nd'}), says='back\\slash\nand "quotes"')])
    assert '{of="a\\\\b\\"c\\nd"}' in said
    assert '# HELP factory_x back\\\\slash\\nand "quotes"\n' in said
    assert said.count("\n") == 3


def test_numbers_that_are_none_are_written_as_go_reads_them() -> None:
    given_ = [Sample(value, {"n": str(value)}) for value in (math.nan, math.inf, -math.inf)]
    values = [line.rpartition(" ")[2] for line in text_of([gauge(*given_)]).splitlines()[2:]]
    assert values == ["NaN", "+Inf", "-Inf"]
    assert [each["value"] for each in families_json([gauge(*given_)])[0]["samples"]] == [None] * 3


@pytest.mark.parametrize(
    ("name", "kind", "labels"),
    [
        ("factory-x", Kind.GAUGE, [{}]),
        ("1x", Kind.GAUGE, [{}]),
        ("factory_x", Kind.COUNTER, [{}]),
        ("factory_x_total", Kind.GAUGE, [{}]),
        ("factory_x", Kind.GAUGE, [{"__name": "a"}]),
        ("factory_x", Kind.GAUGE, [{"a-b": "a"}]),
        ("factory_x", Kind.GAUGE, [{"a": "1", "b": "2"}, {"b": "2", "a": "1"}]),
    ],
)
def test_what_prometheus_would_refuse_is_refused(
    name: str, kind: Kind, labels: list[dict[str, str]]
) -> None:
    with pytest.raises(ValueError, match=name):
        Family(name, kind, "What.", tuple(Sample(1, each) for each in labels))


def test_a_name_stands_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        text_of([gauge(Sample(1)), gauge(Sample(2))])


@given(st.dictionaries(st.sampled_from(["a", "b_c"]), st.text()), st.floats(), st.text())
def test_prometheus_own_client_reads_what_was_written(
    labels: dict[str, str], value: float, says: str
) -> None:
    parser: Any = pytest.importorskip("prometheus_client.parser")
    (read,) = parser.text_string_to_metric_families(
        text_of([gauge(Sample(value, labels), says=says)])
    )
    (sample,) = read.samples
    assert (sample.name, sample.labels) == ("factory_x", labels)
    assert sample.value == value or math.isnan(sample.value)
