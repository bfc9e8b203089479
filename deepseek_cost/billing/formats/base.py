"""What every log format is read into: responses, lines that cost nothing, and faults.

A reader says what a log says, in one meaning: `hit` + `miss` is the whole input, `output` has the
reasoning in it. What a name is served by, what was counted before, and what it cost is decided
once for all formats, in `billing`.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.request import Fault, Line
from deepseek_cost.pricing.cost import TokenUsage
from deepseek_cost.pricing.fees import FeeId

__all__ = ["Costless", "Fault", "Found", "Kind", "Line", "Reason", "Response", "Unreadable"]


class Unreadable(ValueError):  # noqa: N818 - a value that is, not an error of ours
    """A value of a log's line is not what its name says; the text says why, and quotes nothing."""

    @property
    def reason(self) -> str:
        """The text, which keeps its next step apart if it has one."""
        text: str = self.args[0]
        return text


class Reason(StrEnum):
    """Why a line of a log costs nothing."""

    NO_RESPONSE = "not a response"
    REQUEST = "a request"
    FAILED = "failed call"
    CACHED = "answered from a cache of its own"
    REPEATED = "a repeated record"
    SUM = "a sum of other lines"
    OTHER_ENDPOINT = "for another endpoint"
    UNFINISHED = "unfinished line"


class Response(Struct, kw_only=True):
    """One response of a model, as its log reports it.

    `identity`: the response's own id, or what else makes it the same one in another file; None
    where the format has nothing like it, and each record counts.
    `provider`: the host that served it, as the log names it (`deepseek`, `openrouter`, a URL);
    None where it names none.
    `kind`: the endpoint. Names like `claude-opus-4-8` are DeepSeek's on `Kind.MESSAGES` alone.
    `start`, `end`: seconds since 1970; None where not reported. Without `exact_time` it is only
    known that it was between them, and it has a price if that did not change meanwhile.
    `hit`: tokens of the input read from DeepSeek's cache; None where not reported, and then `miss`
    is the whole input.
    `output`: all tokens generated; `reasoning`: the part of it that is, None where not reported.
    `fees`: how often a fee was charged.
    `agent`: the tool that sent it, as `--agent` names it; `key`: the API key's name or the user.
    `stated_cost`: what the log itself says it cost, in USD; shown for other hosts only.
    `line`: where it was read; its text is empty unless the request in it is to be counted again.
    `request`, `response`: both bodies where the log has them; `request_at` is the path to it.
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
        """The billed tokens; where hits were not reported, all of the input as misses."""
        return TokenUsage(self.hit or 0, self.miss, self.output)


class Costless(Struct, frozen=True):
    """So many records of a log that are no responses of the API, or were never charged."""

    reason: Reason
    count: int = 1


Found = Response | Costless | Fault
Records = Iterator[Found]
