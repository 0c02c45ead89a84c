"""The base of every settings model: frozen, strict, no unknown keys."""

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from fintech_factory.config.yaml_types import admit_yaml

__all__ = ["Settings"]


class Settings(BaseModel):
    """What a settings file or a part of it holds.

    Types mean what they say: a quoted number is no number, `yes` is no boolean. YAML has no
    type for some of Python's, so ISO text becomes `date`, `time` or `datetime`, whole numbers
    become `Decimal` where one is asked for, text becomes a member of an enumeration, and
    lists become tuples or sets.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        hide_input_in_errors=True,
        protected_namespaces=(),
    )

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Keep pydantic strict, except for the types that YAML cannot write."""
        return admit_yaml(handler(source), handler.resolve_ref_schema)
