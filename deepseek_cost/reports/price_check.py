"""The report of `dscost prices --check`: its fields, how they are filled, how they are shown."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal, cast

from msgspec import Meta, Struct

from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.render.page import (
    Page,
    page_of,
    words,
)
from deepseek_cost.reports.parts import (
    Json,
    Part,
    Report,
)
from deepseek_cost.text import unicode_name


class Difference(Part):
    """A value that differs; null if one of the tables has no such value."""

    entry: str
    bundled: str | None
    checked: str | None


class CheckReport(Report):
    """The output of `dscost prices --check --json` for a valid table."""

    command: Literal["prices --check"] = "prices --check"
    file: str
    compared: Annotated[
        bool,
        Meta(
            description="false: this is the bundled table itself, and no older copy of it is here"
        ),
    ] = True
    differences: tuple[Difference, ...]
    warnings: tuple[str, ...] = ()

    def page(self) -> Page:
        """Describe a valid price table, and each value that differs from the bundled one."""
        number = len(self.differences)
        if not self.compared:
            line = "the bundled table itself"
        elif number:
            line = (
                f"{number:,} value{'s differ' if number > 1 else ' differs'} from the bundled table"
            )
        else:
            line = "same as the bundled table"
        head = f"{self.file}: valid, {line}"
        lines = (f"{entry.entry}: {_difference(entry)}" for entry in self.differences)
        return page_of(head, words(lines), warnings=self.warnings)

    def records(self, document: Json) -> Iterable[Json]:
        """Return the values that differ."""
        return cast("Iterable[Json]", document["differences"])


def check_report(bundled: PriceBook | None, checked: PriceBook, name: str) -> CheckReport:
    """Report where two valid tables differ; `bundled` is None if there is nothing to compare."""
    old, new = dict(_leaves(bundled or checked)), dict(_leaves(checked))
    differ = (entry for entry in dict.fromkeys([*old, *new]) if old.get(entry) != new.get(entry))
    return CheckReport(
        file=unicode_name(name),
        compared=bundled is not None,
        differences=tuple(
            Difference(entry=entry, bundled=old.get(entry), checked=new.get(entry))
            for entry in differ
        ),
    )


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each value of a table with its path, in which entries are called by name."""
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


def _difference(entry: Difference) -> str:
    old, new = entry.bundled, entry.checked
    if old is None:
        return f"only here: {new}"
    return f"only in the bundled table: {old}" if new is None else f"{old} -> {new}"
