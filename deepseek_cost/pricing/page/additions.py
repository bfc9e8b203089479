"""What a price page has and the book lacks, as TOML to append to data/prices.toml."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from json import dumps
from typing import Final

from deepseek_cost.errors import UnknownModelError, UnpricedError
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.page.comparison import PEAK_RULES, Comparison, Key
from deepseek_cost.pricing.page.wording import FEATURES, RATES, Row
from deepseek_cost.pricing.schedule import Tier

# Not a valid time, so a price table with it is refused until somebody fills it in.
TO_FILL_IN: Final = "FILL IN"
_TIERS: Final = (Tier.FLAT, Tier.OFF_PEAK, Tier.PEAK)
_LIMITS: Final = (Row.CONTEXT, Row.OUTPUT, Row.CONCURRENCY)
_RATE_KEY: Final = 3


def additions(compared: Mapping[str, Comparison], book: PriceBook) -> str:
    """Return TOML for everything that differs on the pages, given by name; empty if nothing does.

    Two pages of the same day, such as an English and a Chinese one, give one period per model.
    """
    blocks = [
        *_periods(compared, book),
        *(block for name, found in compared.items() for block in _schedule(name, found)),
        *_fees(compared, book),
        *(block for name, found in compared.items() for block in _features(name, found)),
    ]
    edits = list(dict.fromkeys(line for found in compared.values() for line in _edits(found, book)))
    return "\n".join([*blocks, *([*edits, ""] if edits else [])])


def _head(
    kind: str, names: Mapping[str, str], since: datetime | None, at: datetime, pages: Sequence[str]
) -> list[str]:
    start = f"{since:%Y-%m-%dT%H:%M:%SZ}" if since else _string(TO_FILL_IN)
    remark = "" if since else "  # UTC, such as 2026-08-16T16:00:00Z: the page does not state it"
    precision = "instant" if since else TO_FILL_IN
    return [
        f"[[{kind}]]",
        *(f"{key} = {_string(value)}" for key, value in names.items()),
        f"since = {start}{remark}",
        f"since_latest = {since or at:%Y-%m-%dT%H:%M:%SZ}",
        f"precision = {_string(precision)}" + ("" if since else "  # instant, day or bracket"),
        'confidence = "medium"',
        f"checked = {at:%Y-%m-%d}",
        f"last_shown = {at:%Y-%m-%d}",
        f"source = [{', '.join(map(_string, pages))}]",
    ]


def _string(text: str) -> str:
    """Return a TOML string; TOML has the same escapes as JSON, except for DEL."""
    return dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


_Lists = dict[tuple[str, datetime | None], dict[str, dict[tuple[Currency, str], dict[str, str]]]]


def _periods(compared: Mapping[str, Comparison], book: PriceBook) -> Iterator[str]:
    lists: _Lists = {}
    for page, found in compared.items():
        for since, changed, facts in (
            (None, found.changed, found.facts),
            (found.announced_since, found.announced, found.coming),
        ):
            models = dict.fromkeys(k[0] for k in changed if len(k) >= _RATE_KEY and k[0] != "fee")
            for model in models:
                of_page = lists.setdefault((_billed_as(book, model, found.at), since), {})
                of_page[page] = _rates_of(model, facts, found.currency)
    for (bills, since), pages in lists.items():
        at = max(compared[page].at for page in pages)
        names = {"id": f"{bills}-{since or at:%Y-%m-%d}", "bills": bills}
        yield "\n".join([*_head("period", names, since, at, list(pages)), *_rate_lines(pages), ""])


def _billed_as(book: PriceBook, model: str, at: datetime) -> str:
    try:
        return book.find(model).service_at(at).billed_as
    except (UnknownModelError, UnpricedError):
        return model


def _rates_of(
    model: str, facts: Mapping[Key, str], currency: Currency
) -> dict[tuple[Currency, str], dict[str, str]]:
    """Return all rates of a model on a page, even unchanged ones: a period needs all of them."""
    found: dict[tuple[Currency, str], dict[str, str]] = {}
    for key, value in facts.items():
        if key[0] == model and len(key) >= _RATE_KEY:
            table = "list" if key[-1] == "list" else "rates"
            found.setdefault((currency, f"{table}.{currency}.{key[1]}"), {})[key[2]] = value
    return found


def _rate_lines(
    pages: Mapping[str, Mapping[tuple[Currency, str], Mapping[str, str]]],
) -> Iterator[str]:
    merged = {name: rates for lists in pages.values() for name, rates in lists.items()}
    for (_, name), rates in merged.items():
        cells = ", ".join(f"{kind.value} = {rates[kind]}" for kind in RATES if kind in rates)
        missing = [kind.value for kind in RATES if kind not in rates]
        remark = f"  # not on the page: {', '.join(missing)}" if missing else ""
        yield f"{name} = {{ {cells} }}{remark}"
    for currency in Currency:
        if not any(shown is currency for shown, _ in merged):
            yield f"# rates.{currency}: unknown until a page in this currency is verified, too"


def _schedule(page: str, found: Comparison) -> Iterator[str]:
    if found.peak is None:
        return
    windows, kind = found.peak
    weekdays, holidays = PEAK_RULES[kind]
    names = {"id": f"{kind.partition(', ')[2].replace(' ', '-')}-{found.at:%Y-%m-%d}"}
    yield "\n".join(
        [
            *_head("schedule", names, None, found.at, [page]),
            f"peak_windows = [{windows}]",
            f"peak_weekdays = {list(weekdays)}",
            f"holidays_are_off_peak = {str(holidays).lower()}",
            "",
        ]
    )


def _fees(compared: Mapping[str, Comparison], book: PriceBook) -> Iterator[str]:
    changed = [
        (key[1], page)
        for page, found in compared.items()
        for key in found.changed
        if key[0] == "fee"
    ]
    for fee, pairs in groupby(sorted(set(changed)), key=lambda pair: pair[0]):
        pages = [page for _, page in pairs]
        at = max(compared[page].at for page in pages)
        known = next((entry for entry in book.fees_at(at) if entry.id == fee), None)
        amounts: dict[tuple[str, Currency], str] = {}
        if known:
            for table, prices in (("price", known.price), ("list", known.list)):
                amounts |= {(table, currency): f"{price:f}" for currency, price in prices.items()}
        unit = known.unit if known else TO_FILL_IN
        for page in pages:
            found = compared[page]
            unit = found.facts.get(("fee", fee, "unit"), unit)
            for table in ("price", "list"):
                if value := found.facts.get(("fee", fee, table)):
                    amounts[table, found.currency] = value
        names = {"id": fee, "unit": unit}
        lines = (f"{table}.{currency} = {amount}" for (table, currency), amount in amounts.items())
        yield "\n".join([*_head("fee", names, None, at, pages), *lines, ""])


def _features(page: str, found: Comparison) -> Iterator[str]:
    rows = (Row.THINKING, *sorted(FEATURES))
    for model in dict.fromkeys(key[0] for key in found.changed if key[-1] in rows):
        head = _head("features", {}, None, found.at, [page])
        head.insert(1, f"models = [{_string(model)}]")
        shown = {row: found.facts[model, row] for row in rows if (model, row) in found.facts}
        yield "\n".join([*head, *(f"{row} = {_string(text)}" for row, text in shown.items()), ""])


def _edits(found: Comparison, book: PriceBook) -> Iterator[str]:
    """Yield the changes to existing entries, as comments."""
    known = {model.name for model in book.model}
    for name in found.models:
        if name not in known:
            yield f"# a new [[model]] {name}: add name, status, since, limits and service"
    for key, value in found.changed.items():
        match key:
            case (model, Row.VERSION):
                yield (
                    f"# in [[model]] {model}, add to service: "
                    f"{{ since = {_string(TO_FILL_IN)}, version = {_string(value)}, "
                    f"billed_as = {_string(_billed_as(book, model, found.at))}, "
                    f"template = {_string(TO_FILL_IN)}, precision = {_string(TO_FILL_IN)} }}"
                )
            case (model, row) if row in _LIMITS:
                yield f"# in [[model]] {model}: {row} = {value}"
            case ("endpoint", name):
                yield f"# in [endpoints]: {name} = {_string(value)}"
