"""A request body rendered and counted.

No bill of one is known, and the renderer has no template for it.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final, Protocol, cast

import deepseek_recipe as recipe
from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.errors import InputError
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.request import Request
from deepseek_cost.inputs.strict_json import MAX_DEPTH
from deepseek_cost.pricing.entries import Model, Template
from deepseek_cost.prompt.breakdown import LEAST_IMAGE_TOKENS, Breakdown, RequestTokens
from deepseek_cost.prompt.cache import Prompt
from deepseek_cost.prompt.images import count_images, image_tokens, replace_images
from deepseek_cost.prompt.segments import SegmentCounter, SegmentEncoder, break_down
from deepseek_cost.prompt.token_ids import owner_of, special_ids, tokenized
from deepseek_cost.tokenizer.base import ID_BYTES

_SPECIAL_TOKENS: Final = 4
_MAX_TOKENS: Final = 8_192


class FimBody(Struct, frozen=True):
    """The body of a completion, read for a model."""

    request: Request
    model: Model
    before: str
    after: str

    def count(self, counter: SegmentCounter) -> RequestTokens:
        """Count its tokens and tell what they are of."""
        tokens = counter.count(self.before) + counter.count(self.after)
        asked = self.request.body.get("max_tokens")
        limit = asked if isinstance(asked, int) and asked > 0 else _MAX_TOKENS
        context = self.model.context_tokens
        left = context - tokens - _SPECIAL_TOKENS
        over = f"{tokens + _SPECIAL_TOKENS:,} input tokens and {limit:,} of output are more than "
        return RequestTokens(
            parts=Breakdown(user=tokens, template=_SPECIAL_TOKENS),
            output_ceiling=max(0, min(limit, left)),
            choices=self.request.choices,
            refused=f"{over}the context of {context:,}" if limit > left else None,
        )

    def prompt(self, encoder: SegmentEncoder) -> Prompt:
        """Return its tokens, as many as are counted; the special ones stand as they may."""
        first, second, third, last = (special_ids(f"fim {n}") for n in range(_SPECIAL_TOKENS))
        ids = first + second + encoder.ids(self.before) + third + encoder.ids(self.after) + last
        return Prompt(ids, len(ids) // ID_BYTES, owner=owner_of(self.request.body))


_Request = recipe.ChatCompletionRequest | recipe.MessagesRequest | recipe.ResponsesRequest
_REQUESTS: Final[Mapping[Kind, Callable[[str], _Request]]] = {
    Kind.CHAT: recipe.ChatCompletionRequest,
    Kind.MESSAGES: recipe.MessagesRequest,
    Kind.RESPONSES: recipe.ResponsesRequest,
}
_VERSIONS: Final = {
    Template.V4: recipe.ModelVersion.DeepseekV4Pro,
    Template.V4_1: recipe.ModelVersion.DeepseekV41Flash,
}
_ENCODINGS: Final[Mapping[Template, recipe.DeepseekV4Encoding | recipe.DeepseekV41Encoding]] = {
    Template.V4: recipe.DeepseekV4Encoding(),
    Template.V4_1: recipe.DeepseekV41Encoding(),
}
_LIMITS: Final = ("max_tokens", "max_output_tokens")
_AT: Final = re.compile(r" at line (\d+) column (\d+)$")
# Decide the input; all else can make the API refuse a body, and is left out to count that.
_OF_INPUT: Final = (
    *("model", "messages", "input", "system", "instructions", "tools", "previous_response_id"),
    *("thinking", "reasoning", "reasoning_effort", "output_config"),
)
# The renderer's bound: 384 x 1,024.
_MOST_OUTPUT: Final = 393_216


class _Converted(Struct, frozen=True):
    request: recipe.ConversationRequest
    refused: str | None


class Body(Protocol):
    """A body that was read for a model."""

    def count(self, counter: SegmentCounter) -> RequestTokens:
        """Count its tokens and tell what they are of."""

    def prompt(self, encoder: SegmentEncoder) -> Prompt:
        """Return the tokens themselves, as many as are counted."""


class RenderedBody(Struct, frozen=True):
    """A body with the conversation and the prompt that DeepSeek's renderer makes of it.

    The conversation is the same whatever endpoint the body is for.

    `sizes` are the tokens of each image, None where it is not at hand.
    """

    request: Request
    model: Model
    converted: _Converted
    conversation: recipe.Conversation
    rendered: recipe.RenderedPrompt
    sizes: Sequence[int | None]

    def saying(self, conversation: recipe.Conversation) -> "RenderedBody":
        """Return the body with another conversation in the place of its own."""
        rendered, sizes = _render(conversation, self.request, self.model)
        return replace(self, conversation=conversation, rendered=rendered, sizes=sizes)

    def count(self, counter: SegmentCounter) -> RequestTokens:
        """Count its tokens and tell what they are of."""
        parts = self.parts(counter)
        ceiling, refused = _output_ceiling(self.converted, parts.input, self.request, self.model)
        return RequestTokens(
            parts=parts,
            unknown_images=self.sizes.count(None),
            output_ceiling=ceiling,
            choices=self.request.choices,
            refused=refused,
        )

    def parts(self, counter: SegmentCounter) -> Breakdown:
        """Count what its tokens are of."""
        return break_down(self.rendered, self.conversation, self._images(), counter)

    def prompt(self, encoder: SegmentEncoder) -> Prompt:
        """Return the tokens themselves, as many as are counted."""
        return tokenized(self.rendered, self._images(), encoder, owner_of(self.request.body))

    def _images(self) -> list[int]:
        return [LEAST_IMAGE_TOKENS if size is None else size for size in self.sizes]


def count_body(
    request: Request, model: Model, counter: SegmentCounter, *, thinking: bool | None = None
) -> RequestTokens:
    """Count a body for a model; see read_body."""
    return read_body(request, model, thinking=thinking).count(counter)


def read_body(request: Request, model: Model, *, thinking: bool | None = None) -> Body:
    """Read a body for a model; `thinking` is the mode that its name stands for, if it does.

    Raises InputError, with the position, for a body that cannot be counted.
    """
    if request.kind is Kind.FIM:
        return _read_fim(request, model)
    return render_body(request, model, thinking=thinking)


def render_body(request: Request, model: Model, *, thinking: bool | None = None) -> RenderedBody:
    """Render a body that is a conversation; see read_body."""
    try:
        converted = _convert(request, model.template, thinking is not False)
        conversation = converted.request.conversation
        rendered, sizes = _render(conversation, request, model)
    except (InputError, ValueError) as error:
        raise InputError(_located(request, str(error))) from error
    return RenderedBody(request, model, converted, conversation, rendered, sizes)


def _render(
    conversation: recipe.Conversation, request: Request, model: Model
) -> tuple[recipe.RenderedPrompt, list[int | None]]:
    """Return the prompt, and the tokens of each image in it."""
    rendered = _ENCODINGS[model.template].render_conversation(conversation)
    return rendered, [image_tokens(image, request.folder) for image in rendered.image_sources]


def images_without_vision(request: Request, template: Template) -> int:
    """Return the images of a body that the template replaces by a line of text."""
    return count_images(request.body) if template is Template.V4 and '"image' in request.text else 0


def _convert(request: Request, template: Template, thinks: bool) -> _Converted:  # noqa: FBT001
    name = request.body.get("model")
    if not isinstance(name, str):
        raise InputError('the body names no model; the API requires one: add "model" to it')
    text = request.text
    if "image" in request.text:
        body = cast("dict[str, object]", json.loads(request.text))
        text = json.dumps(body) if replace_images(body, files=False) else text
    options = _options(name, template, thinks)
    try:
        return _Converted(_REQUESTS[request.kind](text).convert(options), None)
    except recipe.ConversionError as error:
        return _convert_refused(request, options, str(error))


def _convert_refused(
    request: Request, options: recipe.ConversionOptions, reason: str
) -> _Converted:
    """Convert what the API refuses without that for which it may do so."""
    body = {key: value for key, value in request.body.items() if key in _OF_INPUT}
    body = cast("dict[str, object]", json.loads(json.dumps(body)))
    replace_images(body, files=True)
    if request.body.get("tool_choice") == "none":
        body["tool_choice"] = "none"
    formats = {key: request.body[key] for key in ("response_format", "text") if key in request.body}
    for extra in (formats, {}):
        try:
            text = json.dumps(body | extra)
            return _Converted(_REQUESTS[request.kind](text).convert(options), reason)
        except (recipe.ConversionError, ValueError):
            continue
    raise InputError(f"the API refuses it: {reason}")


@lru_cache(maxsize=256)
def _options(name: str, template: Template, thinks: bool) -> recipe.ConversionOptions:  # noqa: FBT001
    options = recipe.ConversionOptions(
        default_thinking_mode=thinks, messages_web_search=recipe.WebSearchBehavior.Drop
    )
    return options.with_model_alias(name, _VERSIONS[template])


def _output_ceiling(
    converted: _Converted, tokens: int, request: Request, model: Model
) -> tuple[int, str | None]:
    """Return the most output that a body allows, and why the API refuses that."""
    left = max(0, model.context_tokens - tokens)
    try:
        ceiling = converted.request.resolve_max_tokens(tokens, model.context_tokens)
    except recipe.ConversionError as error:
        asked_for = converted.request.inference_options.max_tokens
        return min(left, asked_for or left), converted.refused or str(error)
    asked = next((request.body[key] for key in _LIMITS if key in request.body), None)
    if converted.refused and isinstance(asked, int) and asked > 0:
        ceiling = min(asked, _MOST_OUTPUT)
    return min(left, ceiling), converted.refused


def _read_fim(request: Request, model: Model) -> FimBody:
    before, after = (request.body.get(key) or "" for key in ("prompt", "suffix"))
    if not isinstance(before, str) or not isinstance(after, str):
        raise InputError(_located(request, "prompt and suffix of a completion must be strings"))
    return FimBody(request, model, before, after)


def _located(request: Request, message: str) -> str:
    """Put the position before a reason; the renderer counts from the body's beginning."""
    line, column = request.line, request.column
    if match := _AT.search(message):
        more, at = int(match[1]) - 1, int(match[2])
        line, column = line + more, (column - 1 if not more else 0) + at
        message = message[: match.start()]
    message = message.replace("recursion limit exceeded", f"nested more than {MAX_DEPTH} deep")
    message = message.removeprefix("invalid JSON request: ").removeprefix("invalid request body: ")
    return f"{request.source}:{line}:{column}: {message}"
