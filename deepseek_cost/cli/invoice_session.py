"""Reading DeepSeek's usage export, as the bill itself or to compare it with logs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from deepseek_cost.cli.log_session import charging_of, read_logs, reading_of
from deepseek_cost.cli.messages import show_error, show_warning
from deepseek_cost.cli.session import DEFAULT_MODELS
from deepseek_cost.cli.sources import find_sources
from deepseek_cost.errors import DscostError, InputError, advised
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.schedule import TierBy
from deepseek_cost.text import quantity

if TYPE_CHECKING:
    from deepseek_cost.billing.formats.log import Log
    from deepseek_cost.billing.invoice import Invoice
    from deepseek_cost.cli.session import Table
    from deepseek_cost.inputs.folders import Found
    from deepseek_cost.inputs.source import TextSource
    from deepseek_cost.reports.invoice import InvoiceReport, MissingPrices

# Only such files are opened before the logs are read.
_SUFFIXES: Final = (".zip", ".csv", ".json")


def exports_of(names: Sequence[str] | None, encoding: str) -> "list[Log]":
    """Return the exports named, and those in the folders named, next to any other files.

    Raises InputError for a file that is not an export, and if a folder has none.
    """
    from deepseek_cost.reports.parts import listed

    logs: list[Log] = []
    for name in names or ():
        found = find_sources([name], None, encoding, any_file=True)
        exports = split_exports(found, any_name=True)
        if not exports:
            raise InputError(f"{name}: not a usage export of DeepSeek's platform")
        if found.sources:
            others = listed([source.name for source in found.sources])
            show_warning(f"left out {others}: not a usage export of DeepSeek's platform")
        logs += exports
    return logs


def split_exports(found: "Found", *, any_name: bool = False) -> "list[Log]":
    """Return the exports among the sources, and remove them from the sources."""
    logs: list[Log] = []
    rest: list[TextSource] = []
    for source in found.sources:
        is_candidate = any_name or Path(source.name).suffix.lower() in _SUFFIXES
        log = _export(source) if is_candidate else None
        if log is None:
            rest.append(source)
        else:
            logs.append(log)
    found.sources = rest
    return logs


def read_invoice(logs: "Sequence[Log]", table: "Table", currency: Currency) -> "Invoice":
    """Read exports into an invoice; raises InputError if they have no row."""
    from deepseek_cost.billing.formats.deepseek_export import read
    from deepseek_cost.billing.invoice import Invoice
    from deepseek_cost.inputs.streams import reading

    invoice = Invoice(table.book, currency)
    for log in logs:
        invoice.sources.append(log.name)
        with reading(log.name):
            for row in read(log):
                invoice.add(row)
    if invoice.is_empty:
        why = f"; {invoice.faults[0]}" if invoice.faults else ""
        raise InputError(f"{', '.join(invoice.sources)}: no rows in it{why}")
    return invoice


def reconcile(
    invoice: "Invoice",
    found: "Found",
    table: "Table",
    *,
    fields: Sequence[str],
    time_fields: Sequence[str],
    tz: str | None,
    tier_by: TierBy,
    at: str | None,
    cache_hit_ratio: str | None,
) -> "InvoiceReport":
    """Read the logs, if any, by the invoice's days, and report both."""
    from deepseek_cost.billing.account import Account
    from deepseek_cost.billing.assumptions import unpriced_of
    from deepseek_cost.billing.intake import Intake
    from deepseek_cost.billing.reconciliation import Crossings
    from deepseek_cost.billing.tariff import Tariffs
    from deepseek_cost.reports.invoice import InvoiceTerms, invoice_report
    from deepseek_cost.reports.parts import listed

    terms = InvoiceTerms(table.book, table.entry)
    if not found.sources:
        return invoice_report(terms, invoice)
    zone = invoice.zone
    tariffs = Tariffs(table.book, invoice.currency(), DEFAULT_MODELS)
    charging = charging_of(tariffs, tier_by, at, tz, cache_hit_ratio)
    crossings = Crossings(charging, zone)
    account = Account(charging, zone)
    intake = Intake(account, watch=crossings.add)
    how = reading_of(fields, time_fields, tz, cache_hit_ratio)
    is_named = any(source.name not in found.below for source in found.sources)
    read = read_logs(found, how, intake, is_required=is_named)
    left_out = [f"left out {listed(read.skipped)}"] if read.skipped else []
    if not read.formats:  # nothing but an export in the folders
        return invoice_report(terms, invoice, warnings=left_out)
    warnings = (*left_out, *unpriced_of(account))
    return invoice_report(terms, invoice, account, crossings, warnings)


def exit_if_failed(report: "InvoiceReport") -> None:
    """Show why a report fails and exit, if it does."""
    if reasons := _failures(report):
        for reason in reasons:
            show_error(reason)
        raise typer.Exit(DscostError.exit_code)


def _failures(report: "InvoiceReport") -> list[str]:
    """Return why a report fails: prices that are not in the table, and what was not read."""
    missing = [one for one in report.missing_prices if one.is_priced]
    unknown = [one for one in report.missing_prices if not one.is_priced]
    found: list[str] = []
    if missing:
        reason = f"{_first_of(missing)}: billed at a price that is not in the price table"
        steps = "append the report's TOML to a copy of the table, and pass it with --prices"
        found.append(advised(reason, steps))
    if unknown:
        reason = f"{_first_of(unknown)}: no price in the export, and several in the price table"
        found.append(advised(reason, "give the export with a price in each row"))
    if report.unread:
        found.append(f"not read: {quantity(report.unread, 'row')} of the export")
    if report.comparison is not None and report.comparison.unpriced:
        lines = quantity(report.comparison.unpriced, "line")
        found.append(f"not compared: {lines} of the logs")
    return found


def _first_of(prices: "Sequence[MissingPrices]") -> str:
    more = f" and {len(prices) - 1:,} more" if len(prices) > 1 else ""
    return f"{prices[0].model} on {prices[0].day}{more}"


def _export(source: "TextSource") -> "Log | None":
    from deepseek_cost.billing.logs import open_log

    opened = open_log(source)
    return opened.log if opened.format is not None and opened.format.is_invoice else None
