"""A line of a log as a record."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from fractions import Fraction
from hashlib import sha256
from typing import Final

from msgspec import Struct, field

from deepseek_cost.billing.usage import (
    Field,
    Fields,
    NoUsageError,
    Usage,
    as_object,
    at,
    is_usage,
    usage_of,
)
from deepseek_cost.inputs.kinds import Kind, is_request, kind_of
from deepseek_cost.inputs.request import Fault, Line, Request
from deepseek_cost.inputs.strict_json import member
from deepseek_cost.inputs.timestamps import NoInstantError, NoZoneError, seconds_of

_LONGEST: Final = 64
_MARKS: Final = re.compile(
    r"(?<![a-z])(sk[-_]|pk[-_]|gh[opsu]_|xox[abp]-|eyj|bearer |basic |akia|aiza)", re.IGNORECASE
)
# A run of letters and digits that no name of a person, a team or a task is as long as.
_RUN: Final = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_HEX: Final = re.compile(r"[0-9a-fA-F]{16,}")


def masked(name: str) -> str:
    """Return a name as it may be shown; a secret is told apart from others, but not readable."""
    if not _is_secret(name):
        return name[:_LONGEST]
    return f"masked-{sha256(name.encode(errors='replace')).hexdigest()[:8]}"


def _is_secret(name: str) -> bool:
    if _MARKS.search(name) or _HEX.search(name):
        return True
    return any(any(map(str.isdigit, run)) for run in _RUN.findall(name))


_LONGEST_NAME: Final = 256
_PROVIDER: Final = "deepseek/"
A_REQUEST: Final = "no usage in it: a request, not an answer"


class Record(Struct, frozen=True):
    """One request that was billed; instants are seconds since 1970, None where not told.

    `request_at` is the path to the request in the line.
    """

    line: Line
    kind: Kind
    model: str
    usage: Usage
    start: float | None
    end: float | None
    key: str | None
    label: str | None
    request: dict[str, object] | None
    request_at: str
    response: Mapping[str, object]


class Reading(Struct, frozen=True):
    """How lines are read: the fields, and what to take where a line does not tell it.

    `zone` is that of times without one, `at` the instant of lines without a time.
    """

    fields: Fields = field(default_factory=Fields)
    zone: tzinfo | None = None
    at: float | None = None
    hit_share: Fraction | None = None

    def record(self, line: Line, value: object) -> Record | Fault:
        """Read a line, or say why it cannot be priced; the reason repeats nothing of it."""
        outer = as_object(value)
        if outer is None:
            return line.fault("no object, so no usage in it")
        response = as_object(self.fields.value(Field.RESPONSE, outer)) or outer
        request, request_at = self._request(outer)
        try:
            usage = self._usage(outer, response)
            start, end = self._instants(outer, response)
            model = self._model(response, request or {}, outer)
        except NoZoneError as error:
            return line.fault(f"{error}; add --tz")
        except (NoUsageError, NoInstantError) as error:
            return line.fault(str(error))
        kind = Kind.MESSAGES if response.get("type") == "message" else usage.kind
        return Record(
            line=line,
            kind=kind,
            model=model,
            usage=usage,
            start=start,
            end=end,
            key=self._shown(Field.KEY, outer, request or {}),
            label=self._shown(Field.LABEL, outer),
            request=request,
            request_at=request_at,
            response=response,
        )

    def _request(self, outer: Mapping[str, object]) -> tuple[dict[str, object] | None, str]:
        for name in self.fields.names(Field.REQUEST):
            if (found := as_object(at(outer, name))) is not None:
                return found, name
        return None, ""

    def _usage(self, outer: Mapping[str, object], response: Mapping[str, object]) -> Usage:
        """Read the first usage that tells all; raise what the first one lacks."""
        reason = None
        for found in self._usages(outer, response):
            try:
                return usage_of(found, self.hit_share)
            except NoUsageError as error:
                reason = reason or error
        raise reason or NoUsageError(A_REQUEST if is_request(outer) else "no usage in it")

    def _usages(
        self, outer: Mapping[str, object], response: Mapping[str, object]
    ) -> Iterator[Mapping[str, object]]:
        if own := self.fields.counts(outer):
            yield own
            return
        for place in (response, outer):
            for name in self.fields.names(Field.USAGE):
                found = as_object(at(place, name))
                if found is not None and is_usage(found):
                    yield found
            if is_usage(place):
                yield place

    def _instants(
        self, outer: Mapping[str, object], response: Mapping[str, object]
    ) -> tuple[float | None, float | None]:
        start, end = (
            None if found is None else seconds_of(found, self.zone)
            for found in (
                self.fields.value(Field.TIME, response, outer),
                self.fields.value(Field.END, response, outer),
            )
        )
        if start is None and end is None:
            if self.at is not None:
                return self.at, None
            raise NoInstantError("no time in it; name its field with --time-field, or give --at")
        return start, end

    def _model(self, *places: Mapping[str, object]) -> str:
        name = self.fields.value(Field.MODEL, *places)
        if not isinstance(name, str):
            raise NoUsageError("no model in it; name its field with --field model=NAME")
        return name[:_LONGEST_NAME].removeprefix(_PROVIDER)

    def _shown(self, what: Field, *places: Mapping[str, object]) -> str | None:
        found = self.fields.value(what, *places)
        return masked(str(found)) if isinstance(found, str | int) else None


def request_in(record: Record) -> Request | None:
    """Return the request of a record; None where it has none that can be counted."""
    body = record.request
    if body is None or not isinstance(body.get("model"), str):
        return None
    kind = kind_of(body)
    if kind is Kind.CHAT and record.kind is Kind.MESSAGES:
        kind = Kind.MESSAGES
    if kind is None:
        return None
    line = record.line
    return Request(
        source=line.source,
        line=line.line,
        column=line.column,
        custom_id=None,
        kind=kind,
        in_batch=False,
        body=body,
        text=_written(record) or json.dumps(body, ensure_ascii=False),
        record=body,
    )


def _written(record: Record) -> str | None:
    """Return a request's JSON as it was written, so that a number in a tool keeps its spelling."""
    text = record.line.text
    for name in record.request_at.split("."):
        if not text.startswith("{"):
            return None
        try:
            begin, end = member(text, name)
        except KeyError:
            return None
        text = text[begin:end]
    return text if text.startswith("{") else None
