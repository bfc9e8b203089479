"""The report of `dscost prices --check`: where a table differs from the bundled one."""

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from deepseek_cost.pricebook import PriceBook
from deepseek_cost.report.parts import Part
from deepseek_cost.terminal import unicode_name


class Difference(Part):
    """A value that differs; null where one of the tables has none."""

    entry: str
    bundled: str | None
    checked: str | None


class CheckReport(Part):
    """`dscost prices --check --json`: the table is valid."""

    schema_version: Literal["1"] = "1"
    command: Literal["prices --check"] = "prices --check"
    file: str
    differences: tuple[Difference, ...]
    warnings: tuple[str, ...] = ()


def check_report(bundled: PriceBook, checked: PriceBook, name: str) -> CheckReport:
    """Report where two valid tables differ, entry by entry."""
    old, new = dict(_leaves(bundled)), dict(_leaves(checked))
    differ = (entry for entry in dict.fromkeys([*old, *new]) if old.get(entry) != new.get(entry))
    return CheckReport(
        file=unicode_name(name),
        differences=tuple(
            Difference(entry=entry, bundled=old.get(entry), checked=new.get(entry))
            for entry in differ
        ),
    )


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each value of a table with the path to it; entries go by their own names."""
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _leaves(getattr(value, name), f"{path}.{name}".lstrip("."))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}")
    elif isinstance(value, tuple) and any(isinstance(inner, Struct) for inner in value):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{_label(inner, number)}]")
    elif value not in (None, "", ()):
        yield path, ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _label(entry: object, number: int) -> str:
    keys = ("id", "name", "year", "what", "version")
    found = (getattr(entry, key, None) for key in keys)
    return next((str(name) for name in found if name), str(number))
