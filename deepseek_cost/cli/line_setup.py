"""What settings mean for a status line or a prompt line, so that it need not load them.

Without settings, the bundled price table and the file of rates made with it are all that a line
needs. With settings, variables, options or a price table of the user's own, the command line has to
read them once. It keeps the outcome in the cache: currency, time zone, the mark of the price table,
and the rate's changes of the next days. The outcome holds as long as the same files and variables
are there; a test compares the lines printed with and without it.
"""

import os
import sys
from zlib import crc32

from deepseek_cost.pricing.own_files import config_folder

TYPE_CHECKING = False  # `typing` takes as long to load as Python itself
if TYPE_CHECKING:
    from collections.abc import Iterator

TIERS = "tiers.txt"
# How many days of changes of the rate are kept.
DAYS = 14
PACKAGE = os.path.dirname(os.path.dirname(__file__))
_PREFIX = "DSCOST_"
_MAX_BYTES = 200_000
_MAX_KEPT = 1_000_000
_MOST_KEPT = 64


class Setup:
    """What a line needs: texts, as they are kept in the cache.

    `zone` is empty for the machine's time zone, `index` is the name of the status line's index,
    and `tiers` has the form of the file of rates.
    """

    def __init__(self, currency: str, zone: str, mark: str, index: str, tiers: str) -> None:
        self.currency = currency
        self.zone = zone
        self.mark = mark
        self.index = index
        self.tiers = tiers


def setups() -> "Iterator[Setup]":
    """Yield what may be known about this command line: from the build, then from the cache.

    Raises OSError if the folder or a file in it cannot be read.
    """
    situation = _situation()
    if situation is None:
        return
    if not situation:
        tiers = _built(TIERS).decode()
        if " ".join(tiers.split(maxsplit=2)[:2]) == (mark := price_mark()):
            yield Setup("USD", "", mark, "usd", tiers)
    entry = _kept().get(situation)
    if isinstance(entry, dict) and _is_unchanged(entry.pop("table", None)):
        try:
            yield Setup(**entry)
        except TypeError:  # the cache of another version
            return


def keep(setup: Setup, table: str | None) -> None:
    """Keep what the command line found out, and which price table of the user's own it read."""
    try:
        situation = _situation()
        if situation is None:
            return
        mark = f"{os.path.abspath(table)}\0{_identity(table)}" if table else ""
        _save(situation, {**vars(setup), "table": mark})
    except OSError:
        return  # the next line takes the long way again


def cache_folder() -> str:
    """Return the user's cache folder as platformdirs does, without loading it on Linux."""
    home = os.environ.get("XDG_CACHE_HOME", "").strip() or os.path.expanduser("~/.cache")
    if sys.platform != "linux" or not os.path.isabs(home):
        from platformdirs import user_cache_dir

        return user_cache_dir("dscost")
    return os.path.join(home, "dscost")


def own_holidays() -> "list[str]":
    """Return the user's own list of holidays, if there is one."""
    path = os.path.join(config_folder(), "holidays.toml")
    return [path] if os.path.isfile(path) else []


def price_mark() -> str:
    """Return what identifies the bundled price table: its length and checksum."""
    table = _table()
    return f"{len(table)} {crc32(table)}"


def write_whole(path: str, data: object) -> None:
    """Write JSON to a file of the cache at once, so that several processes can do it.

    A pipe or a device in the file's place is left alone, and a failure changes nothing.
    """
    import json

    if os.path.exists(path) and not os.path.isfile(path):
        return
    own = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(own, "w", encoding="utf-8") as file:
            json.dump(data, file, separators=(",", ":"))
        os.replace(own, path)
    except OSError:
        remove(own)


def remove(path: str) -> bool:
    """Remove a file; return whether it was there."""
    try:
        os.remove(path)
    except OSError:
        return False
    return True


def _situation() -> str | None:
    """Return what the settings of this command line depend on; empty if there are none.

    None if it is not the command line of a status or prompt line.
    """
    match sys.argv[1:]:
        case ["statusline", *options]:
            pass
        case ["when", "--template", _]:
            options = []
        case _:
            return None
    variables = sorted(f"{n}={value}" for n, value in os.environ.items() if n.startswith(_PREFIX))
    files = [f"{path} {_identity(path)}" for path in _files()]
    if not (options or variables or files):
        return ""
    return "\0".join((sys.argv[1], *options, os.getcwd(), *variables, *files))


def _files() -> "Iterator[str]":
    """Yield the files with settings, and the user's own price table and holidays."""
    prices = os.path.join(config_folder(), "prices.toml")
    if os.path.isfile(prices):
        yield prices
    yield from own_holidays()
    folder, inner = os.getcwd(), ""
    while folder != inner:
        own, project = (os.path.join(folder, name) for name in ("dscost.toml", "pyproject.toml"))
        if os.path.isfile(own):
            yield own
        if os.path.isfile(project) and _names_us(project):
            yield project
        folder, inner = os.path.dirname(folder), folder


def _names_us(project: str) -> bool:
    with open(project, "rb") as file:
        data = file.read(_MAX_BYTES)
    return b"dscost" in data or len(data) == _MAX_BYTES


def _identity(path: str) -> str:
    """Return what changes whenever a file is written or replaced."""
    found = os.stat(path)
    return f"{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def _is_unchanged(table: object) -> bool:
    """Return whether a price table is still the one that was read."""
    path, _, identity = str(table).partition("\0")
    return not path or (os.path.isfile(path) and _identity(path) == identity)


def _kept_in() -> str:
    return os.path.join(cache_folder(), "lines.json")


def _kept() -> "dict[str, dict[str, str]]":
    import json

    path = _kept_in()
    if not os.path.isfile(path):  # a pipe could block forever
        return {}
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(_MAX_KEPT))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _save(situation: str, entry: "dict[str, str]") -> None:
    kept = _kept()
    kept.pop(situation, None)
    newest = [*kept.items()][1 - _MOST_KEPT :]
    write_whole(_kept_in(), dict([*newest, (situation, entry)]))


def _built(name: str) -> bytes:
    with open(os.path.join(PACKAGE, "data", name), "rb") as file:
        return file.read()


def _table() -> bytes:
    """Return the bundled price table, from the place where pricing.loader finds it."""
    try:
        return _built("prices.toml")
    except FileNotFoundError:
        with open(os.path.join(os.path.dirname(PACKAGE), "data", "prices.toml"), "rb") as file:
            return file.read()
