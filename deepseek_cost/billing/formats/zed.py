"""Zed: a database of compressed threads, with the usage of each prompt's last request.

If a thread's sum is more than these, the requests in between are known only from that sum. The
only times are when the thread began and when it was last changed.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.formats.base import Found, Records, Response, Unreadable
from deepseek_cost.billing.formats.lenient_json import unpacked_json
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.provider import label_of_host
from deepseek_cost.billing.formats.values import as_object, at, count, name

_AGENT: Final = "zed"
_THREADS: Final = "SELECT * FROM threads ORDER BY rowid"


def read(log: Log) -> Records:
    """Yield the sums of each thread."""
    import sqlite3  # noqa: PLC0415 - few logs are databases

    number = 0
    try:
        with log.connected() as database:
            database.row_factory = sqlite3.Row
            for number, row in enumerate(database.execute(_THREADS), 1):
                try:
                    yield from _records(log, number, dict(row))
                except Unreadable as error:
                    yield log.fault(number, error.reason)
    except sqlite3.Error as error:
        yield log.fault(number + 1, f"the database cannot be read: {error}")


def _thread(kind: object, data: object) -> Mapping[str, object]:
    if not isinstance(data, bytes | str):
        raise Unreadable("a thread without data")
    raw = data.encode() if isinstance(data, str) else data
    value = as_object(
        unpacked_json(raw) if kind == "zstd" else as_object(raw.decode(errors="replace"))
    )
    if not value:
        raise Unreadable("its data is not JSON, packed or plain")
    return value


def _records(log: Log, number: int, row: Mapping[str, object]) -> Iterator[Found]:
    thread = _thread(row.get("data_type"), row.get("data"))
    model = name(at(thread, "model.model"))
    start, end = log.seconds(row.get("created_at")), log.seconds(row.get("updated_at"))
    usages = _usages(thread)
    if usages and model is None:
        yield log.fault(number, "no model in the thread")
    elif usages and start is None:
        yield log.fault(number, "only the time of the thread's last change is in it")
    elif usages and model is not None:
        for prompt, (hit, miss, output) in usages.items():
            yield Response(
                line=log.line(number),
                model=model,
                hit=hit,
                miss=miss,
                output=output,
                identity=f"zed {row.get('id')} {prompt}",
                provider=label_of_host(name(at(thread, "model.provider"))),
                start=start,
                end=end,
                exact_time=False,
                session=name(row.get("id")),
                agent=_AGENT,
            )


def _usages(thread: Mapping[str, object]) -> dict[str, tuple[int, int, int]]:
    """Return hits, misses and output by prompt, or for the thread if prompts don't add up to it."""
    whole = _counts(thread.get("cumulative_token_usage"))
    prompts = as_object(thread.get("request_token_usage"))
    found = {prompt: _counts(usage) for prompt, usage in prompts.items()}
    if not any(whole) or tuple(map(sum, zip(*found.values(), strict=True))) == whole:
        return found
    return {"": whole}


def _counts(value: object) -> tuple[int, int, int]:
    read, missed, written, output = (
        count(as_object(value).get(f"{key}_tokens")) or 0
        for key in ("cache_read_input", "input", "cache_creation_input", "output")
    )
    return read, missed + written, output
