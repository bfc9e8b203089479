"""Recorded sequences of requests: their cache hits, and what each repeats of the previous one."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.prompt.body import Body, read_body
from deepseek_cost.prompt.breakdown import Hits
from deepseek_cost.prompt.cache import PrefixCache, Prompt
from deepseek_cost.prompt.misses import explain, items_of
from deepseek_cost.prompt.segments import SegmentEncoder
from deepseek_cost.tokenizer.base import ID_BYTES
from tests.reference import request

_KINDS = {
    "chat/completions": Kind.CHAT,
    "responses": Kind.RESPONSES,
    "messages": Kind.MESSAGES,
}
_THINKS = {"deepseek-chat": False, "deepseek-reasoner": True}


@dataclass(frozen=True)
class Transition:
    """A request that follows another in its recording, with its actual and forecast hits."""

    name: str
    template: str
    input: int
    hit: int
    forecast: Hits
    continues: bool
    reason: str


class Sequences:
    """Reads recordings and forecasts them as a user would, with prompts as rendered today."""

    def __init__(self, book: PriceBook, encoder: SegmentEncoder) -> None:
        self._book = book
        self._encoder = encoder

    def transitions(self, path: Path) -> Iterator[Transition]:
        sequences = defaultdict(list)
        for line in path.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            if case["sequence"]:
                name, _, number = case["sequence"].rpartition("#")
                sequences[name].append((int(number), case))
        for cases in sequences.values():
            yield from self._of_one([case for _, case in sorted(cases, key=lambda one: one[0])])

    def _of_one(self, cases: list[dict[str, Any]]) -> Iterator[Transition]:
        cache = PrefixCache()
        before: dict[str, Any] | None = None
        more = self._billed_otherwise(cases[0])
        for case in cases:
            billed, hit = _input(case)
            prompt = self._body(case).prompt(self._encoder)
            forecast = cache.send(_longer(prompt, more))
            if before is not None:
                reason = self._reason(before, case)
                yield Transition(
                    name=case["sequence"],
                    template=case["template"],
                    input=billed,
                    hit=hit,
                    forecast=forecast,
                    continues=self._continues(before, case, prompt),
                    reason=reason,
                )
            before = case

    def _continues(self, before: dict[str, Any], case: dict[str, Any], prompt: Prompt) -> bool:
        """Return whether a prompt repeats the previous one, or begins with it and its response."""
        earlier = self._body(before).prompt(self._encoder)
        if self._billed_otherwise(before) != self._billed_otherwise(case):
            return False
        if prompt.ids == earlier.ids:
            return True
        answered = self._answered(before)
        if answered is None or not answered.outputs:
            return False
        end = answered.outputs[-1][1] * ID_BYTES
        return answered.ids.startswith(earlier.ids) and prompt.ids.startswith(answered.ids[:end])

    def _billed_otherwise(self, case: dict[str, Any]) -> int:
        """Return the difference between the tokens billed and the tokens rendered today.

        The preview's effort text was shorter, and it kept spaces in tool call arguments as sent.
        """
        return _input(case)[0] - self._body(case).prompt(self._encoder).tokens

    def _answered(self, case: dict[str, Any]) -> Prompt | None:
        """Return a request's prompt, continued with its response, or None if it is not a chat."""
        body = self._sent(case)
        calls = case["response_tool_calls"] or []
        if case["endpoint"] != "chat/completions":
            return None
        response = {"role": "assistant", "content": case["response_text"] or ""}
        if case["reasoning_text"]:
            response["reasoning_content"] = case["reasoning_text"]
        results = [{"role": "tool", "tool_call_id": call["id"], "content": "-"} for call in calls]
        if calls:
            response["tool_calls"] = calls
        after = results or [{"role": "user", "content": "-"}]
        return self._body(case, body | {"messages": [*body["messages"], response, *after]}).prompt(
            self._encoder
        )

    def _reason(self, before: dict[str, Any], case: dict[str, Any]) -> str:
        if self._billed_otherwise(before) != self._billed_otherwise(case):
            return "its history came back with other spaces"
        earlier, later = (
            items_of(request(self._sent(one), _KINDS[one["endpoint"]]), self._body(one), "the same")
            for one in (before, case)
        )
        miss = explain(earlier, later, _input(before)[0], self._encoder.count)
        return "" if miss is None else miss.message("it", "the one before")

    def _body(self, case: dict[str, Any], body: dict[str, Any] | None = None) -> Body:
        name = case["request"]["model"]
        template = "deepseek-flash" if case["template"] == "v4.1" else "deepseek-v4-pro"
        return read_body(
            request(body or self._sent(case), _KINDS[case["endpoint"]]),
            self._book.find(template),
            thinking=_THINKS.get(name),
        )

    @staticmethod
    def _sent(case: dict[str, Any]) -> dict[str, Any]:
        """Return a body without what the preview accepted but today's API refuses."""
        body: dict[str, Any] = json.loads(json.dumps(case["request"]))
        if case["template"] == "v4-preview":
            for tool in body.get("tools", ()):
                tool["function"].pop("strict", None)
        return body


def _input(case: dict[str, Any]) -> tuple[int, int]:
    """Return the prompt tokens billed, and how many of them were hits."""
    usage = case["usage"]
    if "prompt_tokens" in usage:
        return usage["prompt_tokens"], usage["prompt_cache_hit_tokens"]
    if "cache_read_input_tokens" in usage:
        hits = usage["cache_read_input_tokens"]
        return usage["input_tokens"] + hits, hits
    return usage["input_tokens"], usage["input_tokens_details"]["cached_tokens"]


def _longer(prompt: Prompt, more: int) -> Prompt:
    """Return a prompt with `more` tokens added at its beginning, or removed if negative."""
    ids = bytes(ID_BYTES * max(0, more)) + prompt.ids[ID_BYTES * max(0, -more) :]
    responses = [(begin + more, end + more) for begin, end in prompt.outputs]
    return Prompt(ids, prompt.input_end + more, responses, prompt.owner)
