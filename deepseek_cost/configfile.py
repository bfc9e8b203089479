"""The settings in files: dscost.toml, and [tool.dscost] of pyproject.toml; the nearest first."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from deepseek_cost.errors import ConfigError

# In a folder that has both, the first one's settings come first. The keys lead to the settings.
FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "dscost.toml": (),
    "pyproject.toml": ("tool", "dscost"),
}
_NAME: Final = b"dscost"
_MAX_BYTES: Final = 200_000
# A key of thousands of parts takes the parser long.
_MAX_LINE: Final = 5_000


class Setting(NamedTuple):
    """A value as TOML has it (fractions as they are written), with its file and key there."""

    value: object
    file: Path
    key: str

    @property
    def place(self) -> str:
        """Where it is set, the file as seen from the current folder."""
        return f"{os.path.relpath(self.file)}:{self.key}"


def find(folder: Path) -> dict[str, Setting]:
    """Return what the files of a folder and of those above it set; the nearest wins, key by key.

    Raises ConfigError for what is no TOML.
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
            except (OSError, ValueError):  # there is none, or the folder may not be looked into
                continue


def _table(file: Path, keys: tuple[str, ...]) -> Mapping[str, object]:
    data = _read(file)
    if keys and _NAME not in data:  # most projects' files: not worth a parser
        return {}
    table: object = _parsed(data, file)
    for number, key in enumerate(keys, 1):
        table = table.get(key, {}) if isinstance(table, dict) else table
        if not isinstance(table, dict):
            raise ConfigError(f"{_shown(file)}: {'.'.join(keys[:number])} is no table of settings")
    return table if isinstance(table, dict) else {}


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{_shown(file)}: {error.strerror}") from error


def _parsed(data: bytes, file: Path) -> dict[str, object]:
    import tomllib  # noqa: PLC0415 - for those who have such a file

    if len(data) > _MAX_BYTES:
        raise ConfigError(f"{_shown(file)}: larger than {_MAX_BYTES:,} bytes; use a dscost.toml")
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
