"""DeepSeek's templates: modes, efforts, and the output that the API allows by default."""

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from deepseek_cost.pricing.entries import Template

if TYPE_CHECKING:
    from deepseek_cost.prompt.templates.facts import TemplateFacts


# The most output that may be asked for: 384 x 1,024.
MOST_OUTPUT: Final = 393_216


class Effort(StrEnum):
    """The effort of thinking."""

    LOW = "low"
    HIGH = "high"
    MAX = "max"


class Mode(Struct, frozen=True):
    """Thinking and its effort; the defaults are the API's own."""

    thinking: bool = True
    effort: Effort = Effort.HIGH

    @property
    def default_max_tokens(self) -> int:
        """The output tokens that the API allows a request which sets no max_tokens."""
        return default_max_tokens(self.effort.value if self.thinking else None)


def default_max_tokens(effort: str | None) -> int:
    """Return the output that the API allows by itself at an effort; None is no thinking."""
    if effort is None:
        return 8_192
    return 131_072 if effort == Effort.MAX else 65_536


@cache
def facts_of(template: Template) -> "TemplateFacts":
    """Return the facts of a template."""
    match template:
        case Template.V4_PREVIEW:
            from deepseek_cost.prompt.templates.preview import FACTS as PREVIEW  # noqa: PLC0415 - old logs

            return PREVIEW
        case Template.V4:
            from deepseek_cost.prompt.templates.v4 import FACTS as V4  # noqa: PLC0415 - what is used

            return V4
        case Template.V4_1:
            from deepseek_cost.prompt.templates.v4_1 import FACTS as V4_1  # noqa: PLC0415 - likewise

            return V4_1


def body_of(model: str, mode: Mode, system: str, text: str) -> dict[str, object]:
    """Return the body of a request with one user message, after a system message if not empty."""
    messages = [{"role": "system", "content": system}] if system else []
    body: dict[str, object] = {
        "model": model,
        "messages": [*messages, {"role": "user", "content": text}],
        "thinking": {"type": "enabled" if mode.thinking else "disabled"},
    }
    return body | ({"reasoning_effort": mode.effort.value} if mode.thinking else {})
