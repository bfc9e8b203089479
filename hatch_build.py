"""Files that the build generates for the package; nobody edits or commits them.

A wheel contains them; an editable install writes them to the package's folder, where git ignores
them. A checkout that was never built works without them, but starts more slowly.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# pip asks for the build requirements before it checks that this Python is new enough, and would
# then search for versions of all of them that support it.
if sys.version_info < (3, 11):  # noqa: UP036 - this file is read by any Python
    sys.exit(f"dscost needs Python 3.11 or newer; this is Python {sys.version.split()[0]}")

FOLDER: Final = "deepseek_cost/data"


def price_book() -> bytes:
    """Return data/prices.toml, validated and compiled for fast loading."""
    from deepseek_cost.pricing.loader import compiled

    return compiled()


def tiers() -> bytes:
    """Return the upcoming changes between peak and off-peak rates, for the status line."""
    from deepseek_cost.cli.prompt_line import made_of
    from deepseek_cost.pricing.loader import bundled, load_prices, mark_of

    return made_of(load_prices(), mark_of(bundled().read_bytes())).encode()


def vocabulary() -> bytes:
    """Return the index of DeepSeek's vocabulary."""
    from deepseek_cost.tokenizer.vocabulary import make

    return make()


def report_schema() -> bytes:
    """Return the JSON Schema of all reports."""
    from deepseek_cost.reports.contract import json_schema

    return json_schema().encode()


def config_schema() -> bytes:
    """Return the JSON Schema of dscost.toml."""
    from deepseek_cost.cli.commands.config import json_schema

    return json_schema().encode()


FILES: Final[Mapping[str, Callable[[], bytes]]] = {
    "prices.json": price_book,
    "tiers.txt": tiers,
    "vocabulary.bin": vocabulary,
    "report.schema.json": report_schema,
    "config.schema.json": config_schema,
}


def write(folder: Path) -> list[Path]:
    """Write all the files to a folder, each one atomically, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in FILES.items():
        temporary = folder / f"{name}.new"
        temporary.write_bytes(make())
        temporary.replace(folder / name)
    return [folder / name for name in FILES]


class DerivedFiles(BuildHookInterface[BuilderConfig]):
    """Generate the files before a wheel is built; Hatchling finds this class by its base class."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate the files: in place for an editable install, otherwise for the wheel alone."""
        sys.path.insert(0, self.root)
        if version == "editable":
            write(Path(self.root, FOLDER))
            return
        self._temporary = tempfile.TemporaryDirectory()
        for path in write(Path(self._temporary.name)):
            build_data["force_include"][str(path)] = f"{FOLDER}/{path.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary files of a wheel build."""
        if version != "editable":
            self._temporary.cleanup()
