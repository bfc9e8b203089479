"""A conversation in a template: segments, in order, each with what brought it along.

A segment is a plain text, token ids, texts that have to be encoded as one, or an image. Texts are
cut apart where the pre-tokenizer always cuts, so that what a batch repeats is encoded once.
"""

import re
from collections.abc import ItemsView, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

from msgspec import Struct

from deepseek_cost.inputs.request import TextStream
from deepseek_cost.prompt.conversation import (
    ASSISTANT,
    DEVELOPER,
    INLINE_SYSTEM,
    REMINDER,
    SYSTEM,
    TOOL,
    USER,
    Call,
    Content,
    Conversation,
    Image,
    Message,
    Tool,
    alike,
)
from deepseek_cost.prompt.templates.facts import Piece, TemplateFacts

TEMPLATE: Final = "template"
BLANK: Final = "\ue000"  # begins placeholders for texts that are not known yet
_OF_USER: Final = (USER, TOOL)
_UNCOUNTED: Final = (Image, TextStream)  # a stem has nothing but texts and ids
NEW: Final = "new"  # of the user, with no response after it
_BETWEEN: Final = "\n\n"
_UNSEEN_IMAGE: Final = "[Unsupported Image]"


# A longer text is cut near its ends, where `_is_cut` says so.
_LONG: Final = 100
# The definition of a tool that is longer is not kept for the next request.
_MOST_KEPT: Final = 10_000
_SAFE: Final = r"(?:[^\W_][\n<\"]|\n[^\s\ue000])"
_LAST: Final = rf"(?s:.*){_SAFE}"


class Definition(str):
    """The owner of a tool's definition: the tool's name."""

    __slots__ = ()


class Joined(Struct, frozen=True):
    """Texts of several owners, or of one and the template, that are encoded as one text."""

    text: str
    parts: Sequence[tuple[str, str]]


class Stem(Struct):
    """The messages that a prompt begins with, which the request before has as well.

    `order` is that of the last calls; `before` is what was the beginning of the request before
    that one. `sums` are the tokens by owner; once they are counted, the segments are dropped.
    """

    messages: Sequence[Message]
    thinks: bool
    has_tools: bool
    order: dict[str, int]
    segments: "Sequence[Segment]"
    before: "Stem | None" = None
    sums: dict[str, int] | None = None

    def begins(self, messages: Sequence[Message], conversation: Conversation, last: int) -> bool:
        """Return whether a conversation, whose last response is at `last`, renders so at first."""
        size = len(self.messages)
        return (
            size <= last + 1
            and size < len(messages)
            and self.thinks == bool(conversation.effort)
            and self.has_tools == bool(conversation.tools)
            and _is_users(messages[size]) != _is_users(messages[size - 1])
            and alike(messages, self.messages) == size
        )


# Who it is of, and what it is: text, token ids, an image, or what the request before has as well.
Segment = tuple[str, str | bytes | Joined | Image | TextStream | Stem]


class _Run:
    """Plain text between special tokens, collected with its owners."""

    __slots__ = ("_parts", "out")

    def __init__(self, out: list[Segment]) -> None:
        self.out = out
        self._parts: list[tuple[str, str]] = []

    def add(self, owner: str, text: str) -> None:
        """Add a text."""
        if text:
            self._parts.append((owner, text))

    def piece(self, piece: Piece, owner: str = TEMPLATE) -> None:
        """Add a constant piece."""
        self.add(owner, piece.head)
        self.ids(piece.ids, owner)
        self.add(owner, piece.tail)

    def ids(self, ids: bytes, owner: str = TEMPLATE) -> None:
        """End the run and add token ids."""
        self.end()
        self.out.append((owner, ids))

    def lines(self, segments: Sequence[Segment]) -> None:
        """End the run and add segments that begin and end where the pre-tokenizer cuts."""
        self.end()
        self.out += segments

    def image(self, image: Image) -> None:
        """End the run and add an image."""
        self.end()
        self.out.append(("images", image))

    def stream(self, owner: str, text: TextStream) -> None:
        """End the run and add a text that is between special tokens."""
        self.end()
        self.out.append((owner, text))

    def end(self) -> None:
        """Write what was collected."""
        parts = self._parts
        if not parts:
            return
        if len(parts) == 1:
            self.out.append(parts[0])
        else:
            self._write(parts)
        self._parts = []

    def _write(self, parts: list[tuple[str, str]]) -> None:
        """Write several texts: cut where that is safe, joined elsewhere."""
        joined: list[tuple[str, str]] = []
        for part in _in_pieces(parts):
            if joined and _is_cut(joined[-1][1], part[1]):
                self._write_joined(joined)
                joined = []
            joined.append(part)
        self._write_joined(joined)

    def _write_joined(self, parts: list[tuple[str, str]]) -> None:
        if len(parts) == 1:
            self.out.append(parts[0])
            return
        text = "".join([text for _, text in parts])
        owners = {owner for owner, _ in parts}
        if len(owners) == 1:
            self.out.append((owners.pop(), text))
        else:
            self.out.append((TEMPLATE, Joined(text, [p for p in parts if p[0] != TEMPLATE])))


def _last_quote(text: str) -> int:
    """Return where a quote near the end follows a letter or digit, which is a cut; 0 if nowhere."""
    lowest = max(0, len(text) - _LONG)
    at = text.rfind('"', lowest)
    while at > 0 and not text[at - 1].isalnum():
        at = text.rfind('"', lowest, at)
    return max(0, at)


def _in_pieces(parts: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield texts, of long ones the ends apart: only these can join their neighbors."""
    last = len(parts) - 1
    for at, (owner, text) in enumerate(parts):
        begin, end = 0, len(text)
        if end > _LONG:
            cuts = re.search(_SAFE, text) if at else None
            begin = cuts.end() - 1 if cuts else 0
            if at < last:
                cuts = re.compile(_LAST).match(text, max(begin, end - _LONG))
                end = cuts.end() - 1 if cuts else end
        if begin:
            yield owner, text[:begin]
        yield owner, text[begin:end]
        if end < len(text):
            yield owner, text[end:]


def _is_cut(before: str, after: str) -> bool:
    """Return whether the pre-tokenizer surely cuts between two texts, whatever else they have.

    After a line break nothing but white space goes on; a letter or a digit ends a piece before a
    line break, and before punctuation. BLANK represents any text.
    """
    if before[-1] == "\n":
        return not (after[0].isspace() or after[0] == BLANK)
    return before[-1].isalnum() and after[0] in '\n<"'


def render(conversation: Conversation, facts: TemplateFacts) -> list[Segment]:
    """Return a conversation's segments in a template."""
    return render_on(None, conversation, facts)[0]


def render_on(
    stem: Stem | None, conversation: Conversation, facts: TemplateFacts
) -> tuple[list[Segment], Stem | None]:
    """Return a conversation's segments, and the stem for one that goes on where it ends.

    `stem` is that of the conversation before; if this one begins so, it is one of the segments.
    """
    run = _Run([])
    messages = list(_adapted(conversation.messages, facts))
    run.ids(facts.begin)
    if facts.system_first:
        systems = [m.content for m in messages if m.role == SYSTEM]
        messages = [m for m in messages if m.role != SYSTEM]
    else:
        first = messages[:1] if messages and messages[0].role == SYSTEM else []
        systems = [m.content for m in first]
        messages = messages[len(first) :]
    _head(run, conversation, systems, facts)
    stem = _body(run, messages, conversation, facts, stem)
    return run.out, stem


def _adapted(messages: Sequence[Message], facts: TemplateFacts) -> Iterator[Message]:
    """Yield messages with the roles that the template has."""
    for message in messages:
        if message.role == DEVELOPER:
            yield Message(facts.developer_role, message.content)
        elif message.role == INLINE_SYSTEM:
            if facts.inline_system is None:
                yield Message(SYSTEM, message.content)
            elif message.content:
                before, after = facts.inline_system
                yield Message(USER, _wrapped(before, message.content, after))
        else:
            yield message


def _wrapped(before: str, content: Content, after: str) -> Content:
    if isinstance(content, str):
        return f"{before}{content}{after}"
    return [before, *content, after]


def _head(
    run: _Run, conversation: Conversation, systems: Sequence[Content], facts: TemplateFacts
) -> None:
    """Write what comes before the first message: effort, system texts, tools, the format."""
    has_format = conversation.json_mode or conversation.has_schema
    has_more = bool(conversation.tools) or has_format
    effort = facts.efforts.get(conversation.effort) if conversation.effort else None
    if facts.system is not None:
        if not (conversation.messages or has_more):
            effort = None  # there is nothing for it to open
        if effort or systems or has_more:
            run.ids(facts.system)
    if effort:
        run.piece(effort)
    _systems(run, [one for one in systems if one or not facts.drops_empty], facts)
    if conversation.tools:
        _tools(run, conversation.tools, facts)
    if has_format:
        _format(run, conversation, facts)
    run.end()


def _systems(run: _Run, systems: Sequence[Content], facts: TemplateFacts) -> None:
    for at, content in enumerate(systems):
        if at:
            run.add(TEMPLATE, facts.between_systems)
        _content(run, SYSTEM, content, facts)


def _tools(run: _Run, tools: Sequence[Tool], facts: TemplateFacts) -> None:
    run.piece(facts.tools)
    last = len(tools) - 1
    for at, tool in enumerate(tools):
        end = _BETWEEN if at == last else "\n"
        name = full_name(tool.namespace, tool.name, facts)
        if tool.patch:
            run.piece(facts.apply_patch, Definition(name))
            run.add(TEMPLATE, end)
        else:
            description = _description(tool, facts)
            size = len(description) + len(tool.parameters)
            line = _line if size < _MOST_KEPT else _line.__wrapped__
            run.lines(line(name, description, tool.parameters, end))
    run.piece(facts.after_tools)


def _description(tool: Tool, facts: TemplateFacts) -> str:
    if facts.namespace_description and tool.namespace_description:
        return f"{tool.namespace_description}\n{tool.description}"
    return tool.description


@lru_cache(maxsize=256)
def _line(name: str, description: str, parameters: str, end: str) -> Sequence[Segment]:
    """Return the line of a tool and the line breaks after it: the same in every template."""
    from deepseek_cost.prompt.arguments import written  # noqa: PLC0415 - texts have no JSON

    owner = Definition(name)
    text = (
        f'{{"name": {written(name)}, "description": {written(description)}, '
        f'"parameters": {parameters}}}'
    )
    at = _last_quote(text)
    last = text[at:]
    joined = (TEMPLATE, Joined(last + end, [(owner, last)]))
    return [(owner, text[:at]), joined] if at else [joined]


def full_name(namespace: str | None, name: str, facts: TemplateFacts) -> str:
    """Return a tool's name with its namespace, as a template has it."""
    return name if namespace is None else f"{namespace}{facts.namespace}{name}"


def _format(run: _Run, conversation: Conversation, facts: TemplateFacts) -> None:
    if conversation.json_mode and facts.json_object is not None:
        run.piece(facts.json_object)
        return
    from deepseek_cost.prompt.arguments import written  # noqa: PLC0415 - likewise

    schema = {"type": "json_object"} if conversation.json_mode else conversation.schema
    run.piece(facts.json_schema)
    run.add(TEMPLATE, written(schema))


def _body(
    run: _Run,
    messages: Sequence[Message],
    conversation: Conversation,
    facts: TemplateFacts,
    stem: Stem | None,
) -> Stem | None:
    """Write the messages and what the response begins with; return the stem of what may follow."""
    last = _last_response(messages)
    order: dict[str, int] = {}
    at = 0
    if stem is not None and stem.begins(messages, conversation, last):
        run.out.append((TEMPLATE, stem))
        order, at = stem.order, len(stem.messages)
    else:
        stem = None
    begin = len(run.out)
    cut = at, begin, order
    for is_user, group in groupby(messages[at:], key=_is_users):
        if at <= last + 1:  # all before is history, whatever follows
            cut = at, len(run.out), order
        row = list(group)
        if is_user:
            run.ids(facts.user)
            _users(run, row, NEW if at > last else USER, order, facts)
            run.end()
        else:
            order = _others(run, row, order, conversation, facts)
        at += len(row)
    if not (messages and messages[-1].prefix):
        _begin_response(run, conversation, facts)
    size, end, order = cut
    segments = run.out[begin:end]
    if not segments or any(type(value) in _UNCOUNTED for _, value in segments):
        return stem
    thinks, has_tools = bool(conversation.effort), bool(conversation.tools)
    return Stem(messages[:size], thinks, has_tools, order, segments, stem)


def _begin_response(run: _Run, conversation: Conversation, facts: TemplateFacts) -> None:
    run.ids(facts.assistant)
    run.ids(facts.think if conversation.effort else facts.end_think)
    if conversation.forced:
        run.ids(facts.calls.forced)


def _last_response(messages: Sequence[Message]) -> int:
    """Return where the last response is; -1 if there is none."""
    for at in range(len(messages) - 1, -1, -1):
        if messages[at].role == ASSISTANT and not messages[at].prefix:
            return at
    return -1


def _is_users(message: Message) -> bool:
    return message.role in _OF_USER


def _others(
    run: _Run,
    messages: Sequence[Message],
    order: dict[str, int],
    conversation: Conversation,
    facts: TemplateFacts,
) -> dict[str, int]:
    """Write messages that are not the user's; return the order of the last response's calls."""
    previous: str | None = None
    for message in messages:
        if message.role == ASSISTANT:
            calls = message.calls
            if facts.sorts_calls and len(calls) > 1:
                calls = sorted(calls, key=lambda call: call.id)
            order = {call.id: number for number, call in enumerate(calls)}
            _response(run, message, calls, conversation, facts)
        elif message.role == SYSTEM:
            run.ids(facts.system or b"")
            _content(run, SYSTEM, message.content, facts)
        elif not (facts.joins_reminders and previous == REMINDER):
            run.ids(facts.reminder)
            _content(run, REMINDER, message.content, facts)
        run.end()
        previous = message.role
    return order


def _users(
    run: _Run,
    messages: Sequence[Message],
    owner: str,
    order: dict[str, int],
    facts: TemplateFacts,
) -> None:
    """Write messages of the user and results of tools, which become one message of the user."""
    results = [m for m in messages if m.role == TOOL]
    if len(results) > 1:
        results.sort(key=lambda m: order.get(m.call_id or "", 0))
    sorted_results = iter(results)
    is_first = True
    for message in _kept(messages) if facts.drops_empty else messages:
        if not is_first:
            run.add(TEMPLATE, _BETWEEN)
        is_first = False
        if message.role == TOOL:
            result = next(sorted_results)  # in the order of the calls
            run.add(TEMPLATE, "<tool_result>")
            _content(run, TOOL, result.content, facts)
            run.add(TEMPLATE, "</tool_result>")
        else:
            _content(run, owner, message.content, facts)
            if message.stream:
                run.stream(owner, message.stream)


def _kept(messages: Sequence[Message]) -> Iterator[Message]:
    """Yield messages, of the user's in a row only those that are not empty, and one at least."""
    for role, group in groupby(messages, key=lambda message: message.role):
        row = list(group)
        yield from row if role == TOOL else ([m for m in row if m.content] or row[:1])


def _content(run: _Run, owner: str, content: Content, facts: TemplateFacts) -> None:
    if isinstance(content, str):
        run.add(owner, content)
        return
    for piece in content:
        if isinstance(piece, str):
            run.add(owner, piece)
        elif facts.image is None:
            run.add(owner, _UNSEEN_IMAGE)
        else:
            run.image(piece)


def _response(
    run: _Run,
    message: Message,
    calls: Sequence[Call],
    conversation: Conversation,
    facts: TemplateFacts,
) -> None:
    """Write a response of the model: its reasoning is kept where there are tools."""
    run.ids(facts.assistant)
    keeps = conversation.effort and (conversation.tools or message.prefix)
    if keeps:
        run.ids(facts.think)
        run.add(ASSISTANT, message.reasoning or "")
        if message.prefix and not message.content:
            return
    run.ids(facts.end_think)
    _content(run, ASSISTANT, message.content, facts)
    if calls:
        _calls(run, calls, facts)
    if not message.prefix:
        run.ids(facts.end)


def _calls(run: _Run, calls: Sequence[Call], facts: TemplateFacts) -> None:
    marks = facts.calls
    run.add(ASSISTANT, _BETWEEN)
    run.ids(marks.open, ASSISTANT)
    last = len(calls) - 1
    for at, call in enumerate(calls):
        name = full_name(call.namespace, call.name, facts)
        arguments = call.arguments
        if isinstance(arguments, str):
            arguments = {"arguments": arguments}
        before, after = marks.name
        nothing = "" if arguments else marks.no_parameters
        run.add(ASSISTANT, f"{before}{name}{after}{nothing}")
        if arguments:
            run.ids(marks.parameter, ASSISTANT)
            _parameters(run, arguments.items(), facts)
        else:
            run.ids(marks.close, ASSISTANT)
        run.ids(marks.end if at == last else marks.following, ASSISTANT)


def _parameters(run: _Run, items: "ItemsView[str, object]", facts: TemplateFacts) -> None:
    from deepseek_cost.prompt.arguments import written  # noqa: PLC0415 - likewise

    before, middle, after = facts.calls.key
    following, closing = facts.calls.close_parameter
    left = len(items)
    for name, value in items:
        is_text = isinstance(value, str)
        kind = "true" if is_text else "false"
        text = value if is_text else written(value)
        run.add(ASSISTANT, f'{before}{name}{middle}{kind}">{text}{after}')
        left -= 1
        run.ids(following if left else closing, ASSISTANT)
