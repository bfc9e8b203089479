"""The report of `dscost config`: its fields, how they are filled, how they are shown."""

from collections.abc import Iterable
from typing import Annotated, Literal, cast

from msgspec import Meta

from deepseek_cost.render.page import Page, grid, page_of, words
from deepseek_cost.reports.parts import Json, Part, Report


class SettingEntry(Part):
    """A setting; `place` is the variable, or the file and its key."""

    name: str
    value: bool | int | str | tuple[str, ...] | None
    default: Annotated[
        str | None, Meta(description="in words, where the value is null and that means something")
    ]
    source: Literal["default", "environment", "file"]
    place: str | None


class ConfigReport(Report):
    """The output of `dscost config --json`."""

    command: Literal["config"] = "config"
    settings: tuple[SettingEntry, ...]
    warnings: tuple[str, ...] = ()

    def page(self) -> Page:
        """Describe every setting, its value, and where it was set."""
        is_set = sum(entry.source != "default" for entry in self.settings)
        head = f"{len(self.settings)} settings, {is_set} set; the others have their defaults"
        table = grid("setting", "value", "from", left=3)
        for entry in self.settings:
            table.add_row(entry.name, _value(entry), entry.place or entry.source)
        how = (
            "A flag on the command line beats a variable such as DSCOST_MODEL, which beats "
            "dscost.toml and [tool.dscost] of pyproject.toml, the nearest to where you are first."
        )
        return page_of(head, table, words([how], is_quiet=True), warnings=self.warnings)

    def records(self, document: Json) -> Iterable[Json]:
        """Return the settings."""
        return cast("Iterable[Json]", document["settings"])


def _value(entry: SettingEntry) -> str:
    if entry.value is None:
        return f"({entry.default})" if entry.default else "-"
    if isinstance(entry.value, bool):
        return str(entry.value).lower()
    return ", ".join(entry.value) if isinstance(entry.value, tuple) else str(entry.value)
