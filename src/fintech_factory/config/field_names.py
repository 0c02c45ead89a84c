"""Finds which keys a settings model knows at a place in the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fintech_factory.config.tree import Key

__all__ = ["known_fields"]


def known_fields(model: type[BaseModel], loc: Sequence[Key]) -> dict[str, FieldInfo]:
    """Give the fields, by the key that the file uses, of the model(s) at a pydantic `loc`."""
    places = [_Place(model)]
    for step in loc:
        places = [after for place in places for after in place.down(step)]
    fields: dict[str, FieldInfo] = {}
    for place in places:
        fields |= _fields(place.annotation)
    return fields


@dataclass(frozen=True, slots=True)
class _Place:
    annotation: Any

    def down(self, step: Key) -> list["_Place"]:
        members = [_Place(each) for each in _members(self.annotation)]
        inner = [each for place in members for each in place.inner(step)]
        if inner:
            return inner
        # Pydantic names the chosen member of a union in its loc; that is no key of the file.
        tagged = [place for place in members if _is_tagged(place.annotation, step)]
        return tagged or members

    def inner(self, step: Key) -> list["_Place"]:
        if isinstance(step, str) and (field := _fields(self.annotation).get(step)):
            return [_Place(field.annotation)]
        origin, arguments = get_origin(self.annotation), get_args(self.annotation)
        if not isinstance(origin, type):
            return []
        if isinstance(step, int) and not issubclass(origin, Mapping):
            return [_Place(each) for each in arguments if each is not Ellipsis]
        if isinstance(step, str) and issubclass(origin, Mapping):
            return [_Place(arguments[1])]
        return []


def _members(annotation: Any) -> list[Any]:  # noqa: ANN401 - a type as written
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        return [member for each in get_args(annotation) for member in _members(each)]
    return [annotation]


def _fields(annotation: Any) -> dict[str, FieldInfo]:  # noqa: ANN401 - a type as written
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return {}
    return {field.alias or name: field for name, field in annotation.model_fields.items()}


def _is_tagged(annotation: Any, label: Key) -> bool:  # noqa: ANN401 - a type as written
    return any(
        label in get_args(field.annotation)
        for field in _fields(annotation).values()
        if get_origin(field.annotation) is Literal
    )
