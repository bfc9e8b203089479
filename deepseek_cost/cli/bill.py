"""dscost bill."""

from collections import Counter
from typing import TYPE_CHECKING

import typer

from deepseek_cost import arguments
from deepseek_cost.cli import options as o
from deepseek_cost.cli.logs import reading_of, records
from deepseek_cost.cli.output import tell_warnings, write, write_text
from deepseek_cost.cli.setup import DEFAULT_MODELS, balance_of, find_sources, price_table
from deepseek_cost.errors import DscostError, InputError, UsageError
from deepseek_cost.prices import Currency
from deepseek_cost.schedule import TierBy

if TYPE_CHECKING:
    from deepseek_cost.bill.account import Account
    from deepseek_cost.logs.records import Reading
    from deepseek_cost.report.bill import BillReport, LogEntry
    from deepseek_cost.sources import Found


def bill(
    files: o.Logs,
    field: o.LogFields = None,
    time_field: o.TimeFields = None,
    at: o.LogAt = None,
    tz: o.LogTz = None,
    tier_by: o.TierByName = TierBy.START,
    cache_hit_ratio: o.LogHitRatio = None,
    currency: o.CurrencyName = Currency.USD,
    granted: o.Granted = None,
    topped_up: o.ToppedUp = None,
    glob: o.Globs = None,
    encoding: o.Encoding = "utf-8",
    as_json: o.AsJson = False,
    as_csv: o.AsCsv = False,
    prices: o.PricesFile = None,
) -> None:
    """Add up what requests did cost, by the usage in their answers or in logs of them.

    Each is priced at its own instant. Nothing of a prompt, an answer or a key is shown.
    """
    from deepseek_cost.bill.account import Account
    from deepseek_cost.bill.tariff import Tariffs
    from deepseek_cost.report.bill import Terms, bill_report

    if as_csv and as_json:
        raise UsageError("--csv and --json exclude each other")
    table = price_table(prices)
    how = reading_of(table.book, field or (), time_field or (), at, tz, cache_hit_ratio)
    zone = arguments.zone(tz or "UTC")
    tariffs = Tariffs(table.book, currency, DEFAULT_MODELS)
    balance = balance_of(granted, topped_up)
    account = Account(tariffs.find, zone, tier_by, keeps_hours=balance is not None)
    found = find_sources(files, glob, encoding)
    logs = _take(found, how, account)
    terms = Terms(table.book, table.note, currency, zone.key, tariffs.beside, balance)
    _write(bill_report(terms, account, logs, found.skipped), as_json=as_json, as_csv=as_csv)
    if account.unpriced:
        raise typer.Exit(DscostError.exit_code)


def _take(found: "Found", how: "Reading", account: "Account") -> "list[LogEntry]":
    """Take all logs into an account; raises InputError for one without a line."""
    from deepseek_cost.report.bill import LogEntry

    priced: Counter[str] = Counter()
    unpriced: Counter[str] = Counter()
    for name, record in records(found, how):
        if account.take(record) is None:
            unpriced[name] += 1
        else:
            priced[name] += 1
    names = list(dict.fromkeys(source.name for source in found.sources))
    if empty := next((name for name in names if not priced[name] + unpriced[name]), None):
        raise InputError(f"{empty}: no line in it; give answers of the API, one a line")
    return [LogEntry(source=n, requests=priced[n], unpriced=unpriced[n]) for n in names]


def _write(report: "BillReport", *, as_json: bool, as_csv: bool) -> None:
    if not as_csv:
        write(report, as_json=as_json)
        return
    from deepseek_cost.csvtable.bill import to_csv

    tell_warnings(report)
    write_text(to_csv(report))
