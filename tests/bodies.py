"""Random request bodies: for the tests here and the long run in benchmarks/."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from deepseek_cost.inputs.kinds import Kind
from tests.hostile import FRAGMENTS

Body = dict[str, Any]
_SPELLINGS = ["<think>", "</think>", "<｜User｜>", "<｜Assistant｜>", "<｜System｜>", "｜DSML｜"]
_SPELLINGS += ["<｜begin▁of▁sentence｜>", "<｜image｜>", "</tool_result>", "<tool_result>", "json"]
_SPELLINGS += ["### Available Tool Schemas\n\n", "\n\n", '{"name": "f"}', "[Unsupported Image]"]
_ADDRESSES = ["", "a.png", "file:///a.png", "ftp://x.test/a.png", "HTTPS:x", "data:image/png"]
_ADDRESSES += ["data:image/png;base64,AAAA", "data:image/bmp;base64,AAAA", " https://x.test/a.png"]
_WORDS = ["The", " quick", " brown", " fox", " 3.14", "\n", " über", "价格", " def f():", "\t"]


class Bodies:
    """An endless source of bodies; the same seed gives the same bodies."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - tests, not secrets
        self._calls = 0

    def text(self, parts: int = 12) -> str:
        """Return odd text: prose, odd Unicode, text that spells special tokens."""
        pools = (FRAGMENTS, _SPELLINGS, _WORDS, _WORDS, _WORDS)
        some = range(self._random.randint(1, parts))
        return "".join(self._random.choice(self._random.choice(pools)) for _ in some)

    def _maybe(self, share: float = 0.5) -> bool:
        return self._random.random() < share

    def some_text(self) -> str:
        """Return odd text, or an empty text."""
        return "" if self._maybe(0.25) else self.text()

    def texts(self, kind: str) -> list[Body]:
        """Return blocks of text, some of them empty."""
        some = range(self._random.randint(1, 3))
        return [{"type": kind, "text": self.some_text()} for _ in some]

    def value(self, depth: int = 3) -> Any:  # noqa: ANN401 - JSON
        """Return JSON of any shape."""
        simple = [True, None, 0, -7, 2.5, 1e21, 12345678901, "", self.text(3)]
        if depth == 0 or self._maybe():
            return self._random.choice(simple)
        some = range(self._random.randint(0, 3))
        if self._maybe():
            return [self.value(depth - 1) for _ in some]
        return {self.text(2): self.value(depth - 1) for _ in some}

    def schema(self, depth: int = 3) -> Body:
        """Return a JSON Schema with random nesting."""
        if depth == 0:
            return {"type": "string", "description": self.text(4)}
        some = range(self._random.randint(0, 3))
        found: Body = {
            "type": "object",
            "properties": {f"p{i}": self.schema(self._random.randint(0, depth - 1)) for i in some},
        }
        if self._maybe():
            found |= {"required": [f"p{i}" for i in some], "additionalProperties": False}
        return found | ({"x": self.value()} if self._maybe(0.2) else {})

    def functions(self) -> list[Body]:
        """Return function definitions as they appear inside `function` in Chat Completions."""
        found = []
        for i in range(self._random.randint(1, 4)):
            function: Body = {"name": f"tool_{i}", "parameters": self.schema()}
            if self._maybe(0.8):
                function["description"] = self.text()
            found.append(function)
        return found

    def calls(self) -> list[Body]:
        """Return tool calls with their ids."""
        found = []
        for _ in range(self._random.randint(1, 3)):
            self._calls += 1
            arguments = {f"p{i}": self.value(2) for i in range(self._random.randint(0, 3))}
            found.append({"id": f"call_{self._calls}", "name": "tool_0", "arguments": arguments})
        return found

    def mode(self) -> Body:
        """Return the settings with which a Chat Completions body asks for thinking."""
        if self._maybe(0.3):
            return {}
        if self._maybe(0.3):
            return {"thinking": {"type": "disabled"}}
        effort = self._random.choice(["low", "medium", "high", "xhigh", "max"])
        return {"thinking": {"type": "enabled"}, "reasoning_effort": effort}

    def plain(self) -> Body:
        """Return a conversation between user and assistant."""
        messages = [{"role": "user", "content": self.text()}]
        for _ in range(self._random.randint(0, 3)):
            messages.append({"role": "assistant", "content": self.text()})
            messages.append({"role": "user", "content": self.text()})
        if self._maybe():
            messages.insert(0, {"role": "system", "content": self.text()})
        return {"model": "m", "messages": messages, **self.mode()}

    def tools(self) -> Body:
        """Return a conversation that offers tools."""
        offered = [{"type": "function", "function": f} for f in self.functions()]
        choice = {"tool_choice": self._random.choice(["auto", "none"])} if self._maybe() else {}
        return self.plain() | {"tools": offered} | choice

    def results(self) -> Body:
        """Return a conversation with tool calls, some of their results out of order."""
        body = self.tools() if self._maybe(0.8) else self.plain()
        for _ in range(self._random.randint(1, 2)):
            calls = self.calls()
            reported = [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": call["name"], "arguments": json.dumps(call["arguments"])},
                }
                for call in calls
            ]
            message: Body = {"role": "assistant", "content": self.text(), "tool_calls": reported}
            message |= {"reasoning_content": self.text()} if self._maybe() else {}
            self._random.shuffle(calls)
            replies = [
                {"role": "tool", "tool_call_id": call["id"], "content": self.text()}
                for call in calls
            ]
            body["messages"] += [message, *replies]
        if self._maybe():
            body["messages"].append({"role": "user", "content": self.text()})
        return body

    def reasoning(self) -> Body:
        """Return a conversation whose assistant messages include their reasoning."""
        body = self.plain() if self._maybe() else self.tools()
        for message in body["messages"]:
            if message["role"] == "assistant":
                message["reasoning_content"] = self.text()
        return body

    def systems(self) -> Body:
        """Return a conversation with system messages anywhere."""
        body = self.reasoning()
        for _ in range(self._random.randint(1, 3)):
            role = self._random.choice(["system", "system", "latest_reminder"])
            at = self._random.randint(0, len(body["messages"]))
            body["messages"].insert(at, {"role": role, "content": self.text()})
        return body

    def json_mode(self) -> Body:
        """Return a body that asks for JSON output."""
        body = self.plain()
        body["messages"].append({"role": "user", "content": self.text() + " json"})
        schema = {"name": "s", "schema": self.schema()}
        formats = [{"type": "json_object"}, {"type": "json_schema", "json_schema": schema}]
        return body | {"response_format": self._random.choice(formats)}

    def prefix(self) -> Body:
        """Return a body whose last message is to be continued."""
        body = self.plain()
        message: Body = {"role": "assistant", "content": self.text(), "prefix": True}
        message |= {"reasoning_content": self.text()} if self._maybe() else {}
        body["messages"].append(message)
        return body

    def parts(self) -> Body:
        """Return a body whose contents are lists of parts."""
        body = self.plain()
        for message in body["messages"]:
            message["content"] = self.texts("text")
        return body

    def messages(self) -> Body:
        """Return a body for the Messages API."""
        body: Body = {"model": "m", "max_tokens": 9, "messages": []}
        for _ in range(self._random.randint(0, 3)):
            calls = self.calls() if self._maybe() else []
            reported: list[Body] = [{"type": "thinking", "thinking": self.text(), "signature": "s"}]
            reported = reported if self._maybe() else []
            reported += self.texts("text")
            for call in calls:
                use = {"type": "tool_use", "id": call["id"], "name": call["name"]}
                reported.append(use | {"input": call["arguments"]})
            heard: list[Body] = [
                {
                    "type": "tool_result",
                    "tool_use_id": call["id"],
                    "content": self.texts("text") if self._maybe(0.2) else self.some_text(),
                }
                for call in calls
            ]
            body["messages"] += [
                self._spoken("user"),
                {"role": "assistant", "content": reported},
                *([{"role": "user", "content": heard}] if heard else []),
            ]
            heard += self.texts("text") if self._maybe(0.3) else []
            if self._maybe(0.1):
                body["messages"].append(self._spoken("system"))
        body["messages"].append(self._spoken("user"))
        if self._maybe():
            body["system"] = self.text() if self._maybe() else self.texts("text")
        if self._maybe():
            body["tools"] = [
                {"name": f["name"], "input_schema": f["parameters"], "description": self.text()}
                for f in self.functions()
            ]
        if self._maybe():
            body["thinking"] = {"type": self._random.choice(["enabled", "disabled"])}
        return body

    def _spoken(self, role: str) -> Body:
        """Return a message for the Messages API: a text, or blocks including an image."""
        if self._maybe(0.6):
            return {"role": role, "content": self.some_text()}
        blocks = self.texts("text")
        source = {"type": "url", "url": self._address()}
        if self._maybe(0.3):
            blocks.insert(self._random.randint(0, 3), {"type": "image", "source": source})
        return {"role": role, "content": blocks}

    def _address(self) -> str:
        """Return an image URL, occasionally one that the API rejects."""
        return self._random.choice(_ADDRESSES) if self._maybe(0.1) else "https://x.test/a.png"

    def responses(self) -> Body:
        """Return a body for the Responses API."""
        if self._maybe(0.2):
            return {"model": "m", "input": self.text()}
        items: list[Body] = []
        for _ in range(self._random.randint(1, 3)):
            items.append(self._item("user"))
            items += self._response()
            for call in self.calls() if self._maybe() else []:
                named = {"call_id": call["id"], "name": call["name"]}
                arguments = json.dumps(call["arguments"])
                items.append({"type": "function_call", **named, "arguments": arguments})
                output = {"type": "function_call_output", "call_id": call["id"]}
                items.append(output | {"output": self.some_text()})
            items += self._response()
        items.append(self._item("user"))
        body: Body = {"model": "m", "input": items}
        if self._maybe():
            body["instructions"] = self.text()
        if self._maybe():
            body["tools"] = [{"type": "function", **function} for function in self.functions()]
        if self._maybe():
            body["reasoning"] = {"effort": self._random.choice(["low", "high", "max"])}
        return body

    def _response(self) -> list[Body]:
        """Return output items of the Responses API: reasoning and texts, either possibly empty."""
        found: list[Body] = []
        for _ in range(self._random.choice([0, 0, 1, 1, 2, 3])):
            if self._maybe():
                content = self.texts("reasoning_text") if self._maybe(0.8) else []
                found.append({"type": "reasoning", "summary": [], "content": content})
            else:
                found.append(self._item("assistant"))
        return found

    def _item(self, role: str) -> Body:
        """Return a Responses message; a user's may become a developer's or system message."""
        kind = "output_text" if role == "assistant" else "input_text"
        if role == "user" and self._maybe(0.1):
            role = self._random.choice(["developer", "system"])
        content: Any = self.some_text() if self._maybe(0.6) else self.texts(kind)
        if isinstance(content, list) and self._maybe(0.2):
            image = {"type": "input_image", "image_url": self._address()}
            content.insert(self._random.randint(0, 3), image)
        return {"role": role, "content": content}

    def choices(self) -> Body:
        """Return a body that sets which tools may or must be called, some of them strict."""
        body = self.tools() | {"thinking": {"type": self._random.choice(["disabled", "enabled"])}}
        names = [tool["function"]["name"] for tool in body["tools"]] + ["nobody"]
        one = {"type": "function", "function": {"name": self._random.choice(names)}}
        body["tool_choice"] = self._random.choice(["auto", "none", "required", one, None])
        strict = self._random.choice([None, True, False])
        for tool in body["tools"]:
            tool["function"]["strict"] = strict if self._maybe(0.8) else None
        return body

    def pictures(self) -> Body:
        """Return a body with images between its texts; the images' content is not available."""
        body = self.results() if self._maybe(0.3) else self.plain()
        for message in body["messages"]:
            if message["role"] != "assistant" and isinstance(message["content"], str):
                image: Body = {"type": "image_url", "image_url": {"url": self._address()}}
                text = {"type": "text", "text": message["content"]}
                parts = [text, image, {"type": "text", "text": self.text(2)}, image]
                message["content"] = parts[: self._random.randint(1, 4)]
        return body

    def odd(self) -> Body:
        """Return a Chat Completions body of any kind, with one value changed to an odd one."""
        makers = [Bodies.plain, Bodies.results, Bodies.systems, Bodies.json_mode, Bodies.choices]
        return self.change(self._random.choice(makers)(self))

    def odd_messages(self) -> Body:
        """Return a Messages body with one value changed to an odd one."""
        return self.change(self.messages())

    def odd_responses(self) -> Body:
        """Return a Responses body with one value changed to an odd one."""
        return self.change(self.responses())

    def change(self, body: Body) -> Body:
        """Change, drop or add a value somewhere, but keep the model."""
        for _ in range(self._random.randint(1, 2)):
            holders = [h for h in _holders(body) if h]
            holder = self._random.choice(holders)
            if isinstance(holder, list):
                holder[self._random.randrange(len(holder))] = self._odd_value()
                continue
            keys = [*(key for key in holder if key != "model"), *_SETTINGS]
            key = self._random.choice(keys)
            if key in holder and self._maybe(0.2):
                del holder[key]
            else:
                holder[key] = self._odd_value()
        return body

    def _odd_value(self) -> Any:  # noqa: ANN401 - JSON
        words = ["low", "max", "none", "enabled", "user", "system", "tool", "text", "function"]
        odd = [None, True, 0, 1, -1, 2.5, 10**6, "", "x", {}, self.text(3), {"type": "text"}]
        return self._random.choice([*odd, *words, {"type": "disabled"}, self.value(2) or 0])


def _holders(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """Return every object and list in a value, except lists where objects belong."""
    found: list[Any] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            found.append(item)
            waiting += item.values()
        elif isinstance(item, list):
            found.append(item)
            waiting += item
    return found


_SETTINGS = ["temperature", "top_p", "n", "stop", "stream", "seed", "logprobs", "tool_choice"]
_SETTINGS += ["max_tokens", "name", "prefix", "strict", "description", "reasoning_content"]
_SETTINGS += ["tool_calls", "thinking", "reasoning_effort", "response_format", "parameters"]


MAKERS: dict[str, tuple[Kind, Callable[[Bodies], Body]]] = {
    "plain": (Kind.CHAT, Bodies.plain),
    "tools": (Kind.CHAT, Bodies.tools),
    "tool results": (Kind.CHAT, Bodies.results),
    "reasoning": (Kind.CHAT, Bodies.reasoning),
    "system anywhere": (Kind.CHAT, Bodies.systems),
    "json mode": (Kind.CHAT, Bodies.json_mode),
    "prefix": (Kind.CHAT, Bodies.prefix),
    "parts": (Kind.CHAT, Bodies.parts),
    "choices": (Kind.CHAT, Bodies.choices),
    "pictures": (Kind.CHAT, Bodies.pictures),
    "odd": (Kind.CHAT, Bodies.odd),
    "odd messages": (Kind.MESSAGES, Bodies.odd_messages),
    "odd responses": (Kind.RESPONSES, Bodies.odd_responses),
    "messages": (Kind.MESSAGES, Bodies.messages),
    "responses": (Kind.RESPONSES, Bodies.responses),
}
