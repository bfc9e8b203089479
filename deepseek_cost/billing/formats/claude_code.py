"""Claude Code: transcripts, including those of subagents, and the output of `claude -p`.

A transcript has one line per content block of a response, each with the response's id and whole
usage. Resumed and forked sessions copy lines into a new file. With `--output-format stream-json`,
only the `result` line has what was billed, as a sum per model and without a time.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field

from deepseek_cost.billing.formats.base import (
    Costless,
    Fault,
    Found,
    Kind,
    Origin,
    Reason,
    Records,
    Response,
    Row,
    Series,
    Unreadable,
)
from deepseek_cost.billing.formats.log import YEARS, Log
from deepseek_cost.billing.formats.provider import FOREIGN_IDS, is_deepseek_name
from deepseek_cost.billing.formats.usage import fees_of, usage_of
from deepseek_cost.billing.formats.values import MAX_NAME, MOST_TOKENS, as_object, count, name
from deepseek_cost.pricing.fees import FeeId

_AGENT: Final = "claude"
_TOKENS: Final = ("input_tokens", "cache_read_input_tokens", "output_tokens")
_SYNTHETIC: Final = "<synthetic>"
_ANTHROPIC: Final = "api.anthropic.com"
_MOST_ROWS: Final = 1_000
# Anthropic's own ids, which no other host uses; its responses have both of them.
_RESPONSE_ID: Final = re.compile(r"msg_[0-9A-Za-z]{20,}")
_REQUEST_ID: Final = re.compile(r"req_[0-9A-Za-z]{20,}")


# What does not fit these is left to the general reader.
_Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
_Count = Annotated[int, Meta(ge=0, le=MOST_TOKENS)]


class _Tools(Struct, gc=False):
    web_search_requests: _Count = 0
    web_fetch_requests: _Count = 0


class _Usage(Struct, gc=False):
    input_tokens: _Count | None = None
    cache_read_input_tokens: _Count | None = None
    cache_creation_input_tokens: _Count | None = None
    output_tokens: _Count | None = None
    server_tool_use: _Tools | None = None
    # Of gateways; lines with any of these are left to the general reader.
    completion_tokens: None = None
    completion_tokens_details: None = None
    output_tokens_details: None = None
    reasoning_tokens: None = None


class _Message(Struct, gc=False):
    id: _Name | None = None
    model: _Name | None = None
    usage: _Usage | None = None


class _Line(Struct, gc=False):
    """The part of a line that is decoded; its texts are skipped."""

    type: str | None = None
    timestamp: Annotated[datetime, Meta(tz=True)] | None = None
    sessionId: _Name | None = None  # noqa: N815 - the name in the log
    requestId: _Name | None = None  # noqa: N815 - likewise
    cwd: _Name | None = None
    message: _Message | None = None
    session_id: None = None  # of printed lines


_decoder: Final = msgspec.json.Decoder(_Line)


def read(log: Log) -> Records:
    """Yield the responses in a transcript, or in the output of `claude -p`."""
    if _is_printed(log) or not log.head.lstrip().startswith(b"{"):
        return log.each(lambda number, value: _records(log, number, as_object(value)))
    return _transcript(log)


def _is_printed(log: Log) -> bool:
    """Return whether this is the output of `claude -p`, each line of which has a session_id."""
    if b'"session_id"' not in log.head and b"\n" in log.head:
        return False
    return any(isinstance(one, dict) and "session_id" in one for one in log.samples)


def _transcript(log: Log) -> Records:
    blocks = _Blocks(log, Series(log.name, is_end=True))
    for number, lines in log.structs(_decoder):
        yield from blocks.add(number, lines)
    yield from blocks.end()
    yield from log.end()


class _Blocks(Struct):
    """Merges the consecutive records of a response, and gathers responses in series.

    The last record of a response has its tokens, the first one its time. The last response is
    kept until the next one begins: as the last row of `series`, or else in `last`, and then the
    series is empty.
    """

    log: Log
    series: Series
    last: Response | None = None
    line: _Line | None = None  # the line the last response was read from, if in the usual form
    repeated: int = 0
    others: int = 0
    places: dict[tuple[str | None, ...], int] = field(default_factory=dict)  # of origins

    def add(self, number: int, lines: Sequence[object]) -> Records:
        """Yield the responses that are complete, and any faults."""
        for at, line in self._unskipped(number, lines):
            row = self._row(at, line) if isinstance(line, _Line) else None
            if row is None or (self.last is not None and self.last.identity == row[2]):
                yield from self._one(at, line)
                continue
            if self.last is not None:
                yield self.last
                self.last = None
            self._add_row(row)
            self.line = line  # type: ignore[assignment] # it has a row
        if len(self.series.rows) > _MOST_ROWS:
            yield self._complete()

    def _unskipped(self, number: int, lines: Sequence[object]) -> Iterator[tuple[int, object]]:
        """Count and skip lines that are not responses, or repeat the response before them.

        These are most lines. Yield the others, with their numbers.
        """
        last = self.line
        for at, line in enumerate(lines, number):
            if type(line) is _Line:
                message = line.message
                if message is None or line.type != "assistant":
                    self.others += 1
                    continue
                if last is not None and message == last.message and _is_of_same(line, last):
                    self.repeated += 1
                    continue
            yield at, line
            last = self.line

    def _row(self, number: int, line: _Line) -> Row | None:
        """Return a response as a row of the series; None if its line has to be read by itself."""
        message, at = line.message, line.timestamp
        if message is None or at is None or at.year not in YEARS:
            return None
        usage, identity, model = message.usage, message.id, message.model
        if usage is None or identity is None or model is None or model == _SYNTHETIC:
            return None
        hit, miss, output = (
            usage.cache_read_input_tokens,
            usage.input_tokens,
            usage.output_tokens,
        )
        if hit is None or miss is None or output is None or identity.startswith(FOREIGN_IDS):
            return None
        miss += usage.cache_creation_input_tokens or 0
        tools = usage.server_tool_use
        has_fees = tools is not None and (tools.web_search_requests or tools.web_fetch_requests)
        if has_fees or hit + miss + output > MOST_TOKENS:
            return None
        place = self._place(model, line.cwd, line.sessionId)
        return place, number, identity, hit, miss, output, None, at.timestamp()

    def _place(self, model: str, project: str | None, session: str | None) -> int:
        """Return the place of an origin in the series."""
        place = self.places.get((model, project, session))
        if place is None:
            place = self.places[model, project, session] = len(self.places)
            origin = Origin(model, Kind.MESSAGES, _AGENT, project=project, session=session)
            self.series.origins.append(origin)
        return place

    def _add_row(self, row: Row) -> None:
        """Add a record. It is merged with the last one if it is of the same response."""
        rows = self.series.rows
        if rows and rows[-1][2] == row[2]:
            place, number, identity, hit, miss, output, reasoning, end = rows[-1]
            origins = self.series.origins
            if (hit, miss) == row[3:5] and origins[place].model == origins[row[0]].model:
                self.repeated += 1
                output = row[5] or output
                rows[-1] = place, number, identity, hit, miss, output, reasoning, end
                return
        rows.append(row)

    def _one(self, number: int, line: object) -> Records:
        """Read a line by itself. Yield the responses that are complete, and any faults."""
        for found in _found_in(self.log, number, line):
            if isinstance(found, Response):
                self.line = line if isinstance(line, _Line) else None
                yield from self._next(found)
            elif isinstance(found, Costless) and found.reason is Reason.NO_RESPONSE:
                self.others += 1
            else:
                yield found

    def _next(self, found: Response) -> Iterator[Response | Series]:
        """Add a record. If it begins another response, yield the one before, now complete."""
        if self.series.rows:
            series = self._complete()
            if series.rows:
                yield series
            self.last = self.series.response(self.series.rows.pop())
        last = self.last
        if last is not None and found.identity == last.identity and _is_same(last, found):
            self.repeated += 1
            last.output = found.output or last.output
            return
        self.last = found
        if last is not None:
            yield last

    def _complete(self) -> Series:
        """Begin a series with the last row, and return the one with the rows before it."""
        complete, last = self.series, self.series.rows.pop()
        origin = complete.origins[last[0]]
        self.series = Series(self.log.name, is_end=True, origins=[origin], rows=[(0, *last[1:])])
        self.places = {(origin.model, origin.project, origin.session): 0}
        return complete

    def end(self) -> Records:
        """Yield the last responses, and the numbers of other and of repeated records."""
        if self.last is not None:
            yield self.last
        elif self.series.rows:
            yield self.series
        if self.others:
            yield Costless(Reason.NO_RESPONSE, self.others)
        if self.repeated:
            yield Costless(Reason.REPEATED, self.repeated)


def _is_of_same(line: _Line, last: _Line) -> bool:
    """Return whether lines with equal messages are of the same response."""
    has_id = line.message is not None and line.message.id is not None
    return has_id and line.requestId == last.requestId


def _is_same(last: Response, found: Response) -> bool:
    return found.identity is not None and all(
        getattr(last, what) == getattr(found, what)
        for what in ("hit", "miss", "fees", "model", "provider")
    )


def _found_in(log: Log, number: int, line: object) -> Iterable[Found]:
    """Return the records in a line."""
    if isinstance(line, Fault | Costless):
        return (line,)
    try:
        if isinstance(line, _Line) and line.message is not None:
            return (_usual(log, number, line, line.message),)
        return list(_records(log, number, as_object(line)))
    except Unreadable as error:
        return (log.fault(number, error.reason),)


def _usual(log: Log, number: int, line: _Line, message: _Message) -> Found:
    """Read a line in the form that Claude Code writes."""
    usage, model = message.usage, message.model
    if usage is None or model is None or model == _SYNTHETIC:
        return Costless(Reason.NO_RESPONSE)
    hit, miss, written, output = (
        usage.cache_read_input_tokens,
        usage.input_tokens,
        usage.cache_creation_input_tokens,
        usage.output_tokens,
    )
    if miss is None:
        raise Unreadable("input_tokens is missing from its usage")
    if hit is None and written is not None:
        raise Unreadable("cache_read_input_tokens is missing from its usage")
    if output is None:
        raise Unreadable("output_tokens is missing from its usage")
    return Response(
        line=log.line(number),
        model=model,
        hit=hit,
        miss=miss + (written or 0),
        output=output,
        kind=Kind.MESSAGES,
        identity=message.id,
        provider=_provider(model, message.id, line.requestId) if line.requestId else None,
        end=log.seconds(line.timestamp),
        fees=None if usage.server_tool_use is None else _fees(usage.server_tool_use),
        project=line.cwd,
        session=line.sessionId,
        agent=_AGENT,
    )


def _fees(tools: _Tools) -> dict[FeeId, int] | None:
    if not (tools.web_search_requests or tools.web_fetch_requests):
        return None
    calls = {FeeId.WEB_SEARCH: tools.web_search_requests, FeeId.WEB_FETCH: tools.web_fetch_requests}
    return {fee: number for fee, number in calls.items() if number}


def _records(log: Log, number: int, value: Mapping[str, object]) -> Iterator[Found]:
    if value.get("type") == "result":
        yield from _results(log, number, value)
    elif value.get("session_id") is not None:  # printed; its usage is from the start of the stream
        yield Costless(Reason.NO_RESPONSE)
    else:
        yield _response(log, number, value)


def _response(log: Log, number: int, value: Mapping[str, object]) -> Found:
    """Read a line that differs from the form that Claude Code writes."""
    message = as_object(value.get("message"))
    model = name(message.get("model"))
    is_response = value.get("type") == "assistant" and message.get("usage") is not None
    if not is_response or model in {None, _SYNTHETIC}:
        return Costless(Reason.NO_RESPONSE)
    usage = as_object(message.get("usage"))
    counts = usage_of(usage, Kind.MESSAGES)
    identity = name(message.get("id"))
    return Response(
        line=log.line(number),
        model=model or "",
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        kind=Kind.MESSAGES,
        identity=identity,
        provider=_provider(model or "", identity, name(value.get("requestId"))),
        end=log.seconds(value.get("timestamp")),
        fees=fees_of(usage, {}),
        project=name(value.get("cwd")),
        session=name(value.get("sessionId")),
        agent=_AGENT,
    )


def _provider(model: str, identity: str | None, request: str | None) -> str | None:
    if _RESPONSE_ID.match(identity or "") and _REQUEST_ID.match(request or ""):
        return _ANTHROPIC
    ids = (identity or "").startswith("msg_") and (request or "").startswith("req_")
    return _ANTHROPIC if ids and not is_deepseek_name(model) else None


def _results(log: Log, number: int, value: Mapping[str, object]) -> Iterator[Found]:
    """Yield a run's sums per model, each covering one or more requests."""
    models = as_object(value.get("modelUsage"))
    if not models and not any(as_object(value.get("usage")).get(key) for key in _TOKENS):
        yield Costless(Reason.FAILED)
    elif not models:
        yield log.fault(number, "the result names no model; use its transcript in ~/.claude")
    for model, sums in models.items():
        usage = as_object(sums)
        searches = count(usage.get("webSearchRequests")) or 0
        yield Response(
            line=log.line(number),
            model=model,
            hit=count(usage.get("cacheReadInputTokens")) or 0,
            miss=(count(usage.get("inputTokens")) or 0)
            + (count(usage.get("cacheCreationInputTokens")) or 0),
            output=count(usage.get("outputTokens")) or 0,
            kind=Kind.MESSAGES,
            identity=f"{value.get('session_id')} {value.get('uuid')} {model}",
            end=log.seconds(value.get("timestamp")),
            fees={FeeId.WEB_SEARCH: searches} if searches else None,
            session=name(value.get("session_id")),
            agent=_AGENT,
        )
