"""Codex CLI: rollouts, and the output of `codex exec --json`.

Since about 0.171, each response has a `token_usage_record` with its id. Earlier versions, and
newer ones as well, have a `token_count` event with the usage of the last response and the thread's
sum so far, which may be emitted again unchanged. Old forks and subagents begin with the parent's
events, all written at once with the time of the fork.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from deepseek_cost.billing.formats.base import (
    Costless,
    Found,
    Kind,
    Reason,
    Records,
    Response,
    Unreadable,
)
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.provider import label_of_host
from deepseek_cost.billing.formats.values import as_object, at, count, name

_AGENT: Final = "codex"
# A history is copied without a pause; no response arrives this soon after it.
_PAUSE: Final = 0.5
_PENDING: Final = 1_000
_COUNTS: Final = (
    *("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens"),
    "total_tokens",
)


def read(log: Log) -> Records:
    """Yield the responses of a rollout."""
    rollout = _Rollout(log)
    return log.each(lambda number, value: rollout.records(number, as_object(value)))


class _Rollout(Struct):
    """What earlier lines show about those that follow.

    `replayed_at` is the time of the last line copied from the parent, while copied lines last.
    """

    log: Log
    model: str | None = None
    provider: str | None = None
    project: str | None = None
    session: str | None = None
    replayed_at: float | None = None
    totals: tuple[int, ...] | None = None
    recorded: deque[tuple[int, ...]] = field(default_factory=lambda: deque(maxlen=_PENDING))

    def records(self, number: int, value: Mapping[str, object]) -> Iterator[Found]:
        payload = as_object(value.get("payload"))
        kind = value.get("type")
        if kind == "event_msg" and payload.get("type") == "token_count":
            yield self._counted(number, value, payload)
        elif kind == "token_usage_record":
            yield self._recorded(number, value, payload)
        elif kind == "turn.completed":
            where = "its rollout in ~/.codex/sessions has both"
            yield self.log.fault(number, f"a thread's sum, without model and time; {where}")
        else:
            if kind == "session_meta":
                self._begin(value, payload)
            elif kind == "turn_context":
                self.model = name(payload.get("model")) or self.model
            self._is_replayed(value)
            yield Costless(Reason.NO_RESPONSE)

    def _begin(self, value: Mapping[str, object], payload: Mapping[str, object]) -> None:
        if self.session is not None:  # the parent's, copied
            return
        self.session = name(payload.get("id"))
        self.provider = label_of_host(name(payload.get("model_provider")))
        self.project = name(payload.get("cwd"))
        has_history = payload.get("history_mode") != "paginated"
        is_child = payload.get("forked_from_id") or at(payload, "source.subagent")
        if is_child and has_history:
            self.replayed_at = self.log.seconds(value.get("timestamp"))

    def _is_replayed(self, value: Mapping[str, object]) -> bool:
        """Return whether a line is part of the parent's history, copied without a pause."""
        if self.replayed_at is None:
            return False
        seconds = self.log.seconds(value.get("timestamp"))
        if seconds is None or seconds - self.replayed_at > _PAUSE:
            self.replayed_at = None
            return False
        self.replayed_at = seconds
        return True

    def _recorded(
        self, number: int, value: Mapping[str, object], payload: Mapping[str, object]
    ) -> Found:
        counts = _counts(as_object(payload.get("usage")))
        self.recorded.append(counts)
        return self._response(number, value, counts, name(payload.get("response_id")))

    def _counted(
        self, number: int, value: Mapping[str, object], payload: Mapping[str, object]
    ) -> Found:
        last, total = (
            as_object(at(payload, f"info.{key}"))
            for key in ("last_token_usage", "total_token_usage")
        )
        if not last or not total:  # only rate limits
            return Costless(Reason.NO_RESPONSE)
        counts, totals = _counts(last), _counts(total)
        replayed = self._is_replayed(value)
        repeated = totals == self.totals
        self.totals = totals
        if counts in self.recorded:
            self.recorded.remove(counts)
            return Costless(Reason.NO_RESPONSE)
        if replayed or repeated:
            return Costless(Reason.SUM)
        if self.model is None:
            self.model = name(value.get("model")) or name(at(payload, "info.model"))
        # The thread's sum so far distinguishes its responses from each other and other threads'.
        return self._response(
            number, value, counts, f"codex {self.session or value.get('timestamp')} {totals}"
        )

    def _response(
        self,
        number: int,
        value: Mapping[str, object],
        counts: tuple[int, ...],
        identity: str | None,
    ) -> Found:
        whole, hit, output, reasoning, total = counts
        if hit > whole:
            raise Unreadable("its usage has more cache hits than input")
        if total not in {0, whole + output}:
            raise Unreadable("its usage contradicts itself: total_tokens is not input + output")
        if self.model is None:
            return self.log.fault(number, "no model before it")
        return Response(
            line=self.log.line(number),
            model=self.model,
            hit=hit,
            miss=whole - hit,
            output=output,
            reasoning=reasoning if reasoning <= output else None,
            kind=Kind.RESPONSES,
            identity=identity,
            provider=self.provider,
            end=self.log.seconds(value.get("timestamp")),
            project=self.project,
            session=self.session,
            agent=_AGENT,
        )


def _counts(usage: Mapping[str, object]) -> tuple[int, ...]:
    return tuple(count(usage.get(key)) or 0 for key in _COUNTS)
