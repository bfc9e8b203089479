"""What options are without their flags: a variable beats a file, and a file beats the default."""

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer
from typer._click.core import ParameterSource
from typer._click.globals import get_current_context
from typer._click.types import FloatRange, IntRange

from deepseek_cost.cli.options.groups import PREFIX
from deepseek_cost.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typer._click.core import Parameter

    from deepseek_cost.configfile import Setting

# Of these one rules the other out; what is given more expressly puts its opposite aside.
_OPPOSITES: Final = (("thinking", "effort"), ("output_tokens", "output_from"))
# What options of words call their value; others take amounts and shares, which TOML has, too.
OF_WORDS: Final = ("FILE", "GLOB", "NAME", "WHAT=NAME", "ZONE")
_STRENGTH: Final = (
    ParameterSource.DEFAULT,
    ParameterSource.DEFAULT_MAP,
    ParameterSource.ENVIRONMENT,
    ParameterSource.COMMANDLINE,
)


def name_of(option: "Parameter") -> str | None:
    """Return the name of a setting, such as cache-hit-ratio; None of an option that is none."""
    variable = option.envvar
    if not isinstance(variable, str) or not variable.startswith(PREFIX):
        return None
    return variable.removeprefix(PREFIX).lower().replace("_", "-")


def names() -> set[str]:
    """Return the names of the settings of all commands, without loading the commands."""
    from deepseek_cost.cli.options import answers, livecheck, logs, priced, read, sent, shown

    modules = (read, sent, answers, priced, shown, logs, livecheck)
    declared = (alias for module in modules for alias in vars(module).values())
    infos = (info for alias in declared for info in getattr(alias, "__metadata__", ()))
    return {name for info in infos if (name := name_of(info))}


def from_files() -> "Mapping[str, Setting]":
    """Return what the files above the current folder set.

    Raises ConfigError for a file that is none, or that sets what is no setting.
    """
    from deepseek_cost.configfile import find

    try:
        found = find(Path.cwd())
    except FileNotFoundError:  # a current folder that was removed
        return {}
    if found:
        known = names()
        for name, setting in found.items():
            if name not in known:
                raise ConfigError(f"{setting.place}: no such setting; {_nearest(name, known)}")
    return found


def fitted(option: "Parameter", setting: "Setting") -> object:
    """Return a file's value as the command line would give it, for Typer to read.

    Raises ConfigError where TOML has another type than the option takes.
    """
    value = setting.value
    if getattr(option, "multiple", False):
        items = value if isinstance(value, list) else [value]
        return [_one(option, item, setting) for item in items]
    return _one(option, value, setting)


class SettingsContext(typer.Context):
    """The context of a command; it looks into files for what neither flag nor variable gives.

    They are read when the first such option is asked for: --help and completion read none, nor does
    anything below --no-config.
    """

    @cached_property
    def _from_files(self) -> "Mapping[str, Setting]":
        return {} if self.find_root().params.get("_no_config") else from_files()

    def lookup_default(self, name: str, call: bool = True) -> Any:  # noqa: ANN401 - as Typer's
        """Return what a file sets; None if none does."""
        option = self.option(name)
        key = name_of(option)
        if key is None or self.resilient_parsing or key not in self._from_files:
            return None
        return fitted(option, self._from_files[key])

    def option(self, name: str) -> "Parameter":
        """Return an option or argument by its parameter's name."""
        return next(option for option in self.command.get_params(self) if option.name == name)

    def origin(self, name: str) -> str | None:
        """Return what gave an option: its flag, a variable, a place in a file; None: nothing."""
        option = self.option(name)
        match self.get_parameter_source(name):
            case ParameterSource.COMMANDLINE:
                return option.opts[0]
            case ParameterSource.ENVIRONMENT:
                return str(option.envvar)
            case ParameterSource.DEFAULT_MAP:
                return self._from_files[name_of(option) or ""].place
            case _:
                return None

    def settle(self) -> None:
        """Put aside what rules out something that is given more expressly."""
        for pair in _OPPOSITES:
            if not all(self._is_changed(name) for name in pair):
                continue
            weaker, stronger = sorted(pair, key=self._strength)
            if self._strength(weaker) < self._strength(stronger):
                self.params[weaker] = self.option(weaker).default

    def _is_changed(self, name: str) -> bool:
        return name in self.params and self.params[name] != self.option(name).default

    def _strength(self, name: str) -> int:
        return _STRENGTH.index(self.get_parameter_source(name) or ParameterSource.DEFAULT)


def given_by(name: str) -> str | None:
    """Return what gave an option of the command that runs: a flag, a variable, a file's place."""
    context = get_current_context(silent=True)
    return context.origin(name) if isinstance(context, SettingsContext) else None


def _one(option: "Parameter", value: object, setting: "Setting") -> object:
    words, types = _takes(option)
    if type(value) not in types:
        raise ConfigError(f"{setting.place}: write {words}")
    if "\0" in str(value):
        raise ConfigError(f"{setting.place}: has a NUL, which no name has")
    if option.metavar == "FILE":
        return os.path.normpath(setting.file.parent / str(value))
    return value if isinstance(value, bool) else str(value)


def _takes(option: "Parameter") -> tuple[str, tuple[type, ...]]:
    """Return what TOML must have for an option, in words and types; fractions come as text."""
    if getattr(option, "is_flag", False):
        return "true or false", (bool,)
    if isinstance(option.type, IntRange):
        return "a whole number", (int,)
    if isinstance(option.type, FloatRange):
        return "a number", (int, str)
    return "text, in quotes", (str,) if option.metavar in OF_WORDS else (str, int)


def _nearest(name: str, known: set[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else "dscost config lists them"
