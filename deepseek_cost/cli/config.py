"""dscost config."""

import os
from typing import TYPE_CHECKING, Literal

from deepseek_cost.cli.options import shown
from deepseek_cost.cli.output import write

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from deepseek_cost.cli.catalogue import Listed
    from deepseek_cost.report.config import SettingEntry


def config(as_json: shown.AsJson = False, plain: shown.Plain = False) -> None:
    """Show every setting, its value, and where it was set.

    A setting is an option that stays the same from run to run. A variable gives it, DSCOST_MODEL
    for --model, or a file: dscost.toml, or [tool.dscost] of pyproject.toml, the nearest first.
    """
    from deepseek_cost.cli.catalogue import settings
    from deepseek_cost.report.config import ConfigReport

    listed = settings()
    unknown = tuple(_unknown({str(one.option.envvar) for one in listed}))
    report = ConfigReport(settings=tuple(map(_entry, listed)), warnings=unknown)
    write(report, as_json=as_json, plain=plain)


def _entry(listed: "Listed") -> "SettingEntry":
    """Report a setting as the command line would read it; raises ConfigError where it cannot."""
    from deepseek_cost.cli.command import read_setting
    from deepseek_cost.report.config import SettingEntry

    value = read_setting(listed.context, listed.option)
    place = listed.context.origin(listed.option.name or "")
    source: Literal["default", "environment", "file"] = "default"
    if place is not None:
        source = "environment" if place == listed.option.envvar else "file"
    told = getattr(listed.option, "show_default", None)
    return SettingEntry(
        name=listed.name,
        value=_plain(value),
        default=told if isinstance(told, str) else None,
        source=source,
        place=place,
    )


def _plain(value: object) -> bool | int | str | tuple[str, ...] | None:
    if isinstance(value, (tuple, list)):
        return tuple(map(str, value)) or None
    return value if value is None or isinstance(value, (bool, int)) else str(value)


def _unknown(known: "Collection[str]") -> "Iterator[str]":
    """Yield what is wrong with variables that look like settings and are none."""
    from difflib import get_close_matches

    from deepseek_cost.cli.options.groups import PREFIX

    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            near = get_close_matches(name, known, n=1)
            yield f"{name} is no setting{f'; did you mean {near[0]}?' if near else ''}"
