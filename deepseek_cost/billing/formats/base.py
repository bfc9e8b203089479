"""What every log format is turned into: responses, lines that cost nothing, and faults.

A reader reports what is in a log with fixed meanings: `hit` + `miss` is the whole input, and
`output` includes the reasoning. Who served a name, what was counted before, and what it cost is
decided in one place for all formats, in `billing`.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct, field

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
    "Origin",
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
    def origin(self) -> "Origin":
        """What it has in common with others in its log."""
        return Origin(self.model, self.kind, self.agent, self.key, self.project, self.session)

    @property
    def tokens(self) -> TokenUsage:
        """The billed tokens. If hits were not reported, the whole input counts as misses."""
        return TokenUsage(self.hit or 0, self.miss, self.output)


class Origin(NamedTuple):
    """What responses one after another in a log have in common; see `Response`."""

    model: str
    kind: Kind = Kind.CHAT
    agent: str | None = None
    key: str | None = None
    project: str | None = None
    session: str | None = None


# The place of its origin, the line's number, and a response's identity, hit, miss, output,
# reasoning and time.
Row = tuple[int, int, str, int, int, int, int | None, float]


class Series(Struct):
    """Responses one after another in a log, as rows, which are read several times as fast.

    `is_end`: the times are those at which responses ended, else those at which they started. Hits
    are reported in all of them, and there are no fees. No identity shows another host.
    """

    source: str
    is_end: bool
    origins: list[Origin] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def responses(self) -> "Iterator[Response]":
        """Yield the responses one by one."""
        return map(self.response, self.rows)

    def response(self, row: Row) -> Response:
        """Return the response of a row."""
        origin, number, identity, hit, miss, output, reasoning, time = row
        model, kind, agent, key, project, session = self.origins[origin]
        return Response(
            line=Line(self.source, "", number),
            model=model,
            hit=hit,
            miss=miss,
            output=output,
            reasoning=reasoning,
            kind=kind,
            identity=identity,
            start=None if self.is_end else time,
            end=time if self.is_end else None,
            project=project,
            session=session,
            agent=agent,
            key=key,
        )


class Costless(Struct, frozen=True):
    """A number of records in a log that are not API responses, or were never charged."""

    reason: Reason
    count: int = 1


class CountedFault(Fault, frozen=True):
    """A line that has all token counts, and cannot be priced for another reason."""


Found = Response | Costless | Fault
Records = Iterator[Found | Series]
