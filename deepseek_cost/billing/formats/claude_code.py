"""Claude Code's transcripts: one line per content block of a response, each with its usage."""

from deepseek_cost.billing.formats.base import Costless, Found, Kind, Reason, Records, Response
from deepseek_cost.billing.formats.log import Log, as_object, at, count, name


def read(log: Log) -> Records:
    """Yield the responses of a transcript."""
    return log.each(lambda number, value: [_record(log, number, value)])


def _record(log: Log, number: int, value: object) -> Found:
    message = as_object(at(value, "message"))
    usage = as_object(message.get("usage"))
    model = name(message.get("model"))
    if at(value, "type") != "assistant" or not usage or model is None or model == "<synthetic>":
        return Costless(Reason.NO_RESPONSE)
    written = count(usage.get("cache_creation_input_tokens")) or 0
    return Response(
        line=log.line(number),
        identity=name(message.get("id")),
        model=model,
        kind=Kind.MESSAGES,
        start=log.seconds(at(value, "timestamp")),
        hit=count(usage.get("cache_read_input_tokens")) or 0,
        miss=(count(usage.get("input_tokens")) or 0) + written,
        output=count(usage.get("output_tokens")) or 0,
    )
