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

from deepseek_cost.cli.line_setup import cache_folder, write_whole
from deepseek_cost.cli.prompt_line import in_words, setup_and_moment

_VERSION = 2
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
    from typing import Any, TypedDict

    FindRates = Callable[[str, float], "Rates"]
    # ID, model, seconds, then the counts of tokens and calls.
    Response = list[Any]

    class Entry(TypedDict):
        """What is known of a transcript.

        `today` has pairs of a response's key and cost, `unpriced` has keys of responses.
        """

        identity: list[int]
        read: int
        cost: int
        today: list[int]
        unpriced: list[int]
        last: Response | None


# Since, until, then the prices: hit, miss, output, search, fetch; times are seconds since 1970.
# A model without prices has none of these.
Rates = list[float]


class RatesMissingError(Exception):
    """The index has no prices for a model at a time: the price table is needed."""


def main() -> bool:
    """Print the line for Claude Code's input; return False if the command line must do it."""
    try:
        found = setup_and_moment()
        if found is None:
            return False
        setup, moment = found
        path = index_path(setup.index)
        index = Index(path, setup.currency, setup.mark, _missing)
        text = session_line(read_input(), time.time(), index)
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

    def __init__(self, path: str, currency: str, mark: str, find_rates: "FindRates") -> None:
        self.path = path
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
        unpriced: set[int] = set()
        whole = 0
        for path in files:
            entry = self._updated(path, midnight)
            if entry is None:
                continue
            last = entry["last"] and self._cost(entry["last"])
            whole += (entry["cost"] + (last or 0)) if path in session else 0
            seen.update(zip(entry["today"][::2], entry["today"][1::2], strict=True))
            unpriced.update(entry["unpriced"])
            if entry["last"] and last is None:
                unpriced.add(_key(entry["last"]))
            elif entry["last"] and entry["last"][2] >= midnight:
                seen[_key(entry["last"])] = last or 0
        self.unpriced = len(unpriced)
        if self._changed:
            self._files = {path: self._files[path] for path in files if path in self._files}
            self._save()
        return whole, sum(seen.values())

    def _updated(self, path: str, midnight: float) -> "Entry | None":
        """Read the new lines of a transcript; None if it is not a file."""
        status = _status(path)
        if status is None:
            return None
        identity = [status.st_dev, status.st_ino, int(midnight)]
        entry = self._files.get(path)
        if entry is None or entry["identity"] != identity or entry["read"] > status.st_size:
            entry = _new(identity)
        if entry["read"] != status.st_size:
            self._changed = True
            self._read(path, entry, midnight)
        self._files[path] = entry
        return entry

    def _read(self, path: str, entry: "Entry", midnight: float) -> None:
        known = {*entry["today"][::2], *entry["unpriced"]}
        with open(path, "rb") as file:
            file.seek(entry["read"])
            for line in iter(lambda: file.readline(_MAX_LINE), b""):
                if not line.endswith(b"\n") and len(line) < _MAX_LINE:
                    break  # the line is still being written
                entry["read"] = file.tell()
                if b'"usage"' in line and (response := response_of(line)) is not None:
                    self._add(entry, response, known, midnight)

    def _add(self, entry: "Entry", response: "Response", known: set[int], midnight: float) -> None:
        """Add a response; the previous one is final once another begins."""
        last = entry["last"]
        if last is not None:
            if last[0] == response[0] and _input(last) == _input(response):
                entry["last"] = [*response[:2], last[2], *response[3:]]
                return
            if (key := _key(last)) not in known:
                known.add(key)
                self._settle(entry, last, key, midnight)
        entry["last"] = None if _key(response) in known else response

    def _settle(self, entry: "Entry", last: "Response", key: int, midnight: float) -> None:
        """Add the cost of a response of which no more records come."""
        cost = self._cost(last)
        if cost is None:
            entry["unpriced"] = [*entry["unpriced"], key][-_MOST_KEYS:]
            return
        entry["cost"] += cost
        today = entry["today"]
        if last[2] >= midnight:
            today += [key, cost]
            if len(today) > 2 * _MOST_KEYS:
                today[:4] = [0, today[1] + today[3]]

    def _cost(self, last: "Response") -> int | None:
        """Return the cost of a response, None if its model has no price.

        Raises RatesMissingError if the index does not know.
        """
        model, seconds, counts = str(last[1]), last[2], [int(count) for count in last[3:]]
        known = self._rates.setdefault(model, [])
        rates = next((one for one in known if one[0] <= seconds < one[1]), None)
        if rates is None:
            rates = self._find_rates(model, seconds)
            known.append(rates)
            self._changed = True
        if not rates[2:]:
            return None
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
        """Write the index; if that fails, lines are just read again."""
        write_whole(self.path, {"mark": self._mark, "rates": self._rates, "files": self._files})


def response_of(line: bytes) -> "Response | None":
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


def index_path(name: str) -> str:
    """Return where the index of this name is."""
    return os.path.join(cache_folder(), f"sessions-{name}.json")


def _missing(model: str, seconds: float) -> Rates:
    raise RatesMissingError(model, seconds)


def _new(identity: list[int]) -> "Entry":
    """Return the entry of a transcript of which nothing was read yet."""
    return {
        "identity": identity,
        "read": 0,
        "cost": 0,
        "today": [],
        "unpriced": [],
        "last": None,
    }


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


def _input(response: "Response") -> tuple[object, ...]:
    return tuple(response[3:5])


def _key(response: "Response") -> int:
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
        and all(
            isinstance(entry, dict) and entry.keys() == _new([]).keys() for entry in files.values()
        )
    )
