"""Price tables of other tools: what each charges for a model over time, and how wrong it is.

A table is read as data; no code of the tool is run.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from deepseek_cost.errors import InputError
from deepseek_cost.pricing.book import PriceBook, chapters
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.schedule import BEIJING, Tier

_MAX_BYTES: Final = 200_000_000
_MILLION: Final = Decimal(1_000_000)
_PLACES: Final = Decimal("1e-12")
_KINDS: Final = ("cache_hit", "cache_miss", "output")
_FRIDAY: Final = 5
_HOUR: Final = timedelta(hours=1)
_HOURS_SAMPLED: Final = 24 * 40


class Tool(StrEnum):
    """A tool whose price table can be compared."""

    LITELLM = "litellm"
    GENAI_PRICES = "genai-prices"
    MODEL_PRICES = "model-prices"
    TOKENCOST = "tokencost"
    CCUSAGE = "ccusage"
    MODELS_DEV = "models.dev"


class Charged(Struct, frozen=True):
    """Prices per 1,000,000 tokens in another table; None if it has no such price."""

    cache_hit: Decimal | None
    cache_miss: Decimal | None
    output: Decimal | None


Charges = Callable[[datetime], Charged | None]
# By the names that the API has.
OtherTable = Mapping[str, Charges]


class Cell(Struct, frozen=True):
    """One price of a model at one time, in both tables; `theirs` is None if theirs has none."""

    model: str
    at: datetime
    when: str
    kind: str
    ours: Decimal
    theirs: Decimal | None

    @property
    def is_same(self) -> bool:
        """Whether the other table charges what DeepSeek did."""
        return self.theirs == self.ours

    @property
    def off_percent(self) -> Decimal | None:
        """How many percent the other price is too high; negative if it is too low."""
        if self.theirs is None or not self.ours:
            return None
        return ((self.theirs / self.ours - 1) * 100).quantize(Decimal("0.1"))


def compare(book: PriceBook, table: OtherTable, until: datetime) -> Iterator[Cell]:
    """Yield every price of the models in a table, at each rate of each list up to a time."""
    for model in book.model:
        charges = table.get(model.name)
        if charges is None:
            continue
        for at, when in _samples(book, model.name, until):
            rates = book.price(model.name, at, Currency.USD).rates
            theirs = charges(at)
            for kind in _KINDS:
                found = getattr(theirs, kind) if theirs else None
                yield Cell(model.name, at, when, kind, getattr(rates, kind), found)


def missing_models(book: PriceBook, table: OtherTable, until: datetime) -> list[str]:
    """Return the models accepted at a given time that are missing from a table."""
    return [m.name for m in book.model if m.is_accepted(until) and m.name not in table]


def _samples(book: PriceBook, name: str, until: datetime) -> Iterator[tuple[datetime, str]]:
    """Yield a time and a description for each kind of hour in each of a model's price lists."""
    model = book.find(name)
    starts = [chapter for chapter in chapters(book, model) if chapter.since <= until]
    for chapter in starts:
        first = _next_hour(chapter.since)
        seen: set[str] = set()
        for hour in range(_HOURS_SAMPLED):
            at = first + hour * _HOUR
            if at > until or _list_of(book, name, at) != chapter.period.id:
                break
            when = _kind_of_hour(book, at)
            if when not in seen:
                seen.add(when)
                yield at, f"{chapter.since:%Y-%m-%d}, {when}"


def _next_hour(at: datetime) -> datetime:
    whole = at.replace(minute=0, second=0, microsecond=0)
    return whole if whole == at else whole + _HOUR


def _list_of(book: PriceBook, name: str, at: datetime) -> str | None:
    model = book.find(name)
    return book.price(name, at, Currency.USD).period.id if model.is_accepted(at) else None


def _kind_of_hour(book: PriceBook, at: datetime) -> str:
    """Name an hour by its rate, or an off-peak hour by the kind of day that makes it off-peak."""
    calendar = book.calendar
    tier = calendar.tier_at(at)
    local = at.astimezone(BEIJING)
    if tier is Tier.PEAK and local.isoweekday() > _FRIDAY:
        return "peak, weekend"
    if tier is not Tier.OFF_PEAK:
        return tier.label
    windows = book.schedule[-1].peak_windows
    if not any(begin <= local.time() < end for begin, end in windows):
        return tier.label
    return "off-peak, holiday" if calendar.holiday(local.date()) else "off-peak, weekend"


# --- reading --------------------------------------------------------------------------------------

_FILES: Final = {
    Tool.LITELLM: ("litellm", "model_prices_and_context_window_backup.json"),
    Tool.GENAI_PRICES: ("genai_prices", "data.py"),
    Tool.MODEL_PRICES: ("model_prices", "snapshot.json"),
    Tool.TOKENCOST: ("tokencost", "model_prices.json"),
}


def find_table(tool: Tool) -> Path:
    """Return the table of a Python package that is installed here, without importing it.

    Raises InputError if it is not installed, or its table is elsewhere.
    """
    if tool not in _FILES:
        raise InputError(f"{tool}: not a Python package", tip="give the file of its prices")
    package, name = _FILES[tool]
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / name).is_file():
            return path
    raise InputError(f"{tool} is not installed here", tip=f"give the file {name} of its package")


def read_table(tool: Tool, path: Path) -> OtherTable:
    """Read a tool's prices for DeepSeek's own API; raises InputError if it isn't such a table."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    if len(data) > _MAX_BYTES:
        raise InputError(f"{path}: larger than {_MAX_BYTES:,} bytes")
    try:
        table = _READERS[tool](data)
    except (ValueError, SyntaxError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}: not a price table of {tool}") from error
    except (InvalidOperation, MemoryError) as error:
        raise InputError(f"{path}: not a price table of {tool}") from error
    if not table:
        raise InputError(f"{path}: no price of DeepSeek's API in it")
    return table


def _loaded(data: bytes) -> Any:  # noqa: ANN401 - what JSON has
    return json.loads(data.decode("utf-8-sig"), parse_float=Decimal, parse_int=Decimal)


def _per_million(value: object) -> Decimal | None:
    """Convert a price per token to one per million; rounding undoes float errors."""
    if not isinstance(value, Decimal):
        return None
    return (value * _MILLION).quantize(_PLACES).normalize() + 0


def _amount(value: object) -> Decimal | None:
    return value.normalize() + 0 if isinstance(value, Decimal) else None


def _litellm(data: bytes) -> OtherTable:
    return _litellm_entries(_loaded(data))


def _litellm_entries(document: Mapping[str, Any]) -> OtherTable:
    table: dict[str, Charges] = {}
    for name, entry in document.items():
        is_own = isinstance(entry, dict) and entry.get("litellm_provider") == "deepseek"
        if is_own and "input_cost_per_token" in entry:
            # The name with the provider is the one that is priced; it comes last.
            bare = name.removeprefix("deepseek/")
            if bare not in table or name != bare:
                table[bare] = _LitellmCharges(entry)
    return table


class _LitellmCharges:
    """litellm's price: a single list, with off-peak rates in its windows."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self._standard = self._rates(entry)
        off_peak = entry.get("off_peak_pricing")
        self._off_peak = self._rates(off_peak) if isinstance(off_peak, dict) else None
        self._rules: list[tuple[list[str], list[int]]] = []
        for rule in off_peak.get("windows", ()) if isinstance(off_peak, dict) else ():
            self._rules.append((_listed(rule["hours_utc"]), [int(d) for d in rule["weekdays"]]))
        if isinstance(off_peak, dict) and "hours_utc" in off_peak:
            self._rules.append((_listed(off_peak["hours_utc"]), [1, 2, 3, 4, 5, 6, 7]))

    @staticmethod
    def _rates(entry: Mapping[str, Any]) -> Charged:
        return Charged(
            _per_million(entry.get("cache_read_input_token_cost")),
            _per_million(entry.get("input_cost_per_token")),
            _per_million(entry.get("output_cost_per_token")),
        )

    def __call__(self, at: datetime) -> Charged:
        now = f"{at:%H:%M}"
        for spans, weekdays in self._rules:
            for begin, _, end in (span.partition("-") for span in spans):
                within = begin <= now < end if begin < end else now >= begin or now < end
                if within and at.isoweekday() in weekdays and self._off_peak:
                    return self._off_peak
        return self._standard


def _listed(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _models_dev(data: bytes) -> OtherTable:
    models = _loaded(data)["deepseek"]["models"]
    return {name: _fixed(entry["cost"]) for name, entry in models.items() if "cost" in entry}


def _fixed(cost: Mapping[str, Any]) -> Charges:
    charged = Charged(
        _amount(cost.get("cache_read")), _amount(cost.get("input")), _amount(cost.get("output"))
    )
    return lambda _: charged


_EMBEDDED: Final = re.compile(rb'"((?:deepseek/)?deepseek-[\w.-]+)"\s*:\s*(?=\{)')
_LONGEST_ENTRY: Final = 20_000


def _ccusage(data: bytes) -> OtherTable:
    """Read litellm's entries from JSON, or from a program that contains them."""
    document: dict[str, Any] = {}
    decoder = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal)
    for match in _EMBEDDED.finditer(data):
        text = data[match.end() : match.end() + _LONGEST_ENTRY].decode("utf-8", "replace")
        try:
            entry, _ = decoder.raw_decode(text)
        except ValueError:
            continue
        if isinstance(entry, dict) and "input_cost_per_token" in entry:
            document[match[1].decode()] = {"litellm_provider": "deepseek"} | entry
    return _litellm_entries(document)


def _model_prices(data: bytes) -> OtherTable:
    document = _loaded(data)
    schedules = [s for s in document["schedules"]["schedule"] if s.get("provider") == "deepseek"]
    holidays = {
        name: {date.fromisoformat(day) for day in entry["dates"]}
        for name, entry in document["schedules"].get("holidays", {}).items()
    }
    return {
        name: _ModelPrices(entry["standard"], schedules, holidays)
        for name, entry in document["prices"]["deepseek"].items()
    }


class _ModelPrices:
    """model-prices: off-peak rates with start times, multiplied in a schedule's peak hours."""

    def __init__(
        self,
        standard: Sequence[Mapping[str, Any]],
        schedules: Sequence[Mapping[str, Any]],
        holidays: Mapping[str, set[date]],
    ) -> None:
        self._lists = [
            (datetime.fromisoformat(e["start"]) if e["start"] else None, e["rates"])
            for e in standard
        ]
        self._schedules = schedules
        self._holidays = holidays

    def __call__(self, at: datetime) -> Charged | None:
        begun = [rates for start, rates in self._lists if start is None or start <= at]
        if not begun:
            return None
        rates, factor = begun[-1], self._factor(at)
        cells = (_amount(rates.get(key)) for key in ("cache_read", "input", "output"))
        return Charged(*(None if cell is None else cell * factor for cell in cells))

    def _factor(self, at: datetime) -> Decimal:
        for schedule in self._schedules:
            since, until = schedule["valid_from"], schedule.get("valid_until")
            is_valid = datetime.fromisoformat(since) <= at and (
                until is None or at < datetime.fromisoformat(until)
            )
            if is_valid and "peak_hours_utc" in schedule and self._is_peak(schedule, at):
                return Decimal(schedule["peak_multiplier"])
        return Decimal(1)

    def _is_peak(self, schedule: Mapping[str, Any], at: datetime) -> bool:
        now = f"{at:%H:%M}"
        local = at.astimezone(BEIJING)
        free = self._holidays.get(schedule.get("holidays", ""), set())
        is_workday = not schedule.get("weekdays_only") or at.isoweekday() <= _FRIDAY
        hours = any(begin <= now < end for begin, end in schedule["peak_hours_utc"])
        return hours and is_workday and local.date() not in free


def _genai_prices(data: bytes) -> OtherTable:
    """Read data.json, or the package's data.py as if it were data.json."""
    providers = _loaded(data) if data.lstrip().startswith(b"[") else _python_providers(data)
    (deepseek,) = [provider for provider in providers if provider["id"] == "deepseek"]
    table: dict[str, Charges] = dict(_matched(deepseek["models"]))
    for model in deepseek["models"]:
        table[model["id"]] = _GenaiPrices(model["prices"])
    return table


def _matched(models: Sequence[Mapping[str, Any]]) -> OtherTable:
    """Return the models by each other name that they match exactly."""
    table: dict[str, Charges] = {}
    for model in models:
        clauses = [model["match"], *model["match"].get("or", model["match"].get("or_", ()))]
        for clause in clauses:
            if "equals" in clause:
                table[clause["equals"]] = _GenaiPrices(model["prices"])
    return table


class _GenaiPrices:
    """genai-prices: the last price whose constraint is met."""

    def __init__(self, prices: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> None:
        self._prices = [{"prices": prices}] if isinstance(prices, Mapping) else list(prices)

    def __call__(self, at: datetime) -> Charged | None:
        active = [entry for entry in self._prices if self._holds(entry.get("constraint"), at)]
        if not active:
            return None
        cells = active[-1]["prices"]
        return Charged(
            *(_amount(cells.get(key)) for key in ("cache_read_mtok", "input_mtok", "output_mtok"))
        )

    @staticmethod
    def _holds(constraint: Mapping[str, str] | None, at: datetime) -> bool:
        if not constraint:
            return True
        if "start_date" in constraint:
            return at.date() >= date.fromisoformat(constraint["start_date"])
        begin, end = (
            time.fromisoformat(constraint[edge]).replace(tzinfo=None)
            for edge in ("start_time", "end_time")
        )
        now = at.time()
        return begin <= now < end if begin < end else now >= begin or now < end


def _python_providers(data: bytes) -> list[dict[str, Any]]:
    """Return the Provider(...) calls in a module as data, without running any of its code."""
    tree = ast.parse(data.decode("utf-8-sig"))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    found = [call for call in calls if _called(call) == "Provider"]
    return [_value(call) for call in found if _keyword(call, "id") == "deepseek"]


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _keyword(call: ast.Call, name: str) -> object:
    values = (k.value for k in call.keywords if k.arg == name)
    return next((value.value for value in values if isinstance(value, ast.Constant)), None)


def _value(node: ast.AST) -> Any:  # noqa: ANN401, PLR0911 - what JSON has, a case each
    match node:
        case ast.Constant(value=bool() | None | str()):
            return node.value
        case ast.Constant(value=int() | float()):
            return Decimal(str(node.value))
        case ast.List(elts=elements):
            return [_value(element) for element in elements]
        case ast.Call() if _called(node) == "Decimal":
            return Decimal(str(_value(node.args[0])))
        case ast.Call() if _called(node) == "date":
            return date(*(int(_value(arg)) for arg in node.args)).isoformat()
        case ast.Call() if _called(node) == "time":
            hour, minute = (int(_value(arg)) for arg in node.args[:2])
            return time(hour, minute).isoformat()
        case ast.Call():
            return {k.arg: _value(k.value) for k in node.keywords if k.arg}
        case _:
            return None


_READERS: Final[Mapping[Tool, Callable[[bytes], OtherTable]]] = {
    Tool.LITELLM: _litellm,
    Tool.GENAI_PRICES: _genai_prices,
    Tool.MODEL_PRICES: _model_prices,
    Tool.TOKENCOST: _litellm,
    Tool.CCUSAGE: _ccusage,
    Tool.MODELS_DEV: _models_dev,
}
