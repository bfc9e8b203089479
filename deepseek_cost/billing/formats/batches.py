"""Results of batches from OpenAI's Batch API and Anthropic's Message Batches.

Requests that failed, expired or went to another endpoint cost nothing. Anthropic's results have no
times of their own.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.formats.api import (
    is_of_other_endpoint,
    is_response,
    response_of,
    times_of,
)
from deepseek_cost.billing.formats.base import Costless, Found, Reason, Records, Unreadable
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.values import as_object, at, count, name

_OK: Final = 200
_SUCCEEDED: Final = "succeeded"


def read(log: Log) -> Records:
    """Yield the results of a batch."""
    return log.each(lambda number, value: _records(log, number, as_object(value)))


def _records(log: Log, number: int, line: Mapping[str, object]) -> Iterator[Found]:
    body = _body(line)
    if body is None:
        yield Costless(Reason.FAILED)
    elif is_of_other_endpoint(body):
        yield Costless(Reason.OTHER_ENDPOINT)
    elif not is_response(body):
        raise Unreadable("no usage in it")
    else:
        found = response_of(log, number, body)
        if found.start is None and found.end is None:
            found.start, found.end = times_of(log, line)
        found.label = name(line.get("custom_id"))
        yield found


def _body(line: Mapping[str, object]) -> Mapping[str, object] | None:
    """Return the response of a result, or None if it has none."""
    result = as_object(line.get("result"))
    if result:
        return as_object(result.get("message")) if result.get("type") == _SUCCEEDED else None
    status = count(at(line, "response.status_code"))
    if line.get("error") or status not in {None, _OK}:
        return None
    return as_object(at(line, "response.body")) or None
