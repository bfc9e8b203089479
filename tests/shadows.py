"""A folder of files that shadow modules; each one records that it was imported."""

import sys
from pathlib import Path

_MARK = "imported.txt"
_OURS = ("deepseek_cost", "msgspec", "tiktoken", "typer", "regex", "rich", "pip", "hatchling")


def fill(folder: Path) -> None:
    """Shadow every module of the standard library, and those of packages that we use."""
    for name in (*sys.stdlib_module_names, *_OURS, "sitecustomize", "usercustomize"):
        code = f"open({str(folder / _MARK)!r}, 'a').write({name + chr(10)!r})\n"
        (folder / f"{name}.py").write_text(code)


def imported(folder: Path) -> set[str]:
    """Return the names of the shadow modules that were imported."""
    mark = folder / _MARK
    return set(mark.read_text().split()) if mark.exists() else set()
