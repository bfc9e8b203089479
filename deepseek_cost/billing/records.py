"""Read a line of a log as a record."""

import json
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from decimal import Decimal
from typing import Final

from msgspec import Struct, field

from deepseek_cost.billing.fields import Field, Fields, as_object, at
from deepseek_cost.billing.formats.base import (
    Costless,
    CountedFault,
    Fault,
    Found,
    Kind,
    Line,
    Reason,
    Response,
    Unreadable,
)
from deepseek_cost.billing.formats.usage import (
    Counts,
    fees_of,
    has_usage,
    is_complete,
    replaced,
    usage_of,
)
from deepseek_cost.billing.formats.values import MAX_NAME
from deepseek_cost.billing.likely_fields import likely_counts, likely_hits
from deepseek_cost.errors import Advice, Advised, advised
from deepseek_cost.inputs.json_spans import member
from deepseek_cost.inputs.kinds import is_request, kind_of, kind_of_url
from deepseek_cost.inputs.request import Request
from deepseek_cost.inputs.timestamps import NoTimeError, NoZoneError, seconds_of
from deepseek_cost.masking import digest, masked

A_REQUEST: Final = advised("requests, not responses", "dscost estimate prices them")
A_TEXT: Final = advised("a text, not a log of responses", "dscost estimate prices prompts")
NO_USAGE: Final = "no usage in it"
_CONTRADICTS: Final = "contradicts itself"
_NO_HITS: Final = "its usage does not report cache hits"
_FAILED: Final = ("failure", "failed", "error")
_FIRST_ERROR: Final = 400  # of HTTP's status codes


class Reading(Struct, frozen=True):
    """How to read lines of an unknown format: by their fields.

    `zone` applies to times without a time zone. `splits_input`: input without hits is split later.
    """

    fields: Fields = field(default_factory=Fields)
    zone: tzinfo | None = None
    splits_input: bool = False

    def record(self, line: Line, value: object) -> Found:
        """Return a line's record, or why it cannot be priced. The reason does not quote it."""
        outer = as_object(value)
        if outer is None:
            return Costless(Reason.NO_RESPONSE)
        response = as_object(self.fields.value(Field.RESPONSE, outer)) or outer
        try:
            return self._without_charge(outer, response) or self._response(line, outer, response)
        except NoZoneError as error:
            reason: str = Advised(str(error), Advice.LOG_ZONE)
        except (Unreadable, NoTimeError) as error:
            reason = error.args[0]
        return self._fault(line, outer, response, reason)

    def _fault(
        self, line: Line, outer: Mapping[str, object], response: Mapping[str, object], reason: str
    ) -> Fault:
        """Return a fault; one of a line with all token counts shows that its log is understood."""
        try:
            is_counted = any(map(is_complete, self._usages(outer, response)))
        except Unreadable:
            is_counted = False
        kind = CountedFault if is_counted else Fault
        return kind(line.source, line.line, line.column, reason)

    def _without_charge(
        self, outer: Mapping[str, object], response: Mapping[str, object]
    ) -> Costless | None:
        """Return why a line costs nothing, or None if it may be charged."""
        if _is_embedding(outer, response):
            return Costless(Reason.OTHER_ENDPOINT)
        if _was_cached(outer):
            return Costless(Reason.CACHED)
        usages = list(self._usages(outer, response))
        if _has_failed(outer, response) and not any(map(_has_counts, usages)):
            return Costless(Reason.FAILED)
        if usages:
            return None
        if is_request(outer) and not likely_counts(outer):
            is_other = "url" in outer and kind_of_url(outer["url"]) is None
            return Costless(Reason.OTHER_ENDPOINT if is_other else Reason.REQUEST)
        names_a_model = isinstance(self.fields.value(Field.MODEL, response, outer), str)
        is_response = names_a_model or any(key in response for key in ("choices", "output"))
        return None if is_response else Costless(Reason.NO_RESPONSE)

    def _response(
        self, line: Line, outer: Mapping[str, object], response: Mapping[str, object]
    ) -> Found:
        request, request_at = self._request(outer)
        usage, counts = self._counts(outer, response)
        if not (counts.hit or counts.miss or counts.output):
            return Costless(Reason.FAILED)
        start, end = self._times(outer, response)
        return Response(
            line=line,
            kind=counts.kind,
            model=self._model(response, request or {}, outer),
            hit=counts.hit,
            miss=counts.miss,
            output=counts.output,
            reasoning=counts.reasoning,
            identity=self._name(Field.ID, response, outer),
            provider=self._name(Field.PROVIDER, response, outer),
            start=start,
            end=end,
            fees=fees_of(usage, response),
            key=self._shown(Field.KEY, outer, request or {}),
            label=self._shown(Field.LABEL, outer),
            stated_cost=_money(usage.get("cost")),
            request=request,
            request_at=request_at,
            response=None if request is None else response,
        )

    def _request(self, outer: Mapping[str, object]) -> tuple[dict[str, object] | None, str]:
        for name in self.fields.names(Field.REQUEST):
            if (found := as_object(at(outer, name))) is not None:
                return found, name
        return None, ""

    def _counts(
        self, outer: Mapping[str, object], response: Mapping[str, object]
    ) -> tuple[Mapping[str, object], Counts]:
        """Return the first complete usage. Raises Unreadable for what the first one lacks."""
        kind = Kind.MESSAGES if response.get("type") == "message" else None
        reason: Unreadable | None = None
        for found in self._usages(outer, response):
            try:
                counts = usage_of(found, kind)
                if counts.hit is None and not self.splits_input:
                    raise Unreadable(_without_hits(outer))  # noqa: TRY301 - as the others
            except Unreadable as error:
                reason = reason or error
            else:
                return found, counts
        reason = reason or Unreadable(NO_USAGE)
        raise Unreadable(_with_likely_counts(reason.reason, outer))

    def _usages(
        self, outer: Mapping[str, object], response: Mapping[str, object]
    ) -> Iterator[Mapping[str, object]]:
        if own := self.fields.counts(outer):
            known = next(self._known_usages(outer, response), {})
            yield own if is_complete(own) else replaced(known, own)
        else:
            yield from self._known_usages(outer, response)

    def _known_usages(
        self, outer: Mapping[str, object], response: Mapping[str, object]
    ) -> Iterator[Mapping[str, object]]:
        for place in (response, outer):
            for name in self.fields.names(Field.USAGE):
                found = as_object(at(place, name))
                if found is not None and has_usage(found):
                    yield found
            if has_usage(place):
                yield place

    def _times(
        self, outer: Mapping[str, object], response: Mapping[str, object]
    ) -> tuple[float | None, float | None]:
        start = self._time(Field.TIME, response, outer)
        try:
            return start, self._time(Field.END, response, outer)
        except NoZoneError:
            if start is None:
                raise
            return start, None  # the response's own time has a zone, the log's does not

    def _time(self, what: Field, *places: Mapping[str, object]) -> float | None:
        found = (at(place, name) for place in places for name in self.fields.names(what))
        known = (value for value in found if value not in (None, "", 0, "0"))
        return next((seconds_of(value, self.zone) for value in known), None)

    def _model(self, *places: Mapping[str, object]) -> str:
        name = self._name(Field.MODEL, *places)
        if name is None:
            raise Unreadable(Advised("no model in it", Advice.LOG_MODEL))
        return name

    def _name(self, what: Field, *places: Mapping[str, object]) -> str | None:
        found = self.fields.value(what, *places)
        return found[:MAX_NAME] if isinstance(found, str) and found else None

    def _shown(self, what: Field, *places: Mapping[str, object]) -> str | None:
        """Return a name that is safe to show. One in a field named api_key is always masked."""
        found = self.fields.value(what, *places)
        if not isinstance(found, str | int):
            return None
        is_key = any(at(place, "api_key") == found for place in places)
        return digest(str(found)) if is_key else masked(str(found))


def _has_counts(usage: Mapping[str, object]) -> bool:
    return any(value not in (None, "", 0, "0") for key, value in usage.items() if "token" in key)


def _was_cached(outer: Mapping[str, object]) -> bool:
    """Return whether a gateway responded from its own cache and sent nothing to the API."""
    return str(outer.get("cache_hit")).lower() == "true"


def _is_embedding(outer: Mapping[str, object], response: Mapping[str, object]) -> bool:
    data = response.get("data")
    is_list = response.get("object") == "list" and isinstance(data, list) and bool(data)
    first = data[0] if is_list and isinstance(data, list) else None
    has_vector = isinstance(first, dict) and first.get("object") == "embedding"
    return has_vector or "embedding" in str(outer.get("call_type", ""))


def _has_failed(outer: Mapping[str, object], response: Mapping[str, object]) -> bool:
    for place in (outer, response):
        code = place.get("status_code")
        if place.get("error") or place.get("status") in _FAILED:
            return True
        if isinstance(code, int) and code >= _FIRST_ERROR:
            return True
    return outer.get("type") == "error"


def _with_likely_counts(reason: str, outer: Mapping[str, object]) -> str:
    """Add which fields may hold a line's counts, if something is missing and names suggest it."""
    likely = likely_counts(outer)
    if not likely or isinstance(reason, Advised) or _CONTRADICTS in reason:
        return reason
    mapping = ",".join(f"{what}={name}" for what, name in likely.items())
    return Advised(reason, Advice.LOG_LIKELY_COUNTS, mapping)


def _without_hits(outer: Mapping[str, object]) -> str:
    """Return what to do about a line without hits, naming a field that looks like them."""
    like = likely_hits(outer)
    if like is not None and like.isprintable():
        return Advised(_NO_HITS, Advice.LOG_HIT_FIELD, repr(like), like)
    return Advised(_NO_HITS, Advice.HIT_RATIO)


def _money(value: object) -> Decimal | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Decimal(str(value)) if is_number else None


def request_in(record: Response) -> Request | None:
    """Return a record's request, or None if it has none that can be counted."""
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


def _written(record: Response) -> str | None:
    """Return a request's JSON as written, so that numbers in its tools keep their spelling."""
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
