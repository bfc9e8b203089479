"""Cline and Roo Code in an editor: the messages shown in a task, with JSON in their texts.

Cline's DeepSeek provider reports no input, only the misses as cache writes. Other OpenAI-style
providers report the whole input, Anthropic's the misses. The model is in the message, or else in
other files in the same folder.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from deepseek_cost.billing.formats.base import (
    Costless,
    Found,
    Reason,
    Records,
    Response,
    Unreadable,
)
from deepseek_cost.billing.formats.lenient_json import small_json
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.provider import label_of_host
from deepseek_cost.billing.formats.values import as_object, at, count, name

_CLINE_FILE: Final = "task_metadata.json"
_ROO_FILE: Final = "api_conversation_history.json"
_ROO_MODEL: Final = re.compile(r"<model>([^<>\s]{1,256})</model>")
_NO_MODEL: Final = "no model in it or its task's files; use DeepSeek's export instead"


class _Task(Struct):
    """A task's name and the models it used, each from a time in milliseconds since 1970 on."""

    name: str
    since: list[int] = field(default_factory=list)
    models: list[tuple[str, str | None]] = field(default_factory=list)

    def at(self, time: object) -> tuple[str | None, str | None]:
        """Return the model and provider at a time, or at any time if there was only one."""
        index = bisect_right(self.since, time) if isinstance(time, int) else 0
        if not self.models:
            return None, None
        return self.models[max(0, index - 1)]


def read(log: Log) -> Records:
    """Yield the responses of a task."""
    task = _task(log)
    return log.each(lambda number, value: _records(log, number, as_object(value), task))


def _records(log: Log, number: int, message: Mapping[str, object], task: _Task) -> Iterator[Found]:
    what = name(message.get("say"))
    usage = as_object(message.get("text"))
    if what == "deleted_api_reqs" and any(usage.values()):
        yield log.fault(number, "requests whose messages were deleted, as one sum")
    elif what not in {"api_req_started", "subagent_usage"}:
        yield Costless(Reason.NO_RESPONSE)
    elif usage.get("tokensOut") is None:  # canceled or failed before it got a response
        yield Costless(Reason.FAILED)
    else:
        yield _response(log, number, message, usage, task)


def _response(
    log: Log,
    number: int,
    message: Mapping[str, object],
    usage: Mapping[str, object],
    task: _Task,
) -> Found:
    time = message.get("ts")
    model, provider = task.at(time)
    model = name(at(message, "modelInfo.modelId")) or model
    provider = name(at(message, "modelInfo.providerId")) or provider
    if model is None:
        return log.fault(number, _NO_MODEL)
    hit, miss = _input(usage, provider)
    output = count(usage.get("tokensOut")) or 0
    if not hit + miss + output:
        return Costless(Reason.FAILED)
    return Response(
        line=log.line(number),
        model=model,
        hit=hit,
        miss=miss,
        output=output,
        identity=f"cline {task.name} {time}",
        provider=label_of_host(provider),
        start=log.seconds(time),
        session=task.name or None,
        agent=_agent(log, usage),
        stated_cost=_money(usage.get("cost")),
    )


def _agent(log: Log, usage: Mapping[str, object]) -> str:
    if "kilocode" in log.name.lower():
        return "kilo"
    return "roo" if "apiProtocol" in usage else "cline"


def _input(usage: Mapping[str, object], provider: str | None) -> tuple[int, int]:
    """Return a usage's hits and misses; what its input includes depends on the provider."""
    whole, written, hit = (
        count(usage.get(key)) or 0 for key in ("tokensIn", "cacheWrites", "cacheReads")
    )
    protocol = str(usage.get("apiProtocol") or provider or "").lower()
    if not whole or whole == hit + written:
        return hit, written or max(0, whole - hit)
    if protocol.startswith("anthropic") or protocol == "deepseek":
        return hit, whole + written
    if whole < hit:
        raise Unreadable("its usage has more cache hits than input")
    return hit, whole - hit


def _task(log: Log) -> _Task:
    """Return a task with the models named in the other files of its folder."""
    if log.path is None:
        return _Task("")
    found = [
        *_of_cline(log.path.with_name(_CLINE_FILE)),
        *_of_roo(log.path.with_name(_ROO_FILE)),
    ]
    found.sort(key=lambda one: one[0])
    since, models = [one[0] for one in found], [one[1:] for one in found]
    return _Task(log.path.parent.name, since, models)


def _of_cline(path: Path) -> Iterator[tuple[int, str, str | None]]:
    entries = as_object(small_json(path)).get("model_usage")
    for entry in entries if isinstance(entries, list) else ():
        model, since = name(at(entry, "model_id")), at(entry, "ts")
        if model and isinstance(since, int):
            yield since, model, name(at(entry, "model_provider_id"))


def _of_roo(path: Path) -> Iterator[tuple[int, str, str | None]]:
    """Yield the models named by Roo Code in the details of each prompt."""
    messages = small_json(path)
    for message in messages if isinstance(messages, list) else ():
        since, content = at(message, "ts"), at(message, "content")
        if at(message, "role") != "user" or not isinstance(since, int):
            continue
        blocks = content if isinstance(content, list) else [{"text": content}]
        for block in blocks:
            text = at(block, "text")
            for model in _ROO_MODEL.findall(text if isinstance(text, str) else ""):
                yield since, model, None


def _money(value: object) -> Decimal | None:
    return Decimal(str(value)) if isinstance(value, int | float) else None
