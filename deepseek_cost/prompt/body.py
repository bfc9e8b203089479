"""Read a request body, render it for a model, and count it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast

from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.errors import InputError, placed
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.request import Request, TextStream, text_request
from deepseek_cost.pricing.entries import Model, Template
from deepseek_cost.prompt.breakdown import (
    LEAST_IMAGE_TOKENS,
    MOST_IMAGE_TOKENS,
    Breakdown,
    RequestTokens,
    UnknownInput,
    UnknownTokens,
)
from deepseek_cost.prompt.conversation import Conversation, Hidden, Image, Message
from deepseek_cost.prompt.renderer import NEW, Segment, render_on
from deepseek_cost.prompt.segments import SegmentCounter, SegmentEncoder, break_down
from deepseek_cost.prompt.template import (
    MOST_OUTPUT,
    Mode,
    body_of,
    default_max_tokens,
    facts_of,
)

if TYPE_CHECKING:
    from deepseek_cost.prompt.cache import Prompt
    from deepseek_cost.prompt.history import History


class Body(Protocol):
    """A body that was read for a model."""

    def count(self, counter: SegmentCounter) -> RequestTokens:
        """Return its token counts by origin."""

    def texts(self) -> Sequence[str]:
        """Return the texts that are counted."""

    def streams(self) -> Sequence[TextStream]:
        """Return the texts that are read as they are counted."""

    def prompt(self, encoder: SegmentEncoder) -> "Prompt":
        """Return the tokens themselves, as many as are counted."""


class RenderedBody(Struct, frozen=True):
    """A body as a conversation, the same whatever endpoint it is for, and as segments.

    `sizes` are the tokens of each image, None where it is not at hand.
    """

    request: Request
    model: Model
    conversation: Conversation
    segments: Sequence[Segment]
    sizes: Sequence[int | None]

    def saying(self, conversation: Conversation) -> "RenderedBody":
        """Return the body with another conversation in the place of its own."""
        segments, sizes = _render(conversation, self.request, self.model)
        return replace(self, conversation=conversation, segments=segments, sizes=sizes)

    def count(self, counter: SegmentCounter) -> RequestTokens:
        """Return its token counts by origin."""
        return self.counted(self.parts(counter))

    def counted(self, parts: Breakdown) -> RequestTokens:
        """Return its token counts, of which these parts are known."""
        asked, tokens = self.conversation.max_tokens, parts.input
        ceiling, refused = _output_ceiling(self.conversation, tokens, self.model, asked=asked)
        is_open = self.request.kind is Kind.TEXT
        return RequestTokens(
            parts=parts,
            unknown=self.unknown_input(tokens),
            calls=sum(one.calls or 0 for one in self.conversation.unknown),
            output_ceiling=ceiling,
            choices=self.request.choices,
            refused=None if is_open else refused,
            is_open=is_open,
        )

    def unknown_input(self, tokens: int) -> UnknownInput:
        """Return what else the API has in the prompt, of so many tokens that are known."""
        found: dict[str, UnknownTokens] = {}
        if images := self.sizes.count(None):
            least, most = images * LEAST_IMAGE_TOKENS, images * MOST_IMAGE_TOKENS
            found[Hidden.IMAGE] = UnknownTokens(images, least, most)
        for one in self.conversation.unknown:
            found[one.what] = found.get(one.what, UnknownTokens(0)) + UnknownTokens(1)
        if turns := unsent_reasoning(self.conversation):
            left = max(0, self.model.context_tokens - tokens)
            found[Hidden.REASONING] = UnknownTokens(turns, 0, min(turns * MOST_OUTPUT, left))
        return found

    def limited(self, tokens: RequestTokens, most: int) -> RequestTokens:
        """Return the tokens of the body with another max_tokens, all else being the same."""
        ceiling, refused = _output_ceiling(
            self.conversation, tokens.parts.input, self.model, asked=most
        )
        return replace(tokens, output_ceiling=ceiling, refused=refused)

    def parts(self, counter: SegmentCounter) -> Breakdown:
        """Count its tokens by part."""
        return break_down(self.segments, self._images(), counter)

    def texts(self) -> Sequence[str]:
        """Return the texts that are counted."""
        from deepseek_cost.prompt.segments import texts_of  # noqa: PLC0415 - of a batch alone

        return list(texts_of(self.segments))

    def streams(self) -> Sequence[TextStream]:
        """Return the texts that are read as they are counted."""
        return [value for _, value in self.segments if isinstance(value, TextStream)]

    def prompt(self, encoder: SegmentEncoder) -> "Prompt":
        """Return the tokens themselves, as many as are counted."""
        from deepseek_cost.prompt.token_ids import owner_of, tokenized  # noqa: PLC0415 - of a forecast

        facts = facts_of(self.model.template)
        owner = owner_of(self.request.body)
        return tokenized(self.segments, self._images(), encoder, facts, owner)

    def _images(self) -> Sequence[int]:
        return [LEAST_IMAGE_TOKENS if size is None else size for size in self.sizes]


def unsent_reasoning(conversation: Conversation) -> int:
    """Return how many replayed responses with calls lack the reasoning that is billed again."""
    if not (conversation.effort and conversation.tools):
        return 0
    return sum(bool(one.calls) and one.reasoning is None for one in conversation.messages)


def completed(request: Request, model: Model, mode: Mode, system: str) -> Request:
    """Return a request with the model that its body does not name; a prompt with settings, too."""
    if isinstance(request.body.get("model"), str):
        return request
    if not request.is_prompt:
        return replace(request, body=request.body | {"model": model.name})
    body = body_of(model.name, mode, system, "")
    first = cast("list[object]", body["messages"])[:-1]
    messages = cast("list[object]", request.body["messages"])
    return replace(request, body=body | {"messages": [*first, *messages]})


def bare_text(tokens: int, model: Model, mode: Mode) -> RenderedBody:
    """Return a text of so many tokens, which a template adds nothing to."""
    text = TextStream(tokens=tokens)
    request = text_request(f"{tokens:,} input tokens", text)
    conversation = _of_text(body_of(model.name, mode, "", ""))
    return RenderedBody(request, model, conversation, [(NEW, text)], ())


def count_body(
    request: Request, model: Model, counter: SegmentCounter, *, thinking: bool | None = None
) -> RequestTokens:
    """Count a body for a model; see read_body."""
    return read_body(request, model, thinking=thinking).count(counter)


def read_body(request: Request, model: Model, *, thinking: bool | None = None) -> Body:
    """Read a body for a model; `thinking` is the mode that its name implies, if any.

    Raises InputError, with the place, for a body that cannot be counted.
    """
    return read_bodies(request, [model], thinking=thinking)[0]


def read_bodies(
    request: Request,
    models: Sequence[Model],
    *,
    thinking: bool | None = None,
    history: "History | None" = None,
) -> Sequence[Body]:
    """Read a body once for several models; see read_body.

    `history` is of the request before: what both have in common is done once. Such bodies can be
    counted, not more.
    """
    if request.kind is Kind.FIM:
        from deepseek_cost.prompt.fim import read_fim  # noqa: PLC0415 - few send any

        return [read_fim(request, model) for model in models]
    return render_bodies(request, models, thinking=thinking, history=history)


def render_bodies(
    request: Request,
    models: Sequence[Model],
    *,
    thinking: bool | None = None,
    history: "History | None" = None,
) -> list[RenderedBody]:
    """Render a body that is a conversation once for several models; see read_bodies."""
    conversation = _conversation(request, thinking=thinking, history=history)
    rendered: dict[Template, RenderedBody] = {}
    for model in models:
        if model.template not in rendered:
            rendered[model.template] = _rendered(conversation, request, model, history)
    return [replace(rendered[model.template], model=model) for model in models]


def render_body(request: Request, model: Model, *, thinking: bool | None = None) -> RenderedBody:
    """Render a body that is a conversation; see read_body."""
    return render_bodies(request, [model], thinking=thinking)[0]


def _conversation(
    request: Request, *, thinking: bool | None, history: "History | None" = None
) -> Conversation:
    if request.kind is Kind.TEXT:
        return _of_text(request.body)
    from deepseek_cost.prompt.protocols import read_conversation  # noqa: PLC0415 - a text has none

    return read_conversation(request, thinking=thinking, history=history)


def _of_text(body: Mapping[str, object]) -> Conversation:
    """Return the conversation of a text that has its settings, as `completed` makes it."""
    messages = cast("list[dict[str, str | TextStream]]", body["messages"])
    read = [_message(cast("str", one["role"]), one["content"]) for one in messages]
    return Conversation(read, cast("str | None", body.get("reasoning_effort")))


def _message(role: str, text: str | TextStream) -> Message:
    return Message(role, text) if isinstance(text, str) else Message(role, "", stream=text)


def images_without_vision(body: Body) -> int:
    """Return the images of a body that the template replaces with a line of text."""
    if not isinstance(body, RenderedBody) or body.model.template is not Template.V4:
        return 0
    contents = [m.content for m in body.conversation.messages if type(m.content) is not str]
    return sum(isinstance(piece, Image) for content in contents for piece in content)


def _rendered(
    conversation: Conversation, request: Request, model: Model, history: "History | None" = None
) -> RenderedBody:
    if conversation.vision_refused and facts_of(model.template).image:
        reason = conversation.vision_refused
        raise InputError(f"{request.position}: the API refuses it: {reason}")
    segments, sizes = _render(conversation, request, model, history)
    return RenderedBody(request, model, conversation, segments, sizes)


def _render(
    conversation: Conversation, request: Request, model: Model, history: "History | None" = None
) -> tuple[list[Segment], Sequence[int | None]]:
    """Return the prompt, and the tokens of each image in it."""
    stem = history.stems.get(model.template) if history else None
    segments, stem = render_on(stem, conversation, facts_of(model.template))
    if history:
        history.stems[model.template] = stem
    images = [value for _, value in segments if type(value) is Image]
    if not images:
        return segments, ()
    from deepseek_cost.prompt.images import image_tokens  # noqa: PLC0415 - where there are any

    try:
        return segments, [image_tokens(image, request.folder) for image in images]
    except InputError as error:
        raise InputError(placed(f"{request.position}: ", error.message)) from error


def _output_ceiling(
    conversation: Conversation, tokens: int, model: Model, *, asked: int | None
) -> tuple[int, str | None]:
    """Return the maximum output that a body allows, and why the API refuses it, if it does."""
    context = model.context_tokens
    left = max(0, context - tokens)
    refused = conversation.refused
    if tokens + (asked or 0) > context:
        over = (
            f"This model's maximum context length is {context} tokens. However, you requested "
            f"{tokens + (asked or 0)} tokens ({tokens} in the messages, {asked or 0} in the "
            "completion). Please reduce the length of the messages or completion."
        )
        return min(left, asked or left), refused or over
    if asked is not None and asked > 0:
        return min(left, asked, MOST_OUTPUT), refused
    return min(left, default_max_tokens(conversation.effort)), refused
