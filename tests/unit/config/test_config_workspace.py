"""A workspace is found, made, never overwritten, and checked as a whole."""

from pathlib import Path

import pytest

from fintech_factory.config import (
    CheckedFile,
    FactorySettings,
    LoadedFile,
    Models,
    Settings,
    Workspace,
    check_workspace,
    default_files,
    initialise,
)
from fintech_factory.errors import FactoryError, UsageError
from fintech_factory.values import Problem

FOLDERS = {"config", "sql", "inbox", "warehouse", "state", "outputs"}


class Kpis(Settings):
    kpis: dict[str, str]


def made(folder: Path) -> Workspace:
    return initialise(folder, {"factory.yaml": FactorySettings}).workspace


def small(folder: Path) -> Workspace:
    """Make a workspace whose config/ holds factory.yaml only."""
    (folder / "config").mkdir(parents=True)
    source = default_files()["config/factory.yaml"]
    (folder / "config" / "factory.yaml").write_bytes(source.read_bytes())
    return Workspace(folder)


def checked(workspace: Workspace, models: Models) -> list[str]:
    problems = check_workspace(workspace, models)
    root = f"{workspace.root}/"
    return [f"{p.path.removeprefix(root)}:{p.line}:{p.column} {p.message}" for p in problems]


def test_the_option_comes_before_the_variable_and_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three = (made(tmp_path / name) for name in ("one", "two", "three"))
    monkeypatch.chdir(three.root)
    env = {"FACTORY_WORKSPACE": str(two.root)}
    assert Workspace.find(one.root, env) == one
    assert Workspace.find(None, env) == two
    assert Workspace.find(None, {}) == three
    assert Workspace.find(None, {"FACTORY_WORKSPACE": ""}) == three


def test_a_folder_without_settings_is_no_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError) as caught:
        Workspace.find(tmp_path / "typo", {})
    assert f"factory init {tmp_path / 'typo'}" in caught.value.hint
    assert caught.value.where == "--workspace"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        Workspace.find(None, {})
    assert "factory init DIR" in caught.value.hint


def test_a_mistyped_variable_does_not_fall_back_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made(tmp_path / "here").root)
    with pytest.raises(UsageError, match="is not a workspace") as caught:
        Workspace.find(None, {"FACTORY_WORKSPACE": str(tmp_path / "typo")})
    assert caught.value.where == "FACTORY_WORKSPACE"


def test_paths_of_a_workspace_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = made(tmp_path / "w").root
    monkeypatch.chdir(tmp_path)
    found = Workspace.find(Path("w"), {})
    assert found.root == root
    assert found.current == root / "warehouse" / "CURRENT"
    assert found.versions == root / "warehouse" / "versions"
    assert found.raw("cascade") == root / "warehouse" / "raw" / "cascade"
    assert found.settings_file == root / "config" / "factory.yaml"
    assert {each.name for each in (found.config, found.sql, found.inbox, found.warehouse,
            found.state, found.outputs)} == FOLDERS  # fmt: skip


def test_init_makes_every_folder_the_defaults_and_the_schemas(tmp_path: Path) -> None:
    result = initialise(tmp_path / "a" / "b", {"factory.yaml": FactorySettings})
    root = result.workspace.root
    assert {each.name for each in root.iterdir()} == FOLDERS
    assert not result.existed
    for inside, source in default_files().items():
        assert (root / inside).read_bytes() == source.read_bytes()
    assert (root / "config/schemas/factory.schema.json").is_file()
    assert set(result.files) == {*default_files(), "config/schemas/factory.schema.json"}


def test_init_leaves_a_workspace_as_it_is(tmp_path: Path) -> None:
    root = made(tmp_path).root
    (root / "config" / "factory.yaml").write_text("mine: true\n", encoding="utf-8")
    (root / "outputs").rmdir()
    result = initialise(root, {"factory.yaml": FactorySettings})
    assert result.existed
    assert result.files == ()
    assert (root / "config" / "factory.yaml").read_text(encoding="utf-8") == "mine: true\n"
    assert not (root / "outputs").exists()


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_init_refuses_a_folder_that_holds_one_of_its_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("somebody else's", encoding="utf-8")
    with pytest.raises(UsageError, match=name):
        initialise(tmp_path, {})
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_init_refuses_a_dangling_link_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "sql").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="sql"):
        initialise(tmp_path, {})


def test_init_keeps_what_else_lies_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    made(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {*FOLDERS, "notes.txt"}
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_init_refuses_a_file(tmp_path: Path) -> None:
    (tmp_path / "w").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="is a file"):
        initialise(tmp_path / "w", {})


def test_an_init_cut_short_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfile", full)
        with pytest.raises(OSError, match="no space"):
            made(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert not initialise(tmp_path, {}).existed


def test_defaults_come_from_the_installed_package_if_it_carries_them(tmp_path: Path) -> None:
    package = tmp_path / "site" / "fintech_factory"
    packed = package / "_defaults"
    for name in ("config/factory.yaml", "config/schemas/x.json", "sql/v.sql", "sql/.hidden"):
        (packed / name).parent.mkdir(parents=True, exist_ok=True)
        (packed / name).write_text("", encoding="utf-8")
    assert default_files(package) == {
        "config/factory.yaml": packed / "config/factory.yaml",
        "sql/v.sql": packed / "sql/v.sql",
    }


def test_a_package_without_defaults_says_so(tmp_path: Path) -> None:
    with pytest.raises(FactoryError, match="default settings"):
        default_files(tmp_path / "src" / "fintech_factory")


def test_a_right_workspace_has_no_problems(tmp_path: Path) -> None:
    assert check_workspace(small(tmp_path), {"factory.yaml": FactorySettings}) == []


def test_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    workspace = small(tmp_path)
    (workspace.config / "factory.yaml").write_text("- 1\n", encoding="utf-8")
    (workspace.config / "kpis.yaml").write_text("kpis: 5\nmore: 6\n", encoding="utf-8")
    assert checked(workspace, {"factory.yaml": FactorySettings, "kpis.yaml": Kpis}) == [
        "config/factory.yaml:1:1 the file must be a mapping of keys and values, not a list",
        "config/kpis.yaml:1:7 kpis must be a mapping of keys and values, not the number",
        "config/kpis.yaml:2:1 unknown key `more`",
    ]


def test_a_misnamed_file_and_the_one_it_should_be_name_each_other(tmp_path: Path) -> None:
    workspace = small(tmp_path)
    (workspace.config / "kpis").mkdir()
    (workspace.config / "kpis" / "kpi_definition.yml").write_text("kpis: {}\n", encoding="utf-8")
    models: Models = {"factory.yaml": FactorySettings, "kpis/kpi_definitions.yaml": Kpis}
    unknown, missing = check_workspace(workspace, models)
    assert unknown.path.endswith("kpis/kpi_definition.yml")
    assert unknown.hint == "did you mean `kpis/kpi_definitions.yaml`?"
    assert missing.message == "the settings file is missing"
    assert missing.hint == "is it `kpis/kpi_definition.yml`? then rename that"


def test_a_stranger_and_a_missing_file_without_likeness_say_what_to_do(tmp_path: Path) -> None:
    workspace = small(tmp_path)
    (workspace.config / "zzz.yaml").write_text("", encoding="utf-8")
    models: Models = {"factory.yaml": FactorySettings, "integrations/cascade.yaml": Kpis}
    hints = [problem.hint for problem in check_workspace(workspace, models)]
    assert "factory init" in hints[0]
    assert "delete it" in hints[1]


def test_a_deeper_check_speaks_of_places_in_the_file(tmp_path: Path) -> None:
    workspace = small(tmp_path)
    text = "kpis:\n  par_30: ok\n  par_90: drop table\n"
    (workspace.config / "kpis.yaml").write_text(text, encoding="utf-8")

    def expressions(file: LoadedFile[Kpis]) -> list[Problem]:
        kpis = file.value.kpis.items()
        return [file.problem(("kpis", name), "refused") for name, what in kpis if "drop" in what]

    entry = CheckedFile(Kpis, expressions)
    found = checked(workspace, {"factory.yaml": FactorySettings, "kpis.yaml": entry})
    assert found == ["config/kpis.yaml:3:11 refused"]
    (workspace.config / "kpis.yaml").write_text("kpi: {}\n", encoding="utf-8")
    found = checked(workspace, {"factory.yaml": FactorySettings, "kpis.yaml": entry})
    assert found == ["config/kpis.yaml:1:1 unknown key `kpi`"]


def test_schemas_and_hidden_files_are_no_settings(tmp_path: Path) -> None:
    workspace = small(tmp_path)
    (workspace.config / ".factory.yaml").write_text("x: 1", encoding="utf-8")
    workspace.schemas.mkdir()
    (workspace.schemas / "factory.schema.json").write_text("{}", encoding="utf-8")
    assert check_workspace(workspace, {"factory.yaml": FactorySettings}) == []
