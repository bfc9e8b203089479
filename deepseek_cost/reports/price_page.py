"""The report of `dscost prices verify`: its fields, how they are filled, how they are shown."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, cast

from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import stamp
from deepseek_cost.pricing.page.additions import additions
from deepseek_cost.pricing.page.comparison import Comparison, Finding, Status, Verdict
from deepseek_cost.render.page import Column, Page, Table, Words, page_of, words
from deepseek_cost.reports.parts import Json, Part, PriceTable, Report, Timestamp
from deepseek_cost.text import printable


class VerifiedPage(Part):
    """A price page, compared with the price book.

    `table_alone`: only a table was given, without the text of its page.
    """

    source: str
    verdict: Verdict
    currency: Currency
    models: tuple[str, ...]
    table_alone: bool
    findings: tuple[Finding, ...]


class VerifyReport(Report):
    """The output of `dscost prices verify --json`; `toml` is to be appended to the price table."""

    command: Literal["prices verify"] = "prices verify"
    verified_at: Timestamp
    price_table: PriceTable
    pages: tuple[VerifiedPage, ...]
    toml: str
    warnings: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether everything on every page was read and matches the price book."""
        return all(page.verdict is Verdict.SAME for page in self.pages)

    def page(self) -> Page:
        """Describe what differs, page by page, with the TOML to append."""
        blocks: list[Table | Words] = []
        for verified in self.pages:
            blocks += [words([_summary(verified)]), *_tables(verified)]
        if self.toml:
            blocks += [words(["", "To append to the price table:", "", *self.toml.splitlines()])]
        chosen = self.price_table
        return page_of(
            f"Price pages compared with the book at {stamp(self.verified_at)}",
            *blocks,
            words([f"price table: {chosen.source}, checked {chosen.checked}"], is_quiet=True),
            warnings=self.warnings,
        )

    def records(self, document: Json) -> Iterable[Json]:
        """Return the findings."""
        return (
            {"source": page["source"], **finding}
            for page in cast("Iterable[Json]", document["pages"])
            for finding in page["findings"]
        )


def verify_report(
    compared: Mapping[str, Comparison], book: PriceBook, table: PriceTable
) -> VerifyReport:
    """Report pages, by name, as compared with the price book."""
    return VerifyReport(
        verified_at=next(iter(compared.values())).at,
        price_table=table,
        pages=tuple(
            VerifiedPage(
                source=name,
                verdict=found.verdict,
                currency=found.currency,
                models=found.models,
                table_alone=found.is_table_alone,
                findings=tuple(map(_finding, found.findings)),
            )
            for name, found in compared.items()
        ),
        toml=additions(compared, book),
        warnings=(),
    )


def _finding(finding: Finding) -> Finding:
    shown = (printable(text)[:500] if text else None for text in (finding.book, finding.page))
    book, page = shown
    return Finding(status=finding.status, what=printable(finding.what)[:500], book=book, page=page)


_MEANINGS = {
    Verdict.SAME: "same as the book",
    Verdict.CHANGED: "not the same as the book",
    Verdict.INCOMPLETE: "incomplete: what is there is the same",
    Verdict.NOT_UNDERSTOOD: "not understood in full",
}


def _summary(page: VerifiedPage) -> str:
    counts = Counter(finding.status for finding in page.findings)
    counted = ", ".join(f"{counts[status]} {status}" for status in Status if counts[status])
    alone = "; a table alone, without its notes" if page.table_alone else ""
    return f"{page.source} ({page.currency}): {_MEANINGS[page.verdict]} ({counted}{alone})"


def _tables(page: VerifiedPage) -> Iterator[Table]:
    rows = [finding for finding in page.findings if finding.status is not Status.SAME]
    if rows:
        columns = (Column(name, "words") for name in ("", "what", "book", "page"))
        table = Table(*columns)
        for finding in rows:
            table.add_row(finding.status, finding.what, _short(finding.book), _short(finding.page))
        yield table


_LONGEST = 60


def _short(text: str | None) -> str:
    if text is None:
        return "-"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
