"""A secret is named in a settings file, never written in it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fintech_factory.errors import UsageError
from fintech_factory.telemetry.secrets import remember

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
    from pydantic_core import CoreSchema

__all__ = ["Secret"]

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HINT = "write {env: NAME} or {file: PATH}; the value stays out of the settings"


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is: an environment variable or a file; exactly one of the two.

    It holds the place only, so that no repr, log, dump or traceback can show the value.
    A relative file path is looked up from the folder of the settings file that names it.
    """

    env: str | None = None
    file: Path | None = None

    def reveal(self, environment: Mapping[str, str] | None = None) -> str:
        """Read the value now; UsageError if the variable or file is absent or empty."""
        if self.env is not None:
            value = (os.environ if environment is None else environment).get(self.env, "")
            return _filled(value, f"the environment variable {self.env}", "set it and try again")
        if self.file is None:
            raise UsageError("a secret names neither a variable nor a file", hint=_HINT)
        try:
            value = self.file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise UsageError(
                f"the secret's file {self.file} cannot be read: {reason}",
                hint="create it, readable by this user only",
            ) from None
        return _filled(value, f"the secret's file {self.file}", "write the secret into it")

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: object, _handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        """Let settings models use it as a field's type."""
        from pydantic_core import core_schema

        return core_schema.with_info_plain_validator_function(
            _from_settings,
            serialization=core_schema.plain_serializer_function_ser_schema(_as_settings),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: "CoreSchema", _handler: "GetJsonSchemaHandler"
    ) -> dict[str, Any]:
        """Describe the two forms to editors."""
        return {
            "title": "Secret",
            "description": "Where the secret is; its value never stands in a settings file.",
            "oneOf": [
                _form("env", "Name of the environment variable.", pattern=f"^{_VARIABLE.pattern}$"),
                _form("file", "Path of the file.", minLength=1),
            ],
        }


def _filled(value: str, where: str, hint: str) -> str:
    if not value:
        raise UsageError(f"{where} is absent or empty", hint=hint)
    # Whatever becomes of it from here on, no log will hold it.
    remember(value)
    return value


def _form(key: str, description: str, **rules: object) -> dict[str, Any]:
    field = {"type": "string", "description": description, **rules}
    return {
        "type": "object",
        "properties": {key: field},
        "required": [key],
        "additionalProperties": False,
    }


def _from_settings(given: object, info: "ValidationInfo") -> Secret:
    from pydantic_core import PydanticCustomError

    # No message repeats what was given: it may be the secret itself.
    match given:
        case Secret():
            return given
        case {"env": str(name), **rest} if not rest and _VARIABLE.fullmatch(name):
            return Secret(env=name)
        case {"env": _, **rest} if not rest:
            message = "`env` must be the name of an environment variable"
        case {"file": str(name), **rest} if not rest and name:
            folder = (info.context or {}).get("folder", Path())
            return Secret(file=folder / Path(name).expanduser())
        case str():
            message = "a secret never stands in a settings file"
        case _:
            message = "a secret is named by exactly one of `env` and `file`"
    raise PydanticCustomError("secret", "{message}", {"message": message, "hint": _HINT})


def _as_settings(secret: Secret) -> dict[str, str]:
    return {"env": secret.env} if secret.env is not None else {"file": str(secret.file)}
