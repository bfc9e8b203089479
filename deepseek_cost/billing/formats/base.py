"""What every log format is turned into: responses, lines that cost nothing, and faults.

A reader reports what is in a log with fixed meanings: `hit` + `miss` is the whole input, and
`output` includes the reasoning. Who served a name, what was counted before, and what it cost is
decided in one place for all formats, in `billing`.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.request import Fault, Line
from deepseek_cost.pricing.cost import TokenUsage
from deepseek_cost.pricing.fees import FeeId

__all__ = [
    "Costless",
    "Fault",
    "Found",
    "Kind",
    "Line",
    "Reason",
    "Response",
    "Row",
    "Series",
    "Unreadable",
]


class Unreadable(ValueError):  # noqa: N818 - a value that is, not an error of ours
    """A value in a log line is not what its name says. The text says why, without quoting it."""

    @property
    def reason(self) -> str:
        """The text, with any advice on what to do next kept separately."""
        text: str = self.args[0]
        return text


class Reason(StrEnum):
    """The reason a log line costs nothing."""

    NO_RESPONSE = "not a response"
    REQUEST = "a request"
    FAILED = "failed call"
    CACHED = "answered from a cache of its own"
    REPEATED = "a repeated record"
    SUM = "a sum of other lines"
    OTHER_ENDPOINT = "for another endpoint"
    UNFINISHED = "unfinished line"


class Response(Struct, kw_only=True, omit_defaults=True):
    """One response from a model, as reported by its log.

    `identity`: the response's own id, or whatever else identifies it in another file; None if the
    format has nothing of the kind, and then each record counts.
    `provider`: the host that served it, as named by the log (`deepseek`, `openrouter`, a URL);
    None if the log names none.
    `kind`: the endpoint. Names like `claude-opus-4-8` are DeepSeek's only on `Kind.MESSAGES`.
    `start`, `end`: seconds since 1970; None if not reported. Without `exact_time`, it is only known
    to have been between them, and has a price only if that did not change in between.
    `hit`: input tokens read from DeepSeek's cache; None if not reported, and then `miss` is the
    whole input.
    `output`: all tokens generated. `reasoning`: the reasoning tokens among them; None if not
    reported.
    `fees`: how often each fee was charged.
    `agent`: the tool that sent it, by its `--agent` name. `key`: the API key's name or the user.
    `stated_cost`: its cost in USD according to the log; shown only for other hosts.
    `line`: where it was read. Its text is empty unless the request in it is to be counted again.
    `request`, `response`: both bodies, if the log has the request; `request_at`: the path to it.
    """

    line: Line
    model: str
    miss: int
    output: int
    hit: int | None
    reasoning: int | None = None
    kind: Kind = Kind.CHAT
    identity: str | None = None
    provider: str | None = None
    start: float | None = None
    end: float | None = None
    exact_time: bool = True
    fees: Mapping[FeeId, int] | None = None
    project: str | None = None
    session: str | None = None
    agent: str | None = None
    key: str | None = None
    label: str | None = None
    stated_cost: Decimal | None = None
    request: dict[str, object] | None = None
    request_at: str = ""
    response: Mapping[str, object] | None = None

    @property
    def tokens(self) -> TokenUsage:
        """The billed tokens. If hits were not reported, the whole input counts as misses."""
        return TokenUsage(self.hit or 0, self.miss, self.output)


# The line's number, the identity, hit, miss, output, and end of a response.
Row = tuple[int, str, int, int, int, float]


class Series(Struct):
    """Responses one after another in a log that differ only in their rows.

    A log of many is read several times as fast this way. Hits are reported in all of them, and
    reasoning and fees in none.
    """

    source: str
    model: str
    kind: Kind
    agent: str
    project: str | None
    session: str | None
    rows: list[Row]

    def responses(self) -> "Iterator[Response]":
        """Yield the responses one by one."""
        return map(self.response, self.rows)

    def response(self, row: Row) -> Response:
        """Return the response of a row."""
        number, identity, hit, miss, output, end = row
        return Response(
            line=Line(self.source, "", number),
            model=self.model,
            hit=hit,
            miss=miss,
            output=output,
            kind=self.kind,
            identity=identity,
            end=end,
            project=self.project,
            session=self.session,
            agent=self.agent,
        )


class Costless(Struct, frozen=True):
    """A number of records in a log that are not API responses, or were never charged."""

    reason: Reason
    count: int = 1


class CountedFault(Fault, frozen=True):
    """A line that has all token counts, and cannot be priced for another reason."""


Found = Response | Costless | Fault
Records = Iterator[Found | Series]
