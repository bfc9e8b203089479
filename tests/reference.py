"""DeepSeek's own code from a body to token ids: the reference for token counts of bodies."""

import json
from array import array
from collections.abc import Callable
from typing import Any, NamedTuple

import deepseek_recipe as recipe

from deepseek_cost.inputs.jsonl import Document
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.reader import request_of
from deepseek_cost.inputs.request import Line, Request
from deepseek_cost.inputs.strict_json import parse
from deepseek_cost.pricing.entries import Template
from deepseek_cost.prompt.chat_completions import read_chat
from deepseek_cost.prompt.checks import RefusalError, UncountedError
from deepseek_cost.prompt.conversation import Conversation, Image
from deepseek_cost.prompt.image_faults import is_path
from deepseek_cost.prompt.messages import read_messages
from deepseek_cost.prompt.renderer import Joined, render
from deepseek_cost.prompt.responses import read_responses
from deepseek_cost.prompt.template import facts_of
from deepseek_cost.tokenizer import vocabulary
from deepseek_cost.tokenizer.tiktoken_engine import Tiktoken

_REQUESTS: dict[Kind, Any] = {
    Kind.CHAT: recipe.ChatCompletionRequest,
    Kind.MESSAGES: recipe.MessagesRequest,
    Kind.RESPONSES: recipe.ResponsesRequest,
}
_PLACEHOLDERS = ("<｜place▁holder▁no▁0｜>", "<｜place▁holder▁no▁1｜>")
_SPELT = ("<｜System｜>", "<｜image｜>")


class Reference:
    """DeepSeek's renderer and tokenizer, with the vocabulary that our counts are based on."""

    def __init__(self) -> None:
        text = vocabulary.original_path().read_text(encoding="utf-8")
        # V4.1 spells out these tokens where V4 has placeholders.
        for placeholder, token in zip(_PLACEHOLDERS, _SPELT, strict=True):
            text = text.replace(placeholder, token)
        official = recipe.Tokenizer.from_str(text)
        self._encodings: dict[Template, tuple[recipe.ModelVersion, Any]] = {
            Template.V4: (
                recipe.ModelVersion.DeepseekV4Pro,
                recipe.DeepseekV4Encoding().with_tokenizer(official),
            ),
            Template.V4_1: (
                recipe.ModelVersion.DeepseekV41Flash,
                recipe.DeepseekV41Encoding().with_tokenizer(official),
            ),
        }

    def tokens(self, kind: Kind, template: Template, body: dict[str, Any]) -> int:
        """Return the tokens of a whole body; raise ConversionError if the API refuses it."""
        version, encoding = self._encodings[template]
        behavior = recipe.WebSearchBehavior.Drop
        options = recipe.ConversionOptions(messages_web_search=behavior)
        options = options.with_model_alias(body["model"], version)
        conversation = _REQUESTS[kind](json.dumps(body)).convert(options).conversation
        return len(encoding.encode(conversation))


def request(body: dict[str, Any], kind: Kind, *, ascii_only: bool = True) -> Request:
    """Return a body as the reader passes it on."""
    text = json.dumps(body, ensure_ascii=ascii_only)
    found = request_of(Document(Line("made", text, 1), parse(text)), kind)
    assert isinstance(found, Request)
    return found


class Compared(NamedTuple):
    """The result of a comparison: how two renderings differ, and whether both refuse the body.

    `unknown` is set if ours has input that cannot be counted locally.
    """

    difference: str = ""
    refused: bool = False
    unknown: bool = False


class Differential:
    """Compares our rendering with DeepSeek's own, both encoded with the same vocabulary."""

    def __init__(self) -> None:
        self._encoder = Tiktoken(vocabulary.load_ranks())
        self._known: dict[str, bytes] = {}
        special = vocabulary.load_special_tokens()
        special |= {"<｜System｜>": 128_000, "<｜image｜>": 128_001}
        self._special = {text: array("I", [number]).tobytes() for text, number in special.items()}
        self._renderers: dict[Template, recipe.DeepseekV4Encoding | recipe.DeepseekV41Encoding] = {
            Template.V4: recipe.DeepseekV4Encoding(),
            Template.V4_1: recipe.DeepseekV41Encoding(),
        }
        behavior = recipe.WebSearchBehavior.Drop
        options = recipe.ConversionOptions(messages_web_search=behavior)
        self._options = {
            Template.V4: options.with_model_alias("m", recipe.ModelVersion.DeepseekV4Pro),
            Template.V4_1: options.with_model_alias("m", recipe.ModelVersion.DeepseekV41Flash),
        }

    def compare(self, kind: Kind, body: dict[str, Any]) -> dict[Template, Compared]:
        """Compare the token ids of a body in each template, or check that both refuse it."""
        theirs, ours = self.theirs(kind, body), self.ours(kind, body)
        return {template: _compared(theirs[template], ours[template]) for template in theirs}

    def theirs(self, kind: Kind, body: dict[str, Any]) -> dict[Template, bytes | str]:
        """Return DeepSeek's token ids of a body in each template, or why it refuses the body."""
        text = json.dumps(body)
        return {template: self._their_ids(kind, text, template) for template in self._options}

    def _their_ids(self, kind: Kind, body: str, template: Template) -> bytes | str:
        try:
            made = _REQUESTS[kind](body)
            conversation = made.convert(self._options[template]).conversation
        except (recipe.ConversionError, ValueError) as error:
            return str(error)
        rendered = self._renderers[template].render_conversation(conversation)
        text, at, found = rendered.prompt, 0, []
        for begin, end in rendered.special_ranges:
            if at < begin:
                found.append(self._ids(text[at:begin]))
            found.append(self._special[text[begin:end]])
            at = end
        if at < len(text):
            found.append(self._ids(text[at:]))
        return b"".join(found)

    def ours(self, kind: Kind, body: dict[str, Any]) -> dict[Template, bytes | str]:
        """Return our token ids of a body in each template, or why we refuse or cannot count it."""
        try:
            conversation = read(kind)(body)
        except UncountedError as error:
            return dict.fromkeys(self._options, f"unknown: {error}")
        except RefusalError as refusal:
            return dict.fromkeys(self._options, str(refusal))
        return {template: self._our_ids(conversation, template) for template in self._options}

    def _our_ids(self, conversation: Conversation, template: Template) -> bytes | str:
        sees = template is Template.V4_1
        refused = conversation.refused or (conversation.vision_refused if sees else None)
        if refused:
            return refused
        if any(unknown.what != "file" for unknown in conversation.unknown):
            return "unknown: input that only the API has"
        found = []
        for _, value in render(conversation, facts_of(template)):
            if isinstance(value, bytes):
                found.append(value)
            elif isinstance(value, Image):
                if value.url is None or is_path(value.url):
                    return "unknown: an image of an id or of a local file"
                found.append(self._special["<｜image｜>"])
            elif isinstance(value, Joined):
                found.append(self._ids(value.text))
            else:
                assert isinstance(value, str)
                found.append(self._ids(value))
        return b"".join(found)

    def _ids(self, text: str) -> bytes:
        known = self._known.get(text)
        if known is None:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            known = self._known[text] = self._encoder.ids(text)
        return known


_MOST_KNOWN = 20_000


def read(kind: Kind) -> Callable[[dict[str, Any]], Conversation]:
    """Return the function that reads bodies of a kind."""
    return {Kind.CHAT: read_chat, Kind.MESSAGES: read_messages, Kind.RESPONSES: read_responses}[
        kind
    ]


def _compared(theirs: bytes | str, ours: bytes | str) -> Compared:
    if isinstance(theirs, str) and isinstance(ours, str):
        return Compared(refused=True)
    if isinstance(ours, str) and ours.startswith("unknown: "):
        return Compared(unknown=True)
    if theirs == ours:
        return Compared()
    return Compared(f"theirs {_short(theirs)}, ours {_short(ours)}")


def _short(found: bytes | str) -> str:
    return found if isinstance(found, str) else f"{len(found) // 4} tokens"
