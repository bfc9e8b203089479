"""The line without the command line's libraries, where nothing can make it another.

That is: no setting, no price table of one's own, and an instant that the file of tiers tells. In
all other cases, errors too, the command line itself answers; a test holds both against each other.
"""

import os
import sys
from datetime import UTC, datetime
from zlib import crc32

from deepseek_cost.errors import UsageError
from deepseek_cost.statusline import filled
from deepseek_cost.statusline.table import NAME, read

_PACKAGE = os.path.dirname(os.path.dirname(__file__))
_PREFIX = "DSCOST_"
_MAX_BYTES = 200_000


def line(template: str, now: datetime | None = None) -> str | None:
    """Return the line at an instant (default now); None where the command line must answer."""
    try:
        if _is_set_otherwise():
            return None
        tiers, table = _bundled(NAME).decode(), _bundled("prices.toml")
        if tiers.split(maxsplit=2)[:2] != [str(len(table)), str(crc32(table))]:
            return None
        at = (now or datetime.now(UTC)).replace(microsecond=0).astimezone()
        moment = read(tiers, at)
        return None if moment is None else filled(template, moment) + "\n"
    except (OSError, ValueError, UsageError):
        return None


def _bundled(name: str) -> bytes:
    packaged = os.path.join(_PACKAGE, name)
    checkout = os.path.join(os.path.dirname(_PACKAGE), "data", name)
    with open(packaged if os.path.isfile(packaged) else checkout, "rb") as file:
        return file.read()


def _is_set_otherwise() -> bool:
    by_variable = any(name.startswith(_PREFIX) for name in os.environ)
    own_prices = os.path.join(config_folder(), "prices.toml")
    return by_variable or os.path.exists(own_prices) or _has_config()


def config_folder() -> str:
    """Return where platformdirs has the user's configuration, without loading it on Linux."""
    home = os.environ.get("XDG_CONFIG_HOME", "").strip() or os.path.expanduser("~/.config")
    if sys.platform != "linux" or not os.path.isabs(home):
        from platformdirs import user_config_dir  # noqa: PLC0415 - it takes as long as the rest

        return user_config_dir("dscost")
    return os.path.join(home, "dscost")


def _has_config() -> bool:
    """Tell whether a file above the current folder may hold settings."""
    folder = os.getcwd()
    while True:
        if os.path.exists(os.path.join(folder, "dscost.toml")):
            return True
        project = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(project) and _names_us(project):
            return True
        if folder == os.path.dirname(folder):
            return False
        folder = os.path.dirname(folder)


def _names_us(project: str) -> bool:
    with open(project, "rb") as file:
        data = file.read(_MAX_BYTES)
    return b"dscost" in data or len(data) == _MAX_BYTES
