"""The usage export of DeepSeek's platform: what it charged, not a log of responses.

A ZIP of two CSV files, or just these files. `amount` has tokens and requests by day, model and key,
with a row for each price; `cost` has money by day, model and wallet. Until July 2026, days were
UTC dates; since then, they are times with the browser's UTC offset. The console's own JSON has
the same counts by hour, without prices.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Final

from msgspec import Struct

from deepseek_cost.billing.formats.api import items
from deepseek_cost.billing.formats.base import Costless, Fault, Unreadable
from deepseek_cost.billing.formats.log import Form, Log
from deepseek_cost.billing.formats.values import as_object, at, count, name

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

MEMBER: Final = re.compile(r"(?:^|/)(?:amount|cost)-[^/]*\.csv$", re.IGNORECASE)
_OF_A_MAC: Final = "__MACOSX/"
_MOST_MEMBERS: Final = 100
_MAX_MEMBER: Final = 64_000_000
_LONGEST: Final = timedelta(days=400)
_MOST_PLACES: Final = 24
_MOST: Final = 10**15


class Kind(StrEnum):
    """What a row of usage counts. Any other kinds keep the name they have."""

    REQUESTS = "request_count"
    HITS = "input_cache_hit_tokens"
    MISSES = "input_cache_miss_tokens"
    OUTPUT = "output_tokens"


_IN_CONSOLE: Final = {
    "REQUEST": Kind.REQUESTS,
    "PROMPT_CACHE_HIT_TOKEN": Kind.HITS,
    "PROMPT_CACHE_MISS_TOKEN": Kind.MISSES,
    "RESPONSE_TOKEN": Kind.OUTPUT,
}


class Span(Struct, frozen=True, order=True):
    """The time of a row, with an exclusive end, in the export's time zone."""

    start: datetime
    end: datetime


class Usage(Struct, frozen=True):
    """An amount of one kind used with a model and a key. `price` is per unit, or None."""

    span: Span
    model: str
    key: str | None
    kind: str
    price: Decimal | None
    amount: int


class Charge(Struct, frozen=True):
    """A model's cost in a wallet. `wallet` is None if the export does not name wallets."""

    span: Span
    model: str
    key: str | None
    wallet: str | None
    cost: Decimal
    currency: str


Row = Usage | Charge | Fault


def read(log: Log) -> Iterator[Row]:
    """Yield the rows of an export, and a Fault for anything that is not a row."""
    if log.form is Form.ZIP:
        yield from _from_archive(log)
        return
    for number, value in log.values():
        if isinstance(value, Fault):
            yield value
        elif not isinstance(value, Costless):
            yield from _rows(log, number, as_object(value))


def _rows(log: Log, number: int, value: Mapping[str, object]) -> Iterator[Row]:
    try:
        if "data" in value:
            yield from _of_console(as_object(at(value, "data.biz_data")))
        elif "wallet_type" in value or "cost" in value:
            yield _charge(value)
        else:
            yield _usage(value)
    except Unreadable as error:
        yield log.fault(number, error.reason)


def _from_archive(log: Log) -> Iterator[Row]:
    import zipfile  # noqa: PLC0415 - few logs are archives

    try:
        with closing(log.seekable()) as file, zipfile.ZipFile(file) as archive:
            infos = [info for info in archive.infolist() if is_member(info.filename)]
            if len(infos) > _MOST_MEMBERS:
                yield log.fault(1, f"more than {_MOST_MEMBERS} members")
                return
            for info in infos:
                yield from _of_member(log, archive, info)
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError) as error:
        yield log.fault(1, f"the archive cannot be read: {error}")


def is_member(filename: str) -> bool:
    """Return whether a file in an archive is part of an export."""
    return bool(MEMBER.search(filename)) and _OF_A_MAC not in filename


def _of_member(log: Log, archive: "ZipFile", info: "ZipInfo") -> Iterator[Row]:
    with archive.open(info) as packed:
        data = packed.read(_MAX_MEMBER + 1)
    if len(data) > _MAX_MEMBER:
        yield log.fault(1, f"a member of over {_MAX_MEMBER:,} bytes")
        return

    def open_file() -> BinaryIO:
        return BytesIO(data)

    yield from read(Log(f"{log.name}/{info.filename}", open_file, zone=log.zone))


def _usage(row: Mapping[str, object]) -> Usage:
    kind = name(row.get("type"))
    if kind is None:
        raise Unreadable("no type in it")
    price = row.get("price")
    return Usage(
        span=_span(row),
        model=_model(row),
        key=name(row.get("api_key_name")),
        kind=kind.strip().lower(),
        price=None if price in (None, "") else _number(price, "price"),
        amount=_amount(row.get("amount")),
    )


def _charge(row: Mapping[str, object]) -> Charge:
    currency = name(row.get("currency"))
    if currency is None:
        raise Unreadable("no currency in it")
    return Charge(
        span=_span(row),
        model=_model(row),
        key=None,
        wallet=name(row.get("wallet_type")),
        cost=abs(_number(row.get("cost"), "cost")),  # negative in some older exports
        currency=currency.strip().upper(),
    )


def _model(row: Mapping[str, object]) -> str:
    model = name(row.get("model"))
    if model is None:
        raise Unreadable("no model in it")
    return model.strip()


def _span(row: Mapping[str, object]) -> Span:
    day = row.get("utc_date")
    if day:
        start = _date(str(day).strip())
        return Span(start, start + timedelta(days=1))
    start, end = (_time(row.get(key)) for key in ("start_time_iso", "end_time_iso"))
    return _checked(Span(start, end))


def _date(text: str) -> datetime:
    """Return the start of a UTC day, written 20260725 or 2026-07-25."""
    try:
        return datetime.fromisoformat(text[:10]).replace(tzinfo=UTC)
    except ValueError:
        raise Unreadable("its utc_date is not a date") from None


def _time(value: object) -> datetime:
    try:
        found = datetime.fromisoformat(str(value).strip()[:40])
    except ValueError:
        raise Unreadable("its start or end is not a time") from None
    if found.tzinfo is None:
        raise Unreadable("its start or end has no time zone")
    return found


def _checked(span: Span) -> Span:
    if not timedelta() < span.end - span.start <= _LONGEST:
        raise Unreadable("its end is not after its start, or is over a year later")
    return span


def _number(value: object, what: str) -> Decimal:
    try:
        found = Decimal(str(value).strip()[:60])
    except InvalidOperation:
        raise Unreadable(f"its {what} is not a number") from None
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int) or not -_MOST_PLACES <= exponent <= 0 or abs(found) > _MOST:
        raise Unreadable(f"its {what} is not an amount of money")
    return found


def _amount(value: object) -> int:
    text = str(value).strip()
    whole, _, rest = text.partition(".")
    if not whole.isdecimal() or rest.strip("0") or len(whole) > len(str(_MOST)):
        raise Unreadable("its amount is not a whole number")
    return int(whole)


def _of_console(data: Mapping[str, object]) -> Iterator[Row]:
    """Yield the hours in the console's JSON: counts in one response, costs in another."""
    seconds = count(data.get("bucket")) or 0
    for series in items(data.get("series")):
        for bucket in items(at(series, "buckets")):
            for kind, amount in as_object(at(bucket, "usage")).items():
                yield Usage(
                    span=_bucket(bucket, seconds),
                    model=_model(as_object(series)),
                    key=name(at(series, "api_key.name")),
                    kind=_IN_CONSOLE.get(kind, kind.lower()),
                    price=None,
                    amount=_amount(amount),
                )
    for part in items(data.get("data")):
        currency = name(at(part, "currency"))
        for series in items(at(part, "series")):
            for bucket in items(at(series, "buckets")):
                yield Charge(
                    span=_bucket(bucket, seconds),
                    model=_model(as_object(series)),
                    key=name(at(series, "api_key.name")),
                    wallet=None,
                    cost=abs(_number(at(bucket, "cost"), "cost")),
                    currency=(currency or "").upper(),
                )


def _bucket(bucket: object, seconds: int) -> Span:
    start = count(at(bucket, "time"))
    if not start or not seconds:
        raise Unreadable("a bucket without its time or length")
    begin = datetime.fromtimestamp(start, UTC)
    return _checked(Span(begin, begin + timedelta(seconds=seconds)))
