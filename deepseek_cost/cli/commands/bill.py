"""dscost bill."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from deepseek_cost.billing.dimensions import By
from deepseek_cost.cli import log_options, options, price_options, values
from deepseek_cost.cli.gate import OVER_LIMIT
from deepseek_cost.cli.groups import PRICED, READ, SHOWN
from deepseek_cost.cli.invoice_session import (
    exit_if_failed,
    exports_of,
    read_invoice,
    reconcile,
    split_exports,
)
from deepseek_cost.cli.log_session import (
    charging_of,
    find_installed,
    installed_logs,
    proof_maker,
    read_logs,
    reading_of,
)
from deepseek_cost.cli.manual import Example, Manual
from deepseek_cost.cli.messages import show_note
from deepseek_cost.cli.output import require_one_format, write, write_file
from deepseek_cost.cli.ranges import budget_of, span_of
from deepseek_cost.cli.session import DEFAULT_MODELS, balance_of, price_table, time_of
from deepseek_cost.cli.sources import find_sources, is_piped
from deepseek_cost.errors import DscostError, UsageError, advised
from deepseek_cost.pricing.currency import Currency

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deepseek_cost.billing.profile import Profile
    from deepseek_cost.billing.records import Reading
    from deepseek_cost.cli.bill_session import Billing
    from deepseek_cost.inputs.folders import Found
    from deepseek_cost.reports.bill import BillReport


Agents = Annotated[
    list[str] | None,
    READ.option("--agent", metavar="NAME", help="Only the logs of this agent. Repeatable."),
]
Invoices = Annotated[
    list[str] | None,
    READ.option(
        "--invoice",
        metavar="FILE",
        help="DeepSeek's usage export (ZIP or CSV), to compare with the logs; repeatable.",
    ),
]
ByNames = Annotated[
    list[By] | None,
    SHOWN.option(
        "--by",
        metavar="WHAT",
        help="Break the bill down by day, week, month, hour, session, project, agent, model or "
        "key. Repeatable: --by month --by model.",
    ),
]
Since = Annotated[
    str | None,
    READ.option(
        "--since",
        metavar="TIME",
        help="Only from this time on: 2026-11, 2026-11-03, yesterday, 7d. Days are those of --tz, "
        "else UTC.",
    ),
]
Until = Annotated[
    str | None,
    READ.option(
        "--until",
        metavar="TIME",
        help="Up to this time, or the end of this day or month: 2026-11, 2026-11-03, yesterday.",
    ),
]
WithForecast = Annotated[
    bool,
    SHOWN.option(
        "--forecast/--no-forecast", help="Compare the requests in the log with their bill."
    ),
]
Calibrate = Annotated[
    Path | None,
    SHOWN.option(
        "--calibrate", metavar="FILE", help="Write a profile of output lengths, for --output-from."
    ),
]
Watch = Annotated[
    bool,
    SHOWN.option(
        "--watch",
        help="Show the bill again whenever a log grows, until Ctrl-C; without FILE, today's.",
    ),
]
BillAt = Annotated[
    str | None,
    PRICED.option(
        "--at",
        metavar="TIME",
        help="Time to price all responses at: 2026-11-23T10:00Z, 14:30+08:00, now, peak or "
        "off-peak.",
        show_default="each response's own",
        autocompletion=price_options.complete_times,
    ),
]

MANUAL: Final = Manual(
    (
        Example("what the coding agents here have cost", "dscost bill"),
        Example(
            "a log of responses by month and model, with exit code 3 over 20 dollars",
            "dscost bill responses.jsonl --by month --by model --budget 20",
        ),
        Example(
            "DeepSeek's own export, compared with the logs",
            "dscost bill --invoice usage_data.zip responses.jsonl",
        ),
    ),
    page="bill.md",
    failure="a line cannot be priced, or a price is wrong or unknown",
    limit="over --budget, after the output is written",
)


def bill(
    files: log_options.Logs = None,
    invoice: Invoices = None,
    agent: Agents = None,
    agent_logs: log_options.AgentLogs = True,
    by: ByNames = None,
    since: Since = None,
    until: Until = None,
    budget: log_options.Budget = None,
    field: log_options.LogFields = None,
    time_field: log_options.TimeFields = None,
    at: BillAt = None,
    tz: log_options.BillTz = None,
    tier_by: log_options.TierByName = None,
    cache_hit_ratio: log_options.AssumedHitRatio = None,
    currency: price_options.CurrencyName = Currency.USD,
    granted: price_options.Granted = None,
    topped_up: price_options.ToppedUp = None,
    forecast: WithForecast = True,
    calibrate: Calibrate = None,
    watch: Watch = False,
    glob: options.Globs = None,
    encoding: options.Encoding = "utf-8",
    as_json: options.AsJson = False,
    verbose: options.Verbose = False,
    plain: options.Plain = False,
    as_csv: options.AsCsv = False,
    prices: options.PricesFile = None,
) -> None:
    """Add up what you spent, from logs of API responses.

    Without FILE, reads the logs of the coding agents that are installed here. DeepSeek's own usage
    export is shown as the invoice; with logs, both are compared.

    Each response is priced at the time it was made. No prompt, response or key is shown.
    """
    from deepseek_cost.billing.intake import Intake
    from deepseek_cost.billing.profile import Profile
    from deepseek_cost.billing.tariff import Tariffs
    from deepseek_cost.cli.bill_session import Billing
    from deepseek_cost.inputs.folders import Found

    require_one_format(as_json=as_json, as_csv=as_csv)
    table = price_table(prices)
    tier_by = tier_by or table.book.tier_by
    how = reading_of(field or (), time_field or (), tz, cache_hit_ratio)
    zone = values.zone(tz or "UTC")
    tariffs = Tariffs(table.book, currency, DEFAULT_MODELS)
    names = tuple(dict.fromkeys(by or ()))
    since = "today" if watch and not files and since is None else since
    billing = Billing(
        table,
        currency,
        charging_of(tariffs, tier_by, at, tz, cache_hit_ratio),
        zone,
        lambda: span_of(since, until, time_of(None, table.book), zone),
        names,
        balance_of(granted, topped_up),
        by_session=watch,
    )
    if watch:
        formats = {"--json": as_json, "--csv": as_csv}
        others = {"--by": by, "--invoice": invoice, "--budget": budget, "--calibrate": calibrate}
        balances = {"--granted": granted, "--topped-up": topped_up}
        for option, value in (formats | others | balances).items():
            values.require_one_of({"--watch": watch, option: value})
        _watch(
            *(billing, files, agent, glob, encoding, how),
            agent_logs=agent_logs,
            title="today" if since == "today" else "spent",
            plain=plain,
        )
        return
    span = billing.find_span()
    limit = budget_of(budget, names, span)
    exports = exports_of(invoice, encoding)
    is_alone = bool(exports) and not files and not agent
    found = Found() if is_alone else _found(files, agent, glob, encoding, agent_logs=agent_logs)
    if exports := [*exports, *split_exports(found)]:
        periods = {"--budget": budget, "--since": since, "--until": until, "--by": by}
        balances = {"--granted": granted, "--topped-up": topped_up}
        _refuse_of_logs(periods | balances | {"--calibrate": calibrate})
        report = reconcile(
            read_invoice(exports, table, currency),
            found,
            table,
            fields=field or (),
            time_fields=time_field or (),
            tz=tz,
            tier_by=tier_by,
            at=at,
            cache_hit_ratio=cache_hit_ratio,
        )
        write(report, as_json=as_json, plain=plain, verbose=verbose, as_csv=as_csv)
        exit_if_failed(report)
        return
    profile = Profile() if calibrate else None
    proof = proof_maker(table.book) if forecast else None
    intake = Intake(billing.account(span), proof, profile=profile)
    read = read_logs(found, how, intake)
    shown = billing.report(span, intake, read, limit)
    write(shown, as_json=as_json, plain=plain, verbose=verbose, as_csv=as_csv)
    if as_csv:
        _show_allowances(shown)
    if calibrate and profile is not None:
        _write_profile(profile, calibrate)
    if intake.account.unpriced:
        raise typer.Exit(DscostError.exit_code)
    if shown.budget is not None and shown.budget.is_over:
        raise typer.Exit(OVER_LIMIT)


def _refuse_of_logs(given: "Mapping[str, object]") -> None:
    """Raise UsageError for an option that an invoice has no use for, instead of ignoring it."""
    for option, value in given.items():
        if value:
            raise UsageError(
                f"{option} does not apply to DeepSeek's invoice",
                tip="give it with logs, and leave the invoice out",
            )


def _found(
    files: "Sequence[str] | None",
    agents: "Sequence[str] | None",
    glob: "Sequence[str] | None",
    encoding: str,
    *,
    agent_logs: bool,
) -> "Found":
    """Find the logs named, or, without names, those of the agents installed here."""
    if files:
        if agents:
            raise UsageError("--agent finds the logs itself", tip="give --agent or FILE, not both")
        return find_sources(files, glob, encoding, any_file=True)
    if is_piped():
        show_note(advised("standard input is not read", "to read it: dscost bill -"))
    if not (agent_logs or agents):
        raise UsageError("agent-logs is off in your settings", tip="give FILE, or - for stdin")
    return installed_logs(agents or (), encoding)


def _watch(
    billing: "Billing",
    files: "Sequence[str] | None",
    agents: "Sequence[str] | None",
    glob: "Sequence[str] | None",
    encoding: str,
    how: "Reading",
    *,
    agent_logs: bool,
    title: str,
    plain: bool,
) -> None:
    """Show the bill of logs that grow; the note about what is read comes once."""
    from deepseek_cost.cli.watch import Watched, watch

    found = _found(files, agents, glob, encoding, agent_logs=agent_logs)

    def find() -> "Found":
        if files:
            return find_sources(files, glob, encoding, any_file=True)
        return find_installed(agents or (), encoding)[0]

    watch(Watched(billing, how, find, title, plain), found)


def _show_allowances(report: "BillReport") -> None:
    """Show budget and balance in notes: among rows of CSV they would spoil its sums."""
    from deepseek_cost.reports.bill import balance_lines, budget_lines

    for line in (*budget_lines(report), *balance_lines(report)):
        show_note(line)


def _write_profile(profile: "Profile", path: Path) -> None:
    from deepseek_cost.reports.profile import profile_json

    write_file(profile_json(profile), path, "--calibrate")
