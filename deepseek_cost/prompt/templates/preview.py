"""The preview's template, April to July 2026: V4's but for a few texts.

After recorded bills alone, as the renderer that DeepSeek publishes does not have it: no text at
high effort, and at max the text that V4 has at high; nothing between system texts; one token less
where a call is required (three bills each; which token is not known).
"""

from typing import Final

from msgspec.structs import replace

from deepseek_cost.prompt.templates.facts import ids
from deepseek_cost.prompt.templates.v4 import FACTS as V4

FACTS: Final = replace(
    V4,
    efforts={"low": None, "high": None, "max": V4.efforts["high"]},
    between_systems="",
    calls=replace(V4.calls, forced=ids("271 30 128825 72461 4941 12548")),
)
