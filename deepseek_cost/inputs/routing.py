"""Which model serves the name in a request body, according to DeepSeek's documentation."""

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct, field

from deepseek_cost.errors import (
    Advice,
    Advised,
    InputError,
    UnknownModelError,
    UnpricedError,
    placed,
)
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.request import Request
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.entries import Model

# How many names are remembered; a batch with more distinct names only takes longer.
_KNOWN_NAMES: Final = 1_000


# What Claude Code reads as "a context of a million"; DeepSeek's guide says to write it.
_CONTEXT: Final = r"(?i)\[1m\]\Z"
# Hosts of open weights and of models of their own, as gateways and agents name them.
_OF_HOSTS: Final = """
alibaba amazon-bedrock azure azure_ai baseten bedrock cerebras chutes cline copilot dashscope
deepinfra deepseek-ai fireworks fireworks-ai fireworks_ai gemini github github-copilot gmicloud
google groq huggingface hyperbolic kilo kilocode llama.cpp lmstudio minimax mistral modal moonshot
nebius novita novita-ai nscale ollama opencode openrouter parasail perplexity poe replicate
requesty sambanova siliconflow together together_ai togetherai vercel vertex vertex_ai vllm
volcengine xai zai zen zhipu
"""
HOSTS: Final = frozenset(_OF_HOSTS.split())


class Route(Struct, frozen=True):
    """The model of a name; `note` says how it came to it, where the name is not the model's own."""

    model: Model
    notice: str | None = None


FindRoute = Callable[[str, Kind], Route | None]


def api_name(name: str) -> str:
    """Return a model's name as the API has it, given the form that tools write.

    That is without a label before it (`deepseek/deepseek-v4-pro`, `work/deepseek-v4-flash`) and
    without `[1m]` after it.
    """
    return re.sub(_CONTEXT, "", name.strip().lower()).rpartition("/")[2]


def host_of(name: str) -> str | None:
    """Return the other host that a name says serves it: `openrouter/deepseek/deepseek-v4-pro`."""
    prefix = name.strip().lower().rpartition("/")[0]
    return next((label for label in prefix.split("/") if label in HOSTS), None)


def own_name(name: str) -> str:
    """Return a name as the API has it; raises UnknownModelError for that of another host."""
    if host := host_of(name):
        raise UnknownModelError(f"the model {name!r} is served by {host}, not by DeepSeek's API")
    return api_name(name)


def route(name: str, kind: Kind, book: PriceBook) -> Route:
    """Return what serves a name of a body; raises UnknownModelError."""
    lowered = own_name(name)
    if kind is Kind.MESSAGES and lowered.startswith("claude"):
        target = "deepseek-v4-pro" if lowered.startswith("claude-opus") else "deepseek-flash"
        return Route(book.find(target), f"{name} is served by {target} on the Anthropic endpoint")
    model = book.find(lowered)
    if model.name != lowered:
        raise UnknownModelError(
            f"the API does not know the model {name!r}", tip=f"its name there is {model.name}"
        )
    if model.status == "current":
        return Route(model)
    return Route(model, f"{name}: {model.note}")


class Routes(Struct):
    """Looks up each name in bodies once; `find` returns None for a name that nothing serves."""

    find: FindRoute
    _known: dict[tuple[str, Kind], Route | None] = field(default_factory=dict)

    def serving(self, request: Request) -> Route | None:
        """Return what serves a request; None for a prompt. Raises InputError like `of`.

        For a body without a model, `find` is called with an empty name.
        """
        if request.is_prompt:
            return None
        name = request.body.get("model")
        return self.of(request, name if isinstance(name, str) else "")

    def of(self, request: Request, name: str) -> Route | None:
        """Return what serves a request; raises InputError with its place for an unknown name."""
        key = (name, request.kind)
        if key not in self._known:
            if len(self._known) >= _KNOWN_NAMES:
                self._known.clear()
            try:
                self._known[key] = self.find(*key)
            except (UnknownModelError, UnpricedError) as error:
                where = request.position
                why = placed(f"{where}: ", error.message)
                why = Advised(why, Advice.OTHER_MODEL) if name else why
                raise InputError(why) from error
        return self._known[key]


def alternatives(own: Model, defaults: tuple[str, str]) -> list[str]:
    """Return the names to price: a body's own model and Pro, or if it is Pro, Flash and Pro."""
    flash, pro = defaults
    return [flash, pro] if own.name == pro else [own.name, pro]
