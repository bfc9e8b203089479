"""Sphinx settings; the reference pages are generated from the tool itself at build time."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parents[1]))

from docs import references

project = "dscost"
version = release = version_of("deepseek-cost")
copyright = "the dscost maintainers, MIT licence"  # noqa: A001 - Sphinx's name

extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["build"]
nitpicky = True  # with -W, a broken link fails the build
# Types of the standard library are not linked: the build must work offline.
nitpick_ignore_regex = [("py:.*", r".*")]

myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88
smartquotes = False  # options are written with two hyphens

html_theme = "furo"
html_title = "dscost"
html_show_sphinx = False


def setup(app: Sphinx) -> None:
    """Have the reference pages generated before Sphinx reads the pages."""
    app.connect("builder-inited", lambda app: references.write(Path(app.srcdir) / "reference"))
