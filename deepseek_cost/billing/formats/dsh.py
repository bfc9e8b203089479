"""DeepSeek Harness (dsh): the events of a session.

The usage of a step is in a chunk, and again in the message that ends the step. The last one counts,
including a chunk that no message followed. Forks begin with the parent's events. The request that
names a session is recorded without its tokens.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from deepseek_cost.billing.formats.base import Costless, Found, Reason, Records, Response
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.provider import label_of_host
from deepseek_cost.billing.formats.values import as_object, at, count, name

_AGENT: Final = "dsh"
# Where events name the model and who served it, in different versions.
_MODELS: Final = (
    *("provenance.model", "message.source.model", "chunk.replayState.model"),
    *("header.config.model", "config.model"),
)
_PROVIDERS: Final = (
    *("provenance.provider", "message.source.provider", "message.source.api"),
    *("chunk.replayState.provider", "header.config.provider", "config.provider"),
)


def read(log: Log) -> Records:
    """Yield the responses of a session, one per step."""
    log.may_be_torn = True
    session = _Session(log)
    yield from log.each(lambda number, value: session.records(number, as_object(value)))
    yield from session.flush()


class _Session(Struct):
    log: Log
    model: str | None = None
    provider: str | None = None
    project: str | None = None
    session: str | None = None
    step: tuple[object, object] | None = None
    pending: Response | None = None

    def records(self, number: int, value: Mapping[str, object]) -> Iterator[Found]:
        data = as_object(value.get("data")) or value
        self.project = self.project or name(data.get("cwd"))
        self.session = self.session or name(data.get("sessionId")) or self._id(value)
        self.model = _first(data, _MODELS) or self.model
        self.provider = _first(data, _PROVIDERS) or self.provider
        usage = as_object(data.get("usage")) or as_object(at(data, "chunk.usage"))
        step = (data.get("turn"), data.get("step"))
        if self.pending is not None and None not in step and step != self.step:
            yield from self.flush()
        if not usage or not str(value.get("type")).startswith("assistant/"):
            yield Costless(Reason.NO_RESPONSE)
            return
        self._add(number, value, usage, step)

    def flush(self) -> Iterator[Found]:
        """Yield the response of the step that has ended."""
        if self.pending is not None:
            if not self.pending.model:
                self.pending.model = self.model or ""
            if self.pending.model:
                yield self.pending
            else:
                yield self.log.fault(self.pending.line.line, "no model in its session")
        self.pending, self.step = None, None

    def _add(
        self,
        number: int,
        value: Mapping[str, object],
        usage: Mapping[str, object],
        step: tuple[object, object],
    ) -> None:
        identity = f"dsh {value.get('seq')} {value.get('time')} {step}"
        end = self.log.seconds(value.get("time"))
        if self.pending is not None and step == self.step:  # the same response, repeated
            identity, end = self.pending.identity or "", self.pending.end
        output = count(usage.get("outputTokens")) or 0
        reasoning = count(usage.get("reasoningTokens"))
        self.step = step
        self.pending = Response(
            line=self.log.line(number),
            model=self.model or "",
            hit=count(usage.get("cacheReadTokens")) or 0,
            miss=(count(usage.get("inputTokens")) or 0)
            + (count(usage.get("cacheWriteTokens")) or 0),
            output=output,
            reasoning=None if reasoning is None or reasoning > output else reasoning,
            identity=identity,
            provider=label_of_host(self.provider),
            end=end,
            project=self.project,
            session=self.session,
            agent=_AGENT,
        )

    @staticmethod
    def _id(value: Mapping[str, object]) -> str | None:
        return name(value.get("id")) if value.get("type") == "session" else None


def _first(data: Mapping[str, object], paths: tuple[str, ...]) -> str | None:
    return next((found for path in paths if (found := name(at(data, path)))), None)
