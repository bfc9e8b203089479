"""Generate the page of what costs tokens from the renderer: `python docs/what_is_billed.py`."""

import base64
import struct
import zlib
from pathlib import Path
from typing import Any, Final, NamedTuple

from deepseek_cost import count_tokens

PAGE: Final = Path(__file__).with_name("what-is-billed.md")
_MODELS: Final = ("deepseek-v4-pro", "deepseek-flash")
_HEAD: Final = """# What is billed, and what is not

Input tokens of small requests that differ in one detail. Pro uses the template V4, Flash V4.1.
Thinking is on at effort high unless a row says otherwise. This page is made by
`python docs/what_is_billed.py`; a test compares it with what `dscost` counts now.

The evidence for the rule behind each row (the figures are counted by `dscost`):

* **recorded**: responses of the API were billed this way.
* **oracle**: our counts match DeepSeek's `deepseek-recipe` 0.2.0, or its published vocabulary.
  Without "recorded", we know of no bill.
* **documentation**: DeepSeek's pages say so.
"""

_Body = dict[str, Any]


class Row(NamedTuple):
    """A row: its topic, request (without a model), evidence, and the models it covers."""

    what: str
    body: _Body
    evidence: str
    models: tuple[str, ...] = _MODELS


def page() -> str:
    """Return the page as Markdown."""
    tables = [_table(title, about, rows) for title, about, rows in _sections()]
    return "\n".join([_HEAD, *tables])


def _table(title: str, about: str, rows: list[Row]) -> str:
    lines = [f"## {title}", "", about, "", "| request | Pro | Flash | evidence |"]
    lines.append("| --- | ---: | ---: | --- |")
    for row in rows:
        pro, flash = (_tokens(row, model) for model in _MODELS)
        lines.append(f"| {row.what} | {pro} | {flash} | {row.evidence} |")
    return "\n".join(lines) + "\n"


def _tokens(row: Row, model: str) -> str:
    if model not in row.models:
        return "-"
    return f"{count_tokens({'model': model, **row.body}).input:,}"


def _chat(*turns: tuple[str, str] | _Body, **settings: Any) -> _Body:  # noqa: ANN401 - JSON
    messages = [
        turn if isinstance(turn, dict) else {"role": turn[0], "content": turn[1]} for turn in turns
    ]
    return {"messages": messages, **settings}


def _plain(text: str) -> _Body:
    return _chat(("user", text), thinking={"type": "disabled"})


def _tool(name: str) -> _Body:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    function = {"name": name, "description": "Weather of a city", "parameters": parameters}
    return {"type": "function", "function": function}


def _png(width: int, height: int) -> str:
    """Return a black picture as a data URL."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((1 + (width + 7) // 8) * height))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(data).decode()


def _image(width: int, height: int, detail: str = "auto") -> _Body:
    url = {"url": _png(width, height), "detail": detail}
    return _chat({"role": "user", "content": [{"type": "image_url", "image_url": url}]})


_HELLO: Final = ("user", "Hello")
_SYSTEM: Final = ("system", "Be brief.")
_RESPONSE: Final = ("assistant", "Hi!")


def _sections() -> list[tuple[str, str, list[Row]]]:
    return [_effort(), _messages(), _reasoning(), _tools(), _settings(), _images(), _text()]


def _effort() -> tuple[str, str, list[Row]]:
    rows = [Row("`Hello`, thinking off", _plain("Hello"), "recorded, oracle")]
    rows += [
        Row(f"effort {level}", _chat(_HELLO, reasoning_effort=level), "recorded, oracle")
        for level in ("low", "high", "max")
    ]
    rows.append(Row("no effort given", _chat(_HELLO), "recorded, oracle"))
    return "Thinking and effort", "The effort adds text to every prompt.", rows


def _messages() -> tuple[str, str, list[Row]]:
    first, second = ("user", "One."), ("user", "Two.")
    named = {"role": "user", "content": "Hello", "name": "Alice"}
    rows = [
        Row("`Hello`", _chat(_HELLO), "recorded, oracle"),
        Row("a system message before it", _chat(_SYSTEM, _HELLO), "oracle"),
        Row("the same after it", _chat(_HELLO, _SYSTEM), "oracle; Flash recorded"),
        Row("two user messages, `One.` and `Two.`", _chat(first, second), "oracle"),
        Row("one with both, joined by a blank line", _chat(("user", "One.\n\nTwo.")), "oracle"),
        Row("with an assistant message between them", _chat(first, _RESPONSE, second), "oracle"),
        Row("`Hello` with a `name`", _chat(named), "oracle"),
        Row("`Hello` with a `user` id", _chat(_HELLO, user="account-1"), "oracle"),
    ]
    return "Messages", "A system message, consecutive messages, names and ids.", rows


def _reasoning() -> tuple[str, str, list[Row]]:
    thought = {"role": "assistant", "content": "Hi!", "reasoning_content": "A greeting. Greet."}
    tools = [_tool("weather")]
    rule = "documentation, recorded"
    rows = [
        Row("no tools, without reasoning", _chat(_HELLO, _RESPONSE, _HELLO), rule),
        Row("no tools, with reasoning", _chat(_HELLO, thought, _HELLO), rule),
        Row("tools, without reasoning", _chat(_HELLO, _RESPONSE, _HELLO, tools=tools), rule),
        Row("tools, with reasoning", _chat(_HELLO, thought, _HELLO, tools=tools), rule),
    ]
    about = (
        "Reasoning of earlier turns is in the prompt only with `tools`. A replayed tool call\n"
        "without its `reasoning_content` is billed as if it had it (recorded): a minimum."
    )
    return "Reasoning in the history", about, rows


def _tools() -> tuple[str, str, list[Row]]:
    one = [_tool("weather")]
    off = {"type": "disabled"}
    required = {"tools": one, "thinking": off, "tool_choice": "required"}
    swapped = [{"function": dict(reversed(one[0]["function"].items())), "type": "function"}]
    rows = [
        Row("no tools", _chat(_HELLO), "recorded, oracle"),
        Row("one tool", _chat(_HELLO, tools=one), "recorded, oracle"),
        Row("two", _chat(_HELLO, tools=[*one, _tool("climate")]), "recorded, oracle"),
        Row("one, its keys in reverse order", _chat(_HELLO, tools=swapped), "oracle"),
        Row("one, choice `auto`", _chat(_HELLO, tools=one, tool_choice="auto"), "oracle"),
        Row("one, choice `none`", _chat(_HELLO, tools=one, tool_choice="none"), "oracle"),
        Row("one, thinking off", _chat(_HELLO, tools=one, thinking=off), "oracle"),
        Row("the same, choice `required`", _chat(_HELLO, **required), "oracle"),
    ]
    return (
        "Tools",
        "The first tool adds a fixed text; every tool adds its own definition.",
        rows,
    )


def _settings() -> tuple[str, str, list[Row]]:
    json_mode = {"type": "json_object"}
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    by_schema = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    rows = [
        Row("`Reply in JSON.`", _chat(("user", "Reply in JSON.")), "oracle"),
        Row("the same in JSON mode",
            _chat(("user", "Reply in JSON."), response_format=json_mode), "oracle"),
        Row("the same with a `json_schema` of one field",
            _chat(("user", "Reply in JSON."), response_format=by_schema), "oracle"),
        Row("with `temperature`, `top_p`, `max_tokens`",
            _chat(("user", "Reply in JSON."), temperature=0.5, top_p=0.9, max_tokens=9), "oracle"),
    ]  # fmt: skip
    return "JSON mode and sampling", "A response format adds text; sampling settings do not.", rows


def _images() -> tuple[str, str, list[Row]]:
    flash = ("deepseek-flash",)
    sizes = ((64, 64), (544, 544), (1000, 1000), (1280, 720), (1920, 1080), (4096, 4096))
    rows = [Row(f"{w} x {h}", _image(w, h), "oracle", flash) for w, h in sizes]
    low = Row("1920 x 1080, detail `low`", _image(1920, 1080, "low"), "oracle", flash)
    about = "A message with one image and no text. The pixels count, not the size of the file."
    return "Images", about, [*rows, low]


def _text() -> tuple[str, str, list[Row]]:
    texts = {
        "English: `The weather is nice today.`": "The weather is nice today.",
        "Chinese: `今天天气很好。`": "今天天气很好。",
        "German: `Das Wetter ist heute schön.`": "Das Wetter ist heute schön.",
        "Russian: `Сегодня хорошая погода.`": "Сегодня хорошая погода.",
        "Python: `print('The weather is nice today.')`": "print('The weather is nice today.')",
        "the English sentence in base64": base64.b64encode(b"The weather is nice today.").decode(),
        "`a b`": "a b",
        "`a` and `b`, 20 spaces between": "a" + " " * 20 + "b",
        "`a` and `b`, a line end (LF) between": "a\nb",
        "`a` and `b`, a line end (CR LF) between": "a\r\nb",
    }
    rows = [Row(what, _plain(text), "oracle") for what, text in texts.items()]
    rows.append(Row("`<think>`, as a text", _plain("<think>"), "recorded"))
    return "Text", "One user message, thinking off: four tokens are from the template.", rows


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
