"""One line of JSON for each request, written while the requests go by."""

import json
from collections.abc import Callable, Sequence

from deepseek_cost.breakdown import RequestTokens
from deepseek_cost.estimates import Estimate, Tally
from deepseek_cost.ledger import Place
from deepseek_cost.quote import Quote
from deepseek_cost.report.estimate import EstimateEntry, estimate_entry
from deepseek_cost.report.parts import Part, plain
from deepseek_cost.report.requests import LedgerDetails, breakdown_entry, refused_entry


class RequestLine(Part):
    """A line of `dscost estimate --per-request --json`."""

    source: str
    line: int
    custom_id: str | None
    estimates: tuple[EstimateEntry, ...]


def request_lines(
    quote: Quote, write: Callable[[str], None], *, breakdown: bool
) -> Callable[[Place, Sequence[Tally], Sequence[RequestTokens]], None]:
    """Return what writes a line for every request that it is told of."""

    def on_request(
        place: Place, tallies: Sequence[Tally], counted: Sequence[RequestTokens]
    ) -> None:
        estimates = zip(quote.price(tallies), counted, strict=True)
        line = RequestLine(
            source=place.source,
            line=place.line,
            custom_id=place.custom_id,
            estimates=tuple(_entry(e, tokens, breakdown=breakdown) for e, tokens in estimates),
        )
        write(json.dumps(plain(line)) + "\n")

    return on_request


def _entry(estimate: Estimate, tokens: RequestTokens, *, breakdown: bool) -> EstimateEntry:
    parts = tokens.parts.times(estimate.tally.requests)
    details = LedgerDetails(
        refused=refused_entry(estimate.tally.requests, tokens.refused),
        breakdown=breakdown_entry(parts, estimate.price) if breakdown else None,
        distribution=None,
        dearest=None,
        concurrent_requests=None,
    )
    return estimate_entry(estimate, details)
