"""DeepSeek's V4 encoding for tiktoken: `tiktoken.get_encoding("deepseek_v4")`."""

from deepseek_cost.tokenizer.pattern import PATTERN
from deepseek_cost.tokenizer.vocabulary import load_ranks, load_special_tokens


def deepseek_v4() -> dict[str, object]:
    """Return what tiktoken makes the encoding of, as its registry asks for."""
    return {
        "name": "deepseek_v4",
        "pat_str": PATTERN,
        "mergeable_ranks": load_ranks(),
        "special_tokens": load_special_tokens(),
    }


ENCODING_CONSTRUCTORS = {"deepseek_v4": deepseek_v4}
