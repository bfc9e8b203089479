"""A prompt as the API receives it: the user's text in DeepSeek's template, and what each costs.

The template is rendered by deepseek-recipe, DeepSeek's own renderer. Where that has no wheel, the
template of a plain prompt comes from a table of token counts and is marked as not exact.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from deepseek_cost.errors import Advice, Advised, InputError, VocabularyError
from deepseek_cost.pricing.entries import Template

if TYPE_CHECKING:
    from deepseek_cost.tokenizer.base import TextCounter


class Effort(StrEnum):
    """How much the model is told to think."""

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
        if not self.thinking:
            return 8_192
        return 131_072 if self.effort is Effort.MAX else 65_536


class Frame(Struct, frozen=True):
    """What stands around a user's text: tokens of a system text, and of all that is added.

    `before` and `after` are the template's pieces, each with whether it is a special token; empty
    where the tokens come from the table.
    """

    system: int
    template: int
    exact: bool
    before: Sequence[tuple[str, bool]] = ()
    after: Sequence[tuple[str, bool]] = ()


# Template tokens of one user message without a system message, counted with this deepseek-recipe.
_TABLED_RENDERER: Final = "0.2.0"
_TEMPLATE_TOKENS: Final = {
    (Template.V4, None): 4,
    (Template.V4, Effort.LOW): 4,
    (Template.V4, Effort.HIGH): 83,
    (Template.V4, Effort.MAX): 96,
    (Template.V4_1, None): 4,
    (Template.V4_1, Effort.LOW): 30,
    (Template.V4_1, Effort.HIGH): 30,
    (Template.V4_1, Effort.MAX): 30,
}
# Stands for the user's text while the template is rendered.
_HOLE: Final = "\ue000"


def frame(
    template: Template,
    mode: Mode,
    system: str,
    counter: "TextCounter",
    *,
    in_pieces: bool = False,
) -> Frame:
    """Count what `template` puts around one user message, after a system message if not empty.

    Its pieces are there if they are asked for.
    """
    if not system and not in_pieces and _is_tabled_renderer():
        return Frame(0, _tabled(template, mode, system), exact=True)
    system_tokens = counter.count([system])
    if not renderer_is_installed():
        return Frame(system_tokens, _tabled(template, mode, system), exact=False)
    before, after = _render(template, mode, system)
    around = sum(1 if special else counter.count([text]) for text, special in (*before, *after))
    return Frame(system_tokens, around - system_tokens, exact=True, before=before, after=after)


@cache
def renderer_is_installed() -> bool:
    """Tell whether DeepSeek's renderer is there; it has no wheels for Windows and musl."""
    return find_spec("deepseek_recipe") is not None


def _is_tabled_renderer() -> bool:
    """Tell whether what is installed is what the table was made with, without loading it."""
    spec = find_spec("deepseek_recipe")
    origin = Path(getattr(spec, "origin", None) or "-")
    return (origin.parent.parent / f"deepseek_recipe-{_TABLED_RENDERER}.dist-info").is_dir()


def require_renderer() -> None:
    """Refuse to count a request's body without DeepSeek's renderer."""
    if not renderer_is_installed():
        raise InputError(
            Advised(
                "request bodies are counted with DeepSeek's own renderer, which is not installed",
                Advice.RENDERER,
            )
        )


def _tabled(template: Template, mode: Mode, system: str) -> int:
    tokens = _TEMPLATE_TOKENS[template, mode.effort if mode.thinking else None]
    # V4.1 opens a system part for the effort text; without that, a system message brings its own.
    opens = bool(system) and template is Template.V4_1 and not mode.thinking
    return tokens + opens


def _render(
    template: Template, mode: Mode, system: str
) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Render a prompt; return its pieces before and after the user's text."""
    from deepseek_cost.prompt.segments import segments  # noqa: PLC0415 - not for --help

    recipe = _recipe()
    request = recipe.ChatCompletionRequest(body_of(template.value, mode, system, _HOLE))
    encoding, options = _encoding(template)
    rendered = encoding.render_conversation(request.convert(options).conversation)
    pieces = list(segments(rendered))
    hole = (_HOLE, False)
    if hole not in pieces or any(not special for _, special in pieces[pieces.index(hole) + 1 :]):
        raise VocabularyError(
            "deepseek-recipe renders a user message in a way unknown to this dscost; "
            "install the version it is made for: pip install 'deepseek-recipe>=0.2,<0.3'"
        )
    at = pieces.index(hole)
    return pieces[:at], pieces[at + 1 :]


def body_of(model: str, mode: Mode, system: str, text: str) -> dict[str, object]:
    """Return the body of a request with one user message, after a system message if not empty."""
    messages = [{"role": "system", "content": system}] if system else []
    body: dict[str, object] = {
        "model": model,
        "messages": [*messages, {"role": "user", "content": text}],
        "thinking": {"type": "enabled" if mode.thinking else "disabled"},
    }
    return body | ({"reasoning_effort": mode.effort.value} if mode.thinking else {})


@cache
def _recipe() -> ModuleType:
    return import_module("deepseek_recipe")


@cache
def _encoding(template: Template):  # type: ignore[no-untyped-def] # noqa: ANN202 - optional package
    """Return the renderer of a template, and options under which it goes by the template's name."""
    recipe = _recipe()
    encodings = {
        Template.V4: (recipe.DeepseekV4Encoding, recipe.ModelVersion.DeepseekV4Pro),
        Template.V4_1: (recipe.DeepseekV41Encoding, recipe.ModelVersion.DeepseekV41Flash),
    }
    encoding, version = encodings[template]
    return encoding(), recipe.ConversionOptions().with_model_alias(template.value, version)
