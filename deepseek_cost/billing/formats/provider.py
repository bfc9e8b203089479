"""Find whose bill a response is on: DeepSeek's or another host's."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from deepseek_cost.billing.formats.base import Response
from deepseek_cost.inputs.routing import HOSTS, host_of

# Names of protocols, which client libraries write no matter where the request went.
_OF_PROTOCOLS: Final = """
ai-sdk anthropic azure_openai custom custom_openai langchain litellm litellm_proxy openai
openai-chat openai-compatible openai-native openai-responses openai_compatible openai_like
"""
_PROTOCOLS: Final = frozenset(_OF_PROTOCOLS.split())
# Both of Anthropic's ids are random and long; DeepSeek's are UUIDs.
_ANTHROPIC_ID: Final = re.compile(r"msg_[0-9A-Za-z]{20,}\Z")
_OPENROUTER_ID: Final = re.compile(r"gen-\d{9,}-")
# What ids begin with that may show which host served a response.
FOREIGN_IDS: Final = ("gen-", "msg_")


def other_host(response: Response) -> str | None:
    """Return the host that served a response; None for DeepSeek, or if none is named."""
    host, of_its_id = _named_host(response.model, response.provider)
    if host is not None or not of_its_id or response.identity is None:
        return host
    if response.identity.startswith("gen-") and _OPENROUTER_ID.match(response.identity):
        return "openrouter"
    is_anthropics = response.identity.startswith("msg_") and not is_deepseek_name(response.model)
    return "anthropic" if is_anthropics and _ANTHROPIC_ID.match(response.identity) else None


def has_foreign_id(response: Response) -> bool:
    """Return whether a response's id may show which host served it."""
    return response.identity is not None and response.identity.startswith(FOREIGN_IDS)


@lru_cache(maxsize=1_000)
def _named_host(model: str, named: str | None) -> tuple[str | None, bool]:
    """Return the host named by a model and a provider, and whether an id may add to that."""
    provider = (named or "").strip().lower()
    if "://" in provider:
        provider = _of_address(provider)
    if provider.startswith("deepseek") and provider not in HOSTS:
        return None, False
    if provider and provider not in _PROTOCOLS:
        return named, False
    if host := host_of(model):
        return host, False
    return (None if is_deepseek_name(model) or not provider else provider), True


def is_deepseek_name(model: str) -> bool:
    """Return whether a name is that of a DeepSeek model, known or not."""
    return "deepseek" in model.lower()


def may_be_deepseek(response: Response) -> bool:
    """Return whether a response with an unknown model name may still be on DeepSeek's bill."""
    provider = (response.provider or "").lower()
    return is_deepseek_name(response.model) or provider.startswith("deepseek")


def label_of_host(label: str | None) -> str | None:
    """Return a provider's user-chosen name if it shows which host it is, else None."""
    lowered = (label or "").lower()
    known = lowered in HOSTS or lowered in _PROTOCOLS or "deepseek" in lowered
    return label if known else None


def _of_address(url: str) -> str:
    """Return the host in a base URL: `deepseek`, another host, or "" for a local proxy."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    if host == "deepseek.com" or host.endswith(".deepseek.com"):
        return "deepseek"
    is_local = "." not in host or host.startswith(("127.", "10.", "192.168.")) or ":" in host
    return "" if is_local else host


def host_by(label: str | None, address: str | None) -> str | None:
    """Return the host of a request, from the provider's name and the address it went to.

    `openai` with the address of another host is that host. With a local address, which is a
    proxy, the provider's name stays.
    """
    if (label or "").strip().lower() in {"", *_PROTOCOLS} and address:
        return _of_address(address if "://" in address else f"//{address}") or label
    return label
