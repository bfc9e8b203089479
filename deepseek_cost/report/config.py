"""The report of `dscost config`: what is set, and where."""

from typing import Literal

from deepseek_cost.report.parts import Part, described


class SettingEntry(Part):
    """A setting; `place` is the variable, or the file with the key in it."""

    name: str
    value: bool | int | str | tuple[str, ...] | None
    default: str | None = described("in words, where the value is null and that means something")
    source: Literal["default", "environment", "file"]
    place: str | None


class ConfigReport(Part):
    """`dscost config --json`."""

    schema_version: Literal["1"] = "1"
    command: Literal["config"] = "config"
    settings: tuple[SettingEntry, ...]
    warnings: tuple[str, ...] = ()
