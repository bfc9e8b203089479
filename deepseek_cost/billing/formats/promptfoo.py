"""promptfoo (0.121): results of `eval -o out.json` or `out.jsonl`, including graders.

Responses from its own cache cost nothing, although its totals include them. The time of a call is
the `date` of its HTTP response; without one, it is only known to be during the evaluation.
"""

from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from msgspec import Struct

from deepseek_cost.billing.formats.api import first, items, utc_seconds
from deepseek_cost.billing.formats.base import (
    Costless,
    Found,
    Reason,
    Records,
    Response,
    Unreadable,
)
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.parts import WHOLE, Parts
from deepseek_cost.billing.formats.provider import host_by
from deepseek_cost.billing.formats.values import as_object, at, count, name

_AGENT: Final = "promptfoo"
_DEFAULT: Final = "promptfoo's default grader"
_ADDRESSES: Final = ("config.apiBaseUrl", "config.apiHost", "apiBaseUrl", "apiHost")


def read(log: Log) -> Records:
    """Yield the calls of an evaluation, to its providers and its graders."""
    return log.each(lambda number, value: _records(log, number, as_object(value)))


class _Evaluation(Struct, frozen=True):
    """What all calls share: when it ran, the providers' addresses, and the default grader."""

    log: Log
    number: int
    start: float | None
    end: float | None
    addresses: Mapping[str, str]
    grader: object


def _records(log: Log, number: int, line: Mapping[str, object]) -> Iterator[Found]:
    results = at(line, "results.results")
    evaluation = _evaluation(log, number, line)
    for result in items(results) if isinstance(results, list) else [line]:
        try:
            yield _call(evaluation, as_object(result))
            yield from _graders(evaluation, as_object(result))
        except Unreadable as error:
            yield log.fault(number, error.reason)


def _evaluation(log: Log, number: int, line: Mapping[str, object]) -> _Evaluation:
    start = utc_seconds(at(line, "results.timestamp"))
    duration = count(at(line, "results.stats.durationMs"))
    providers = [as_object(provider) for provider in items(at(line, "config.providers"))]
    addresses = {
        str(provider.get("id")): str(found)
        for provider in providers
        if (found := first(provider, *_ADDRESSES))
    }
    return _Evaluation(
        log=log,
        number=number,
        start=start,
        end=None if start is None or duration is None else start + duration / 1000,
        addresses=addresses,
        grader=at(line, "config.defaultTest.options.provider"),
    )


def _call(evaluation: _Evaluation, result: Mapping[str, object]) -> Found:
    response = as_object(result.get("response"))
    usage = as_object(response.get("tokenUsage"))
    if response.get("cached"):
        return Costless(Reason.CACHED)
    if not usage:
        return Costless(Reason.FAILED if result.get("error") else Reason.NO_RESPONSE)
    at_ = _http_date(at(response, "metadata.http.headers.date"))
    return _response(evaluation, result.get("provider"), usage, at_)


def _graders(evaluation: _Evaluation, result: Mapping[str, object]) -> Iterator[Found]:
    """Yield the calls of graders. Each uses its own provider, the test's, or the default one."""
    usual = first(result, "testCase.options.provider") or evaluation.grader
    for component in items(at(result, "gradingResult.componentResults")):
        usage = as_object(at(component, "tokensUsed"))
        if count(usage.get("total")):
            provider = at(component, "assertion.provider") or usual or _DEFAULT
            yield _response(evaluation, provider, usage, None)


def _response(
    evaluation: _Evaluation, provider: object, usage: Mapping[str, object], at_: float | None
) -> Found:
    if not count(usage.get("prompt")) and not count(usage.get("completion")):
        return Costless(Reason.CACHED)
    parts = Parts(
        input=count(usage.get("prompt")),
        output=count(usage.get("completion")),
        hit=count(at(usage, "completionDetails.cacheReadInputTokens")),
        reasoning=count(at(usage, "completionDetails.reasoning")),
        total=count(usage.get("total")),
    )
    counts = parts.counts(WHOLE)
    identity = provider if isinstance(provider, str) else str(at(provider, "id") or "")
    label, _, model = identity.partition(":")
    model = model.rpartition(":")[2]
    address = first(provider, *_ADDRESSES) or evaluation.addresses.get(identity)
    return Response(
        line=evaluation.log.line(evaluation.number),
        model=model or identity,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        provider=host_by(label, address if isinstance(address, str) else None),
        start=evaluation.start if at_ is None else None,
        end=evaluation.end if at_ is None else at_,
        exact_time=at_ is not None,
        project=name(at(provider, "label")),
        agent=_AGENT,
    )


def _http_date(value: object) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None
