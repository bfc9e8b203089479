"""Files and variables that set options."""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Final, cast, get_args

from msgspec import Struct
from typer.core import TyperOption
from typer.models import OptionInfo

from deepseek_cost.cli.groups import PREFIX
from deepseek_cost.cli.help import HelpContext
from deepseek_cost.errors import ConfigError

# Each of a pair excludes the other; the one from the stronger source wins.
_OPPOSITES: Final = (("thinking", "effort"), ("output_tokens", "output_from"))
# The metavars of options that take words; others take numbers, for which TOML has types.
OF_WORDS: Final = ("FILE", "GLOB", "NAME", "WHAT=NAME", "ZONE")
# Where a value can come from, by Typer's names, the weakest first.
_SOURCES: Final = ("DEFAULT", "DEFAULT_MAP", "ENVIRONMENT", "COMMANDLINE")


def name_of(option: Any) -> str | None:  # noqa: ANN401 - Typer's parameters and declarations
    """Return the name of a setting, such as cache-hit-ratio; None if the option is not one."""
    variable = option.envvar
    if not isinstance(variable, str) or not variable.startswith(PREFIX):
        return None
    return variable.removeprefix(PREFIX).lower().replace("_", "-")


class Declaration(Struct, frozen=True):
    """A setting as declared: the type of its value, and the rest."""

    type: Any
    info: OptionInfo

    @property
    def types(self) -> tuple[Any, ...]:
        """The types that a single value can have."""
        return get_args(self.type) or (self.type,)


def declarations() -> dict[str, Declaration]:
    """Return the settings of all commands, by name, without loading the commands."""
    from deepseek_cost.cli import log_options, options, price_options

    each = chain.from_iterable(vars(one).values() for one in (options, price_options, log_options))
    aliases = [alias for alias in each if hasattr(alias, "__metadata__")]
    declared = (Declaration(alias.__origin__, alias.__metadata__[0]) for alias in aliases)
    return {name: one for one in declared if (name := name_of(one.info))}


def names() -> set[str]:
    """Return the names of the settings of all commands, without loading the commands."""
    return set(declarations())


def from_files() -> "Mapping[str, Setting]":
    """Return the settings in the files of the current folder and those above it.

    Raises ConfigError for an invalid file, or one that sets something that is not a setting.
    """
    try:
        found = find(Path.cwd())
    except FileNotFoundError:  # the current folder was removed
        return {}
    if found:
        known = names()
        for name, setting in found.items():
            if name not in known:
                raise ConfigError(f"{setting.place}: no such setting", tip=_nearest(name, known))
    return found


def fitted(option: TyperOption, setting: "Setting") -> object:
    """Return a file's value in the form of the command line, for Typer to parse.

    Raises ConfigError if the TOML type is not one that the option takes.
    """
    value = setting.value
    if getattr(option, "multiple", False):
        items = value if isinstance(value, list) else [value]
        return [_one(option, item, setting) for item in items]
    return _one(option, value, setting)


class SettingsContext(HelpContext):
    """The context of a command; options without a flag or a variable are looked up in files.

    Files are read at the first such option: --help and completion read none, nor does anything
    below --no-config.
    """

    @cached_property
    def _from_files(self) -> "Mapping[str, Setting]":
        return {} if self.find_root().params.get("_no_config") else from_files()

    def lookup_default(self, name: str, call: bool = True) -> Any:  # noqa: ANN401 - as Typer's
        """Return the value that a file sets; None if no file does."""
        option = self.option(name)
        key = name_of(option)
        if key is None or self.resilient_parsing or key not in self._from_files:
            return None
        return fitted(option, self._from_files[key])

    @cached_property
    def _options(self) -> "Mapping[str, TyperOption]":
        options = cast("list[TyperOption]", self.command.get_params(self))
        return {cast("str", option.name): option for option in options}

    def option(self, name: str) -> TyperOption:
        """Return an option or argument by the name of its parameter."""
        return self._options[name]

    def origin(self, name: str) -> str | None:
        """Return where an option was set: its flag, a variable, a place in a file, or None.

        It is also None for an option that the command does not have.
        """
        option = self._options.get(name)
        if option is None:
            return None
        match self._source(name):
            case "COMMANDLINE":
                return option.opts[0]
            case "ENVIRONMENT":
                return str(option.envvar)
            case "DEFAULT_MAP":
                return self._from_files[name_of(option) or ""].place
            case _:
                return None

    def settle(self) -> None:
        """Reset each option that conflicts with one set by a stronger source."""
        for pair in _OPPOSITES:
            if not all(self._is_changed(name) for name in pair):
                continue
            weaker, stronger = sorted(pair, key=self._strength)
            if self._strength(weaker) < self._strength(stronger):
                self.params[weaker] = self.option(weaker).default

    def _is_changed(self, name: str) -> bool:
        return name in self.params and self.params[name] != self.option(name).default

    def _strength(self, name: str) -> int:
        return _SOURCES.index(self._source(name))

    def _source(self, name: str) -> str:
        source = self.get_parameter_source(name)
        return source.name if source else "DEFAULT"


_running: ContextVar[SettingsContext | None] = ContextVar("_running", default=None)


@contextmanager
def running(context: SettingsContext) -> Iterator[None]:
    """Make this the running command for as long as its function runs."""
    token = _running.set(context)
    try:
        yield
    finally:
        _running.reset(token)


def running_context() -> SettingsContext | None:
    """Return the context of the running command; None if called from Python."""
    return _running.get()


def set_by_name(name: str) -> str | None:
    """Return where an option of the running command was set: a flag, a variable, a file's place."""
    context = running_context()
    return context.origin(name) if context else None


def _one(option: TyperOption, value: object, setting: "Setting") -> object:
    words, types = _accepts(option)
    if type(value) not in types:
        raise ConfigError(f"{setting.place}: write {words}")
    if "\0" in str(value):
        raise ConfigError(f"{setting.place}: has a NUL, which no name has")
    if option.metavar == "FILE":
        return os.path.normpath(setting.file.parent / str(value))
    return value if isinstance(value, bool) else str(value)


def _accepts(option: TyperOption) -> tuple[str, tuple[type, ...]]:
    """Return what TOML must have for an option, in words and types; fractions are text."""
    if getattr(option, "is_flag", False):
        return "true or false", (bool,)
    types = declarations()[name_of(option) or ""].types
    if int in types:
        return "a whole number", (int,)
    if float in types:
        return "a number", (int, str)
    return "text, in quotes", (str,) if option.metavar in OF_WORDS else (str, int)


def _nearest(name: str, known: set[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else "dscost config lists them"


# If a folder has both, the first one takes precedence. The keys lead to the table of settings.
FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "dscost.toml": (),
    "pyproject.toml": ("tool", "dscost"),
}
_NAME: Final = b"dscost"
_MAX_BYTES: Final = 200_000
# The parser takes a long time for a key with thousands of parts.
_MAX_LINE: Final = 5_000


class Setting(Struct, frozen=True):
    """A value from TOML (fractions as written), with its file and key."""

    value: object
    file: Path
    key: str

    @property
    def place(self) -> str:
        """Where it is set, with the file relative to the current folder."""
        return f"{os.path.relpath(self.file)}:{self.key}"


def find(folder: Path) -> dict[str, Setting]:
    """Return the settings in the files of a folder and those above it; per key, the nearest wins.

    Raises ConfigError for invalid TOML.
    """
    found: dict[str, Setting] = {}
    for file, keys in _files(folder):
        for name, value in _table(file, keys).items():
            found.setdefault(name, Setting(value, file, ".".join((*keys, name))))
    return found


def _files(folder: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    for place in (folder, *folder.parents):
        for name, keys in FILES.items():
            file = place / name
            try:
                if stat.S_ISREG(file.stat().st_mode):
                    yield file, keys
            except (OSError, ValueError):  # no such file, or no permission
                continue


def _table(file: Path, keys: tuple[str, ...]) -> Mapping[str, object]:
    data = _read(file)
    if keys and _NAME not in data:  # true of most projects' files: not worth parsing
        return {}
    table: object = _parsed(data, file)
    for number, key in enumerate(keys, 1):
        table = table.get(key, {}) if isinstance(table, dict) else table
        if not isinstance(table, dict):
            raise ConfigError(
                f"{_shown(file)}: {'.'.join(keys[:number])} is not a table of settings"
            )
    return table if isinstance(table, dict) else {}


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{_shown(file)}: {error.strerror}") from error


def _parsed(data: bytes, file: Path) -> dict[str, object]:
    import tomllib

    if len(data) > _MAX_BYTES:
        raise ConfigError(
            f"{_shown(file)}: larger than {_MAX_BYTES:,} bytes", tip="use a dscost.toml"
        )
    if any(len(line) > _MAX_LINE for line in data.splitlines()):
        raise ConfigError(f"{_shown(file)}: a line is longer than {_MAX_LINE:,} bytes")
    try:
        return tomllib.loads(data.decode("utf-8-sig"), parse_float=str)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{_shown(file)}: not UTF-8 at byte {error.start}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{_shown(file)}: not valid TOML: {error}") from error


def _shown(file: Path) -> str:
    return os.path.relpath(file)
