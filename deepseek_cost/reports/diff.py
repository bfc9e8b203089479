"""The report of `dscost diff`: its fields, how they are filled, how they are shown."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import inf
from typing import Annotated, Final, Literal

from msgspec import Meta

from deepseek_cost.estimates.difference import (
    Difference,
    FileChange,
    Limit,
    Pair,
    SideTotals,
    SkippedChange,
    State,
)
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import stamp
from deepseek_cost.pricing.provenance import Assumption
from deepseek_cost.render.money import money
from deepseek_cost.render.page import Page, Table, grid, page_of, short, words
from deepseek_cost.reports.count import PromptTokenCounts
from deepseek_cost.reports.parts import (
    Json,
    Part,
    PriceTable,
    Report,
    Timestamp,
    assumed,
    exact,
    thinking_of,
    with_named_input,
    without,
)
from deepseek_cost.reports.unknown_input import (
    Ceiling,
    UnknownInputs,
    at_least,
    at_most,
    is_unbounded,
    unknown_entries,
)

# Enough digits to distinguish any ratio from a limit with 15 decimals.
_MOST_DIGITS: Final = 40

SignedAmount = Annotated[Decimal, Meta(extra_json_schema={"pattern": r"^-?\d+(\.\d*[1-9])?$"})]


class SideEntry(Part):
    """What one side of the comparison is, and the time its prices are for."""

    name: str
    commit: Annotated[str | None, Meta(description="of a git revision")] = None
    priced_at: Timestamp
    own_models: Annotated[
        tuple[str, ...],
        Meta(
            description="the models that request bodies name, each of which is priced for its own"
        ),
    ] = ()


class SideTokens(PromptTokenCounts):
    """Tokens summed over requests; output is null if it is unknown."""

    output: int | None


class SideCosts(Part):
    """Costs in the report's currency; total is null if the output is unknown."""

    total: Decimal | None
    floor: Annotated[Decimal, Meta(description="the cost with no output")]
    ceiling: Ceiling


class SideFigures(Part):
    """A model's figures on one side."""

    requests: int
    tokens: SideTokens
    cost: SideCosts
    unknown_input: UnknownInputs = ()


class Increase(Part):
    """How much more the new side has than the old one; negative if it has less."""

    input_tokens: int
    cost: SignedAmount
    cost_of: Annotated[
        Literal["total", "floor"], Meta(description="total where the output is known on both sides")
    ]
    cost_percent: Annotated[
        str | None, Meta(description="rounded to a tenth; null: the cost grows from nothing")
    ]


class ModelDiff(Part):
    """A model's figures on both sides."""

    model: str
    before: SideFigures
    after: SideFigures
    increase: Increase


class FileDiff(Part):
    """A file that changed; `source_before` is present if it was renamed."""

    source: str
    state: State
    source_before: str | None = None
    models: tuple[ModelDiff, ...]


class UncountedFile(Part):
    """A file that could not be counted, and why."""

    source: str
    reason: str
    changed: Annotated[bool, Meta(description="it is new, or not as it was before")]


class LimitEntry(Part):
    """A limit, and the models whose cost grows by more."""

    max_increase: str
    exceeded_by: tuple[str, ...]


class LimitsEntry(LimitEntry):
    """All limits, the models over any limit, and whether the limits can be checked at all."""

    unkept: Annotated[
        str | None, Meta(description="why the limit cannot be checked: what could not be counted")
    ] = None


class DiffReport(Report):
    """The output of `dscost diff --json`; unchanged files are in the sums but not in `files`."""

    command: Literal["diff"] = "diff"
    currency: Currency
    before: SideEntry
    after: SideEntry
    price_table: Annotated[PriceTable | None, Meta(description="null for two reports")] = None
    models: tuple[ModelDiff, ...]
    files: tuple[FileDiff, ...]
    unchanged_files: int
    uncounted: Annotated[
        tuple[UncountedFile, ...],
        Meta(description="files that cannot be counted on the new side; in neither side's figures"),
    ]
    uncounted_before: Annotated[
        tuple[UncountedFile, ...],
        Meta(description="files that can be counted on the new side only; nothing on the old one"),
    ] = ()
    limit: Annotated[LimitsEntry | None, Meta(description="with --max-increase")] = None
    limits: Annotated[
        tuple[LimitEntry, ...], Meta(description="each --max-increase by itself")
    ] = ()
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]

    def page(self) -> Page:
        """Describe a diff, its files, and what was not counted."""
        return page_of(
            _title(self),
            _models_table(self),
            words([_counted(self)]),
            *([_files(self)] if self.files else ()),
            words(_uncounted(self)),
            words(_uncounted_before(self)),
            details=(words(_unchanged_uncounted(self)), assumed(self.assumptions)),
            basis=thinking_of(self.assumptions),
            warnings=self.warnings,
            headline=_verdict(self) if self.limit else _growths(self),
        )

    def records(self, document: Json) -> Iterable[Json]:
        """Return the listed files; if there are none, the models over all files."""
        for file in document["files"] or [{"models": document["models"]}]:
            for entry in file["models"]:
                sides = {side: with_named_input(entry[side]) for side in ("before", "after")}
                yield without(file, "models") | entry | sides


def side_entry(
    name: str, priced_at: datetime, commit: str | None = None, own_models: Sequence[str] = ()
) -> SideEntry:
    """Report what a side is."""
    return SideEntry(name=name, commit=commit, priced_at=priced_at, own_models=tuple(own_models))


def diff_report(
    found: Difference,
    currency: Currency,
    sides: tuple[SideEntry, SideEntry],
    limits: Sequence[Limit],
    *,
    unkept: str | None = None,
    table: PriceTable | None = None,
    assumptions: Sequence[Assumption] = (),
    warnings: Iterable[str] = (),
) -> DiffReport:
    """Report a comparison of two sides."""
    changed = found.changed()
    return DiffReport(
        currency=currency,
        before=sides[0],
        after=sides[1],
        price_table=table,
        models=_models(found.models, found.totals),
        files=tuple(_file(file, found.models) for file in changed),
        unchanged_files=found.unchanged_files,
        uncounted=_uncounted_files(found.uncounted),
        uncounted_before=_uncounted_files(found.uncounted_before),
        limit=_limits_entry(found, limits, unkept),
        limits=tuple(limit_entry(found, limit) for limit in limits),
        assumptions=tuple(assumptions),
        warnings=tuple(warnings),
    )


def _uncounted_files(files: Iterable[SkippedChange]) -> tuple[UncountedFile, ...]:
    return tuple(
        UncountedFile(source=file.name, reason=file.reason, changed=file.is_new) for file in files
    )


def limit_entry(found: Difference, limit: Limit) -> LimitEntry:
    """Report a limit and the models over it."""
    return LimitEntry(max_increase=limit.text, exceeded_by=tuple(found.over(limit)))


def _limits_entry(
    found: Difference, limits: Sequence[Limit], unkept: str | None
) -> LimitsEntry | None:
    """Report all limits and the models over them; None if there are no limits."""
    if not limits:
        return None
    over = {model for limit in limits for model in found.over(limit)}
    return LimitsEntry(
        max_increase=", ".join(limit.text for limit in limits),
        exceeded_by=tuple(model for model in found.models if model in over),
        unkept=unkept,
    )


def _file(file: FileChange, models: Sequence[str]) -> FileDiff:
    return FileDiff(
        source=file.name,
        state=file.state,
        source_before=file.old_name,
        models=_models(models, file.pairs),
    )


def _models(models: Sequence[str], pairs: Sequence[Pair]) -> tuple[ModelDiff, ...]:
    return tuple(
        ModelDiff(
            model=model,
            before=_figures(pair.before),
            after=_figures(pair.after),
            increase=_increase(pair),
        )
        for model, pair in zip(models, pairs, strict=True)
    )


def _increase(pair: Pair) -> Increase:
    percent = pair.percent
    return Increase(
        input_tokens=pair.after.input - pair.before.input,
        cost=pair.increase,
        cost_of="total" if pair.has_totals else "floor",
        cost_percent=None if percent is None else f"{percent:+f}",
    )


def _figures(figures: SideTotals) -> SideFigures:
    return SideFigures(
        requests=figures.requests,
        tokens=SideTokens(
            input=figures.input,
            text=figures.text,
            template=figures.template,
            output=figures.output,
        ),
        cost=SideCosts(total=figures.total, floor=figures.floor, ceiling=figures.ceiling),
        unknown_input=unknown_entries(figures.unknown),
    )


def _models_table(report: DiffReport) -> Table:
    table = grid("", "before", "after", "change", "")
    for entry in report.models:
        table.add_section()
        for row in _model_rows(entry, report.currency):
            table.add_row(*row)
    return table


def _files(report: DiffReport) -> Table:
    models = [_short(entry.model) for entry in report.models]
    cells = (f"{model}\n{what}" for model in models for what in ("tokens", "cost"))
    table = grid("", "file", *cells, left=2)
    for file in report.files:
        table.add_row(file.state.value, _file_name(file), *_file_cells(file, report.currency))
    return table


def _title(report: DiffReport) -> str:
    """Return what is compared and at which prices."""
    old, new = report.before, report.after
    at = stamp(old.priced_at)
    if old.priced_at == new.priced_at:
        return f"{old.name} → {new.name}: both priced at {at}"
    return f"{old.name}, priced at {at} → {new.name}, priced at {stamp(new.priced_at)}"


def _model_rows(entry: ModelDiff, currency: Currency) -> Iterable[tuple[str, ...]]:
    """Yield the rows of a model: its tokens and their cost."""
    before, after, more = entry.before, entry.after, entry.increase
    yield (
        f"{_short(entry.model)} input tokens",
        *(at_least(f"{side.tokens.input:,}", side.unknown_input) for side in (before, after)),
        _bounded(_more_tokens(more), entry),
        "",
    )
    yield (
        "  total" if more.cost_of == "total" else "  input cost",
        *(
            at_least(money(_cost(side, more), currency), side.unknown_input)
            for side in (before, after)
        ),
        _bounded(_signed(more.cost, currency), entry),
        _percent(more),
    )
    most = _more_at_most(entry)
    if most != more.cost:  # the maximum output changed, too
        yield (
            "  maximum cost",
            *(at_most(side.cost.ceiling, currency, side.unknown_input) for side in (before, after)),
            "" if most is None else _signed(most, currency),
            "",
        )


def _more_at_most(entry: ModelDiff) -> Decimal | None:
    """Return how much the maximum cost grows; None if a side has no maximum."""
    sides = (entry.before, entry.after)
    if any(is_unbounded(side.unknown_input) for side in sides):
        return None
    before, after = (side.cost.ceiling for side in sides)
    return None if before is None or after is None else after - before


def _bounded(change: str, entry: ModelDiff) -> str:
    """Mark a change of a model whose unknown input differs between the two sides."""
    before, after = entry.before.unknown_input, entry.after.unknown_input
    if before == after:
        return change
    return f"{change} or more" if after and not before else f"{change} in the known input"


def _counted(report: DiffReport) -> str:
    """Return how many files changed, by state, and how many did not."""
    states = [file.state.value for file in report.files]
    parts = [f"{states.count(state):,} {state}" for state in dict.fromkeys(sorted(states))]
    return f"files: {', '.join([*parts, f'{report.unchanged_files:,} unchanged'])}"


def _file_name(file: FileDiff) -> str:
    """Return a file's name, with its old name if it was renamed."""
    return f"{file.source_before} → {file.source}" if file.source_before else file.source


def _file_cells(file: FileDiff, currency: Currency) -> Iterable[str]:
    """Yield a file's increase in tokens and cost: two cells per model."""
    for entry in file.models:
        yield _more_tokens(entry.increase)
        yield _signed(entry.increase.cost, currency)


def _uncounted(report: DiffReport) -> Iterable[str]:
    """Yield the changed files that are in neither side's figures."""
    for file in report.uncounted:
        if file.changed:
            yield f"not counted: {_reason(file)}"


def _unchanged_uncounted(report: DiffReport) -> Iterable[str]:
    """Yield the files that are in neither side's figures, but do not change them either."""
    for file in report.uncounted:
        if not file.changed:
            yield f"not counted, as before: {_reason(file)}"


def _uncounted_before(report: DiffReport) -> Iterable[str]:
    """Yield the files whose whole cost is an increase, because the old side's is unknown."""
    for file in report.uncounted_before:
        yield f"not counted in {report.before.name}, so its whole cost is new: {_reason(file)}"


def _reason(file: UncountedFile) -> str:
    is_named = file.reason.startswith(f"{file.source}:")
    return file.reason if is_named else f"{file.source}: {file.reason}"


def _growths(report: DiffReport) -> str:
    """Return how much the cost of each model grows, in a line."""
    if not any(entry.increase.cost for entry in report.models):
        if any(file.changed for file in report.uncounted):
            return "What changed could not be counted"
        return "The cost does not change" if report.models else ""
    grown = (
        f"{_signed(entry.increase.cost, report.currency)} ({_percent(entry.increase)}) on "
        f"{_short(entry.model)}"
        for entry in report.models
    )
    what = "Cost" if report.models[0].increase.cost_of == "total" else "Input cost"
    return f"{what}: {', '.join(grown)}"


def _verdict(report: DiffReport) -> str:
    """Return whether the limits were kept, in a line, for the model whose cost grows the most."""
    if report.limit is None:
        return ""
    limits: Sequence[LimitEntry] = report.limits or (report.limit,)  # older reports have one
    over = [limit for limit in limits if limit.exceeded_by]
    named = report.limit.exceeded_by or tuple(entry.model for entry in report.models)
    entries = [entry for entry in report.models if entry.model in named]
    if not entries:
        return f"the limit of {report.limit.max_increase} cannot be checked: {report.limit.unkept}"
    worst = max(entries, key=_growth)
    requests = max(worst.before.requests, worst.after.requests)
    many = "a request" if requests <= 1 else f"for {requests:,} requests"
    closest = (over or limits)[0]
    by = f"{_signed(worst.increase.cost, report.currency)} {many} ({_share(worst, closest)})"
    held_to = " and ".join(limit.max_increase for limit in over or limits)
    if report.limit.unkept and not over:
        kept = f"but the limit of {held_to} cannot be checked: {report.limit.unkept}"
    else:
        kept = f"{'over' if over else 'within'} {held_to}"
    return f"{by} on {worst.model}, {kept}"


def grown(entry: ModelDiff, limit: LimitEntry, currency: Currency) -> str:
    """Return how much a model's cost grows, with enough digits to show whether it is over."""
    amount = exact(entry.increase.cost)
    return f"{entry.model} grows by {amount} {currency} ({_share(entry, limit)})"


def part_of_limit(entry: ModelDiff, limit: LimitEntry) -> Fraction | None:
    """Return what part of a limit a model's growth is; None if that limit is zero."""
    text = limit.max_increase
    if text.endswith("%"):
        growth, most = _growth(entry), Fraction(text.removesuffix("%")) / 100
    else:
        growth, most = Fraction(entry.increase.cost), Fraction(text.split()[0])
    return growth / most if most and isinstance(growth, Fraction) else None


def _growth(entry: ModelDiff) -> Fraction | float:
    """Return the growth of a cost relative to the old cost; infinite if that was zero."""
    before = _cost(entry.before, entry.increase)
    if not before:
        return inf if entry.increase.cost else 0.0
    return Fraction(entry.increase.cost) / Fraction(before)


def _share(entry: ModelDiff, limit: LimitEntry) -> str:
    """Format the growth of a cost in percent, with enough digits to distinguish it from a limit."""
    growth = _growth(entry)
    if not limit.max_increase.endswith("%") or not isinstance(growth, Fraction):
        return _percent(entry.increase)
    most = Fraction(limit.max_increase.removesuffix("%"))
    for digits in range(1, _MOST_DIGITS):
        scaled = Decimal(round(growth * 100 * 10**digits)).scaleb(-digits)
        if (Fraction(scaled) > most) == (growth * 100 > most):
            return f"{scaled:+f}%"
    return _percent(entry.increase)


def _short(label: str) -> str:
    """Return a column's label with shorter names."""
    return " → ".join(map(short, label.split(" → ")))


def _more_tokens(more: Increase) -> str:
    """Format the increase in input tokens with its sign; zero has no sign."""
    return f"{more.input_tokens:+,}" if more.input_tokens else "0"


def _signed(amount: Decimal, currency: Currency) -> str:
    """Format an amount with its sign in front; zero has no sign."""
    sign = "" if not amount else "+" if amount > 0 else "-"
    return f"{sign}{money(abs(amount), currency)}"


def _percent(more: Increase) -> str:
    """Format the growth of a cost in percent; growth from zero has no number."""
    if more.cost_percent is None:
        return "from nothing"
    if not more.cost:
        return "0%"
    return f"{'-' if more.cost < 0 else '+'}{more.cost_percent.lstrip('+-')}%"


def _cost(side: SideFigures, more: Increase) -> Decimal:
    total = side.cost.total
    return side.cost.floor if more.cost_of == "floor" or total is None else total
