"""A fast check of JSON Schemas that have only common keywords, as nearly all do."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

_Type = Literal["array", "boolean", "integer", "null", "number", "object", "string"]
_Count = Annotated[int, Meta(ge=0)] | UnsetType
_Number = int | float | UnsetType
_Text = str | UnsetType


class _Schema(Struct, rename={"schema": "$schema"}, forbid_unknown_fields=True):
    """A schema of common keywords, each as JSON Schema 2020-12 has it or stricter."""

    type: _Type | UnsetType = UNSET
    properties: "dict[str, _Schema | bool] | UnsetType" = UNSET
    required: list[str] | UnsetType = UNSET
    items: "_Schema | bool | UnsetType" = UNSET
    additionalProperties: "_Schema | bool | UnsetType" = UNSET  # noqa: N815 - JSON Schema's name
    anyOf: "Annotated[list[_Schema | bool], Meta(min_length=1)] | UnsetType" = UNSET  # noqa: N815 - likewise
    enum: list[object] | UnsetType = UNSET
    default: object = UNSET
    description: _Text = UNSET
    title: _Text = UNSET
    format: _Text = UNSET
    schema: _Text = UNSET
    minimum: _Number = UNSET
    maximum: _Number = UNSET
    minLength: _Count = UNSET  # noqa: N815 - likewise
    maxLength: _Count = UNSET  # noqa: N815 - likewise
    minItems: _Count = UNSET  # noqa: N815 - likewise
    maxItems: _Count = UNSET  # noqa: N815 - likewise

    def __post_init__(self) -> None:
        """Refuse names that are required twice."""
        required = self.required
        if required and len(set(required)) < len(required):
            raise ValueError


def is_common(schema: object) -> bool:
    """Return whether a schema is valid and has only common keywords; others may be valid, too."""
    try:
        msgspec.convert(schema, _Schema)
    except (msgspec.ValidationError, RecursionError):
        return False
    return True
