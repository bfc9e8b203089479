"""Read the blocks of a price page as facts; anything else is kept as unread."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

from msgspec import Struct, field

from deepseek_cost.errors import InputError
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.page.document import Block, Paragraph, Table, read_blocks
from deepseek_cost.pricing.page.wording import (
    BETA,
    BY_LABEL,
    FEATURES,
    FEE_HEADINGS,
    FEES,
    LABELS,
    RATES,
    UNITS,
    VALUES,
    Row,
    squeezed,
)
from deepseek_cost.pricing.schedule import Tier

# The page has about 30 KB, and its HTML ten times as much.
MAX_CHARACTERS: Final = 5_000_000
_MOST_ROWS: Final = 1_000

_MARKS: Final = re.compile(r"((?:\(\d+\)|\[\^?\d+\])+)$")
_NUMBER: Final = re.compile(r"\d+")
_NOTE: Final = re.compile(r"(?:^|(?<=[\s.。]))\((\d+)\) ?")
_AMOUNT: Final = r"\d+(?:\.\d+)?"
_PRICE: Final = re.compile(rf"(?P<usd>\$({_AMOUNT}))|(?P<cny>¥?({_AMOUNT})元|¥({_AMOUNT}))")
_DISCOUNT: Final = re.compile(r"\((\d+)% ?off((?:\(\d+\))?)\)|\((\d(?:\.\d)?) ?折((?:\(\d+\))?)\)")
_COUNT: Final = re.compile(rf"(?:MAXIMUM:|最大)?\s*({_AMOUNT})([KM]?)", re.IGNORECASE)
# 384K is 393,216: DeepSeek's renderer refuses more. 1M is a million: nothing says otherwise.
_FACTORS: Final = {"": 1, "K": 1_024, "M": 1_000_000}
_NAME: Final = re.compile(r"deepseek-[a-z\d.-]+", re.IGNORECASE)
_GLUED_NAMES: Final = re.compile(r"deepseek-[a-z\d.-]+?(?:\(\d+\))*(?=deepseek-|$)", re.IGNORECASE)
_GLUED_PRICES: Final = re.compile(rf"\${_AMOUNT}(?: ?\(\d+% off(?:\(\d+\))?\) ?\${_AMOUNT})?")


class Fact(Struct, frozen=True):
    """A value that the page has for a key, such as (model, "peak", "cache_hit")."""

    key: tuple[str, ...]
    value: str
    shown: str


class Note(Struct, frozen=True):
    """A paragraph, or a footnote with its number."""

    text: str
    number: int | None = None


class Reading(Struct):
    """A page as read: its facts, its sentences, and what was not understood.

    `announced` are the facts of a second table of models, `cut` is where the page ends too early.
    """

    currency: Currency | None = None
    models: list[str] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    announced: list[Fact] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    marks: dict[int, set[str]] = field(default_factory=dict)
    cut: str | None = None
    ends_in_text: bool = False
    is_table_alone: bool = False

    def add(self, key: tuple[str, ...], value: str, shown: str, *, is_announced: bool) -> None:
        """Add a fact; one that is listed twice is not understood."""
        facts = self.announced if is_announced else self.facts
        if any(fact.key == key for fact in facts):
            self.unread.append(f"{' '.join(key)} is listed twice: {shown}")
        facts.append(Fact(key, value, shown))

    def mark(self, marks: str, place: str) -> None:
        """Add the footnote numbers at a place."""
        for number in map(int, _NUMBER.findall(marks)):
            if number not in self.marks and number != len(self.marks) + 1:
                self.unread.append(f"footnote mark ({number}) at {place} is out of order")
            places = self.marks.setdefault(number, {place})
            if place not in places:
                self.unread.append(f"footnote mark ({number}) is at {place}, too")


def read_page(text: str, name: str) -> Reading:
    """Read a price page; raises InputError if it is not DeepSeek's price page."""
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"{name}: larger than {MAX_CHARACTERS:,} characters; not a price page")
    blocks = [_unglued(block) for block in read_blocks(text)]
    first = next((b for b in blocks if isinstance(b, Table) and _is_of_models(b)), None)
    if first is None:
        raise InputError(
            f"{name}: not DeepSeek's price page: no table of models in it "
            f"(an error page, a login page, or another provider's?)"
        )
    reading = Reading(
        is_table_alone=len(blocks) == 1, ends_in_text=isinstance(blocks[-1], Paragraph)
    )
    for number, block in enumerate(blocks):
        is_last = number == len(blocks) - 1
        if isinstance(block, Paragraph):
            reading.notes.extend(_notes(block.text))
        else:
            _TableReader(reading, block, is_last=is_last, is_first=block is first).read()
    return reading


def _notes(text: str) -> Iterator[Note]:
    """Divide a paragraph of footnotes."""
    starts = list(_NOTE.finditer(text))
    if not starts or starts[0].start():
        yield Note(text)
        return
    ends = [start.start() for start in starts[1:]] + [len(text)]
    for start, end in zip(starts, ends, strict=True):
        yield Note(text[start.end() : end].strip(), int(start[1]))


def _is_of_models(table: Table) -> bool:
    cells = table.rows[0] if table.rows else ()
    is_named = bool(cells) and BY_LABEL.get(squeezed(cells[0])) is Row.NAMES
    return is_named and any(_NAME.match(cell) for row in table.rows for cell in row)


class _TableReader:
    """Reads the rows of one table into a reading."""

    def __init__(self, reading: Reading, table: Table, *, is_last: bool, is_first: bool) -> None:
        self._reading = reading
        self._table = table
        self._is_last = is_last
        self._is_first = is_first
        self._models: list[str] = []
        self._row: Row | None = None
        self._tier = Tier.FLAT
        self._may_be_cut = False

    def read(self) -> None:
        rows = self._table.rows
        if len(rows) > _MOST_ROWS:
            self._reading.unread.append(f"a table of {len(rows):,} rows")
            return
        read = self._reader()
        for number, row in enumerate(rows):
            self._may_be_cut = self._is_last and number == len(rows) - 1
            is_cut = self._may_be_cut and self._table.is_cut
            cells = row[:-1] if is_cut else row
            fits = len(row) == len(rows[0]) or not self._table.is_whole
            if (fits or self._may_be_cut) and read(cells) and fits and not is_cut:
                continue
            shown = " | ".join(filter(None, row))[:200]
            if (
                self._may_be_cut
                and (is_cut or len(row) <= len(rows[0]))
                and not self._is_odd(cells)
            ):
                self._reading.cut = shown
            else:
                self._reading.unread.append(f"row: {shown}")

    def _is_odd(self, cells: Sequence[str]) -> bool:
        """Return whether a row has an unknown kind of cell; otherwise it only ends early."""
        return any(_is_unknown(cell) for cell in cells if cell)

    def _reader(self) -> Callable[[Sequence[str]], bool]:
        cells = [squeezed(cell) for cell in self._table.rows[0]]
        if BY_LABEL.get(cells[0]) is Row.NAMES:
            if any(BY_LABEL.get(cell) in RATES for cell in cells):
                return self._announced_row
            return self._model_row
        self._columns = ["fee", "unit", "price"]
        return self._fee_row

    def _model_row(self, row: Sequence[str]) -> bool:
        """Read a row: labels of groups, rows and tiers, then a value for each model."""
        cells = list(row)
        if not self._table.is_whole:
            while cells and not cells[-1]:
                cells.pop()
        labels: list[str] = []
        while cells and (label := _label_of(cells[0], labels)) is not None:
            if cells[0] not in labels:
                self._see(label, cells[0])
            labels.append(cells.pop(0))
        return bool(labels) and self._values(cells)

    def _see(self, label: Row | Tier | str, cell: str) -> None:
        marks = _MARKS.search(cell)
        match label:
            case Tier():
                self._tier = label
                place = "tier"
            case Row():
                self._row, self._tier = label, Tier.FLAT
                place = label.value
            case _:
                self._row, self._tier = None, Tier.FLAT
                place = label
        if marks:
            self._reading.mark(marks[1], place)

    def _values(self, cells: list[str]) -> bool:
        row = self._row
        if row is None or not cells or not all(cells):
            return False
        if row is Row.NAMES:
            return self._names(cells)
        if len(cells) == 1 and not self._table.is_whole and row not in RATES:
            cells = cells * len(self._models)
        if row in (Row.OPENAI, Row.ANTHROPIC):
            self._add(("endpoint", row.value), cells[0].rstrip("/"), cells[0])
            return len(set(cells)) == 1
        if len(cells) != len(self._models) and not (
            self._may_be_cut and len(cells) < len(self._models)
        ):
            return False
        pairs = zip(self._models, cells, strict=False)
        is_read = _every(self._value(model, row, cell) for model, cell in pairs)
        return is_read and len(cells) == len(self._models)

    def _names(self, cells: list[str]) -> bool:
        if self._models:
            return False
        for cell in cells:
            marks = _MARKS.search(cell)
            name = _MARKS.sub("", cell).strip()
            if not _NAME.fullmatch(name) or name in self._models:
                return False
            self._models.append(name)
            if marks:
                self._reading.mark(marks[1], name)
        if not self._is_first:
            self._reading.unread.append("a second table of models")
        else:
            self._reading.models = list(self._models)
        return True

    def _value(self, model: str, row: Row, cell: str) -> bool:
        if row in RATES:
            return self._price(model, self._tier, row, cell)
        if row is Row.VERSION:
            value: str | None = cell if _NAME.fullmatch(cell) else None
        elif row in (Row.CONTEXT, Row.OUTPUT, Row.CONCURRENCY):
            value = _count(cell)
        else:
            value = VALUES.get(squeezed(cell))
            if value is not None and row in BETA and value != "no":
                value += ", beta"
        if value is None:
            return False
        self._add((model, row.value), value, cell)
        return True

    def _price(self, model: str, tier: Tier, row: Row, cell: str) -> bool:
        """Read a price, with the undiscounted one next to it if it is a promotion."""
        if (discount := _DISCOUNT.search(cell)) is None:
            return self._amount((model, tier.value, row.value), cell)
        before, after = cell[: discount.start()].strip(), cell[discount.end() :].strip()
        marks = discount[2] or discount[4]
        if marks:
            self._reading.mark(marks, "discount")
        keys = (model, tier.value, row.value), (model, tier.value, row.value, "list")
        if not _every(
            self._amount(key, text) for key, text in zip(keys, (before, after), strict=True)
        ):
            return False
        part = 100 - int(discount[1]) if discount[1] else Decimal(discount[3]) * 10
        listed, now = (_decimal(text) for text in (after, before))
        if listed * part != now * 100:
            self._reading.unread.append(f"discount: {cell}")
        return True

    def _amount(self, key: tuple[str, ...], text: str) -> bool:
        match = _PRICE.fullmatch(text)
        if match is None:
            return False
        currency = Currency.USD if match["usd"] else Currency.CNY
        if self._reading.currency not in (None, currency):
            return False
        self._reading.currency = currency
        self._add(key, f"{_decimal(text).normalize():f}", text)
        return True

    def _add(self, key: tuple[str, ...], value: str, shown: str) -> None:
        self._reading.add(key, value, shown, is_announced=not self._is_first and key[0] != "fee")

    def _announced_row(self, row: Sequence[str]) -> bool:
        """Read a row of a table with one price per column: a model, a tier, three prices."""
        cells = [cell for cell in row if cell]
        if [BY_LABEL.get(squeezed(_MARKS.sub("", cell))) for cell in dict.fromkeys(cells)] == [
            Row.NAMES,
            *RATES,
        ]:
            return not self._models
        if cells and _NAME.fullmatch(cells[0]):
            self._models = [cells.pop(0)]
            self._tier = Tier.FLAT
        if cells and isinstance(tier := BY_LABEL.get(squeezed(cells[0])), Tier):
            self._tier = tier
            cells.pop(0)
        if len(cells) != len(RATES) or not self._models:
            return False
        return _every(
            self._price(self._models[0], self._tier, kind, cell)
            for kind, cell in zip(RATES, cells, strict=True)
        )

    def _fee_row(self, row: Sequence[str]) -> bool:
        cells = list(row)
        headings = [FEE_HEADINGS.get(squeezed(cell)) for cell in cells]
        if None not in headings:
            self._columns = [heading or "" for heading in headings]
            return row is self._table.rows[0] and sorted(self._columns) in (
                ["fee", "price", "unit"],
                ["fee", "list", "price", "unit"],
            )
        fee, unit = FEES.get(squeezed(cells[0])), UNITS.get(squeezed(cells[1] if cells[1:] else ""))
        if fee is None or unit is None or self._columns[:2] != ["fee", "unit"]:
            return False
        self._add(("fee", fee, "unit"), unit, cells[1])
        columns = zip(self._columns[2:], cells[2:], strict=False)
        is_read = _every(self._amount(("fee", fee, column), cell) for column, cell in columns)
        return is_read and len(cells) == len(self._columns)


def _every(results: Iterable[bool]) -> bool:
    """Return whether all are true; unlike `all`, it reads the cells after the first that is not."""
    return all(tuple(results))


def _label_of(cell: str, before: Sequence[str]) -> Row | Tier | str | None:
    if cell in before:
        return BY_LABEL.get(squeezed(_MARKS.sub("", cell))) or "group"
    text = squeezed(_MARKS.sub("", cell))
    if text not in BY_LABEL:
        return None
    return BY_LABEL[text] or ("prices" if text in ("pricing", "价格") else "features")


def _is_unknown(cell: str) -> bool:
    text = squeezed(_MARKS.sub("", cell))
    known = (*(BY_LABEL, VALUES, FEES, UNITS, FEE_HEADINGS),)
    is_value = _PRICE.fullmatch(cell) or _COUNT.fullmatch(cell) or _NAME.fullmatch(cell)
    return not is_value and not any(text in texts for texts in known)


def _count(cell: str) -> str | None:
    match = _COUNT.fullmatch(cell)
    if match is None:
        return None
    number = Decimal(match[1]) * _FACTORS[match[2].upper()]
    return f"{number.normalize():f}"


def _decimal(price: str) -> Decimal:
    return Decimal(price.strip("$¥元"))


def _unglued(block: Block) -> Block:
    """Return a paragraph that is a table without bars as the table: its labels divide it."""
    if isinstance(block, Table):
        return block
    text = block.text
    if not text.startswith(("MODELdeepseek", "模型deepseek")):
        return block
    labels = sorted(LABELS, key=len, reverse=True)
    known = "|".join(map(re.escape, labels))
    parts = re.split(rf"({known})((?:\(\d+\))*)", text)
    rows: list[tuple[str, ...]] = []
    group = ""
    names = 0
    for label, marks, rest in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        row = LABELS[label]
        if not rest.strip():
            group = label + marks
            continue
        cells = _divided(row, rest.strip(), names)
        names = names or len(cells)
        rows.append((*([group] if group else ()), label + marks, *cells))
        group = ""
    return Table(tuple(rows)) if len(rows) > 1 and not parts[0] else block


def _divided(row: object, text: str, models: int) -> list[str]:
    """Divide the values of a row that are not set apart; one cell where that is not certain."""
    if row in (Row.NAMES, Row.VERSION):
        found = _GLUED_NAMES.findall(text)
    elif row in RATES:
        found = _GLUED_PRICES.findall(text)
    elif row is Row.CONCURRENCY:
        found = _round_numbers(text, models)
    elif row in FEATURES:
        words = "|".join(map(re.escape, ("Non-thinking mode only", "Not supported", "✓", "✗")))
        found = re.findall(words, text, re.IGNORECASE)
    else:
        found = [text]
    return found if "".join(found) == text else [text]


def _round_numbers(text: str, models: int) -> list[str]:
    """Divide digits into numbers of whole hundreds, where only one division exists."""
    if not text.isascii() or not text.isdigit() or models != 2:  # noqa: PLR2004 - as was shown
        return [text]
    ends = [
        end for end in range(3, len(text) - 2) if text[end - 2 : end] == "00" and text[end] != "0"
    ]
    is_round = text.endswith("00") and len(ends) == 1
    return (
        [text[start:end] for start, end in pairwise([0, *ends, len(text)])] if is_round else [text]
    )
