"""What an agent's own settings say: JSON, perhaps with comments."""

import re
from pathlib import Path
from typing import Final

from deepseek_cost.billing.formats.lenient_json import decoded, small_file
from deepseek_cost.billing.formats.values import as_object, at, name

# A string is matched too, so that slashes in it are not taken for a comment.
_STRING_OR_COMMENT: Final = re.compile(rb'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)


def setting(path: Path, key: str) -> str:
    """Return the text under a dotted key of a settings file; an empty one without file or key."""
    settings = as_object(decoded(_STRING_OR_COMMENT.sub(rb"\1", small_file(path))))
    return name(at(settings, key)) or ""
