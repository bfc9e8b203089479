"""A body of any of the API's protocols as a conversation."""

from deepseek_cost.errors import InputError
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.request import Request
from deepseek_cost.inputs.strict_json import MAX_DEPTH, is_deeper
from deepseek_cost.prompt.checks import RefusalError, UncountedError
from deepseek_cost.prompt.conversation import Conversation
from deepseek_cost.prompt.history import History


def read_conversation(
    request: Request, *, thinking: bool | None = None, history: History | None = None
) -> Conversation:
    """Read a body; `thinking` is the mode that its model's name implies, if any.

    `history` has the messages of the request before, which need no reading again.

    Raises InputError, with the place, for what the API refuses and for what cannot be counted.
    """
    if not isinstance(request.body.get("model"), str):
        raise InputError(
            f"{request.position}: the body names no model",
            tip='the API requires one: add "model" to it',
        )
    if _is_too_deep(request):
        raise InputError(f"{request.position}: nested more than {MAX_DEPTH} deep")
    try:
        return _read(request, thinks=thinking is not False, history=history)
    except RefusalError as refusal:
        raise InputError(f"{request.position}: the API refuses it: {refusal}") from refusal
    except UncountedError as error:
        raise InputError(f"{request.position}: {error}") from error


def _read(request: Request, *, thinks: bool, history: History | None) -> Conversation:
    match request.kind:
        case Kind.CHAT:
            from deepseek_cost.prompt.chat_completions import read_chat  # noqa: PLC0415 - what is read

            return read_chat(request.body, thinks=thinks, history=history)
        case Kind.MESSAGES:
            from deepseek_cost.prompt.messages import read_messages  # noqa: PLC0415 - likewise

            return read_messages(request.body, thinks=thinks)
        case _:
            from deepseek_cost.prompt.responses import read_responses  # noqa: PLC0415 - likewise

            return read_responses(request.body, thinks=thinks)


def _is_too_deep(request: Request) -> bool:
    """Return whether the JSON of a request is nested deeper than the API reads."""
    record, text = request.record, request.text
    is_alone = request.body is record or sum(map(_is_container, record.values())) == 1
    if is_alone and text.count("{") + text.count("[") < MAX_DEPTH:
        return False
    return is_deeper(record, MAX_DEPTH)


def _is_container(value: object) -> bool:
    return isinstance(value, dict | list)
