"""Why the prompt tokens of a bill may differ from the forecast: what is known of such cases."""

import re
from enum import StrEnum
from typing import Final

from deepseek_cost.breakdown import RequestTokens
from deepseek_cost.prices import Template
from deepseek_cost.requests.kinds import Kind
from deepseek_cost.requests.places import Request

_STRICT: Final = re.compile(r'"strict"\s*:\s*true')
_SERVER_SIDE: Final = re.compile(r'"type"\s*:\s*"(web_search|web_fetch)')


class Reason(StrEnum):
    """The likely reason of a difference."""

    IMAGES = "an image that is not at hand"
    FIM = "a completion between prompt and suffix is an estimate"
    SERVER_SIDE = "web search or fetch on the server adds tokens"
    STRICT = "the server rewrites the schema of strict tools"
    REASONING = "the server looks up reasoning that the request leaves out"
    KEY_ORDER = "the log may not keep the order of the keys in tools"
    PREVIEW = "the preview's own template is no longer rendered"
    UNKNOWN = "unknown"


def reason_of(request: Request, tokens: RequestTokens, served_with: Template) -> Reason:
    """Return the likely reason for which a request's tokens differ, by what is in it."""
    text, body = request.text, request.body
    found = {
        Reason.IMAGES: tokens.unknown_images > 0,
        Reason.FIM: request.kind is Kind.FIM,
        Reason.SERVER_SIDE: bool(_SERVER_SIDE.search(text)),
        Reason.STRICT: bool(_STRICT.search(text)),
        Reason.REASONING: served_with is Template.V4_1
        and '"tool_calls"' in text
        and '"reasoning_content"' not in text,
        Reason.KEY_ORDER: bool(body.get("tools")),
        Reason.PREVIEW: served_with is Template.V4_PREVIEW,
    }
    return next((reason for reason, holds in found.items() if holds), Reason.UNKNOWN)
