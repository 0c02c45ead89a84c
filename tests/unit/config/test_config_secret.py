"""A secret is named in a settings file; its value is shown nowhere."""

import pickle
import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

from fintech_factory.config import LoadedFile, Secret, Settings, json_schema, load
from fintech_factory.errors import ConfigError, UsageError

VALUE = "hunter2-very-secret"


class Login(Settings):
    token: Secret


class Access(Settings):
    token: Secret | None = None
    login: Login | None = None
    name: str = ""
    seats: int = 0


def load_text(folder: Path, text: str) -> LoadedFile[Access]:
    path = folder / "access.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, Access)


def refused(folder: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_text(folder, text)
    return caught.value


def token(folder: Path, text: str) -> Secret:
    found = load_text(folder, text).value.token
    assert found is not None
    return found


def test_a_secret_is_read_from_the_environment_only_when_revealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = token(tmp_path, "token: {env: FF_TOKEN}")
    monkeypatch.setenv("FF_TOKEN", VALUE)
    assert secret.reveal() == VALUE
    assert secret.reveal({"FF_TOKEN": "another"}) == "another"


def test_a_secret_file_lies_beside_the_settings_file(tmp_path: Path) -> None:
    secret = token(tmp_path, "token: {file: keys/token}")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "token").write_text(f"{VALUE}\n", encoding="utf-8")
    assert secret.reveal() == VALUE


def test_a_secret_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FF_TOKEN", VALUE)
    file = load_text(tmp_path, "token: {env: FF_TOKEN}")
    file.value.token.reveal()  # type: ignore[union-attr]
    shown = [repr(file), str(file.value), f"{file.value.token}", file.value.model_dump_json()]
    assert all(VALUE not in each and "FF_TOKEN" in each for each in shown)
    assert VALUE.encode() not in pickle.dumps(file.value.token)
    assert file.value.model_dump() == {
        "token": {"env": "FF_TOKEN"}, "login": None, "name": "", "seats": 0
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        f"token: {VALUE}",
        f"login: {VALUE}",
        f"login: {{token: {VALUE}}}",
        f"token: {{value: {VALUE}}}",
        f"token: {{env: {VALUE}}}",
        f"token: [{VALUE}]",
        f"tokn: {VALUE}",
        f"token: {{env: A, file: {VALUE}}}",
        f"token: &{VALUE.replace('-', '')} x\nseats: {{a: {VALUE}}}",
    ],
)
def test_a_secret_written_out_is_refused_without_repeating_it(tmp_path: Path, text: str) -> None:
    error = refused(tmp_path, text)
    assert VALUE not in str(error)
    assert VALUE not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("given", [{"token": VALUE}, {"login": VALUE}, {"seats": VALUE}])
def test_a_model_used_without_a_file_does_not_repeat_what_it_was_given(
    given: dict[str, str],
) -> None:
    with pytest.raises(ValidationError) as caught:
        Access.model_validate(given)
    assert VALUE not in str(caught.value)


def test_a_plain_text_for_a_secret_says_what_to_write(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, f"name: x\ntoken: {VALUE}").problems
    assert (problem.line, problem.column) == (2, 8)
    assert problem.message == "token: a secret never stands in a settings file"
    assert "{env: NAME}" in problem.hint


@pytest.mark.parametrize("text", ["{env: A, file: b}", "{}", "{env: 5}", "{file: ''}", "7"])
def test_a_secret_names_exactly_one_place(tmp_path: Path, text: str) -> None:
    (problem,) = refused(tmp_path, f"token: {text}").problems
    named = "name of an environment variable" if text == "{env: 5}" else "exactly one of"
    assert named in problem.message


def test_an_absent_variable_or_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="FF_ABSENT is absent or empty") as caught:
        Secret(env="FF_ABSENT").reveal({})
    assert caught.value.hint
    with pytest.raises(UsageError, match="cannot be read"):
        Secret(file=tmp_path / "absent").reveal()
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    with pytest.raises(UsageError, match="absent or empty"):
        Secret(file=tmp_path / "empty").reveal()
    with pytest.raises(UsageError, match="neither"):
        Secret().reveal()


def test_editors_learn_the_two_forms_of_a_secret() -> None:
    forms = json_schema(Login)["properties"]["token"]["oneOf"]
    assert [form["required"] for form in forms] == [["env"], ["file"]]
