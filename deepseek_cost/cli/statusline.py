"""The status line of a coding session: its cost so far, today's total, and the next rate change.

Claude Code asks for it after every step, so nothing heavy is loaded and only new lines of
transcripts are read. An index in the cache stores how far each transcript was read, and the prices
from the price table. It is checked, rebuilt if it does not match, and written as a whole, so
several processes can write it at once: if one update is lost, lines are read again.
"""

import json
import os
import stat
import sys
import time
from datetime import datetime

from deepseek_cost.cli.prompt_line import _is_set_otherwise, in_words, moment_at, price_mark

_VERSION = 1
# Prices are whole billionths of a currency unit, per million tokens or per thousand calls.
SCALE = 10**9
_TOKENS, _CALLS = 10**6, 10**3
_MAX_LINE = 16_000_000
_MAX_INPUT = 1_000_000
_MAX_INDEX = 20_000_000
# The number of today's responses per file that are distinguished from those in other files.
_MOST_KEYS = 20_000
_ANTHROPIC_ID = 24  # the length of its shortest IDs; those of others can begin alike

TYPE_CHECKING = False  # `typing` takes as long to load as Python itself
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    FindRates = Callable[[str, float], "Rates | None"]

# Since, until, then the prices: hit, miss, output, search, fetch; times are seconds since 1970.
Rates = list[float]
Entry = dict[str, object]


class RatesMissingError(Exception):
    """The index has no prices for a model at a time: the price table is needed."""


def main() -> bool:
    """Print the line for Claude Code's input; return False if the command line must do it."""
    if _is_set_otherwise():
        return False
    try:
        index = Index(cache_folder(), "USD", price_mark(), _missing)
        text = session_line(read_input(), time.time(), index)
        moment = moment_at()
        if moment is None:
            return False
        sys.stdout.write(f"{text} · {in_words(moment)}\n")
        sys.stdout.flush()
    except (RatesMissingError, OSError, ValueError):
        return False
    return True


def session_line(text: str, now: float, index: "Index") -> str:
    """Return the cost of the session and of today; raises ValueError for an invalid status."""
    try:
        status = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    transcript = status.get("transcript_path") if isinstance(status, dict) else None
    if not isinstance(transcript, str) or not transcript:
        raise ValueError("no transcript_path in it")
    midnight = time.mktime((*time.localtime(now)[:3], 0, 0, 0, 0, 0, -1))
    session, today = index.costs(transcript, midnight)
    sign = "$" if index.currency == "USD" else "¥"
    missing = f" ({index.unpriced} not priced)" if index.unpriced else ""
    return f"{sign}{_shown(session)} session · {sign}{_shown(today)} today{missing}"


_held: list[str] = []


def read_input() -> str:
    """Return standard input; later calls return the same text."""
    if not _held:
        data = b"" if sys.stdin is None else sys.stdin.buffer.read(_MAX_INPUT)
        _held.append(data.decode(errors="replace"))
    return _held[0]


class Index:
    """A file of what was read from transcripts so far; costs are in units of 1 / SCALE."""

    def __init__(self, folder: str, currency: str, mark: str, find_rates: "FindRates") -> None:
        self.path = os.path.join(folder, f"sessions-{currency.lower()}.json")
        self.currency = currency
        self.unpriced = 0
        self._mark = f"{_VERSION} {mark}"
        self._find_rates = find_rates
        found = self._load()
        self._rates: dict[str, list[Rates]] = found["rates"]
        self._files: dict[str, Entry] = found["files"]
        self._changed = False

    def costs(self, transcript: str, midnight: float) -> tuple[int, int]:
        """Return the cost of a session, and of all sessions since a time; save the index."""
        session = set(_of_session(transcript))
        files = sorted(session | set(_changed_since(transcript, midnight)))
        seen: dict[int, int] = {}
        whole = 0
        for path in files:
            entry = self._updated(path, midnight)
            if entry is None:
                continue
            last = self._cost(entry["last"])
            whole += (int(str(entry["cost"])) + last) if path in session else 0
            pairs = entry["today"]
            if isinstance(pairs, list):
                seen.update(zip(pairs[::2], pairs[1::2], strict=True))
            if isinstance(entry["last"], list) and entry["last"][2] >= midnight:
                seen[_key(entry["last"])] = last
        if self._changed:
            self._files = {path: self._files[path] for path in files if path in self._files}
            self._save()
        return whole, sum(seen.values())

    def _updated(self, path: str, midnight: float) -> Entry | None:
        """Read the new lines of a transcript; None if it is not a file."""
        status = _status(path)
        if status is None:
            return None
        identity = [status.st_dev, status.st_ino, int(midnight)]
        entry = self._files.get(path)
        if entry is None or entry.get("is") != identity or int(str(entry["read"])) > status.st_size:
            entry = {"is": identity, "read": 0, "cost": 0, "today": [], "last": None}
        if entry["read"] != status.st_size:
            self._changed = True
            self._read(path, entry, midnight)
        self._files[path] = entry
        return entry

    def _read(self, path: str, entry: Entry, midnight: float) -> None:
        known = set(entry["today"][::2]) if isinstance(entry["today"], list) else set()
        with open(path, "rb") as file:
            file.seek(int(str(entry["read"])))
            for line in iter(lambda: file.readline(_MAX_LINE), b""):
                if not line.endswith(b"\n") and len(line) < _MAX_LINE:
                    break  # the line is still being written
                entry["read"] = file.tell()
                if b'"usage"' in line and (response := response_of(line)) is not None:
                    self._add(entry, response, known, midnight)

    def _add(
        self, entry: Entry, response: list[object], known: set[object], midnight: float
    ) -> None:
        """Add a response; the previous one is final once another begins."""
        last = entry["last"]
        if isinstance(last, list):
            if last[0] == response[0] and _input(last) == _input(response):
                entry["last"] = [*response[:2], last[2], *response[3:]]
                return
            key, cost = _key(last), self._cost(last)
            if key not in known:
                entry["cost"] = int(str(entry["cost"])) + cost
                known.add(key)
                today = entry["today"]
                if last[2] >= midnight and isinstance(today, list):
                    today += [key, cost]
                    if len(today) > 2 * _MOST_KEYS:
                        today[:4] = [0, today[1] + today[3]]
        entry["last"] = None if _key(response) in known else response

    def _cost(self, last: object) -> int:
        """Return the cost of a response; raises RatesMissingError if the index has no prices."""
        if not isinstance(last, list):
            return 0
        _, model, seconds, *counts = last
        known = self._rates.setdefault(model, [])
        rates = next((one for one in known if one[0] <= seconds < one[1]), None)
        if rates is None:
            rates = self._find_rates(model, seconds)
            if rates is None:
                self.unpriced += 1
                return 0
            known.append(rates)
            self._changed = True
        units = (_TOKENS, _TOKENS, _TOKENS, _CALLS, _CALLS)
        return sum(
            int(rate) * count // unit
            for rate, count, unit in zip(rates[2:], counts, units, strict=True)
        )

    def _load(self) -> dict:  # type: ignore[type-arg] # JSON, checked below
        if _status(self.path) is None:  # a pipe could block forever
            return {"rates": {}, "files": {}}
        try:
            with open(self.path, "rb") as file:
                found = json.loads(file.read(_MAX_INDEX))
            if found["mark"] == self._mark and _is_index(found):
                return found  # type: ignore[no-any-return]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            pass
        return {"rates": {}, "files": {}}

    def _save(self) -> None:
        """Write the index; if that fails, lines are just read again.

        A pipe or a device in the file's place is left alone.
        """
        if os.path.exists(self.path) and _status(self.path) is None:
            return
        data = {"mark": self._mark, "rates": self._rates, "files": self._files}
        own = f"{self.path}.{os.getpid()}"
        try:
            os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
            with open(own, "w", encoding="utf-8") as file:
                json.dump(data, file, separators=(",", ":"))
            os.replace(own, self.path)
        except OSError:
            remove(own)


def response_of(line: bytes) -> list[object] | None:
    """Return the DeepSeek response in a line: ID, model, seconds, and its counts; else None.

    The counts are cache hits, cache misses, output, searches and fetches.
    """
    try:
        found = json.loads(line)
        message = found["message"]
        usage, model, identity = message["usage"], message["model"], message["id"]
        seconds = datetime.fromisoformat(found["timestamp"]).timestamp()
        tools = usage.get("server_tool_use") or {}
        counts = [
            _count(usage, "cache_read_input_tokens"),
            _count(usage, "input_tokens") + _count(usage, "cache_creation_input_tokens"),
            _count(usage, "output_tokens"),
            _count(tools, "web_search_requests"),
            _count(tools, "web_fetch_requests"),
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if found.get("type") != "assistant" or not any(counts) or not isinstance(model, str):
        return None
    if _is_anthropics(str(identity), str(found.get("requestId")), model):
        return None
    return [str(identity), model, seconds, *counts]


def cache_folder() -> str:
    """Return the user's cache folder as platformdirs does, without loading it on Linux."""
    home = os.environ.get("XDG_CACHE_HOME", "").strip() or os.path.expanduser("~/.cache")
    if sys.platform != "linux" or not os.path.isabs(home):
        from platformdirs import user_cache_dir

        return user_cache_dir("dscost")
    return os.path.join(home, "dscost")


def remove(path: str) -> bool:
    """Remove a file; return whether it was there."""
    try:
        os.remove(path)
    except OSError:
        return False
    return True


def _missing(model: str, seconds: float) -> Rates | None:
    raise RatesMissingError(model, seconds)


def _is_anthropics(identity: str, request: str, model: str) -> bool:
    if not (identity.startswith("msg_") and request.startswith("req_")):
        return False
    are_long = min(len(identity), len(request)) >= _ANTHROPIC_ID
    return are_long or "deepseek" not in model.lower()


def _count(usage: dict[str, object], name: str) -> int:
    value = usage.get(name) or 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 40:
        raise ValueError(name)
    return value


def _input(response: list[object]) -> tuple[object, ...]:
    return tuple(response[3:5])


def _key(response: list[object]) -> int:
    from zlib import crc32

    return crc32(f"{response[0]} {response[3]} {response[4]}".encode(errors="replace"))


def _shown(cost: int) -> str:
    """Format a cost with as many decimals as a status line needs."""
    digits = 2 if cost >= SCALE else 4
    return f"{cost / SCALE:.{digits}f}"


def _status(path: str) -> os.stat_result | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _of_session(transcript: str) -> "Iterator[str]":
    """Yield a session's transcript and those of its sub-agents."""
    yield transcript
    folder = os.path.join(os.path.splitext(transcript)[0], "subagents")
    yield from _below(folder, 0)


def _changed_since(transcript: str, midnight: float) -> "Iterator[str]":
    """Yield the transcripts of all projects changed since midnight, with their sub-agents'."""
    projects = os.path.dirname(os.path.dirname(transcript))
    try:
        folders = [entry.path for entry in os.scandir(projects) if entry.is_dir()]
    except OSError:
        return
    for folder in folders:
        for path in _below(folder, midnight):
            yield from _of_session(path)


def _below(folder: str, since: float) -> "Iterator[str]":
    try:
        for entry in os.scandir(folder):
            if entry.name.endswith(".jsonl") and entry.stat().st_mtime >= since:
                yield entry.path
    except OSError:
        return


def _is_index(found: dict[str, object]) -> bool:
    files, rates = found["files"], found["rates"]
    return (
        isinstance(files, dict)
        and isinstance(rates, dict)
        and all(isinstance(entry, dict) and len(entry) == 5 for entry in files.values())  # noqa: PLR2004
    )
