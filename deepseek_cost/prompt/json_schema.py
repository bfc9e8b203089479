"""JSON Schemas of tools and answers, as the API takes them and as it writes strict ones anew."""

from deepseek_cost.prompt.checks import RefusalError

__all__ = ["refuse_invalid", "strict_schema"]


def refuse_invalid(schema: object, place: str) -> None:
    """Refuse what is no JSON Schema."""
    if not isinstance(schema, dict | bool):
        raise RefusalError(f'{_shown(schema)} is not of types "boolean", "object"', place)


def strict_schema(schema: object, place: str) -> object:
    """Return a strict schema as the API writes it."""
    refuse_invalid(schema, place)
    return schema


def _shown(value: object) -> str:
    from json import dumps  # noqa: PLC0415 - for a refusal alone

    return dumps(value, ensure_ascii=False, separators=(",", ":"))
