"""The pinned requirements hold what pyproject.toml declares, each with its hashes, and no place."""

import re
import tomllib

import pytest
from docs_pages import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FOLDER = ROOT / "requirements"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NAMES = ["base", "dev", "bench", "spark"]
# What builds the package must be there before it: it is installed without build isolation.
BUILDERS = {"editables": "", "hatchling": ">=1.27"}
_PIN = re.compile(r"^(?P<name>[a-z0-9.-]+)==(?P<version>\S+) \\$", re.MULTILINE)


def declared(name: str) -> dict[str, str]:
    lines = (FOLDER / f"{name}.in").read_text(encoding="utf-8").splitlines()
    asked = [Requirement(each) for each in lines if each and each[0] not in "#-"]
    return {canonicalize_name(each.name): str(each.specifier) for each in asked}


def ranges(lines: list[str]) -> dict[str, str]:
    return {canonicalize_name(each.name): str(each.specifier) for each in map(Requirement, lines)}


def pinned(name: str) -> dict[str, str]:
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return {each["name"]: each["version"] for each in _PIN.finditer(text)}


def test_the_product_is_pinned_from_the_ranges_it_declares() -> None:
    assert declared("base") == {**ranges(PROJECT["project"]["dependencies"]), **BUILDERS}
    assert f"hatchling{BUILDERS['hatchling']}" in PROJECT["build-system"]["requires"]


@pytest.mark.parametrize("extra", ["dev", "bench"])
def test_an_extra_is_pinned_from_the_ranges_it_declares(extra: str) -> None:
    assert declared(extra) == ranges(PROJECT["project"]["optional-dependencies"][extra])


@pytest.mark.parametrize("name", NAMES)
def test_every_pin_lies_within_its_range(name: str) -> None:
    pins = pinned(name)
    for package, specifier in declared(name).items():
        assert Requirement(f"{package}{specifier}").specifier.contains(pins[package]), package


@pytest.mark.parametrize("name", NAMES)
def test_every_pin_has_hashes(name: str) -> None:
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    entries = [each for each in re.split(r"\n(?=[a-z0-9.-]+==)", text) if "==" in each.split()[0]]
    assert len(entries) == len(pinned(name)) > 0
    assert [each.split()[0] for each in entries if "--hash=sha256:" not in each] == []


@pytest.mark.parametrize("name", NAMES)
def test_two_files_never_pin_one_package_differently(name: str) -> None:
    base = pinned("base")
    assert {
        each: version
        for each, version in pinned(name).items()
        if base.get(each, version) != version
    } == {}


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_no_requirement_names_a_place_to_install_from(path: object) -> None:
    text = (FOLDER / str(path)).read_text(encoding="utf-8")
    assert (
        re.findall(r"https?://|file:/|--index|--extra-index|--find-links|--trusted-host", text)
        == []
    )
