"""DeepSeek's own way from a body to token ids: the reference for counts of bodies."""

import json
from typing import Any

import deepseek_recipe as recipe

from deepseek_cost.inputs.jsonl import Document
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.reader import request_of
from deepseek_cost.inputs.request import Line, Request
from deepseek_cost.inputs.strict_json import parse
from deepseek_cost.pricing.entries import Template
from deepseek_cost.tokenizer import vocabulary

_REQUESTS: dict[Kind, Any] = {
    Kind.CHAT: recipe.ChatCompletionRequest,
    Kind.MESSAGES: recipe.MessagesRequest,
    Kind.RESPONSES: recipe.ResponsesRequest,
}
_PLACEHOLDERS = ("<｜place▁holder▁no▁0｜>", "<｜place▁holder▁no▁1｜>")
_SPELT = ("<｜System｜>", "<｜image｜>")


class Reference:
    """DeepSeek's renderer and its tokenizer, with the vocabulary that counts rest on."""

    def __init__(self) -> None:
        text = vocabulary.original_path().read_text(encoding="utf-8")
        # V4.1 spells these where V4 has placeholders.
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
        """Encode a body from end to end; raises ConversionError for what the API refuses."""
        version, encoding = self._encodings[template]
        behavior = recipe.WebSearchBehavior.Drop
        options = recipe.ConversionOptions(messages_web_search=behavior)
        options = options.with_model_alias(body["model"], version)
        conversation = _REQUESTS[kind](json.dumps(body)).convert(options).conversation
        return len(encoding.encode(conversation))


def request(body: dict[str, Any], kind: Kind, *, ascii_only: bool = True) -> Request:
    """Return a body as the reader hands it on."""
    text = json.dumps(body, ensure_ascii=ascii_only)
    found = request_of(Document(Line("made", text, 1), parse(text)), kind)
    assert isinstance(found, Request)
    return found
