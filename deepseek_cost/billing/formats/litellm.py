"""LiteLLM (1.110): its logging payload, also as kept by the S3 logger, and rows of SpendLogs.

Both have the whole input, including hits. Responses from LiteLLM's own cache are logged as
successes with a usage and `cache_hit`; failures are logged with zeros.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from deepseek_cost.billing.formats.api import first, utc_seconds
from deepseek_cost.billing.formats.base import (
    Costless,
    Found,
    Reason,
    Records,
    Response,
    Unreadable,
)
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.provider import host_by
from deepseek_cost.billing.formats.usage import fees_of, has_usage, usage_of
from deepseek_cost.billing.formats.values import as_object, at, name

_CALLS: Final = ("completion", "acompletion", "text_completion", "atext_completion")
_OTHER_CALLS: Final = (
    *("embedding", "image", "moderation", "rerank", "transcription", "speech", "_file"),
    *("search", "ocr", "mcp_tool", "health", "vector_store", "list_", "retrieve", "_batch"),
)
_OWN_CACHE: Final = "_cache_hit"
_USAGES: Final = ("metadata.usage_object", "response.usage", "usage_object")
# LiteLLM 1.81.10, for one, drops a usage that comes with the reason that a stream finished.
_ESTIMATES: Final = (
    "its counts are LiteLLM's own estimates of a stream; a newer LiteLLM keeps "
    "DeepSeek's usage, with its cache hits"
)
_FALSE: Final = frozenset({"", "none", "false", "null", "0", "f"})


def read(log: Log) -> Records:
    """Yield the calls of a log or an export."""
    return log.each(lambda number, value: [_record(log, number, as_object(value))])


def _record(log: Log, number: int, call: Mapping[str, object]) -> Found:
    identity = name(call.get("id")) or name(call.get("request_id"))
    kind = str(call.get("call_type") or "")
    if _is_true(call.get("cache_hit")) or _OWN_CACHE in (identity or ""):
        return Costless(Reason.CACHED)
    if kind not in _CALLS and any(part in kind for part in _OTHER_CALLS):
        return Costless(Reason.OTHER_ENDPOINT)
    if "failure" in (call.get("status"), at(call, "metadata.status")):
        return Costless(Reason.FAILED)
    usage = _usage(call)
    model = name(call.get("model")) or name(call.get("model_group"))
    if model is None:
        return Costless(Reason.NO_RESPONSE)
    counts = usage_of(usage)
    is_streamed = call.get("stream") is True and call.get("custom_llm_provider") == "deepseek"
    if is_streamed and counts.hit is None and usage is not call:
        raise Unreadable(_ESTIMATES)
    return Response(
        line=log.line(number),
        model=model,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        kind=counts.kind,
        identity=identity,
        provider=host_by(name(call.get("custom_llm_provider")), name(call.get("api_base"))),
        start=utc_seconds(call.get("startTime")),
        end=utc_seconds(call.get("endTime")),
        fees=fees_of(usage, as_object(call.get("response"))),
        project=name(first(call, "metadata.user_api_key_team_alias", "team_id")),
        session=name(call.get("session_id")),
        key=name(first(call, "metadata.user_api_key_alias", "end_user", "user")),
        stated_cost=_money(first(call, "spend", "response_cost")),
    )


def _usage(call: Mapping[str, object]) -> Mapping[str, object]:
    """Return the usage sent by the API, else the row's counts, which have no hits."""
    for path in _USAGES:
        usage = as_object(at(call, path))
        if has_usage(usage):
            return usage
    return call


def _is_true(value: object) -> bool:
    return str(value).strip().lower() not in _FALSE


def _money(value: object) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None
