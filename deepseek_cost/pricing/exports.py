"""DeepSeek's prices in the formats of other tools, and what each format cannot express.

Prices are in US dollars, as in all of these tools.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from deepseek_cost.errors import UnpricedError
from deepseek_cost.pricing.book import Price, PriceBook, chapters
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import Rates, stamp
from deepseek_cost.pricing.provenance import in_force
from deepseek_cost.pricing.schedule import BEIJING, Schedule, Tier

Json = dict[str, Any]

_MILLION: Final = Decimal(1_000_000)
_WEEKDAYS: Final = (1, 2, 3, 4, 5, 6, 7)
_YEAR: Final = timedelta(days=365)
_MIDNIGHT: Final = "00:00"


class Tool(StrEnum):
    """A tool whose prices can be overridden."""

    LITELLM = "litellm"
    LANGFUSE = "langfuse"
    AIDER = "aider"
    OPENCODE = "opencode"
    GENAI_PRICES = "genai-prices"


class Export(Struct, frozen=True):
    """The JSON data that a tool reads, and comments on where the tool will be wrong."""

    document: Any
    comments: tuple[str, ...]


def export(book: PriceBook, tool: Tool, at: datetime, tier: Tier = Tier.PEAK) -> Export:
    """Return the prices for a tool at a given time; `tier` is the rate for single-rate tools.

    Raises UnpricedError if no price is known at that time, or if a tool with daily hours cannot
    express the schedule.
    """
    prices = [price for price in book.at(at, Currency.USD) if price.model.is_accepted(at)]
    if not prices:
        raise UnpricedError(f"no USD price is known at {stamp(at)}", tip="give a later time")
    return _MAKERS[tool](book, prices, at, tier)


def write(exported: Export, tool: Tool) -> str:
    """Return the text of an export file, with its comments if the tool accepts them."""
    import json  # noqa: PLC0415 - only for exports

    text = json.dumps(exported.document, indent=2, ensure_ascii=False)
    if tool in (Tool.AIDER, Tool.OPENCODE):  # read as JSON with comments
        head = "".join(f"// {comment}\n" for comment in exported.comments)
        return f"{head}{text}\n"
    return f"{text}\n"


def _rates(price: Price, tier: Tier) -> Rates:
    tiers = price.period.rates[Currency.USD]
    return tiers[Tier.FLAT if Tier.FLAT in tiers else tier]


def _per_token(amount: Decimal) -> float:
    return float(amount / _MILLION)


def _is_tiered(prices: Iterable[Price]) -> bool:
    return any(Tier.PEAK in price.period.rates[Currency.USD] for price in prices)


def _litellm(book: PriceBook, prices: Sequence[Price], at: datetime, _tier: Tier) -> Export:
    comments = [
        *_checked(book, prices),
        "for litellm.register_model; one price list is kept: litellm prices old requests with it",
        "litellm prices a request at the time at which it works out the cost",
        *_holidays_off(book, prices, at),
    ]
    note = "; ".join(comments)
    document: Json = {}
    for price in prices:
        entry = _litellm_entry(price, Tier.PEAK)
        if Tier.PEAK in price.period.rates[Currency.USD]:
            off_peak = _litellm_rates(_rates(price, Tier.OFF_PEAK))
            off_peak.pop("input_cost_per_token_cache_hit")
            entry["off_peak_pricing"] = off_peak | {"windows": _off_peak_windows(book, at)}
        entry["metadata"] = {"notes": note}
        document[f"deepseek/{price.model.name}"] = entry
        document[price.model.name] = entry
    return Export(document, tuple(comments))


def _litellm_entry(price: Price, tier: Tier) -> Json:
    model = price.model
    return {
        "litellm_provider": "deepseek",
        "mode": "chat",
        "max_tokens": model.max_output_tokens,
        "max_input_tokens": model.context_tokens,
        "max_output_tokens": model.max_output_tokens,
        **_litellm_rates(_rates(price, tier)),
        "supports_prompt_caching": True,
        "source": price.period.source[0],
    }


def _litellm_rates(rates: Rates) -> Json:
    return {
        "input_cost_per_token": _per_token(rates.cache_miss),
        "output_cost_per_token": _per_token(rates.output),
        "cache_read_input_token_cost": _per_token(rates.cache_hit),
        "input_cost_per_token_cache_hit": _per_token(rates.cache_hit),
    }


def _aider(book: PriceBook, prices: Sequence[Price], at: datetime, tier: Tier) -> Export:
    comments = (
        *_checked(book, prices),
        "for .aider.model.metadata.json",
        *_one_rate(book, prices, at, tier, "aider"),
        (
            "where aider works the cost out itself (streamed responses), it charges all input tokens at "  # noqa: E501
            "the cache-miss price and cache hits once more at their own: too much by the hits"
        ),
    )
    return Export({f"deepseek/{p.model.name}": _litellm_entry(p, tier) for p in prices}, comments)


def _opencode(book: PriceBook, prices: Sequence[Price], at: datetime, tier: Tier) -> Export:
    comments = (
        *_checked(book, prices),
        "for opencode.json; cost is in USD per 1,000,000 tokens",
        *_one_rate(book, prices, at, tier, "opencode"),
    )
    models = {}
    for price in prices:
        rates = _rates(price, tier)
        models[price.model.name] = {
            "cost": {
                "input": float(rates.cache_miss),
                "output": float(rates.output),
                "cache_read": float(rates.cache_hit),
            },
            "limit": {
                "context": price.model.context_tokens,
                "output": price.model.max_output_tokens,
            },
        }
    config = {
        "$schema": "https://opencode.ai/config.json",
        "provider": {"deepseek": {"models": models}},
    }
    return Export(config, comments)


def _langfuse(book: PriceBook, prices: Sequence[Price], at: datetime, tier: Tier) -> Export:
    comments = (
        *_checked(book, prices),
        (
            "a list of bodies for POST /api/public/models, with the start of each price list; "
            "report cache hits as input_cached_tokens, and input without them"
        ),
        *_one_rate(book, prices, at, tier, "Langfuse"),
    )
    bodies = [body for price in prices for body in _langfuse_bodies(book, price, at, tier)]
    return Export(bodies, comments)


def _langfuse_bodies(book: PriceBook, price: Price, at: datetime, tier: Tier) -> Iterator[Json]:
    for chapter in chapters(book, price.model):
        tiers = chapter.period.rates.get(Currency.USD)
        if tiers is None or chapter.since > at:
            continue
        rates = tiers[Tier.FLAT if Tier.FLAT in tiers else tier]
        yield {
            "modelName": price.model.name,
            "matchPattern": f"(?i)^(deepseek/)?{price.model.name.replace('.', '[.]')}$",
            "startDate": f"{chapter.since:%Y-%m-%dT%H:%M:%SZ}",
            "unit": "TOKENS",
            "pricingTiers": [
                {
                    "name": "Standard",
                    "isDefault": True,
                    "priority": 0,
                    "conditions": [],
                    "prices": {
                        "input": _per_token(rates.cache_miss),
                        "input_cached_tokens": _per_token(rates.cache_hit),
                        "output": _per_token(rates.output),
                    },
                }
            ],
        }


def _genai_prices(book: PriceBook, prices: Sequence[Price], at: datetime, _tier: Tier) -> Export:
    comments = [
        *_checked(book, prices),
        (
            "a provider array, as genai-prices' UpdatePrices fetches it; one price list is kept: a "
            "price with hours cannot have a start date, too"
        ),
    ]
    if _is_tiered(prices):
        schedule = _schedule(book, at)
        days = len(_WEEKDAYS) - len(schedule.peak_weekdays)
        if days:
            comments.append(
                f"no weekdays: in peak hours of the {days} other days of a week it charges the "
                f"peak rate, twice the price (up to +100%)"
            )
        comments += _holidays_off(book, prices, at)
    models = [_genai_model(book, price, at, comments) for price in prices]
    provider = {
        "id": "deepseek",
        "name": "DeepSeek",
        "api_pattern": r"https://api\.deepseek\.com",
        "pricing_urls": [book.page],
        "price_comments": "; ".join(comments),
        "model_match": {"contains": "deepseek"},
        "models": models,
    }
    return Export([provider], tuple(comments))


def _genai_model(book: PriceBook, price: Price, at: datetime, comments: Sequence[str]) -> Json:
    tiers = price.period.rates[Currency.USD]
    listed: list[Json] = [{"prices": _mtok(_rates(price, Tier.OFF_PEAK))}]
    if Tier.PEAK in tiers:
        for begin, end in _utc_windows(_schedule(book, at)):
            hours = {"start_time": f"{begin}:00Z", "end_time": f"{end}:00Z"}
            listed.append({"constraint": hours, "prices": _mtok(tiers[Tier.PEAK])})
    return {
        "id": price.model.name,
        "match": {"equals": price.model.name},
        "context_window": price.model.context_tokens,
        "price_comments": "; ".join(comments),
        "prices": listed,
    }


def _mtok(rates: Rates) -> Json:
    return {
        "input_mtok": float(rates.cache_miss),
        "cache_read_mtok": float(rates.cache_hit),
        "output_mtok": float(rates.output),
    }


_MAKERS: Final[Mapping[Tool, Callable[[PriceBook, Sequence[Price], datetime, Tier], Export]]] = {
    Tool.LITELLM: _litellm,
    Tool.LANGFUSE: _langfuse,
    Tool.AIDER: _aider,
    Tool.OPENCODE: _opencode,
    Tool.GENAI_PRICES: _genai_prices,
}


def _checked(book: PriceBook, prices: Sequence[Price]) -> Iterator[str]:
    yield f"DeepSeek's prices in USD, checked {book.checked}; written by dscost prices export"
    ends = [price.period_until for price in prices if price.period_until]
    if ends:
        yield f"the next change is at {stamp(min(ends))}"


def _schedule(book: PriceBook, at: datetime) -> Schedule:
    schedule = in_force(book.schedule, at)
    if schedule is None:
        raise UnpricedError(f"no schedule says when peak hours are at {stamp(at)}")
    return schedule


def _utc_windows(schedule: Schedule) -> list[tuple[str, str]]:
    """Return the peak windows in UTC; raises UnpricedError if one begins the day before."""
    windows = []
    for window in schedule.peak_windows:
        moved = [datetime.combine(datetime(2026, 1, 2), edge, BEIJING) for edge in window]  # noqa: DTZ001 - combined with a zone
        begin, end = (edge.astimezone(UTC) for edge in moved)
        if begin.date() != end.date() or begin.day != moved[0].day:
            raise UnpricedError(f"peak hours from {window[0]} in Beijing are of two days in UTC")
        windows.append((f"{begin:%H:%M}", f"{end:%H:%M}"))
    return windows


def _off_peak_windows(book: PriceBook, at: datetime) -> list[Json]:
    """Return the off-peak hours of days with peak hours, and all hours of the other days."""
    schedule = _schedule(book, at)
    edges = [_MIDNIGHT, *(edge for window in _utc_windows(schedule) for edge in window), _MIDNIGHT]
    between = [f"{begin}-{end}" for begin, end in zip(edges[::2], edges[1::2], strict=True)]
    hours = [span for span in between if span != f"{_MIDNIGHT}-{_MIDNIGHT}"]
    rules: list[Json] = [{"hours_utc": hours, "weekdays": list(schedule.peak_weekdays)}]
    others = [day for day in _WEEKDAYS if day not in schedule.peak_weekdays]
    if others:
        rules.append({"hours_utc": f"{_MIDNIGHT}-{_MIDNIGHT}", "weekdays": others})
    return rules


def _holidays_off(book: PriceBook, prices: Sequence[Price], at: datetime) -> Iterator[str]:
    """Yield comments on the holidays on which a tool without holidays charges peak rates."""
    schedule = in_force(book.schedule, at)
    if schedule is None or not schedule.holidays_are_off_peak or not _is_tiered(prices):
        return
    first, last = (day.astimezone(BEIJING).date() for day in (at, at + _YEAR))
    known = sorted(
        day
        for holidays in book.holidays
        for days in holidays.days_off.values()
        for day in days
        if first <= day <= last and day.isoweekday() in schedule.peak_weekdays
    )
    listed = ", ".join(map(str, known)) or "none is known yet"
    yield (
        f"no holidays: in peak hours of these days it charges the peak rate, twice the price "
        f"(up to +100%): {listed}"
    )
    maybe = [
        day for holidays in book.holidays for day in holidays.uncertain if first <= day <= last
    ]
    if maybe:
        yield f"and perhaps on {len(maybe)} days more, until China's notice for the year is out"


def _one_rate(
    book: PriceBook, prices: Sequence[Price], at: datetime, tier: Tier, tool: str
) -> Iterator[str]:
    """Yield how far off a single rate is if spending is spread evenly over the week after `at`."""
    if not _is_tiered(prices):
        return
    hours = [at + timedelta(hours=hour) for hour in range(24 * 7)]
    peaks = sum(book.calendar.tier_at(hour) is Tier.PEAK for hour in hours)
    mean = (Decimal(peaks) * 2 + (len(hours) - peaks)) / len(hours)
    charged = 2 if tier is Tier.PEAK else 1
    off = (charged / mean - 1) * 100
    wrong, at_others = ("off-peak", "+100%") if tier is Tier.PEAK else ("peak", "-50%")
    yield (
        f"{tool} has one rate: this is the {tier.label} rate; at {wrong} hours it is off by "
        f"{at_others}, and by {off:+.0f}% for spending spread evenly over a week "
        f"({peaks} of {len(hours)} hours are peak)"
    )
